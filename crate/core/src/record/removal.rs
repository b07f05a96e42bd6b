//! How a user's last factor was removed. This tells a record that was emptied on purpose from one that was lost.

use serde::{Deserialize, Serialize};

use super::{Deadline, Record};
use crate::json::failure::Failure;
use crate::json::members::is_default;

/// Only a record without any entry has this. The change that removes the last entry writes it, and the change that adds
/// the first one deletes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Removal {
    /// Epoch seconds.
    pub at: i64,
    /// Who removed it, as the host said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Whether the user must enrol at the next sign-in, even if the host doesn't require this of everyone.
    #[serde(default, skip_serializing_if = "is_default")]
    pub enrol: bool,
}

impl Record {
    /// A record without entries, that only says how the last one was removed, and by when another is needed.
    pub fn emptied(removed: Option<Removal>, deadlines: Vec<Deadline>) -> Self {
        Self {
            removed,
            deadlines,
            ..Self::default()
        }
    }

    /// Takes everything out but the deadlines. The time that the record knew of goes into them.
    pub fn empty(&mut self, removal: Removal) {
        self.keep_time();
        *self = Self::emptied(Some(removal), std::mem::take(&mut self.deadlines));
    }

    /// Fails with `record-corrupt` if the record has both a removal and an entry: then nobody can tell what was removed
    /// and what was lost.
    pub(super) fn check_removal(&self) -> Result<(), Failure> {
        if self.removed.is_some() && !self.is_empty() {
            return Err(Failure::RecordCorrupt("removed".into()));
        }
        Ok(())
    }
}
