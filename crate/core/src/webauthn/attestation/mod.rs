//! Attestation statements (8): which authenticator made the key, and who vouches for it.

pub(crate) mod certificate;
mod delegated;
mod packed;
mod trust;

use serde::Serialize;

use self::certificate::{Chain, is_der};
pub use self::trust::TrustAnchors;
use super::authenticator_data::AttestedCredential;
use super::cbor::Value;
use super::client_data::ClientData;
use super::cose::CoseKey;
use super::policy::Conveyance;
use super::reason::Reason;
use super::registration::RegistrationExpectation;

/// What the statement turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attestation {
    /// `fmt` as the authenticator wrote it.
    pub format: String,
    /// Whether the procedure of the format was carried out, and found it valid. It says nothing about trust.
    pub verified: bool,
    /// Whether the certificate chain ends in one of the trust anchors.
    pub trusted: bool,
}

/// A statement and all that it speaks of.
pub struct Statement<'a> {
    pub format: &'a str,
    pub statement: Value<'a>,
    pub auth_data: &'a [u8],
    pub attested: &'a AttestedCredential<'a>,
    pub key: &'a CoseKey,
    pub client_data: &'a ClientData<'a>,
    pub client_data_json: &'a [u8],
    pub client_data_hash: &'a [u8; 32],
    pub attestation_object: &'a [u8],
}

/// What the procedure of a format finds; a statement that is wrong is an error instead.
enum Finding {
    /// Valid, without certificates: format `none`, or self attestation.
    Valid,
    /// Valid, with the certificates that it came with.
    Certified { trusted: bool },
    /// Nobody here can judge it.
    Unverified,
}

/// 7.1, from "Determine the attestation statement format" to the assessment of trust.
///
/// A known format is always verified. One that can't be is good enough only where no attestation was asked for. Where
/// it was, and trust anchors are configured, the chain has to end in one of them.
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

impl Statement<'_> {
    /// The concatenation of authenticatorData and clientDataHash: what statements sign.
    fn signed_bytes(&self) -> Vec<u8> {
        [self.auth_data, self.client_data_hash].concat()
    }

    /// The certificates of `x5c`, none where there is no such member.
    fn certificates(&self) -> Result<Option<Chain<'_>>, Reason> {
        let Some(x5c) = self.statement.member("x5c") else {
            return Ok(None);
        };
        let ders = x5c
            .array()
            .and_then(|items| items.iter().map(Value::bytes).collect::<Option<Vec<_>>>())
            .ok_or(Reason::AttestationInvalid)?;
        let chain = Chain::parse(&ders)?;
        if !ders.iter().all(|der| is_der(der)) {
            return Err(Reason::AttestationInvalid);
        }
        Ok(Some(chain))
    }
}

/// 8.7: the statement is an empty map.
fn none(statement: &Statement<'_>) -> Result<Finding, Reason> {
    match statement.statement.map() {
        Some([]) => Ok(Finding::Valid),
        _ => Err(Reason::AttestationInvalid),
    }
}
