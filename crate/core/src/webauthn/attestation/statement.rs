//! A statement with the data that it is about, and the result of its format's procedure.

use super::certificate::is_der;
use super::chain::{Chain, Standing};
use super::trust::TrustAnchors;
use crate::webauthn::authenticator_data::AttestedCredential;
use crate::webauthn::cbor::Value;
use crate::webauthn::client_data::ClientData;
use crate::webauthn::cose::CoseKey;
use crate::webauthn::reason::Reason;

/// A statement and the data that it is about.
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

/// The result of a format's procedure. A wrong statement is an error instead.
pub(super) enum Finding {
    /// Valid, without certificates: self attestation.
    Valid,
    /// Valid, and signed by a certified key.
    Certified(Standing),
    /// There is no statement (`none`), or it can't be verified here.
    Unverified,
}

impl Statement<'_> {
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
