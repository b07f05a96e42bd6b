//! A whole `tfa.cfg` or `tfa.json` of Proxmox: many users in one object.
//!
//! Every call on a user calls one of the core's functions on that user's record.

mod add;
mod credentials;
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
pub use origin_form::{Joined, Mended, Parts, emptied, join, split};
pub use server::{U2fConfig, WebauthnConfig};

use crate::json::failure::Failure;
use crate::record::Record;
use origin_form::{check_fits, check_readable};
use users::{RecordText, Users};

/// The formats that a file may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// JSON or the old line format. An empty file is a file of lines without any line.
    Either,
    /// JSON only. An empty file is not JSON.
    Json,
}

impl Accepted {
    /// The formats for a file with this name: one that ends in `.json` must be JSON.
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

/// A configuration. Cloning is fast and needs little memory, whatever the number of users. A clone and its original
/// don't see each other's changes.
#[derive(Clone, Default)]
pub struct TfaConfig {
    u2f: Option<Arc<U2fConfig>>,
    webauthn: Option<Arc<WebauthnConfig>>,
    /// The sections that the file had, including those that could not be read.
    sections_read: Vec<&'static str>,
    /// The original text of sections that could not be read.
    unread: Vec<(&'static str, String)>,
    users: Users,
    /// Top-level members that Proxmox ignores, with their values as compact JSON text. They are written back unchanged.
    others: Arc<[(String, String)]>,
    /// Whether a factor has an id that is not the one in the file.
    renamed: bool,
    keeps_additions: bool,
}

impl TfaConfig {
    /// Reads a file. A user or factor that can't be used is kept unchanged and never offered.
    ///
    /// Fails with `config-too-large` if there are more than `max_bytes`, before looking at them. Fails with
    /// `config-corrupt` if the file is neither JSON nor lines. The error then says why for each format, and never
    /// quotes the input.
    pub fn parse(bytes: &[u8], max_bytes: usize) -> Result<Self, Failure> {
        Self::parse_as(bytes, max_bytes, Accepted::Either)
    }

    /// The same, for a file that may only have these formats.
    pub fn parse_as(bytes: &[u8], max_bytes: usize, accepted: Accepted) -> Result<Self, Failure> {
        if bytes.len() > max_bytes {
            return Err(Failure::ConfigTooLarge);
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Failure::ConfigCorrupt(format!("not UTF-8 text, at byte {}", error.valid_up_to())))?;
        let read = Self::from_json(text);
        match (read, accepted) {
            (Ok(config), _) => Ok(config),
            (Err(json), Accepted::Json) => {
                let problem = Self::empty_json(text).map_or_else(|| format!("read as JSON: {json}"), str::to_owned);
                Err(Failure::ConfigCorrupt(problem))
            }
            (Err(json), Accepted::Either) => Self::from_lines(text)
                .map_err(|lines| Failure::ConfigCorrupt(format!("read as JSON: {json}; read as lines: {lines}"))),
        }
    }

    /// Says whether the file will be written with our additions. This decides which changes need saving, and which
    /// records can be stored at all.
    #[must_use]
    pub fn keeping_additions(mut self, additions: bool) -> Self {
        self.keeps_additions = additions;
        self
    }

    /// Whether factors in the file had the same id, so that some got new ones. If other data refers to these ids, the
    /// file has to be written first.
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

    /// Sets a user's record, or removes the user. True if that changed something. A record that only says how the last
    /// factor was removed, or what is due, also removes the user, because a file has no place for it.
    ///
    /// An unusable entry that the user already has is kept. Any other one fails with `record-corrupt`. If no additions
    /// are kept, an entry that Proxmox couldn't read fails with `store-refused`, unless the user already has it.
    pub fn set_record(&mut self, user: &str, record: Option<&str>) -> Result<bool, Failure> {
        let Some(text) = record else {
            return Ok(self.users.set(user, None));
        };
        let mut record = Record::parse(Some(text))?;
        if record.is_empty() && record.is_kept_without_factors() {
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

    /// Bytes of memory that the records from the file take.
    pub fn file_bytes(&self) -> usize {
        self.users.file_bytes()
    }
}

fn section_of<T: serde::de::DeserializeOwned>(text: &str, name: &'static str) -> Result<Option<T>, Failure> {
    serde_json::from_str(text).map_err(|_| Failure::InvalidArgument(name))
}
