//! Enrolling factors. Each one must be verified before it counts.

mod finish;
mod import;
mod import_keys;
mod import_reasons;
mod import_record;
mod recovery;
mod totp;
mod u2f;
mod webauthn;
mod yubico;

use serde::Serialize;

pub use import::import_factors;
pub use import_record::import_record;
pub use recovery::create_recovery_codes;
pub use totp::{begin_totp, finish_totp};
pub(crate) use u2f::{begin as open_u2f, finish as prove_u2f};
pub use u2f::{begin_u2f, finish_u2f, u2f_registration_challenge};
pub(crate) use webauthn::{begin as open_webauthn, finish as prove_webauthn};
pub use webauthn::{begin_webauthn, finish_webauthn, registration_challenge};
pub use yubico::enrol_yubico;

use crate::json::failure::Failure;
use crate::record::factor::{self, Factor};
use crate::record::{FactorType, Record, SigningEntry};
use crate::service::answer::Answer;
use crate::service::event::{Event, EventType};
use crate::service::settings::Settings;
use crate::webauthn::{Outputs, Reason};

/// `{"ok": true, "factor", "extensions"?}` or `{"ok": false, "reason"}`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
// It is written as soon as it is made.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Enrolled {
    Done {
        ok: True,
        factor: Factor,
        /// The signed extension outputs that were asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        extensions: Option<Outputs>,
    },
    Refused {
        ok: False,
        reason: EnrolmentRefusal,
    },
}

/// Why a factor was not enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EnrolmentRefusal {
    Rejected,
    Malformed,
    /// The record already has this credential.
    AlreadyEnrolled,
    /// The host's rules don't accept this authenticator.
    AuthenticatorRefused,
    /// The host doesn't have the secrets of this Yubico key.
    UnknownKey,
    /// The host asked for a first factor, but the user already has one.
    NotFirst,
    FactorLimit,
}

impl Enrolled {
    pub(crate) fn refused(reason: EnrolmentRefusal, factor: FactorType, inner: &'static str) -> Answer<Self> {
        Answer::new(Self::Refused { ok: False, reason }).with_event(Event::rejected(factor, inner))
    }

    /// The result for a factor that was just added to the record.
    pub(crate) fn done(record: &Record, id: &str, factor: FactorType) -> Result<Answer<Self>, Failure> {
        record.check_size()?;
        let view = factor::find(record, id).ok_or_else(|| Failure::RecordCorrupt(String::new()))?;
        let event = Event::new(EventType::Enrolled).of(id, factor);
        Ok(Answer::new(Self::Done {
            ok: True,
            factor: view,
            extensions: None,
        })
        .with_event(event))
    }
}

/// Why the record may not get another factor now, or `None` if it may.
pub(crate) fn refuses_another(record: &Record, settings: &Settings, first_only: bool) -> Option<EnrolmentRefusal> {
    if first_only && !record.is_empty() {
        return Some(EnrolmentRefusal::NotFirst);
    }
    (record.real_factors() >= settings.limits.factors).then_some(EnrolmentRefusal::FactorLimit)
}

/// Whether the record has a credential with this id, enabled or not. An id has only one key.
pub(crate) fn holds_credential(record: &Record, id: &[u8]) -> bool {
    record.webauthn.iter().any(|held| held.entry.credential_id() == id)
        || record.u2f.iter().any(|held| held.entry.credential_id() == id)
}

/// Which open challenge a registration belongs to.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Opened {
    Found { challenge: String },
    Refused { ok: False, reason: EnrolmentRefusal },
}

impl Opened {
    pub(crate) fn new(challenge: Result<String, Reason>) -> Self {
        match challenge {
            Ok(challenge) => Self::Found { challenge },
            Err(_) => Self::Refused {
                ok: False,
                reason: EnrolmentRefusal::Malformed,
            },
        }
    }
}

impl From<Reason> for (EnrolmentRefusal, &'static str) {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Malformed => (EnrolmentRefusal::Malformed, "malformed"),
            other => (EnrolmentRefusal::Rejected, other.as_str()),
        }
    }
}

impl EnrolmentRefusal {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Malformed => "malformed",
            Self::AlreadyEnrolled => "already-enrolled",
            Self::AuthenticatorRefused => "authenticator-refused",
            Self::UnknownKey => "unknown-key",
            Self::NotFirst => "not-first",
            Self::FactorLimit => "factor-limit",
        }
    }
}

/// The literal `true`, so that the type shows which members belong together.
#[derive(Debug)]
pub(crate) struct True;

/// The literal `false`.
#[derive(Debug)]
pub(crate) struct False;

impl Serialize for True {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

impl Serialize for False {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(false)
    }
}
