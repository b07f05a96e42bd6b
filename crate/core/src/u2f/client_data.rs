//! The client data of the browser API: what the browser says about the ceremony (Raw Message Formats, 7).

use std::borrow::Cow;

use data_encoding::BASE64URL_NOPAD;
use serde::de::MapAccess;
use subtle::ConstantTimeEq;

use super::policy::U2fPolicy;
use crate::json::distinct::{Distinct, Members, Text};
use crate::webauthn::{Reason, RelyingParty};

/// The members that a relying party reads. All others, such as `cid_pubkey`, are skipped.
#[derive(Default)]
pub struct ClientData<'a> {
    typ: Option<Cow<'a, str>>,
    challenge: Option<Cow<'a, str>>,
    origin: Option<Cow<'a, str>>,
}

/// The ceremony, by its `typ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceremony {
    Registration,
    Authentication,
}

impl<'a> ClientData<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Reason> {
        let Distinct(client_data) = serde_json::from_slice::<Distinct<Self>>(bytes).map_err(|_| Reason::Malformed)?;
        if client_data.typ.is_none() || client_data.challenge.is_none() || client_data.origin.is_none() {
            return Err(Reason::Malformed);
        }
        Ok(client_data)
    }

    /// The challenge, unchanged. It is base64url text in an honest response.
    pub fn challenge(&self) -> &str {
        self.challenge.as_deref().unwrap_or_default()
    }

    /// The origin, unchanged.
    pub fn origin(&self) -> &str {
        self.origin.as_deref().unwrap_or_default()
    }

    /// Checks that the ceremony, the challenge and the facet are the expected ones.
    pub fn check(
        &self,
        ceremony: Ceremony,
        challenge: &[u8],
        policy: &U2fPolicy,
        rp: &RelyingParty,
    ) -> Result<(), Reason> {
        if self.typ.as_deref() != Some(ceremony.typ()) {
            return Err(Reason::TypeMismatch);
        }
        let expected = BASE64URL_NOPAD.encode(challenge);
        if !bool::from(expected.as_bytes().ct_eq(self.challenge().as_bytes())) {
            return Err(Reason::ChallengeMismatch);
        }
        policy.check_origin(self.origin(), rp)
    }
}

impl Ceremony {
    fn typ(self) -> &'static str {
        match self {
            Self::Registration => "navigator.id.finishEnrollment",
            Self::Authentication => "navigator.id.getAssertion",
        }
    }
}

impl<'de> Members<'de> for ClientData<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        let member = match name {
            "typ" => &mut self.typ,
            "challenge" => &mut self.challenge,
            "origin" => &mut self.origin,
            _ => return Ok(false),
        };
        let Text(text) = map.next_value::<Text<'de>>()?;
        *member = Some(text);
        Ok(true)
    }
}
