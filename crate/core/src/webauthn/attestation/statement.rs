//! A statement with the data that it is about, and the result of its format's procedure.

use serde::Serialize;

use super::certificate::{is_der, key_identifier, parse};
use super::chain::{Chain, Standing, has_issued};
use super::policy::SecurityLevel;
use super::trust::TrustAnchors;
use crate::webauthn::authenticator_data::AttestedCredential;
use crate::webauthn::cbor::Value;
use crate::webauthn::client_data::ClientData;
use crate::webauthn::cose::CoseKey;
use crate::webauthn::reason::Reason;

/// The result of verifying a statement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attestation {
    /// `fmt` as the authenticator wrote it.
    pub format: String,
    /// Whether the statement was verified by the procedure of its format. False for `none`, which has no statement. It
    /// says nothing about trust.
    pub verified: bool,
    /// Whether the certificate chain ends in one of the trust anchors, and the policy of the format accepts it.
    pub trusted: bool,
    /// Where the key is kept, if the statement says so. Nothing vouches for it unless the statement is trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_level: Option<SecurityLevel>,
    /// The device that keeps the key, if the statement names it. The same goes for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The parts of a compound statement.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<Attestation>,
}

impl Attestation {
    pub(super) fn new(format: &str, finding: Finding) -> Self {
        Self {
            format: format.to_owned(),
            verified: finding.verified,
            trusted: finding.trusted && !finding.refused,
            security_level: finding.security_level,
            model: finding.model,
            statements: finding.statements,
        }
    }
}

/// A statement and the data that it is about.
pub struct Statement<'a> {
    pub format: &'a str,
    pub statement: &'a Value<'a>,
    pub auth_data: &'a [u8],
    pub attested: &'a AttestedCredential<'a>,
    pub key: &'a CoseKey,
    pub client_data: &'a ClientData<'a>,
    pub client_data_json: &'a [u8],
    pub client_data_hash: &'a [u8; 32],
    pub attestation_object: &'a [u8],
}

/// The result of a format's procedure. A wrong statement is an error instead.
/// By default: there is no statement (`none`), or it can't be verified here.
#[derive(Default)]
pub(super) struct Finding {
    pub verified: bool,
    /// Whether the chain of certificates reaches a trust anchor. Self attestation has none.
    pub trusted: bool,
    /// Whether the host's policy of the format refuses it.
    pub refused: bool,
    pub security_level: Option<SecurityLevel>,
    pub model: Option<String>,
    pub statements: Vec<Attestation>,
}

impl Finding {
    /// Valid, and signed by a certified key.
    pub fn certified(standing: Standing) -> Self {
        Self {
            verified: true,
            trusted: standing == Standing::Trusted,
            ..Self::default()
        }
    }
}

/// The identifiers of the keys in `x5c`, the leaf's first. Of a compound statement, those of all parts. Nothing is
/// verified.
pub fn keys(statement: &Statement<'_>) -> Vec<[u8; 20]> {
    let ders = statement.ders();
    ders.into_iter()
        .filter_map(parse)
        .map(|read| key_identifier(&read))
        .collect()
}

/// The identifiers of the trust anchors that have issued a certificate of `x5c`.
pub fn issuer_keys(statement: &Statement<'_>, anchors: &TrustAnchors) -> Vec<[u8; 20]> {
    let certificates: Vec<_> = statement.ders().into_iter().filter_map(parse).collect();
    let issuers = anchors.ders().filter_map(parse);
    issuers
        .filter(|issuer| certificates.iter().any(|certificate| has_issued(issuer, certificate)))
        .map(|issuer| key_identifier(&issuer))
        .collect()
}

impl Statement<'_> {
    /// The certificates of `x5c`, as they are sent. Of a compound statement, those of all parts.
    fn ders(&self) -> Vec<&[u8]> {
        let parts = self.statement.array().unwrap_or_default().iter();
        let inner = parts.filter_map(|part| part.member("attStmt"));
        let x5c = std::iter::once(self.statement)
            .chain(inner)
            .filter_map(|statement| statement.member("x5c").and_then(Value::array));
        x5c.flatten().filter_map(Value::bytes).collect()
    }

    /// The concatenation of authenticatorData and clientDataHash: what statements sign.
    pub(super) fn signed_bytes(&self) -> Vec<u8> {
        [self.auth_data, self.client_data_hash].concat()
    }

    /// The certificates of `x5c`, or `None` if there is no such member. They must be strict DER, unless they are trust
    /// anchors.
    pub(super) fn certificates<'b>(&'b self, anchors: &'b TrustAnchors) -> Result<Option<Chain<'b>>, Reason> {
        let Some(x5c) = self.statement.member("x5c") else {
            return Ok(None);
        };
        let read = |item: &'b Value<'_>| {
            let der = item.bytes()?;
            anchors.find(der).or_else(|| is_der(der).then_some(der))
        };
        let ders = x5c
            .array()
            .and_then(|items| items.iter().map(read).collect::<Option<Vec<_>>>())
            .ok_or(Reason::AttestationInvalid)?;
        Chain::parse(&ders).map(Some)
    }

    /// The statement's signature.
    pub(super) fn signature(&self) -> Result<&[u8], Reason> {
        let signature = self.statement.member("sig").and_then(Value::bytes);
        signature.ok_or(Reason::AttestationInvalid)
    }

    /// The COSE number of the signature's algorithm.
    pub(super) fn algorithm(&self) -> Result<i64, Reason> {
        let number = self.statement.member("alg").and_then(Value::integer);
        number.ok_or(Reason::AttestationInvalid)
    }
}
