//! The formats that stand alone.

use super::statement::{Finding, Statement};
use super::{android_key, delegated, fido_u2f, packed, tpm};
use crate::webauthn::expectation::RegistrationExpectation;
use crate::webauthn::reason::Reason;

/// The procedure of a format that is not compound. `None` if it is unknown.
pub fn verify(statement: &Statement<'_>, expected: &RegistrationExpectation<'_>) -> Result<Option<Finding>, Reason> {
    Ok(Some(match statement.format {
        "none" => none(statement)?,
        "packed" => packed::verify(statement, expected)?,
        "tpm" => tpm::verify(statement, expected)?,
        "android-key" => android_key::verify(statement, expected)?,
        "apple" => delegated::verify(statement, expected)?,
        "fido-u2f" => fido_u2f::verify(statement, expected)?,
        _ => return Ok(None),
    }))
}

/// 8.7: the statement is an empty map.
fn none(statement: &Statement<'_>) -> Result<Finding, Reason> {
    match statement.statement.map() {
        Some([]) => Ok(Finding::default()),
        _ => Err(Reason::AttestationInvalid),
    }
}
