//! The JSON of both generations: read whole, written in today's form.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::TfaConfig;
use super::origin_form::strip;
use super::server::{U2fConfig, WebauthnConfig};
use super::users::{Builder, Refused, Stored};
use crate::failure::Failure;
use crate::record::Record;

/// What goes into a written file beside the users.
#[derive(Debug, Clone, Copy, Default)]
pub struct WriteOptions {
    /// Our additions to the format, which the origin would refuse or lose.
    pub additions: bool,
    /// The `u2f` and `webauthn` sections, which have another place in the origin's cluster.
    pub sections: bool,
}

impl TfaConfig {
    /// Reads and validates a JSON file. The error says what is wrong and where, and quotes nothing.
    pub(super) fn from_json(text: &str) -> Result<Self, String> {
        let mut builder = Builder::new(text.len());
        let config = read_json(text, &mut |user, raw| {
            add(&mut builder, user, raw).map_err(|what| format!("users[{}]{what}", builder.len()))
        })?;
        let users = builder.build().map_err(|refused| refused.to_string())?;
        Ok(Self { users, ..config })
    }

    /// Today's form: one line, users sorted.
    pub fn write(&self, options: WriteOptions) -> Result<String, Failure> {
        let sections = options.sections;
        let mut writer = Writer::new(self.users.file_bytes());
        if let Some(u2f) = self.u2f.as_deref().filter(|_| sections) {
            writer.member("u2f", &json(u2f)?);
        }
        if let Some(webauthn) = self.webauthn.as_deref().filter(|_| sections) {
            writer.member("webauthn", &json(webauthn)?);
        }
        let mut users = self.users.iter().peekable();
        if users.peek().is_some() {
            writer.begin("users");
            for stored in users {
                match plain(stored).filter(|_| !options.additions) {
                    Some(record) => writer.member(stored.user, &record?),
                    None => writer.member(stored.user, stored.record),
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

/// A record in the origin's format, where it may hold more.
fn plain(stored: Stored) -> Option<Result<String, Failure>> {
    stored.additions.then(|| {
        let mut record = Record::parse(Some(stored.record))?;
        strip(&mut record);
        record.to_text()
    })
}

fn json<T: serde::Serialize>(section: &T) -> Result<String, Failure> {
    serde_json::to_string(section).map_err(|_| Failure::ConfigCorrupt("a section".into()))
}

/// Puts members together whose values are JSON text already.
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

/// Reads what is beside the users, and hands over each user with the text of the record; an error of theirs ends it.
pub(super) fn read_json<'a>(text: &'a str, user: EachUser<'_, 'a>) -> Result<TfaConfig, String> {
    let mut reading = Reading {
        user,
        config: TfaConfig::default(),
        others: Vec::new(),
        seen: Vec::new(),
        problem: None,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = deserializer
        .deserialize_map(&mut reading)
        .and_then(|()| deserializer.end());
    match (read, reading.problem) {
        (Ok(()), _) => {
            reading.others.sort();
            Ok(TfaConfig {
                others: reading.others.into(),
                ..reading.config
            })
        }
        (Err(_), Some(problem)) => Err(problem),
        (Err(error), None) => Err(describe(&error)),
    }
}

type EachUser<'f, 'a> = &'f mut dyn FnMut(&str, &'a str) -> Result<(), String>;

/// A file while it is read.
struct Reading<'f, 'a> {
    user: EachUser<'f, 'a>,
    config: TfaConfig,
    others: Vec<(String, String)>,
    seen: Vec<&'static str>,
    /// What is wrong with a user: more than the reader's own error can say.
    problem: Option<String>,
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
                None => self.others.iter().any(|(other, _)| *other == name),
            };
            if twice {
                return Err(A::Error::custom("a name occurs twice"));
            }
            self.seen.extend(known);
            match name.as_str() {
                "u2f" => self.config.u2f = map.next_value::<Option<U2fConfig>>()?.map(Into::into),
                "webauthn" => self.config.webauthn = map.next_value::<Option<WebauthnConfig>>()?.map(Into::into),
                "users" => map.next_value_seed(ReadingUsers(self))?,
                _ => {
                    let value = compact(map.next_value::<&RawValue>()?.get());
                    self.others.push((name, value));
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

/// Validates a record and keeps it in the form in which it is written.
fn add(builder: &mut Builder, user: &str, raw: &str) -> Result<(), String> {
    let mut record = Record::parse(Some(raw)).map_err(|failure| describe_record(&failure))?;
    // Most files are written by programs, in this form already.
    let text = if record.is_text(raw) {
        None
    } else {
        let text = record.to_text().map_err(|failure| describe_record(&failure))?;
        Some(Zeroizing::new(text))
    };
    let additions = strip(&mut record);
    builder
        .add(user, text.as_ref().map_or(raw, |text| text.as_str()), additions)
        .map_err(|refused| format!(": {refused}"))
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TooLarge => "too many records",
            Self::Duplicate => "a user occurs twice",
        })
    }
}

/// Where the record is wrong, by the format's own names: a name that the format does not have may be anything.
pub(super) fn describe_record(failure: &Failure) -> String {
    let Failure::RecordCorrupt(place) = failure else {
        return ": larger than a record may be".into();
    };
    let mut described = String::new();
    for (index, part) in place.split('.').enumerate() {
        let name = part.split_once('[').map_or(part, |(name, _)| name);
        match (index, NAMES.contains(&name)) {
            (_, true) => {
                described.push('.');
                described.push_str(part);
            }
            (0, false) if part.is_empty() => {}
            (_, false) if part == "?" => break,
            (_, false) => {
                described.push_str(": an unknown member");
                break;
            }
        }
    }
    described
}

/// Every name in a record's path.
const NAMES: [&str; 33] = [
    "totp",
    "u2f",
    "webauthn",
    "recovery",
    "yubico",
    "totp-locked",
    "tfa-locked-until",
    "totp-failures",
    "tfa-failures",
    "user-handle",
    "id",
    "description",
    "created",
    "enable",
    "entry",
    "last-used",
    "last-count",
    "key",
    "keyHandle",
    "version",
    "public-key",
    "counter",
    "cred_id",
    "cred",
    "backup_eligible",
    "backup_state",
    "backup_recorded",
    "user_verified",
    "transports",
    "aaguid",
    "user_handle",
    "secret",
    "entries",
];

/// The reader's own messages quote what they read.
fn describe(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Eof => "it ends too early",
        Category::Data => "an unexpected value",
        Category::Syntax | Category::Io => "a syntax error",
    };
    format!("{what}, at line {} column {}", error.line(), error.column())
}

/// Valid JSON text without the blanks outside its strings.
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
