//! The reasons why a ceremony is refused.

use std::fmt;

use serde::Serialize;

/// All reasons of refusals. Their text and JSON is in kebab case. None contains any input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The response is malformed: its JSON, base64 or CBOR, a length, or a member that is missing or contradicts
    /// another.
    Malformed,
    /// `clientDataJSON.type` is the type of the other ceremony (7.1 step 7, 7.2 step 10).
    TypeMismatch,
    /// `clientDataJSON.challenge` is not the challenge that was issued.
    ChallengeMismatch,
    /// `clientDataJSON.origin` is not one of the relying party's origins.
    OriginMismatch,
    /// The policy doesn't allow the frame that `clientDataJSON.crossOrigin` and `topOrigin` describe.
    CrossOrigin,
    /// `rpIdHash` is not the hash of the relying party's id.
    RpIdMismatch,
    /// The user present flag is not set.
    UserNotPresent,
    /// User verification is required, and its flag is not set.
    UserNotVerified,
    /// The backup flags contradict each other or the stored ones.
    BackupFlagsInvalid,
    /// The key's algorithm was not offered.
    AlgorithmNotAllowed,
    /// The key's algorithm or curve is not implemented.
    AlgorithmUnsupported,
    /// The public key does not fit its algorithm, or is not a point of its curve.
    KeyInvalid,
    /// The signature is wrong.
    SignatureInvalid,
    /// The signature counter has not grown: the authenticator may have been cloned.
    CounterNotIncreased,
    /// The response is from another credential.
    CredentialMismatch,
    /// The response names another user.
    UserHandleMismatch,
    /// The attestation statement is wrong, or breaks a rule of its format.
    AttestationInvalid,
    /// The attestation statement is right, but its certificates end in none of the trust anchors.
    AttestationUntrusted,
    /// Attestation was asked for, and its format can't be verified.
    AttestationUnsupported,
    /// A signed extension output is not what was asked for, or nobody asked for it.
    ExtensionInvalid,
    /// The authenticator is one that the host denies, or no trusted statement says that it is one that the host allows.
    AuthenticatorNotAllowed,
    /// The metadata forbids the model: it was revoked, retired or compromised.
    AuthenticatorRevoked,
    /// No trusted statement says which model of the metadata it is.
    AuthenticatorUnknown,
    /// The model's certification is below the least level, or nothing proves it.
    AuthenticatorNotCertified,
    /// The key can be copied to other devices.
    AuthenticatorNotDeviceBound,
    /// The level at which the key is kept is below the least one, or nothing proves it.
    AuthenticatorSecurityLevel,
}

impl Reason {
    /// Every reason, for tables and types that are made from this list.
    pub const ALL: [Self; 26] = [
        Self::Malformed,
        Self::TypeMismatch,
        Self::ChallengeMismatch,
        Self::OriginMismatch,
        Self::CrossOrigin,
        Self::RpIdMismatch,
        Self::UserNotPresent,
        Self::UserNotVerified,
        Self::BackupFlagsInvalid,
        Self::AlgorithmNotAllowed,
        Self::AlgorithmUnsupported,
        Self::KeyInvalid,
        Self::SignatureInvalid,
        Self::CounterNotIncreased,
        Self::CredentialMismatch,
        Self::UserHandleMismatch,
        Self::AttestationInvalid,
        Self::AttestationUntrusted,
        Self::AttestationUnsupported,
        Self::ExtensionInvalid,
        Self::AuthenticatorNotAllowed,
        Self::AuthenticatorRevoked,
        Self::AuthenticatorUnknown,
        Self::AuthenticatorNotCertified,
        Self::AuthenticatorNotDeviceBound,
        Self::AuthenticatorSecurityLevel,
    ];

    /// Whether the ceremony is right, and the host's rules don't accept the authenticator.
    pub fn is_of_authenticator(self) -> bool {
        matches!(
            self,
            Self::AuthenticatorNotAllowed
                | Self::AuthenticatorRevoked
                | Self::AuthenticatorUnknown
                | Self::AuthenticatorNotCertified
                | Self::AuthenticatorNotDeviceBound
                | Self::AuthenticatorSecurityLevel
        )
    }

    /// The text that crosses the boundary, the same as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TypeMismatch => "type-mismatch",
            Self::ChallengeMismatch => "challenge-mismatch",
            Self::OriginMismatch => "origin-mismatch",
            Self::CrossOrigin => "cross-origin",
            Self::RpIdMismatch => "rp-id-mismatch",
            Self::UserNotPresent => "user-not-present",
            Self::UserNotVerified => "user-not-verified",
            Self::BackupFlagsInvalid => "backup-flags-invalid",
            Self::AlgorithmNotAllowed => "algorithm-not-allowed",
            Self::AlgorithmUnsupported => "algorithm-unsupported",
            Self::KeyInvalid => "key-invalid",
            Self::SignatureInvalid => "signature-invalid",
            Self::CounterNotIncreased => "counter-not-increased",
            Self::CredentialMismatch => "credential-mismatch",
            Self::UserHandleMismatch => "user-handle-mismatch",
            Self::AttestationInvalid => "attestation-invalid",
            Self::AttestationUntrusted => "attestation-untrusted",
            Self::AttestationUnsupported => "attestation-unsupported",
            Self::ExtensionInvalid => "extension-invalid",
            Self::AuthenticatorNotAllowed => "authenticator-not-allowed",
            Self::AuthenticatorRevoked => "authenticator-revoked",
            Self::AuthenticatorUnknown => "authenticator-unknown",
            Self::AuthenticatorNotCertified => "authenticator-not-certified",
            Self::AuthenticatorNotDeviceBound => "authenticator-not-device-bound",
            Self::AuthenticatorSecurityLevel => "authenticator-security-level",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl std::error::Error for Reason {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_text_is_the_json() {
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
    }
}
