//! `clientDataJSON` (5.8.1): what the browser says about the ceremony.

use std::borrow::Cow;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64URL_NOPAD;
use serde::de::MapAccess;
use subtle::ConstantTimeEq;

use super::policy::{CrossOrigin, RelyingParty};
use super::reason::Reason;
use crate::json::distinct::{Distinct, Members, Text};

/// The members that a relying party reads. All others are skipped.
#[derive(Default)]
pub struct ClientData<'a> {
    kind: Option<Cow<'a, str>>,
    challenge: Option<Cow<'a, str>>,
    origin: Option<Cow<'a, str>>,
    cross_origin: bool,
    top_origin: Option<Cow<'a, str>>,
}

/// The ceremony, by its `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceremony {
    Create,
    Get,
}

impl<'a> ClientData<'a> {
    /// UTF-8 decode (which strips a byte order mark) and parse: 7.1 and 7.2, "Let `JSONtext` be", "Let `C` be".
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Reason> {
        let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let Distinct(client_data) = serde_json::from_slice::<Distinct<Self>>(json).map_err(|_| Reason::Malformed)?;
        if client_data.kind.is_none() || client_data.challenge.is_none() || client_data.origin.is_none() {
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

    /// Whether it says that it is of a registration.
    pub fn is_of_registration(&self) -> bool {
        self.kind.as_deref() == Some(Ceremony::Create.kind())
    }

    /// Whether the browser names an embedded page at all.
    pub fn is_cross_origin(&self) -> bool {
        self.cross_origin || self.top_origin.is_some()
    }

    /// Makes the checks that both ceremonies have in common, in the order of 7.1 and 7.2.
    pub fn check(
        &self,
        ceremony: Ceremony,
        challenge: &[u8],
        rp: &RelyingParty,
        cross_origin: Option<&CrossOrigin>,
    ) -> Result<(), Reason> {
        // Verify that the value of C.type is webauthn.create, or webauthn.get.
        if self.kind.as_deref() != Some(ceremony.kind()) {
            return Err(Reason::TypeMismatch);
        }
        // Verify that the value of C.challenge equals the base64url encoding of options.challenge.
        let expected = BASE64URL_NOPAD.encode(challenge);
        if !bool::from(expected.as_bytes().ct_eq(self.challenge().as_bytes())) {
            return Err(Reason::ChallengeMismatch);
        }
        // Verify that the value of C.origin is an origin expected by the Relying Party.
        rp.check_origin(self.origin())?;
        // If C.crossOrigin is true, or C.topOrigin is present, verify that this is expected.
        CrossOrigin::check(cross_origin, self.cross_origin, self.top_origin.as_deref())
    }
}

impl Ceremony {
    /// The value of `type`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Create => "webauthn.create",
            Self::Get => "webauthn.get",
        }
    }
}

/// "Let hash be the result of computing a hash over `response.clientDataJSON` using SHA-256", and other SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(digest(&SHA256, bytes).as_ref()) {
        *to = *from;
    }
    hash
}

impl<'de> Members<'de> for ClientData<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        let text = |map: &mut A| map.next_value::<Text<'de>>().map(|Text(text)| Some(text));
        match name {
            "type" => self.kind = text(map)?,
            "challenge" => self.challenge = text(map)?,
            "origin" => self.origin = text(map)?,
            "crossOrigin" => self.cross_origin = map.next_value()?,
            "topOrigin" => self.top_origin = text(map)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn rp() -> RelyingParty {
        serde_json::from_str(r#"{"id":"example.org","origins":["https://example.org"]}"#).unwrap()
    }

    fn check(json: &str) -> Result<(), Reason> {
        ClientData::parse(json.as_bytes())?.check(Ceremony::Create, &[0xff; 32], &rp(), None)
    }

    fn with(from: &str, to: &str) -> Result<(), Reason> {
        let challenge = BASE64URL_NOPAD.encode(&[0xff; 32]);
        let json = format!(
            r#"{{"type":"webauthn.create","challenge":"{challenge}","origin":"https://example.org","crossOrigin":false}}"#
        );
        assert!(json.contains(from), "{from}");
        check(&json.replacen(from, to, 1))
    }

    #[test]
    fn an_honest_one_passes() {
        assert_eq!(with("{", "{"), Ok(()));
        assert_eq!(with("{", "\u{feff}{"), Ok(()), "a byte order mark");
        assert_eq!(with("}", r#","extra":{"any":[1]}}"#), Ok(()));
        assert_eq!(with(r#","crossOrigin":false"#, ""), Ok(()));
    }

    #[test]
    fn each_check_has_its_reason() {
        assert_eq!(with("webauthn.create", "webauthn.get"), Err(Reason::TypeMismatch));
        assert_eq!(with("__8\"", "__9\""), Err(Reason::ChallengeMismatch));
        assert_eq!(with("__8\"", "__8=\""), Err(Reason::ChallengeMismatch));
        assert_eq!(with("https", "http"), Err(Reason::OriginMismatch));
        assert_eq!(with("false", "true"), Err(Reason::CrossOrigin));
        assert_eq!(with("}", r#","topOrigin":"https://a.test"}"#), Err(Reason::CrossOrigin));
    }

    #[test]
    fn malformed_json_is_refused() {
        assert_eq!(with("{", ""), Err(Reason::Malformed));
        assert_eq!(with("}", "}x"), Err(Reason::Malformed));
        assert_eq!(with("{", "\u{feff}\u{feff}{"), Err(Reason::Malformed));
        assert_eq!(with("}", r#","type":"webauthn.create"}"#), Err(Reason::Malformed));
        assert_eq!(with("}", r#","a":1,"a":1}"#), Err(Reason::Malformed));
        assert_eq!(with("\"origin\"", "\"nigiro\""), Err(Reason::Malformed));
        assert_eq!(with("\"type\"", "\"typ\""), Err(Reason::Malformed));
        assert_eq!(with("\"challenge\"", "\"c\""), Err(Reason::Malformed));
        assert_eq!(with("false", "null"), Err(Reason::Malformed));
        assert_eq!(with("false", "\"false\""), Err(Reason::Malformed));
        assert!(ClientData::parse(b"{\"type\":\"\xff\"}").is_err());
        assert!(ClientData::parse(b"").is_err());
    }
}
