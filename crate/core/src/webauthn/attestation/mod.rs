//! Attestation statements (8): they say which authenticator made the key, and who certifies it.

mod android_key;
pub(crate) mod certificate;
pub(crate) mod chain;
mod delegated;
mod fido_u2f;
mod name_constraints;
mod packed;
mod statement;
mod trust;

use serde::Serialize;

use self::chain::Standing;
use self::statement::Finding;
pub use self::statement::Statement;
pub use self::trust::TrustAnchors;
use super::expectation::RegistrationExpectation;
use super::policy::Conveyance;
use super::reason::Reason;

/// The result of verifying a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attestation {
    /// `fmt` as the authenticator wrote it.
    pub format: String,
    /// Whether the statement was verified by the procedure of its format. False for `none`, which has no statement. It
    /// says nothing about trust.
    pub verified: bool,
    /// Whether the certificate chain ends in one of the trust anchors.
    pub trusted: bool,
}

/// 7.1, from "Determine the attestation statement format" to the assessment of trust.
///
/// A statement of a known format is always verified. If no attestation was asked for, a format that can't be verified,
/// `none`, and a chain that has expired or is not trusted are accepted, too. If it was asked for and there are trust
/// anchors, the chain has to end in one of them.
pub fn verify(statement: &Statement<'_>, expected: &RegistrationExpectation<'_>) -> Result<Attestation, Reason> {
    let finding = match statement.format {
        "none" => none(statement)?,
        "packed" => packed::verify(statement, expected)?,
        "android-key" => android_key::verify(statement, expected)?,
        "apple" => delegated::verify(statement, expected)?,
        "fido-u2f" => fido_u2f::verify(statement, expected)?,
        _ => Finding::Unverified,
    };
    let (verified, trusted) = match finding {
        Finding::Valid => (true, false),
        Finding::Certified(standing) => (true, standing == Standing::Trusted),
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
