//! Why a ceremony is refused.

use std::fmt;

use serde::Serialize;

/// The closed list of refusals, in kebab case as text and as JSON. None of them carries anything of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The response is not well-formed: JSON, base64url, CBOR, a length, a member that is missing or contradicts another.
    Malformed,
    /// `clientDataJSON.type` is that of the other ceremony (7.1 step 7, 7.2 step 10).
    TypeMismatch,
    /// `clientDataJSON.challenge` is not the challenge that was issued.
    ChallengeMismatch,
    /// `clientDataJSON.origin` is not one of the relying party's origins.
    OriginMismatch,
    /// `clientDataJSON.crossOrigin` or `topOrigin` is not what the policy allows.
    CrossOrigin,
    /// `rpIdHash` is not the hash of the relying party's id.
    RpIdMismatch,
    /// The user present flag is not set.
    UserNotPresent,
    /// User verification is required, and its flag is not set.
    UserNotVerified,
    /// The backup flags contradict each other or what was stored.
    BackupFlagsInvalid,
    /// The key's algorithm is none of those asked for.
    AlgorithmNotAllowed,
    /// The key's algorithm or curve is none that is implemented.
    AlgorithmUnsupported,
    /// The public key does not fit its algorithm, or is no point of its curve.
    KeyInvalid,
    /// The signature does not verify.
    SignatureInvalid,
    /// The signature counter has not grown: the authenticator may have been cloned.
    CounterNotIncreased,
    /// The response is another credential's.
    CredentialMismatch,
    /// The response names another user than the one expected.
    UserHandleMismatch,
    /// The attestation statement does not verify, or breaks a rule of its format.
    AttestationInvalid,
    /// The attestation verifies but ends in none of the trust anchors.
    AttestationUntrusted,
    /// The attestation's format can't be verified, and attestation was asked for.
    AttestationUnsupported,
}

impl Reason {
    /// Every reason there is, for tables and types made from this list.
    pub const ALL: [Self; 19] = [
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
    ];

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
