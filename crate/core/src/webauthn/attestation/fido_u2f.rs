//! The format of U2F keys (8.6).

use super::certificate::cose_key;
use super::delegated;
use super::statement::{Finding, Statement};
use crate::webauthn::cose::Algorithm;
use crate::webauthn::expectation::RegistrationExpectation;
use crate::webauthn::reason::Reason;

/// 8.6, "verification procedure".
pub fn verify(statement: &Statement<'_>, expected: &RegistrationExpectation<'_>) -> Result<Finding, Reason> {
    let chain = statement
        .certificates(expected.trust_anchors)?
        .ok_or(Reason::AttestationInvalid)?;
    // Check that x5c has exactly one element, and that its public key is an elliptic curve key over P-256. The other
    // library looks at the credential's key alone.
    if !chain.is_single() || cose_key(chain.leaf(), Algorithm::Es256).is_none() {
        return Err(Reason::AttestationInvalid);
    }
    // U2F has no other keys than P-256, so the credential's is one, too.
    if statement.key.algorithm() != Algorithm::Es256 {
        return Err(Reason::AttestationInvalid);
    }
    Ok(Finding {
        refused: expected.attestation_policy.fido_u2f_zero_aaguid && statement.attested.aaguid != [0; 16],
        ..delegated::verify(statement, expected)?
    })
}
