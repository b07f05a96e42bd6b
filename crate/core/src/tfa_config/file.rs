//! Reads the JSON of both generations of the format, and writes the current one.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::TfaConfig;
use super::origin_form::{check_fits, fits, has_unread, strip};
use super::origin_reader::is_refused;
use super::server::{U2fConfig, WebauthnConfig};
use super::users::{Builder, Form, is_user, stand_in};
use crate::json::failure::Failure;
use crate::record::{Record, UNKNOWN_MEMBER};

/// What a written file has besides the users.
#[derive(Debug, Clone, Copy, Default)]
pub struct WriteOptions {
    /// Whether to write our additions to the format. Proxmox would refuse the file or lose them.
    pub additions: bool,
    pub sections: Sections,
    /// Whether to write also what Proxmox refuses, if the file came with it. Otherwise nothing is written.
    pub refused: bool,
}

/// Which of the sections `u2f` and `webauthn` to write. In a Proxmox cluster they are in another file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sections {
    /// The sections that the file had when it was read.
    #[default]
    AsRead,
    Written,
    LeftOut,
}

impl From<Option<bool>> for Sections {
    fn from(written: Option<bool>) -> Self {
        match written {
            None => Self::AsRead,
            Some(true) => Self::Written,
            Some(false) => Self::LeftOut,
        }
    }
}

impl TfaConfig {
    /// Reads and validates a JSON file. The error says what is wrong and where, and never quotes the input.
    pub(super) fn from_json(text: &str) -> Result<Self, String> {
        let mut builder = Builder::new(text.len());
        let mut renamed = false;
        let config = read_json(text, &mut |user, raw| {
            let added = add(&mut builder, user, raw).map_err(|what| format!("users[{}]{what}", builder.len()));
            added.map(|record| renamed |= record)
        })?;
        let users = builder.build().map_err(|refused| refused.to_string())?;
        Ok(Self {
            users,
            renamed,
            ..config
        })
    }

    /// Writes the current form: one line, sorted by user. Without additions, it fails with `store-refused` for a key
    /// that Proxmox's format has no place for, and for what Proxmox refuses.
    pub fn write(&self, options: WriteOptions) -> Result<String, Failure> {
        let judged = !options.additions && !options.refused;
        let written = |name| match options.sections {
            Sections::AsRead => self.sections_read.contains(&name),
            Sections::Written => true,
            Sections::LeftOut => false,
        };
        let mut writer = Writer::new(self.users.file_bytes());
        let texts = [
            ("u2f", self.u2f.as_deref().map(json).transpose()?),
            ("webauthn", self.webauthn.as_deref().map(json).transpose()?),
        ];
        for (name, text) in texts.into_iter().filter(|(name, _)| written(*name)) {
            let unread = self.unread.iter().find(|(unread, _)| *unread == name);
            let is_bad = text.is_none() && unread.is_some_and(|(_, raw)| raw != "null");
            let is_odd = name == "webauthn" && self.webauthn.as_deref().is_some_and(WebauthnConfig::is_refused);
            if judged && (is_bad || is_odd) {
                return Err(REFUSED);
            }
            if let Some(text) = text.as_deref().or(unread.map(|(_, raw)| raw.as_str())) {
                writer.member(name, text);
            }
        }
        let mut users = self.users.iter().peekable();
        if users.peek().is_some() {
            writer.begin("users");
            for stored in users {
                if stored.bare {
                    for value in stored.values() {
                        check_read(judged, value)?;
                        writer.member(stored.user, value);
                    }
                } else if stored.beyond && !options.additions {
                    let record = plain(stored.record)?;
                    check_read(judged, &record)?;
                    writer.member(stored.user, &record);
                } else {
                    writer.member(stored.user, stored.record);
                }
            }
            writer.end();
        }
        for (name, value) in &*self.others {
            writer.member(name, value);
        }
        writer.end();
        Ok(writer.text)
    }
}

const REFUSED: Failure = Failure::StoreRefused(
    "Proxmox refuses a part of this file: remove what TfaConfig.examine() names, or write it as it came with refused: 'keep'",
);

fn check_read(judged: bool, record: &str) -> Result<(), Failure> {
    if judged && is_refused(record) {
        return Err(REFUSED);
    }
    Ok(())
}

/// A record in Proxmox's format.
fn plain(record: &str) -> Result<Zeroizing<String>, Failure> {
    let mut record = Record::parse(Some(record))?;
    check_fits(&record)?;
    strip(&mut record);
    record.to_text().map(Zeroizing::new)
}

fn json<T: serde::Serialize>(section: &T) -> Result<String, Failure> {
    serde_json::to_string(section).map_err(|_| Failure::ConfigCorrupt("a section".into()))
}

/// Writes an object whose values are already JSON text.
struct Writer {
    text: String,
    first: bool,
}

impl Writer {
    fn new(capacity: usize) -> Self {
        let mut text = String::with_capacity(capacity.saturating_add(capacity / 8).saturating_add(256));
        text.push('{');
        Self { text, first: true }
    }

    fn name(&mut self, name: &str) {
        if !self.first {
            self.text.push(',');
        }
        self.first = false;
        self.text.push_str(&serde_json::Value::from(name).to_string());
        self.text.push(':');
    }

    fn member(&mut self, name: &str, value: &str) {
        self.name(name);
        self.text.push_str(value);
    }

    fn begin(&mut self, name: &str) {
        self.name(name);
        self.text.push('{');
        self.first = true;
    }

    fn end(&mut self) {
        self.text.push('}');
        self.first = false;
    }
}

/// Reads the members besides the users, and passes on each user with the text of its record. If that returns an error,
/// reading stops.
pub(super) fn read_json<'a>(text: &'a str, user: EachUser<'_, 'a>) -> Result<TfaConfig, String> {
    let mut reading = Reading {
        user,
        config: TfaConfig::default(),
        others: BTreeMap::new(),
        seen: Vec::new(),
        problem: None,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = deserializer
        .deserialize_map(&mut reading)
        .and_then(|()| deserializer.end());
    match (read, reading.problem) {
        (Ok(()), _) => Ok(TfaConfig {
            others: reading.others.into_iter().collect(),
            ..reading.config
        }),
        (Err(_), Some(problem)) => Err(problem),
        (Err(error), None) => Err(describe(&error)),
    }
}

type EachUser<'f, 'a> = &'f mut dyn FnMut(&str, &'a str) -> Result<(), String>;

/// The state while a file is read.
struct Reading<'f, 'a> {
    user: EachUser<'f, 'a>,
    config: TfaConfig,
    others: BTreeMap<String, String>,
    seen: Vec<&'static str>,
    /// The problem with a user. It says more than the reader's own error can.
    problem: Option<String>,
}

impl Reading<'_, '_> {
    /// Reads a section. If that fails, the section is kept unchanged and has no effect.
    fn section<T: serde::de::DeserializeOwned>(&mut self, name: &'static str, raw: &str) -> Option<T> {
        self.config.sections_read.push(name);
        // The derived reader would also accept an array of the members.
        let section = (!raw.starts_with('[')).then(|| serde_json::from_str::<Option<T>>(raw).ok());
        section.flatten().unwrap_or_else(|| {
            self.config.unread.push((name, raw.to_owned()));
            None
        })
    }
}

impl<'de> Visitor<'de> for &mut Reading<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a configuration")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let known = ["u2f", "webauthn", "users"].into_iter().find(|known| *known == name);
            let twice = match known {
                Some(known) => self.seen.contains(&known),
                None => self.others.contains_key(&name),
            };
            if twice {
                return Err(A::Error::custom("a name occurs twice"));
            }
            self.seen.extend(known);
            match name.as_str() {
                "u2f" => {
                    let raw = map.next_value::<&RawValue>()?.get();
                    self.config.u2f = self.section::<U2fConfig>("u2f", raw).map(Into::into);
                }
                "webauthn" => {
                    let raw = map.next_value::<&RawValue>()?.get();
                    self.config.webauthn = self.section::<WebauthnConfig>("webauthn", raw).map(Into::into);
                }
                "users" => map.next_value_seed(ReadingUsers(self))?,
                _ => {
                    let value = compact(map.next_value::<&RawValue>()?.get());
                    self.others.insert(name, value);
                }
            }
        }
        Ok(())
    }
}

struct ReadingUsers<'r, 'f, 'a>(&'r mut Reading<'f, 'a>);

impl<'de> DeserializeSeed<'de> for ReadingUsers<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ReadingUsers<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the users")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(user) = map.next_key::<String>()? {
            let raw = map.next_value::<&'de RawValue>()?;
            if let Err(problem) = (self.0.user)(&user, raw.get()) {
                self.0.problem = Some(problem);
                return Err(A::Error::custom("a user"));
            }
        }
        Ok(())
    }
}

/// Adds a record in the form in which it is written. True if two factors had the same id.
fn add(builder: &mut Builder, user: &str, raw: &str) -> Result<bool, String> {
    let read = Record::parse_in_file(raw).ok().filter(|_| is_user(user));
    let Some((mut record, renamed)) = read else {
        let added = builder.add(user, &stand_in(raw), Form::Bare);
        return added.map(|()| false).map_err(|refused| format!(": {refused}"));
    };
    // Programs write most files, and already in this form.
    let text = if record.is_text(raw) {
        None
    } else {
        let text = record.to_text().map_err(|failure| describe_record(&failure))?;
        Some(Zeroizing::new(text))
    };
    let beyond = !fits(&record) | has_unread(&record) | strip(&mut record);
    let form = if beyond { Form::Beyond } else { Form::Plain };
    let added = builder.add(user, text.as_ref().map_or(raw, |text| text.as_str()), form);
    added.map(|()| renamed).map_err(|refused| format!(": {refused}"))
}

/// Where the record is wrong, as the end of a sentence.
pub(super) fn describe_record(failure: &Failure) -> String {
    match failure {
        Failure::RecordCorrupt(place) if place.is_empty() => String::new(),
        Failure::RecordCorrupt(place) if place == UNKNOWN_MEMBER => format!(": {place}"),
        Failure::RecordCorrupt(place) => format!(".{place}"),
        _ => ": larger than a record may be".into(),
    }
}

/// A description without the reader's own message, which would quote the input.
fn describe(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Eof => "it ends too early",
        Category::Data => "an unexpected value",
        Category::Syntax | Category::Io => "a syntax error",
    };
    format!("{what}, at line {} column {}", error.line(), error.column())
}

/// Removes the blanks outside the strings of a valid JSON text.
fn compact(json: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    json.chars()
        .filter(|character| {
            if quoted {
                quoted = escaped || *character != '"';
                escaped = *character == '\\' && !escaped;
                return true;
            }
            quoted = *character == '"';
            !matches!(character, ' ' | '\t' | '\n' | '\r')
        })
        .collect()
}
