//! How a user's last factor went: what tells a record that was emptied on purpose from one that was lost.

use serde::{Deserialize, Serialize};

use super::Record;
use crate::json::failure::Failure;
use crate::json::members::is_default;

/// Stands in a record without any entry, and only there. It is written by the change that removes the last entry, and
/// deleted by the one that adds the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Removal {
    /// Epoch seconds.
    pub at: i64,
    /// Who removed it, in the host's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Whether the user has to enrol at the next sign-in, whatever the host requires of others.
    #[serde(default, skip_serializing_if = "is_default")]
    pub enrol: bool,
}

impl Record {
    /// A record that holds nothing but how its last entry went.
    pub fn emptied(removal: Removal) -> Self {
        Self {
            removed: Some(removal),
            ..Self::default()
        }
    }

    /// Fails with `record-corrupt` for a mark beside an entry: then it can't be told what was removed, and what was lost.
    pub(super) fn check_removal(&self) -> Result<(), Failure> {
        if self.removed.is_some() && !self.is_empty() {
            return Err(Failure::RecordCorrupt("removed".into()));
        }
        Ok(())
    }
}
