//! Attestation statements (8): which authenticator made the key, and who vouches for it.

pub(crate) mod certificate;
pub(crate) mod chain;
mod delegated;
mod packed;
mod statement;
mod trust;

use serde::Serialize;

use self::statement::Finding;
pub use self::statement::Statement;
pub use self::trust::TrustAnchors;
use super::expectation::RegistrationExpectation;
use super::policy::Conveyance;
use super::reason::Reason;

/// What the statement turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attestation {
    /// `fmt` as the authenticator wrote it.
    pub format: String,
    /// Whether a statement was verified by the procedure of its format; `none` has nothing to verify. It says nothing
    /// about trust.
    pub verified: bool,
    /// Whether the certificate chain ends in one of the trust anchors.
    pub trusted: bool,
}

/// 7.1, from "Determine the attestation statement format" to the assessment of trust.
///
/// A known format is always verified. One that can't be, and `none`, are good enough only where no attestation was asked
/// for. Where it was, and trust anchors are configured, the chain has to end in one of them.
pub fn verify(statement: &Statement<'_>, expected: &RegistrationExpectation<'_>) -> Result<Attestation, Reason> {
    let finding = match statement.format {
        "none" => none(statement)?,
        "packed" => packed::verify(statement, expected)?,
        "fido-u2f" | "apple" | "android-key" => delegated::verify(statement, expected)?,
        _ => Finding::Unverified,
    };
    let (verified, trusted) = match finding {
        Finding::Valid => (true, false),
        Finding::Certified { trusted } => (true, trusted),
        Finding::Unverified => (false, false),
    };
    if expected.attestation != Conveyance::None {
        if !verified {
            return Err(Reason::AttestationUnsupported);
        }
        if !trusted && !expected.trust_anchors.is_empty() {
            return Err(Reason::AttestationUntrusted);
        }
    }
    Ok(Attestation {
        format: statement.format.to_owned(),
        verified,
        trusted,
    })
}

/// 8.7: the statement is an empty map.
fn none(statement: &Statement<'_>) -> Result<Finding, Reason> {
    match statement.statement.map() {
        Some([]) => Ok(Finding::Unverified),
        _ => Err(Reason::AttestationInvalid),
    }
}
