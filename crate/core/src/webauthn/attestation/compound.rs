//! Several statements about one key (8.9).

use minicbor::Encoder;

use super::format;
use super::statement::{Attestation, Finding, Statement};
use crate::webauthn::cbor::Value;
use crate::webauthn::expectation::RegistrationExpectation;
use crate::webauthn::reason::Reason;

/// 8.9, "verification procedure". By default all have to be valid; by policy, one.
pub fn verify(statement: &Statement<'_>, expected: &RegistrationExpectation<'_>) -> Result<Finding, Reason> {
    let any = expected.attestation_policy.compound_any;
    let mut found = Vec::new();
    let mut failure = None;
    // Verify that attStmt conforms to the syntax: two statements or more, and none of them compound.
    let items = statement.statement.array().filter(|items| items.len() >= 2);
    for item in items.ok_or(Reason::AttestationInvalid)? {
        let (format, inner) = item
            .member("fmt")
            .and_then(Value::text)
            .zip(item.member("attStmt").filter(|inner| inner.map().is_some()))
            .filter(|(format, _)| *format != "compound")
            .ok_or(Reason::AttestationInvalid)?;
        let object = object(format, inner, statement.auth_data);
        let own = Statement {
            format,
            statement: inner,
            attestation_object: &object,
            ..*statement
        };
        // Evaluate the verification procedure of its format.
        match format::verify(&own, expected) {
            // What can't be verified is no failed statement: it says nothing of the whole.
            Ok(None) => return Ok(Finding::default()),
            Ok(Some(finding)) => found.push((format, finding)),
            Err(reason) if any => failure = Some(reason),
            Err(reason) => return Err(reason),
        }
    }
    let best = |finding: &Finding| (finding.verified, !finding.refused, finding.trusted);
    let chosen: Vec<_> = if any {
        found
            .iter()
            .map(|(_, finding)| finding)
            .max_by_key(|finding| best(finding))
            .into_iter()
            .collect()
    } else {
        found.iter().map(|(_, finding)| finding).collect()
    };
    let all = |holds: fn(&Finding) -> bool| !chosen.is_empty() && chosen.iter().all(|finding| holds(finding));
    let verified = all(|finding| finding.verified);
    if let Some(reason) = failure.filter(|_| !verified) {
        return Err(reason);
    }
    Ok(Finding {
        verified,
        trusted: all(|finding| finding.trusted),
        refused: chosen.iter().any(|finding| finding.refused),
        security_level: chosen.iter().filter_map(|finding| finding.security_level).min(),
        model: chosen.iter().find_map(|finding| finding.model.clone()),
        statements: found
            .into_iter()
            .map(|(format, finding)| Attestation::new(format, finding))
            .collect(),
    })
}

/// An attestation object with one of the statements.
fn object(format: &str, statement: &Value<'_>, auth_data: &[u8]) -> Vec<u8> {
    let entries = [
        ("fmt", Value::Text(format)),
        ("attStmt", statement.clone()),
        ("authData", Value::Bytes(auth_data)),
    ];
    let entries = entries.map(|(name, value)| (Value::Text(name), value));
    let mut cbor = Encoder::new(Vec::new());
    // Writing to a Vec can't fail.
    let _: Result<(), _> = write(&mut cbor, &Value::Map(entries.into()));
    cbor.into_writer()
}

fn write(
    cbor: &mut Encoder<Vec<u8>>,
    value: &Value<'_>,
) -> Result<(), minicbor::encode::Error<core::convert::Infallible>> {
    match value {
        Value::Integer(number) => cbor.i64(*number)?,
        Value::Bytes(bytes) => cbor.bytes(bytes)?,
        Value::Text(text) => cbor.str(text)?,
        Value::Bool(bool) => cbor.bool(*bool)?,
        Value::Other => cbor.null()?,
        Value::Array(items) => {
            cbor.array(items.len() as u64)?;
            return items.iter().try_for_each(|item| write(cbor, item));
        }
        Value::Map(entries) => {
            cbor.map(entries.len() as u64)?;
            return entries.iter().try_for_each(|(key, item)| {
                write(cbor, key)?;
                write(cbor, item)
            });
        }
    };
    Ok(())
}
