//! The line format of Proxmox VE 5.4 to 7.0: `USER:TYPE:BASE64(JSON)`, with one line for each user.

use std::borrow::Cow;
use std::fmt;

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER_PERMISSIVE};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Map;
use zeroize::Zeroizing;

use super::TfaConfig;
use super::users::{Builder, Form};
use crate::record::{Entry, Record, RegisteredKey, TotpEntry, U2fEntry, YubicoEntry, decode_base64};
use crate::totp::base32;
use crate::totp::key_uri::OtpauthUri;
use crate::totp::{Algorithm, Totp};

impl TfaConfig {
    /// Reads and validates a file of lines. A file without any line has no users. The error says what is wrong and
    /// where, and never quotes the input.
    pub(super) fn from_lines(text: &str) -> Result<Self, String> {
        let mut builder = Builder::new(text.len());
        for (number, line) in read_lines(text) {
            let wrong = |what: &str| format!("line {number}: {what}");
            let (user, record) = line.map_err(wrong)?;
            let record = record.to_text().map_err(|_| wrong("too many keys"))?;
            builder
                .add(user, &Zeroizing::new(record), Form::Plain)
                .map_err(|refused| wrong(&refused.to_string()))?;
        }
        let users = builder.build().map_err(|refused| refused.to_string())?;
        Ok(Self {
            users,
            // The line format has no ids.
            renamed: true,
            ..Self::default()
        })
    }
}

type Line<'a> = Result<(&'a str, Record), &'static str>;

/// Every line that isn't blank or a comment, with its number from 1.
pub(super) fn read_lines(text: &str) -> impl Iterator<Item = (usize, Line<'_>)> {
    let lines = (1..).zip(text.lines().map(str::trim));
    let filled = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    filled.map(|(number, line)| (number, read_line(line)))
}

fn read_line(line: &str) -> Line<'_> {
    let (user, rest) = line.split_once(':').ok_or("not of the form USER:TYPE:DATA")?;
    let (kind, data) = rest.split_once(':').ok_or("not of the form USER:TYPE:DATA")?;
    if user.is_empty() {
        return Err("no user");
    }
    let read = match kind {
        "oath" => read_oath,
        "u2f" => read_u2f,
        "yubico" => read_yubico,
        _ => return Err("unknown tfa.cfg entry type"),
    };
    let encoding = if data.ends_with('=') { BASE64 } else { BASE64_NOPAD };
    let json = encoding.decode(data.as_bytes()).map_err(|_| "the data is no base64")?;
    let mut record = Record::default();
    read(&mut record, user, &Zeroizing::new(json))?;
    record.give_own_ids();
    Ok((user, record))
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
