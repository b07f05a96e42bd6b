//! What a store does with a record after a call.

use std::fmt;

use serde::Serialize;

use crate::json::envelope::failure_envelope;
use crate::json::failure::Failure;
use crate::record::Record;
use crate::service::answer::{Answer, answer_envelope};

/// The result of a call that may change the record.
pub struct Change {
    pub action: Action,
    /// The record's new text, for `Write`.
    pub record: Option<String>,
    /// The user handle that the store keeps with the record.
    pub handle: Option<String>,
    /// With a record: every text by which the store finds this user. `None` if the stored ones stay.
    pub claims: Option<Vec<String>>,
    /// The envelope for the facade.
    pub value: String,
}

/// Leaves out the record and the result, because both hold secrets.
impl fmt::Debug for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Change")
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Leave,
    Write,
    Delete,
}

/// What a change decided: the record to store, if it changed, and the answer.
pub type Decision<T> = Result<(Option<Record>, Answer<T>), Failure>;

impl Change {
    /// Turns a decision into a change. A record without factors is deleted, unless it says how the last factor was
    /// removed, until when the user has to enrol, or which user handle a first passkey gets. Adding a factor removes the
    /// first of these. A failure changes nothing.
    pub fn from_decision<T: Serialize>(decision: Decision<T>) -> Self {
        let decided = decision.and_then(|(record, answer)| Ok((Self::storing(record)?, answer)));
        match decided {
            Ok((change, answer)) => Self {
                value: answer_envelope(Ok(answer)),
                ..change
            },
            Err(failure) => Self::failed(&failure),
        }
    }

    /// Leaves the record as it is.
    pub(crate) fn failed(failure: &Failure) -> Self {
        Self {
            value: failure_envelope(failure),
            ..Self::leaving()
        }
    }

    /// The change without its answer. Apart from the generic code, of which there is a copy for each type.
    #[inline(never)]
    fn storing(record: Option<Record>) -> Result<Self, Failure> {
        let Some(mut record) = record else {
            return Ok(Self::leaving());
        };
        if record.is_empty() && !record.is_kept_without_factors() {
            return Ok(Self {
                action: Action::Delete,
                ..Self::leaving()
            });
        }
        if !record.is_empty() {
            record.removed = None;
        }
        record.keep_time();
        Ok(Self {
            action: Action::Write,
            record: Some(record.to_text()?),
            claims: record.changed_claims(),
            handle: record.user_handle,
            value: String::new(),
        })
    }

    fn leaving() -> Self {
        Self {
            action: Action::Leave,
            record: None,
            handle: None,
            claims: None,
            value: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_record_and_the_answer() {
        let change = Change {
            action: Action::Write,
            record: Some("otpauth://totp/ann?secret=ORSXG5A".into()),
            handle: Some("handle".into()),
            claims: Some(vec!["handle".into()]),
            value: r#"{"value":["f2b6-55e2-d602-c944"]}"#.into(),
        };
        assert_eq!(format!("{change:?}"), "Change { action: Write, .. }");
    }
}
