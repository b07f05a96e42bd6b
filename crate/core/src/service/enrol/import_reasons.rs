//! Why an import leaves a factor out, and notes on a factor that it adds.

use serde::Serialize;

use super::refuses_another;
use crate::record::Record;
use crate::service::settings::Settings;

/// Why a factor was left out, and the member that is wrong.
pub(super) struct Refused(pub LeftReason, pub Option<&'static str>);

impl From<LeftReason> for Refused {
    fn from(reason: LeftReason) -> Self {
        Self(reason, None)
    }
}

pub(super) fn malformed(member: &'static str) -> Refused {
    Refused(LeftReason::Malformed, Some(member))
}

/// What the host should know about a factor that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Note {
    /// It is found by its id. Its first success shows which user handle it was made for.
    NoUserHandle,
    /// It was made for a different handle than the user's other passkeys.
    OtherUserHandle,
    /// The first success records the backup flags.
    BackupNotRecorded,
    /// It can't sign in without another factor yet, because the import doesn't say that it has verified its user.
    UserNotVerified,
    /// Each code has fewer than 64 bits. New codes should replace them.
    ShortSecret,
    /// The first success records the counter. Until then, an older answer is accepted.
    CounterNotRecorded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LeftReason {
    Malformed,
    /// The key's algorithm is not supported, or the store's file has no place for it.
    UnsupportedAlgorithm,
    /// The service doesn't accept this type of key, because it is opened without `u2f` or `yubico`.
    NotSupported,
    /// The key was registered for a different application.
    OtherAppId,
    /// Recovery codes in a form that can't be stored.
    RecoveryCodes,
    /// Recovery codes need another factor.
    FactorRequired,
    /// The record already has this credential, secret or key.
    AlreadyEnrolled,
    FactorLimit,
    /// The record would become larger than allowed.
    RecordTooLarge,
}

pub(super) fn check_limit(record: &Record, settings: &Settings) -> Result<(), Refused> {
    match refuses_another(record, settings, false) {
        Some(_) => Err(LeftReason::FactorLimit.into()),
        None => Ok(()),
    }
}
