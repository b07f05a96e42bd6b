//! Why a management call was refused. The messages are Proxmox's own, which are a stable API.

use serde::Serialize;

use crate::service::enrol::False;

/// The result of a management call: what it did, or `{"ok": false, "reason", "message"}`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Settled<T> {
    Done(T),
    Refused(Refused),
}

#[derive(Debug, Serialize)]
pub struct Refused {
    ok: False,
    reason: &'static str,
    message: &'static str,
}

/// Proxmox's rules, followed by ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    DescriptionRequired,
    DescriptionInvalid,
    TotpNeedsBoth,
    TotpTakesNoChallenge,
    TotpNotVerified,
    WebauthnTakesNoTotp,
    WebauthnValueMissing,
    U2fTakesNoTotp,
    U2fValueMissing,
    RecoveryTakesNothing,
    RecoveryExists,
    YubicoTakesNothingElse,
    YubicoValueMissing,
    NoWebauthn,
    NoU2f,
    NoSuchChallenge,
    CredentialExists,
    NoSuchUser,
    NoSuchEntry,
    LastEntry,
    TotpInvalid,
    YubicoInvalid,
    WebauthnFailed,
    U2fFailed,
}

impl Refusal {
    pub fn settled<T>(self) -> Settled<T> {
        let (reason, message) = self.words();
        Settled::Refused(Refused {
            ok: False,
            reason,
            message,
        })
    }

    /// The reason, on which programs can branch, and the message.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::DescriptionRequired => ("parameter", "'description' is required for new entries"),
            Self::DescriptionInvalid => (
                "parameter",
                "'description' has more than 255 characters, or control characters",
            ),
            Self::TotpNeedsBoth => ("parameter", "'totp' type requires both 'totp' and 'value' parameters"),
            Self::TotpTakesNoChallenge => ("parameter", "'challenge' parameter is invalid for 'totp' entries"),
            Self::TotpNotVerified => ("not-verified", "failed to verify TOTP challenge"),
            Self::WebauthnTakesNoTotp => ("parameter", "'totp' parameter is invalid for 'webauthn' entries"),
            Self::WebauthnValueMissing => (
                "parameter",
                "missing 'value' parameter (webauthn challenge response missing)",
            ),
            Self::U2fTakesNoTotp => ("parameter", "'totp' parameter is invalid for 'u2f' entries"),
            Self::U2fValueMissing => (
                "parameter",
                "missing 'value' parameter (u2f challenge response missing)",
            ),
            Self::RecoveryTakesNothing => (
                "parameter",
                "generating recovery tokens does not allow additional parameters",
            ),
            Self::RecoveryExists => ("exists", "user already has recovery keys"),
            Self::YubicoTakesNothingElse => (
                "parameter",
                "'totp' and 'challenge' parameters are invalid for 'yubico' entries",
            ),
            Self::YubicoValueMissing => ("parameter", "missing 'value' parameter for 'yubico' entry"),
            Self::NoWebauthn => ("not-configured", "no webauthn configuration available"),
            Self::NoU2f => ("not-configured", "no u2f configuration available"),
            Self::NoSuchChallenge => ("no-such-challenge", "no such challenge"),
            Self::CredentialExists => ("exists", "credential id already present"),
            Self::NoSuchUser => ("no-such-user", "no such user"),
            Self::NoSuchEntry => ("no-such-entry", "no such entry"),
            Self::LastEntry => ("last-entry", "the last enabled entry can't be disabled, only removed"),
            Self::TotpInvalid => ("parameter", "'totp' parameter is no usable otpauth URI"),
            Self::YubicoInvalid => ("parameter", "'value' parameter is no public id of a Yubico key"),
            Self::WebauthnFailed => ("not-verified", "webauthn registration failed"),
            Self::U2fFailed => ("not-verified", "u2f registration failed"),
        }
    }
}
