//! The members that every factor of a record has around its own data.

use serde::{Deserialize, Serialize};

use crate::json::members::is_default;
use crate::webauthn::{Credential, Proofs};

/// The type of a factor, as records, answers and the public API spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactorType {
    Totp,
    Webauthn,
    U2f,
    Recovery,
    Yubico,
    /// An unusable entry that doesn't say its type.
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
    /// Ours: when an import added it to this record, in epoch seconds. `created` is then the date in the other system.
    #[serde(default, skip_serializing_if = "is_default")]
    pub added: Option<i64>,
}

impl<T> Entry<T> {
    /// An enabled entry that was never used. `created`: epoch seconds.
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

/// The common part of factors that sign: a WebAuthn credential, or a U2F key treated as one.
pub trait SigningEntry {
    const TYPE: FactorType;

    fn credential_id(&self) -> &[u8];

    /// The credential to verify against, or `None` for a key that this version can't use.
    fn credential(&self) -> Option<Credential>;

    /// Whether there is a credential to verify against.
    fn can_verify(&self) -> bool {
        self.credential().is_some()
    }

    /// What an answer with these flags proves: that it verified the user, and that it is eligible for backup.
    fn proofs(&self, user_verified: bool, backup_eligible: bool) -> Proofs;

    /// Stores what a ceremony may change.
    fn update(&mut self, credential: &Credential);

    /// Stores what a success of this credential shows: its relying party, and its user handle if that was unknown.
    fn learn(&mut self, _rp_id: &str, _user_handle: Option<&str>) {}
}

fn enabled() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_true(value: &bool) -> bool {
    *value
}
