//! `RegistrationResponseJSON` and `AuthenticationResponseJSON` (5.1), as a browser's `toJSON` writes them.

use std::borrow::Cow;

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD};
use serde::de::MapAccess;

use super::client_data::ClientData;
use super::reason::Reason;
use crate::json::distinct::{Distinct, Members, Text};

/// The longest response that is looked at, in bytes of JSON text.
pub const MAX_RESPONSE: usize = 64 * 1024;
/// 32 bytes in base64url: what every challenge of this library is, but for the sealed ones.
const CHALLENGE_LENGTH: usize = 43;
/// Of a sealed challenge (`challenges/sealed.rs`): 56 bytes.
pub const SEALED_CHALLENGE_LENGTH: usize = 75;
/// One kind's text is no answer to the other, which is found out later.
const LENGTHS: [usize; 2] = [CHALLENGE_LENGTH, SEALED_CHALLENGE_LENGTH];
const MAX_TRANSPORTS: usize = 16;

/// The members of both kinds of response, checked as far as they agree with each other.
pub struct Response<'a> {
    pub credential_id: Vec<u8>,
    pub client_data_json: Vec<u8>,
    attestation_object: Option<Text<'a>>,
    authenticator_data: Option<Text<'a>>,
    signature: Option<Text<'a>>,
    user_handle: Option<Text<'a>>,
    transports: Vec<Text<'a>>,
    /// `credProps.rk`, which the browser says and nobody signs.
    pub discoverable: Option<bool>,
}

/// Just enough of a response to find what it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peeked {
    pub credential_id: Vec<u8>,
    /// base64url, of a length that challenges have.
    pub challenge: String,
}

/// Finds the credential and the challenge of either kind of response. Nothing is verified.
pub fn peek(response: &str) -> Result<Peeked, Reason> {
    let response = Response::parse(response)?;
    let client_data = ClientData::parse(&response.client_data_json)?;
    Peeked::of(response.credential_id, client_data.challenge(), &LENGTHS)
}

/// The same, and the user handle in base64url; `None` where it is missing, null or empty.
pub fn peek_passkey(response: &str) -> Result<(Peeked, Option<String>), Reason> {
    let response = Response::parse(response)?;
    let handle = response.user_handle()?;
    let client_data = ClientData::parse(&response.client_data_json)?;
    let peeked = Peeked::of(response.credential_id, client_data.challenge(), &LENGTHS)?;
    Ok((peeked, handle.map(|handle| BASE64URL_NOPAD.encode(&handle))))
}

impl Peeked {
    pub(crate) fn new(credential_id: Vec<u8>, challenge: &str) -> Result<Self, Reason> {
        Self::of(credential_id, challenge, &[CHALLENGE_LENGTH])
    }

    fn of(credential_id: Vec<u8>, challenge: &str, lengths: &[usize]) -> Result<Self, Reason> {
        if !lengths.contains(&challenge.len()) || base64url(challenge).is_err() {
            return Err(Reason::Malformed);
        }
        Ok(Self {
            credential_id,
            challenge: challenge.to_owned(),
        })
    }
}

impl<'a> Response<'a> {
    pub fn parse(json: &'a str) -> Result<Self, Reason> {
        if json.len() > MAX_RESPONSE {
            return Err(Reason::Malformed);
        }
        let Distinct(outer) = serde_json::from_str::<Distinct<Outer<'a>>>(json).map_err(|_| Reason::Malformed)?;
        let (Some(Text(id)), Some(Text(raw_id)), Some(Text(kind)), Some(Distinct(inner))) =
            (outer.id, outer.raw_id, outer.kind, outer.response)
        else {
            return Err(Reason::Malformed);
        };
        let credential_id = base64url(&id)?;
        if kind != "public-key" || !(raw_id == id || decode_raw_id(&raw_id).as_deref() == Some(&credential_id)) {
            return Err(Reason::Malformed);
        }
        let Some(Text(client_data_json)) = inner.client_data_json else {
            return Err(Reason::Malformed);
        };
        Ok(Self {
            credential_id,
            client_data_json: base64url(&client_data_json)?,
            attestation_object: inner.attestation_object,
            authenticator_data: inner.authenticator_data,
            signature: inner.signature,
            user_handle: inner.user_handle.filter(|Text(handle)| !handle.is_empty()),
            transports: inner.transports.unwrap_or_default(),
            discoverable: outer.extensions.and_then(|Distinct(results)| results.cred_props?.0.rk),
        })
    }

    /// The response of an assertion, whose credential is known; the user handle may be empty.
    pub fn of_assertion(
        credential_id: &[u8],
        client_data_json: &str,
        authenticator_data: &'a str,
        signature: &'a str,
        user_handle: &'a str,
    ) -> Result<Self, Reason> {
        let text = |text: &'a str| Some(Text(Cow::Borrowed(text)));
        Ok(Self {
            credential_id: credential_id.to_vec(),
            client_data_json: base64url(client_data_json)?,
            attestation_object: None,
            authenticator_data: text(authenticator_data),
            signature: text(signature),
            user_handle: text(user_handle).filter(|Text(handle)| !handle.is_empty()),
            transports: Vec::new(),
            discoverable: None,
        })
    }

    pub fn attestation_object(&self) -> Result<Vec<u8>, Reason> {
        required(self.attestation_object.as_ref())
    }

    pub fn authenticator_data(&self) -> Result<Vec<u8>, Reason> {
        required(self.authenticator_data.as_ref())
    }

    pub fn signature(&self) -> Result<Vec<u8>, Reason> {
        required(self.signature.as_ref())
    }

    /// None where it is missing, null or empty.
    pub fn user_handle(&self) -> Result<Option<Vec<u8>>, Reason> {
        self.user_handle
            .as_ref()
            .map(|Text(handle)| base64url(handle))
            .transpose()
    }

    /// Each once; those unknown to the standard are kept, as 7.1 wants.
    pub fn transports(&self) -> Result<Vec<String>, Reason> {
        let mut transports: Vec<String> = Vec::new();
        for Text(transport) in &self.transports {
            let plain = transport
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if transport.is_empty() || transport.len() > 32 || !plain {
                return Err(Reason::Malformed);
            }
            if transports.iter().any(|known| known == transport) {
                continue;
            }
            // Here, not at the end: thousands of them would each be compared with all before.
            if transports.len() == MAX_TRANSPORTS {
                return Err(Reason::Malformed);
            }
            transports.push(transport.clone().into_owned());
        }
        Ok(transports)
    }
}

/// The members of a `PublicKeyCredential`.
#[derive(Default)]
struct Outer<'a> {
    id: Option<Text<'a>>,
    raw_id: Option<Text<'a>>,
    kind: Option<Text<'a>>,
    response: Option<Distinct<Inner<'a>>>,
    extensions: Option<Distinct<Extensions>>,
}

/// The members of an `AuthenticatorResponse` of either kind.
#[derive(Default)]
struct Inner<'a> {
    client_data_json: Option<Text<'a>>,
    attestation_object: Option<Text<'a>>,
    authenticator_data: Option<Text<'a>>,
    signature: Option<Text<'a>>,
    user_handle: Option<Text<'a>>,
    transports: Option<Vec<Text<'a>>>,
}

/// Only what was asked for.
#[derive(Default)]
struct Extensions {
    cred_props: Option<Distinct<CredProps>>,
}

#[derive(Default)]
struct CredProps {
    rk: Option<bool>,
}

impl<'de> Members<'de> for Outer<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "id" => self.id = Some(map.next_value()?),
            "rawId" => self.raw_id = Some(map.next_value()?),
            "type" => self.kind = Some(map.next_value()?),
            "response" => self.response = Some(map.next_value()?),
            "clientExtensionResults" => self.extensions = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'de> Members<'de> for Inner<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "clientDataJSON" => self.client_data_json = Some(map.next_value()?),
            "attestationObject" => self.attestation_object = Some(map.next_value()?),
            "authenticatorData" => self.authenticator_data = map.next_value()?,
            "signature" => self.signature = Some(map.next_value()?),
            "userHandle" => self.user_handle = map.next_value()?,
            "transports" => self.transports = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'de> Members<'de> for Extensions {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        if name == "credProps" {
            self.cred_props = map.next_value()?;
        }
        Ok(name == "credProps")
    }
}

impl<'de> Members<'de> for CredProps {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        if name == "rk" {
            self.rk = map.next_value()?;
        }
        Ok(name == "rk")
    }
}

fn required(text: Option<&Text<'_>>) -> Result<Vec<u8>, Reason> {
    text.ok_or(Reason::Malformed).and_then(|Text(text)| base64url(text))
}

fn base64url(text: &str) -> Result<Vec<u8>, Reason> {
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Reason::Malformed)
}

/// Password managers write `rawId`, and only that, in standard base64.
fn decode_raw_id(text: &str) -> Option<Vec<u8>> {
    BASE64
        .decode(text.as_bytes())
        .or_else(|_| BASE64_NOPAD.decode(text.as_bytes()))
        .ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ID: &str = "-_-_-_-_-_-_-_-_-_-_-w";

    fn response() -> String {
        let client_data = BASE64URL_NOPAD.encode(
            format!(
                r#"{{"type":"webauthn.get","challenge":"{}","origin":"o"}}"#,
                "A".repeat(43)
            )
            .as_bytes(),
        );
        format!(
            r#"{{"id":"{ID}","rawId":"{ID}","type":"public-key","clientExtensionResults":{{}},"response":{{"clientDataJSON":"{client_data}","authenticatorData":"AA","signature":"AQ"}}}}"#
        )
    }

    fn with(from: &str, to: &str) -> Result<Peeked, Reason> {
        assert!(response().contains(from), "{from}");
        peek(&response().replacen(from, to, 1))
    }

    #[test]
    fn finds_credential_and_challenge() {
        let peeked = peek(&response()).unwrap();
        assert_eq!(BASE64URL_NOPAD.encode(&peeked.credential_id), ID);
        assert_eq!(peeked.challenge, "A".repeat(43));
        let json = response();
        let parsed = Response::parse(&json).unwrap();
        assert_eq!(
            (parsed.authenticator_data(), parsed.signature()),
            (Ok(vec![0]), Ok(vec![1]))
        );
        assert_eq!(parsed.attestation_object(), Err(Reason::Malformed));
    }

    #[test]
    fn raw_id_may_be_standard_base64() {
        for raw in ["+/+/+/+/+/+/+/+/+/+/+w==", "+/+/+/+/+/+/+/+/+/+/+w"] {
            assert!(with(&format!(r#""rawId":"{ID}""#), &format!(r#""rawId":"{raw}""#)).is_ok());
        }
        for raw in [
            "+/+/+/+/+/+/+/+/+/+/-w==",
            "-_-_-_-_-_-_-_-_-_-_-w==",
            "+/+/+/+/+/+/+/+/+/+/+g==",
            "",
            "AA",
        ] {
            assert!(
                with(&format!(r#""rawId":"{ID}""#), &format!(r#""rawId":"{raw}""#)).is_err(),
                "{raw}"
            );
        }
    }

    #[test]
    fn everything_else_is_strict() {
        let id = format!(r#"{{"id":"{ID}""#);
        for (from, to) in [
            (id.as_str(), r#"{"id":"+/+/+/+/+/+/+/+/+/+/+w==""#),
            (&id, r#"{"id":"-_-_-_-_-_-_-_-_-_-_-w==""#),
            (&id, r#"{"id":"-_-_-_-_-_-_-_-_-_-_-x""#),
            (&id, r#"{"id":"AA""#),
            (&id, r#"{"di":"AA""#),
            (r#""type":"public-key""#, r#""type":"password""#),
            (r#""type":"public-key","#, ""),
            (r#""rawId""#, r#""rawid""#),
            (r#""clientDataJSON""#, r#""clientData""#),
            (r#""type":"public-key""#, r#""type":"public-key","type":"public-key""#),
            (r#""signature":"AQ""#, r#""signature":"AQ","signature":"AQ""#),
            (
                r#""clientExtensionResults":{}"#,
                r#""clientExtensionResults":{"a":1,"a":1}"#,
            ),
            (r#""clientExtensionResults":{}"#, r#""clientExtensionResults":1"#),
            ("}}", "}"),
            ("}}", "}}}"),
        ] {
            assert_eq!(with(from, to), Err(Reason::Malformed), "{from} {to}");
        }
        for text in ["", "null", "[]", "\"\"", "{}", "\u{feff}{}"] {
            assert_eq!(peek(text), Err(Reason::Malformed));
        }
    }

    #[test]
    fn unknown_members_are_skipped() {
        assert!(
            with(
                r#""type""#,
                r#""authenticatorAttachment":"platform","extra":[{}],"type""#
            )
            .is_ok()
        );
        assert!(with(r#""signature""#, r#""publicKeyAlgorithm":-7,"extra":{},"signature""#).is_ok());
        assert!(
            with(
                r#""clientExtensionResults":{}"#,
                r#""clientExtensionResults":{"prf":{"enabled":true}}"#
            )
            .is_ok()
        );
        assert!(with(r#""clientExtensionResults":{},"#, "").is_ok());
    }

    #[test]
    fn user_handles_and_transports() {
        let handle = |json: &str| {
            Response::parse(&response().replace(r#""signature""#, json))
                .unwrap()
                .user_handle()
        };
        assert_eq!(handle(r#""userHandle":null,"signature""#), Ok(None));
        assert_eq!(handle(r#""userHandle":"","signature""#), Ok(None));
        assert_eq!(handle(r#""userHandle":"AAE","signature""#), Ok(Some(vec![0, 1])));
        assert_eq!(handle(r#""userHandle":"AAE=","signature""#), Err(Reason::Malformed));
        let transports = |json: &str| {
            let json = response().replace(r#""signature""#, &format!(r#""transports":{json},"signature""#));
            Response::parse(&json).and_then(|parsed| parsed.transports())
        };
        assert_eq!(
            transports(r#"["usb","nfc","usb","smart-card","new"]"#).unwrap(),
            ["usb", "nfc", "smart-card", "new"]
        );
        assert_eq!(transports("null"), Ok(vec![]));
        assert_eq!(transports(r#"["<b>"]"#), Err(Reason::Malformed));
        assert_eq!(transports("[1]"), Err(Reason::Malformed));
        let distinct = |count: usize| {
            let names: Vec<_> = (0..count).map(|number| format!("\"{number:x}\"")).collect();
            transports(&format!("[{}]", names.join(",")))
        };
        assert_eq!(distinct(MAX_TRANSPORTS).unwrap().len(), MAX_TRANSPORTS);
        assert_eq!(distinct(MAX_TRANSPORTS + 1), Err(Reason::Malformed));
        let began = std::time::Instant::now();
        assert_eq!(distinct(9000), Err(Reason::Malformed));
        assert!(began.elapsed().as_millis() < 500, "{:?}", began.elapsed());
    }

    #[test]
    fn sizes_and_challenges_have_bounds() {
        let padding = " ".repeat(MAX_RESPONSE - response().len());
        assert!(peek(&(response() + &padding)).is_ok());
        assert_eq!(peek(&(response() + &padding + " ")), Err(Reason::Malformed));
        for challenge in [
            "A".repeat(42),
            "A".repeat(44),
            "A".repeat(74),
            "A".repeat(76),
            "=".repeat(43),
            "+".repeat(43),
        ] {
            let client_data = format!(r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"o"}}"#);
            let json = format!(
                r#"{{"id":"AA","rawId":"AA","type":"public-key","response":{{"clientDataJSON":"{}"}}}}"#,
                BASE64URL_NOPAD.encode(client_data.as_bytes())
            );
            assert_eq!(peek(&json), Err(Reason::Malformed), "{challenge}");
        }
    }
}
