//! A whole `tfa.cfg` or `tfa.json`: many users in one object, as the system has it that the format comes from.
//!
//! Every call on a user is one of the core's functions on that user's record.

mod add;
mod examine;
mod file;
mod legacy_view;
mod methods;
mod names;
mod old_lines;
mod origin_form;
mod origin_reader;
mod queries;
mod refusal;
mod server;
mod shared_keys;
mod sign_in;
mod users;

use std::sync::Arc;

pub use examine::{examine, examine_as};
pub use file::{Sections, WriteOptions};
pub use origin_form::{Mended, Parts, emptied, enrolled_elsewhere, join, split};
pub use server::{U2fConfig, WebauthnConfig};

use crate::json::failure::Failure;
use crate::record::Record;
use origin_form::{check_fits, check_readable};
use users::{RecordText, Users};

/// The formats that a file may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// JSON, or the old lines, of which an empty file has none.
    Either,
    /// JSON alone, of which an empty file is none.
    Json,
}

impl Accepted {
    /// A file that is called `.json` is meant to be that.
    pub fn by_name(path: &str) -> Self {
        let name = path.as_bytes();
        let ending = name.len().checked_sub(5).and_then(|start| name.get(start..));
        if ending.is_some_and(|ending| ending.eq_ignore_ascii_case(b".json")) {
            Self::Json
        } else {
            Self::Either
        }
    }
}

/// What an empty file should be, where JSON is wanted.
const EMPTY_JSON: &str = "the file is empty: for a file without users, write {\"users\":{}}";

/// A configuration. A clone takes the same short time and little room whatever the number of users, and neither sees
/// what the other changes.
#[derive(Clone, Default)]
pub struct TfaConfig {
    u2f: Option<Arc<U2fConfig>>,
    webauthn: Option<Arc<WebauthnConfig>>,
    /// The sections that the file had, also those that could not be read.
    sections_read: Vec<&'static str>,
    /// Sections that could not be read, as they came.
    unread: Vec<(&'static str, String)>,
    users: Users,
    /// Top-level members that the origin ignores, with their values as compact JSON text: written back as they came.
    others: Arc<[(String, String)]>,
    /// Whether some factor got an id that the file does not have.
    renamed: bool,
    keeps_additions: bool,
}

impl TfaConfig {
    /// Reads a file. A user or a factor that can't be used is kept as it came, and never offered.
    ///
    /// Fails with `config-too-large` above `max_bytes`, before anything is looked at, or with `config-corrupt` and what
    /// is wrong in the eyes of either format, without a word of the input.
    pub fn parse(bytes: &[u8], max_bytes: usize) -> Result<Self, Failure> {
        Self::parse_as(bytes, max_bytes, Accepted::Either)
    }

    /// The same for a file that has to be of these formats.
    pub fn parse_as(bytes: &[u8], max_bytes: usize, accepted: Accepted) -> Result<Self, Failure> {
        if bytes.len() > max_bytes {
            return Err(Failure::ConfigTooLarge);
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Failure::ConfigCorrupt(format!("not UTF-8 text, at byte {}", error.valid_up_to())))?;
        let read = Self::from_json(text);
        match (read, accepted) {
            (Ok(config), _) => Ok(config),
            (Err(_), Accepted::Json) if text.trim().is_empty() => Err(Failure::ConfigCorrupt(EMPTY_JSON.into())),
            (Err(json), Accepted::Json) => Err(Failure::ConfigCorrupt(format!("read as JSON: {json}"))),
            (Err(json), Accepted::Either) => Self::from_lines(text)
                .map_err(|lines| Failure::ConfigCorrupt(format!("read as JSON: {json}; read as lines: {lines}"))),
        }
    }

    /// Says whether what is written of this is to hold our additions, which decides what needs saving, and what it can
    /// hold at all.
    #[must_use]
    pub fn keeping_additions(mut self, additions: bool) -> Self {
        self.keeps_additions = additions;
        self
    }

    /// Whether factors of the file that was read had the same id. Anything that is kept by their ids elsewhere needs the
    /// file to be written.
    pub fn is_renamed(&self) -> bool {
        self.renamed
    }

    pub fn webauthn(&self) -> Option<&WebauthnConfig> {
        self.webauthn.as_deref()
    }

    pub fn u2f(&self) -> Option<&U2fConfig> {
        self.u2f.as_deref()
    }

    /// Sets the `webauthn` section from its JSON text, or removes it for `null`.
    pub fn set_webauthn(&mut self, section: &str) -> Result<(), Failure> {
        self.webauthn = section_of(section, "webauthn")?.map(Arc::new);
        self.unread.retain(|(name, _)| *name != "webauthn");
        Ok(())
    }

    /// Sets the `u2f` section from its JSON text, or removes it for `null`.
    pub fn set_u2f(&mut self, section: &str) -> Result<(), Failure> {
        self.u2f = section_of(section, "u2f")?.map(Arc::new);
        self.unread.retain(|(name, _)| *name != "u2f");
        Ok(())
    }

    /// A user's record, additions included.
    pub fn record(&self, user: &str) -> Option<&str> {
        self.users.get(user)
    }

    /// Sets a user's record, or removes the user; true when that changed something. A record that only says how the last
    /// factor was removed removes the user: a file has no place for that.
    ///
    /// What can't be used is kept where the user has it already, and is `record-corrupt` else. Where no additions are
    /// kept it fails with `store-refused` for what the origin could not read, unless the user has it already.
    pub fn set_record(&mut self, user: &str, record: Option<&str>) -> Result<bool, Failure> {
        let Some(text) = record else {
            return Ok(self.users.set(user, None));
        };
        let mut record = Record::parse(Some(text))?;
        if record.removed.is_some() {
            return Ok(self.users.set(user, None));
        }
        let before = self.record(user).unwrap_or("{}");
        if let Some(new) = record.unusable_beside(&Record::parse(Some(before))?) {
            return Err(Record::parse_usable(text)
                .err()
                .unwrap_or(Failure::RecordCorrupt(new.problem.clone())));
        }
        if !self.keeps_additions && record.whole_problem().is_none() {
            check_fits(&record)?;
            check_readable(&mut Record::parse(Some(text))?, before)?;
        }
        record.give_own_ids();
        Ok(self.users.set(user, Some(RecordText::new(record.to_text()?))))
    }

    /// Bytes of memory that the file's own records take.
    pub fn file_bytes(&self) -> usize {
        self.users.file_bytes()
    }
}

fn section_of<T: serde::de::DeserializeOwned>(text: &str, name: &'static str) -> Result<Option<T>, Failure> {
    serde_json::from_str(text).map_err(|_| Failure::InvalidArgument(name))
}
