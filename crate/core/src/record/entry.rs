//! What every factor of a record has around its own data.

use serde::{Deserialize, Serialize};

use crate::json::members::is_default;
use crate::webauthn::Credential;

/// The type of a factor, as records, answers and the public API spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactorType {
    Totp,
    Webauthn,
    U2f,
    Recovery,
    Yubico,
    /// Of something that can't be used, and that doesn't say what it is.
    #[serde(skip_deserializing)]
    Unknown,
}

/// One enrolled factor.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Entry<T> {
    /// A lower-case UUID, or `v1-entry` from an old import.
    pub id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Epoch seconds.
    pub created: i64,
    #[serde(default = "enabled", skip_serializing_if = "is_true")]
    pub enable: bool,
    pub entry: T,
    /// Ours: epoch seconds of the last success.
    #[serde(default, skip_serializing_if = "is_default")]
    pub last_used: Option<i64>,
    /// Ours: epoch seconds of the import that brought it into this record; `created` is the other system's date then.
    #[serde(default, skip_serializing_if = "is_default")]
    pub added: Option<i64>,
}

impl<T> Entry<T> {
    /// One that is enabled and was never used. `created`: epoch seconds.
    pub fn new(id: String, description: String, created: i64, entry: T) -> Self {
        Self {
            id,
            description,
            created,
            enable: true,
            entry,
            last_used: None,
            added: None,
        }
    }
}

/// What a factor that signs has in common with others: a credential of WebAuthn, or a U2F key as one.
pub trait SigningEntry {
    const TYPE: FactorType;

    fn credential_id(&self) -> &[u8];

    /// The credential to verify against; `None` for a key that this version can't use.
    fn credential(&self) -> Option<Credential>;

    /// Whether there is one.
    fn can_verify(&self) -> bool {
        self.credential().is_some()
    }

    /// Takes over what a ceremony may change.
    fn update(&mut self, credential: &Credential);

    /// Takes over what a success of this credential tells: whose it is, and the handle that it was made for, where that
    /// was not known.
    fn learn(&mut self, _rp_id: &str, _user_handle: impl FnOnce() -> Option<String>) {}
}

fn enabled() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_true(value: &bool) -> bool {
    *value
}
