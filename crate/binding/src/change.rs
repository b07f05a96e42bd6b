//! What a call makes of a record.

use countersign_core::{Action, Change};
use napi_derive::napi;

use crate::text::Text;

/// What the store does with a record, and the envelope for the facade.
#[napi(object, object_from_js = false)]
pub struct BindingChange {
    #[napi(ts_type = "'leave' | 'write' | 'delete'")]
    pub action: &'static str,
    #[napi(ts_type = "string")]
    pub record: Option<Text>,
    pub handle: Option<String>,
    pub claims: Option<Vec<String>>,
    #[napi(ts_type = "string")]
    pub value: Text,
}

impl From<Change> for BindingChange {
    fn from(change: Change) -> Self {
        let action = match change.action {
            Action::Leave => "leave",
            Action::Write => "write",
            Action::Delete => "delete",
        };
        Self {
            action,
            record: change.record.map(Into::into),
            handle: change.handle,
            claims: change.claims,
            value: change.value.into(),
        }
    }
}
