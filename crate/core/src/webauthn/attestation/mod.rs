//! Attestation statements (8): they say which authenticator made the key, and who certifies it.

mod android_key;
pub(crate) mod certificate;
pub(crate) mod chain;
mod compound;
mod delegated;
mod fido_u2f;
mod format;
mod name_constraints;
mod packed;
mod policy;
mod statement;
mod tpm;
mod trust;

pub use self::policy::{AttestationPolicy, SecurityLevel};
pub use self::statement::{Attestation, Statement, issuer_keys, keys};
pub use self::trust::TrustAnchors;
use super::expectation::RegistrationExpectation;
use super::policy::Conveyance;
use super::reason::Reason;

/// 7.1, from "Determine the attestation statement format" to the assessment of trust.
///
/// A statement of a known format is always verified. If no attestation was asked for, a format that can't be verified,
/// `none`, and one that is not trusted are accepted, too. If it was asked for, the policy of the format has to accept
/// it, and if there are trust anchors, the chain has to end in one of them.
pub fn verify(statement: &Statement<'_>, expected: &RegistrationExpectation<'_>) -> Result<Attestation, Reason> {
    let finding = match statement.format {
        "compound" => compound::verify(statement, expected)?,
        _ => format::verify(statement, expected)?.unwrap_or_default(),
    };
    if expected.attestation != Conveyance::None {
        if !finding.verified {
            return Err(Reason::AttestationUnsupported);
        }
        if finding.refused || (!finding.trusted && !expected.trust_anchors.is_empty()) {
            return Err(Reason::AttestationUntrusted);
        }
    }
    Ok(Attestation::new(statement.format, finding))
}
