//! Why a text was not opened.

use super::form::key_id;
use super::place::Place;
use crate::json::failure::Failure;

/// Names the key, and nothing else of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unopened {
    /// It is not sealed, and the host does not accept that.
    Plain,
    /// It begins as sealed texts do, and is none.
    Form,
    /// The host has no key with this id.
    UnknownKey(String),
    /// The key of this id does not open it: it is another key, or the text was changed or belongs elsewhere.
    Mismatch(String),
}

impl Unopened {
    pub fn failure(&self, place: &Place) -> Failure {
        let kind = place.kind();
        let why = match self {
            Self::Plain => format!("the {kind} is not sealed, and seal.plain is refuse"),
            Self::Form => format!("the {kind} begins like a sealed text, but is none"),
            Self::UnknownKey(id) => format!("the {kind} is sealed under key \"{id}\", which is not in seal.keys"),
            Self::Mismatch(id) => format!(
                "the {kind} is sealed under key \"{id}\", but that key doesn't open it: it is another key, or the text was \
                 changed or moved"
            ),
        };
        Failure::RecordSealed {
            why,
            unknown_key: matches!(self, Self::UnknownKey(_)),
        }
    }
}

/// The failure for a sealed record that somebody reads without keys; `None` for one that is not sealed.
pub(crate) fn without_keys(record: &str) -> Option<Failure> {
    let id = key_id(record)?;
    Some(Failure::RecordSealed {
        why: format!("the record is sealed under key \"{id}\", and no seal.keys are given"),
        unknown_key: false,
    })
}
