//! Android's format (8.4): the certificate of the credential's key says where the key lives and what it is for.

use x509_parser::der_parser::asn1_rs::{Any, Class, FromDer, Tag, oid};
use x509_parser::der_parser::oid::Oid;

use super::certificate::cose_key;
use super::policy::SecurityLevel;
use super::statement::{Finding, Statement};
use crate::webauthn::cose::Algorithm;
use crate::webauthn::expectation::RegistrationExpectation;
use crate::webauthn::reason::Reason;

const KEY_DESCRIPTION: Oid<'static> = oid!(1.3.6.1.4.1.11129.2.1.17);

const PURPOSE: u32 = 1;
const ALL_APPLICATIONS: u32 = 600;
const ORIGIN: u32 = 702;

const SIGN: u32 = 2;
const GENERATED: u32 = 0;

/// 8.4, "verification procedure".
pub fn verify(statement: &Statement<'_>, expected: &RegistrationExpectation<'_>) -> Result<Finding, Reason> {
    let (alg, sig) = (statement.algorithm()?, statement.signature()?);
    let chain = statement
        .certificates(expected.trust_anchors)?
        .ok_or(Reason::AttestationInvalid)?;
    let Some(algorithm) = Algorithm::from_cose(alg) else {
        return Ok(Finding::default());
    };
    // Verify that sig is a valid signature over authenticatorData and clientDataHash by the first certificate of x5c,
    // and that its public key matches the credentialPublicKey.
    let leaf = chain.leaf();
    cose_key(leaf, algorithm)
        .filter(|key| key == statement.key)
        .and_then(|key| key.verify(&statement.signed_bytes(), sig).ok())
        .ok_or(Reason::AttestationInvalid)?;
    // Verify the fields of the attestation certificate extension data.
    let extension = leaf.get_extension_unique(&KEY_DESCRIPTION).ok().flatten();
    let description = extension.and_then(|extension| KeyDescription::parse(extension.value));
    let description = description
        .filter(|description| description.is_of_credential(statement.client_data_hash))
        .ok_or(Reason::AttestationInvalid)?;
    let least = expected.attestation_policy.android_key_level;
    Ok(Finding {
        refused: least.is_some_and(|least| !description.has_level(least)),
        security_level: Some(description.level),
        ..Finding::certified(chain.standing(expected.trust_anchors, expected.now)?)
    })
}

/// The members of Android's `KeyDescription` that 8.4 checks.
struct KeyDescription<'a> {
    /// Of the key and of what attests it, the lower one.
    level: SecurityLevel,
    challenge: &'a [u8],
    software: Authorizations,
    hardware: Authorizations,
}

/// The properties of a key that software, or hardware, enforces.
#[derive(Default)]
struct Authorizations {
    purposes: Vec<u32>,
    origin: Option<u32>,
    all_applications: bool,
}

impl<'a> KeyDescription<'a> {
    fn parse(der: &'a [u8]) -> Option<Self> {
        let [
            _version,
            level,
            _keymint_version,
            keymint_level,
            challenge,
            _unique_id,
            software,
            hardware,
        ] = items(sequence(der)?)?.try_into().ok()?;
        // A few devices write an INTEGER, although the schema has an ENUMERATED.
        let level_of = |level: &Any<'_>| match small_number(level)? {
            0 => Some(SecurityLevel::Software),
            1 => Some(SecurityLevel::TrustedEnvironment),
            2 => Some(SecurityLevel::StrongBox),
            _ => None,
        };
        if challenge.tag() != Tag::OctetString {
            return None;
        }
        Some(Self {
            level: level_of(&level)?.min(level_of(&keymint_level)?),
            challenge: challenge.data,
            software: Authorizations::parse(&software)?,
            hardware: Authorizations::parse(&hardware)?,
        })
    }

    fn is_of_credential(&self, client_data_hash: &[u8; 32]) -> bool {
        let lists = [&self.software, &self.hardware];
        self.challenge == client_data_hash
            && lists.iter().all(|list| !list.all_applications)
            && Authorizations::are_of_credential(&lists)
    }

    /// "Use only the teeEnforced authorization list if the RP wants to accept only keys from a trusted execution
    /// environment, otherwise use the union."
    fn has_level(&self, least: SecurityLevel) -> bool {
        self.level >= least
            && (least == SecurityLevel::Software || Authorizations::are_of_credential(&[&self.hardware]))
    }
}

impl Authorizations {
    /// Whether the key signs and was generated in the device.
    fn are_of_credential(lists: &[&Self]) -> bool {
        let purposes = lists.iter().flat_map(|list| &list.purposes);
        let origins = || lists.iter().filter_map(|list| list.origin);
        purposes.into_iter().any(|purpose| *purpose == SIGN)
            && origins().next().is_some()
            && origins().all(|origin| origin == GENERATED)
    }

    /// Reads a list of explicitly tagged members. Unknown ones are ignored.
    fn parse(list: &Any<'_>) -> Option<Self> {
        let mut parsed = Self::default();
        if list.tag() != Tag::Sequence {
            return None;
        }
        for member in items(list.data)? {
            if member.class() != Class::ContextSpecific {
                return None;
            }
            match member.tag().0 {
                PURPOSE => {
                    let (_, set) = Any::from_der(member.data).ok()?;
                    let purposes = items(set.data).filter(|_| set.tag() == Tag::Set)?;
                    parsed.purposes = purposes.iter().map(small_number).collect::<Option<_>>()?;
                }
                ORIGIN => parsed.origin = Some(small_number(&Any::from_der(member.data).ok()?.1)?),
                ALL_APPLICATIONS => parsed.all_applications = true,
                _ => {}
            }
        }
        Some(parsed)
    }
}

/// The content of a SEQUENCE that nothing follows.
fn sequence(der: &[u8]) -> Option<&[u8]> {
    match Any::from_der(der) {
        Ok(([], any)) if any.class() == Class::Universal && any.tag() == Tag::Sequence => Some(any.data),
        _ => None,
    }
}

fn items(mut der: &[u8]) -> Option<Vec<Any<'_>>> {
    let mut items = Vec::new();
    while !der.is_empty() {
        let (rest, item) = Any::from_der(der).ok()?;
        items.push(item);
        der = rest;
    }
    Some(items)
}

/// A number of one byte. The numbers that are read here need no more.
fn small_number(any: &Any<'_>) -> Option<u32> {
    let number = matches!(any.tag(), Tag::Integer | Tag::Enumerated) && any.class() == Class::Universal;
    match any.data {
        [byte @ 0..=127] if number => Some(u32::from(*byte)),
        _ => None,
    }
}
