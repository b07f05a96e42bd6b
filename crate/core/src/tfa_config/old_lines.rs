//! The line format of Proxmox VE 5.4 to 7.0: `USER:TYPE:BASE64(JSON)`, with one line for each user.

use std::borrow::Cow;
use std::fmt;

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER_PERMISSIVE};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Map;
use zeroize::Zeroizing;

use super::TfaConfig;
use super::users::{Builder, Form, RecordText, TooLarge, is_user, stand_in};
use crate::json::growing::Growing;
use crate::json::wiped::to_json;
use crate::record::{Entry, Record, RegisteredKey, TotpEntry, U2fEntry, YubicoEntry, decode_base64};
use crate::totp::base32;
use crate::totp::key_uri::OtpauthUri;
use crate::totp::{Algorithm, Totp};

impl TfaConfig {
    /// The problem of a file without users that is not written as JSON, where that is required; `None` for any other.
    pub(super) fn empty_json(text: &str) -> Option<&'static str> {
        if without_mark(text).trim().is_empty() {
            return Some("the file is empty: for a file without users, write {\"users\":{}}");
        }
        let only_comments = read_lines(text).next().is_none();
        only_comments.then_some("comments are no JSON: for a file without users, write {\"users\":{}}")
    }

    /// Reads a file of lines. A file without any line has no users. A line that can't be used is kept for its user. The
    /// error says what is wrong and where, and never quotes the input.
    pub(super) fn from_lines(text: &str) -> Result<Self, String> {
        let mut builder = Builder::new(text.len());
        let mut nameless = Nameless(Growing::of(0));
        let mut is_format = false;
        for line in read_lines(text) {
            let wrong = |what: &str| format!("line {}: {what}", line.number);
            if let Err(what) = line.read {
                is_format = is_format || are_lines(text);
                if !is_format {
                    return Err(wrong(what));
                }
            }
            let value = line.value().map_err(|_| wrong("it can't be kept"))?;
            let added = match &line.read {
                _ if line.user.is_empty() => {
                    nameless.push(&value);
                    Ok(())
                }
                Ok(_) if is_user(line.user) => builder.add(line.user, &value, Form::Plain),
                _ => builder.add(line.user, &stand_in(&value), Form::Bare),
            };
            added.map_err(|refused| wrong(&refused.to_string()))?;
        }
        let users = nameless.add_to(&mut builder).and_then(|()| builder.build());
        Ok(Self {
            users: users.map_err(|refused| refused.to_string())?,
            // The line format has no ids.
            renamed: true,
            ..Self::default()
        })
    }
}

/// The values of all lines without a user, joined into one text.
struct Nameless(Growing);

impl Nameless {
    fn push(&mut self, value: &str) {
        if !self.0.is_empty() {
            self.0.push(b",");
        }
        self.0.push(value.as_bytes());
    }

    fn add_to(self, builder: &mut Builder) -> Result<(), TooLarge> {
        if self.0.is_empty() {
            return Ok(());
        }
        let values = Zeroizing::new(self.0.finish().unwrap_or_default());
        builder.add("", &stand_in(&values), Form::Bare)
    }
}

/// Whether the text is in this format, although one of its lines can't be used. Any other text must not become a file
/// in which nobody has a factor.
fn are_lines(text: &str) -> bool {
    let begins = without_mark(text).trim_start();
    !begins.starts_with(['{', '[']) && read_lines(text).any(|line| line.is_typed)
}

/// A line that is neither blank nor a comment.
pub(super) struct Line<'a> {
    /// The line number, from 1.
    pub number: usize,
    text: &'a str,
    /// Empty if the line doesn't name its user.
    pub user: &'a str,
    /// Whether the line has a type of this format.
    is_typed: bool,
    /// The record's text, or what is wrong.
    pub read: Result<RecordText, &'static str>,
}

impl Line<'_> {
    /// The value for the user in JSON: the record, or the line itself if it can't be used.
    fn value(&self) -> serde_json::Result<RecordText> {
        match &self.read {
            Ok(record) => Ok(record.clone()),
            Err(_) => to_json(&self.text).map(Zeroizing::new),
        }
    }
}

/// Every line that isn't blank or a comment.
pub(super) fn read_lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let lines = (1..).zip(without_mark(text).lines().map(str::trim));
    let filled = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    filled.map(|(number, line)| read_line(number, line))
}

/// Without the byte order mark that some editors write. It would become a part of the first user's name.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn read_line(number: usize, line: &str) -> Line<'_> {
    let halves = line.split_once(':');
    // Each user name of this format has a realm. Any other text could be part of a secret.
    let alone = if line.contains('@') { line } else { "" };
    let (user, rest) = halves.unwrap_or((alone, ""));
    let parts = rest.split_once(':');
    let reader: Option<Reader> = parts.and_then(|(kind, _)| match kind {
        "oath" => Some(read_oath as Reader),
        "u2f" => Some(read_u2f),
        "yubico" => Some(read_yubico),
        _ => None,
    });
    let read = match (parts, reader) {
        (None, _) => Err("not of the form USER:TYPE:DATA"),
        (_, None) => Err("unknown tfa.cfg entry type"),
        (Some((_, data)), Some(reader)) => read_data(user, data, reader),
    };
    Line {
        number,
        text: line,
        user,
        is_typed: reader.is_some(),
        read,
    }
}

type Reader = fn(&mut Record, &str, &[u8]) -> Result<(), &'static str>;

fn read_data(user: &str, data: &str, reader: Reader) -> Result<RecordText, &'static str> {
    let encoding = if data.ends_with('=') { BASE64 } else { BASE64_NOPAD };
    let json = encoding.decode(data.as_bytes()).map_err(|_| "the data is no base64")?;
    let mut record = Record::default();
    reader(&mut record, user, &Zeroizing::new(json))?;
    record.give_own_ids();
    let text = record.to_text().map_err(|_| "too many keys")?;
    Ok(Zeroizing::new(text))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Oath<'a> {
    #[serde(borrow)]
    keys: Cow<'a, str>,
    config: OathConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OathConfig {
    /// Seconds.
    #[serde(default)]
    step: Option<Number>,
    #[serde(default)]
    digits: Option<Number>,
}

fn read_oath(record: &mut Record, user: &str, json: &[u8]) -> Result<(), &'static str> {
    let Oath { keys, config } = serde_json::from_slice(json).map_err(|_| "the data is no oath configuration")?;
    let digits = config.digits.map_or(6, |Number(digits)| digits);
    let step = config.step.map_or(30, |Number(step)| step);
    let digits = u8::try_from(digits).map_err(|_| "the number of digits is out of range")?;
    for key in pieces(&keys) {
        let secret = read_key(key).ok_or("unknown key type")?;
        let totp = Totp::new(&secret, Algorithm::Sha1, digits, step).map_err(|_| "a key or its configuration")?;
        let uri = OtpauthUri {
            totp,
            account: user.to_owned(),
            issuer: None,
        };
        record.totp.push(entry(TotpEntry::unused(uri)));
    }
    Ok(())
}

/// Reads `v2-0x` and hex, `v2-` and base32, 16 characters of base32, or 40 characters of hex.
fn read_key(key: &str) -> Option<Zeroizing<Vec<u8>>> {
    let hex = |text: &str| HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok().map(Zeroizing::new);
    let secret = match key.strip_prefix("v2-") {
        Some(key) => match key.strip_prefix("0x") {
            Some(digits) => hex(digits),
            None => base32::decode_any_length(key),
        },
        None => match key.len() {
            16 => base32::decode_any_length(key),
            40 => hex(key),
            _ => None,
        },
    };
    secret.filter(|secret| !secret.is_empty())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct U2f {
    key_handle: String,
    public_key: String,
}

fn read_u2f(record: &mut Record, _user: &str, json: &[u8]) -> Result<(), &'static str> {
    let wrong = "the data is no U2F registration";
    let members: Map<String, serde_json::Value> = serde_json::from_slice(json).map_err(|_| wrong)?;
    if members.contains_key("challenge") {
        // This registration was started but never finished.
        return Ok(());
    }
    let U2f { key_handle, public_key } = serde_json::from_slice(json).map_err(|_| wrong)?;
    let key_handle = decode_base64(&key_handle).filter(|handle| !handle.is_empty());
    let public_key = decode_base64(&public_key).filter(|point| matches!(**point, [4, ..]) && point.len() == 65);
    let (Some(key_handle), Some(public_key)) = (key_handle, public_key) else {
        return Err(wrong);
    };
    let key = RegisteredKey {
        key_handle,
        version: "U2F_V2".into(),
        other: Map::new(),
    };
    record.u2f.push(entry(U2fEntry {
        key,
        public_key,
        counter: None,
        other: Map::new(),
    }));
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Yubico<'a> {
    #[serde(borrow)]
    keys: Cow<'a, str>,
}

fn read_yubico(record: &mut Record, _user: &str, json: &[u8]) -> Result<(), &'static str> {
    let Yubico { keys } = serde_json::from_slice(json).map_err(|_| "the data is no list of Yubico keys")?;
    for key in pieces(&keys) {
        let key = YubicoEntry::PublicId(key.to_owned());
        record.yubico.push(entry(key));
    }
    Ok(())
}

fn pieces(keys: &str) -> impl Iterator<Item = &str> {
    keys.split([',', ';', ' ']).filter(|key| !key.is_empty())
}

/// An imported entry, with the id and description that Proxmox gives to all of them.
fn entry<T>(entry: T) -> Entry<T> {
    Entry::new("v1-entry".into(), "<old version 1 entry>".into(), 0, entry)
}

/// A number, or its decimal digits as text.
struct Number(u32);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;

        impl Visitor<'_> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number, or one as text")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
                number.try_into().map(Number).map_err(|_| E::custom("too large"))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                let number = text.parse().ok().filter(|_| digits);
                number.map(Number).ok_or_else(|| E::custom("not a number"))
            }
        }

        deserializer.deserialize_any(NumberVisitor)
    }
}
