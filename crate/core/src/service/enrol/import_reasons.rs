//! Why an import leaves a factor, and what to know of one that it takes.

use serde::Serialize;

use super::refuses_another;
use crate::record::Record;
use crate::service::settings::Settings;

/// Why a factor was left, and the member that is wrong with it.
pub(super) struct Refused(pub LeftReason, pub Option<&'static str>);

impl From<LeftReason> for Refused {
    fn from(reason: LeftReason) -> Self {
        Self(reason, None)
    }
}

pub(super) fn malformed(member: &'static str) -> Refused {
    Refused(LeftReason::Malformed, Some(member))
}

/// What the host should know of a factor that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Note {
    /// It is found by its id, and its first success says which user handle it was made for.
    NoUserHandle,
    /// It was made for another handle than the user's other passkeys.
    OtherUserHandle,
    /// The first success settles the backup flags.
    BackupNotRecorded,
    /// It can't sign in without another factor yet: nobody said that it has verified its user.
    UserNotVerified,
    /// Each code has less than 64 bits: new ones should replace them.
    ShortSecret,
    /// The first success settles the counter: until then an older answer is taken.
    CounterNotRecorded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LeftReason {
    Malformed,
    /// The key's algorithm, or one that the store's file has no place for.
    UnsupportedAlgorithm,
    /// The service takes no answers of such a key: it is opened without `u2f` or `yubico`.
    NotSupported,
    /// The key was registered for another application than the service's.
    OtherAppId,
    /// Recovery codes in a form that can't be kept.
    RecoveryCodes,
    /// Recovery codes need another factor beside them.
    FactorRequired,
    /// The record holds this credential, this secret or this key.
    AlreadyEnrolled,
    FactorLimit,
    /// The record would be larger than it may be.
    RecordTooLarge,
}

pub(super) fn check_limit(record: &Record, settings: &Settings) -> Result<(), Refused> {
    match refuses_another(record, settings, false) {
        Some(_) => Err(LeftReason::FactorLimit.into()),
        None => Ok(()),
    }
}
