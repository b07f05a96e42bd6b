//! A statement with what it speaks of, and what its format's procedure finds.

use super::certificate::is_der;
use super::chain::Chain;
use crate::webauthn::authenticator_data::AttestedCredential;
use crate::webauthn::cbor::Value;
use crate::webauthn::client_data::ClientData;
use crate::webauthn::cose::CoseKey;
use crate::webauthn::reason::Reason;

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
pub(super) enum Finding {
    /// Valid, without certificates: self attestation.
    Valid,
    /// Valid, with the certificates that it came with.
    Certified { trusted: bool },
    /// It says nothing (`none`), or nobody here can judge it.
    Unverified,
}

impl Statement<'_> {
    /// The concatenation of authenticatorData and clientDataHash: what statements sign.
    pub(super) fn signed_bytes(&self) -> Vec<u8> {
        [self.auth_data, self.client_data_hash].concat()
    }

    /// The certificates of `x5c`, none where there is no such member.
    pub(super) fn certificates(&self) -> Result<Option<Chain<'_>>, Reason> {
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
