//! The packed format (8.2): signed by the key itself, or by a certified attestation key.

use x509_parser::certificate::X509Certificate;
use x509_parser::x509::{AttributeTypeAndValue, X509Version};

use super::certificate::{cose_key, is_of_model, text};
use super::chain::Standing;
use super::statement::{Finding, Statement};
use crate::webauthn::cose::Algorithm;
use crate::webauthn::expectation::RegistrationExpectation;
use crate::webauthn::policy::Conveyance;
use crate::webauthn::reason::Reason;

/// 8.2, "verification procedure".
pub fn verify(statement: &Statement<'_>, expected: &RegistrationExpectation<'_>) -> Result<Finding, Reason> {
    let (alg, sig) = (statement.algorithm()?, statement.signature()?);
    let signed = statement.signed_bytes();
    let Some(chain) = statement.certificates(expected.trust_anchors)? else {
        // Self attestation: validate that alg matches the algorithm of the credentialPublicKey.
        if alg != statement.key.algorithm().cose() {
            return Err(Reason::AttestationInvalid);
        }
        // Verify that sig is a valid signature over authenticatorData and clientDataHash by the credential itself.
        statement
            .key
            .verify(&signed, sig)
            .map_err(|_| Reason::AttestationInvalid)?;
        return Ok(Finding {
            verified: true,
            ..Finding::default()
        });
    };
    let Some(algorithm) = Algorithm::from_cose(alg) else {
        return Ok(Finding::default());
    };
    // Verify that sig is a valid signature over authenticatorData and clientDataHash by attestnCert.
    let leaf = chain.leaf();
    cose_key(leaf, algorithm)
        .and_then(|key| key.verify(&signed, sig).ok())
        .ok_or(Reason::AttestationInvalid)?;
    // Verify that attestnCert meets the requirements of 8.2.1, with the AAGUID of the authenticator data.
    if !meets_requirements(leaf, &statement.attested.aaguid) {
        return Err(Reason::AttestationInvalid);
    }
    let standing = chain.standing(expected.trust_anchors, expected.now)?;
    if standing == Standing::Unsound && expected.attestation != Conveyance::None {
        return Err(Reason::AttestationInvalid);
    }
    Ok(Finding::certified(standing))
}

/// 8.2.1, "certificate requirements".
fn meets_requirements(certificate: &X509Certificate<'_>, aaguid: &[u8; 16]) -> bool {
    // Version must be 3.
    if certificate.version() != X509Version::V3 {
        return false;
    }
    // Subject must hold C, O, OU and CN.
    let subject = certificate.subject();
    let country = only(subject.iter_country())
        .is_some_and(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let organization = only(subject.iter_organization()).is_some_and(|text| !text.is_empty());
    let unit = only(subject.iter_organizational_unit()) == Some("Authenticator Attestation");
    let common_name = only(subject.iter_common_name()).is_some_and(|text| !text.is_empty());
    // The extension id-fido-gen-ce-aaguid, where it is present, must equal the AAGUID and must not be critical.
    let model = is_of_model(certificate, aaguid);
    // The Basic Constraints extension must have the CA component set to false.
    let leaf = matches!(certificate.basic_constraints(), Ok(Some(constraints)) if !constraints.value.ca);
    country && organization && unit && common_name && model && leaf
}

fn only<'a>(mut attributes: impl Iterator<Item = &'a AttributeTypeAndValue<'a>>) -> Option<&'a str> {
    let first = attributes.next()?;
    text(first).filter(|_| attributes.next().is_none())
}
