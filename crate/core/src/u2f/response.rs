//! `RegisterResponse` and `SignResponse` of the browser API (FIDO U2F JavaScript API).

use data_encoding::{BASE64URL, BASE64URL_NOPAD};
use serde::de::MapAccess;

use super::VERSION;
use super::client_data::ClientData;
use crate::json::distinct::{Distinct, Members, Text};
use crate::webauthn::response::MAX_RESPONSE;
use crate::webauthn::{Peeked, Reason};

/// `{registrationData, clientData, version?, challenge?}`
pub struct RegistrationResponse {
    pub registration_data: Vec<u8>,
    pub client_data: Vec<u8>,
}

/// `{keyHandle, clientData, signatureData}`
pub struct SignResponse {
    pub key_handle: Vec<u8>,
    pub client_data: Vec<u8>,
    pub signature_data: Vec<u8>,
}

/// The client data of either response.
pub(super) fn client_data_of(response: &str) -> Result<Vec<u8>, Reason> {
    bytes(Wire::parse(response)?.client_data.as_ref())
}

/// Finds the challenge of a registration, 43 characters of base64url. Nothing is verified.
pub fn peek_registration(response: &str) -> Result<String, Reason> {
    let response = RegistrationResponse::parse(response)?;
    let client_data = ClientData::parse(&response.client_data)?;
    Peeked::new(Vec::new(), client_data.challenge()).map(|peeked| peeked.challenge)
}

/// Finds the key and the challenge of a sign-in. Nothing is verified.
pub fn peek_authentication(response: &str) -> Result<Peeked, Reason> {
    let response = SignResponse::parse(response)?;
    let client_data = ClientData::parse(&response.client_data)?;
    Peeked::new(response.key_handle, client_data.challenge())
}

impl RegistrationResponse {
    pub fn parse(json: &str) -> Result<Self, Reason> {
        let wire = Wire::parse(json)?;
        let response = Self {
            registration_data: bytes(wire.registration_data.as_ref())?,
            client_data: bytes(wire.client_data.as_ref())?,
        };
        if wire.version.is_some_and(|Text(version)| version != VERSION) {
            return Err(Reason::Malformed);
        }
        // Nobody signs this copy, and a reader that took it for the one that counts would be wrong.
        if let Some(Text(challenge)) = wire.challenge
            && ClientData::parse(&response.client_data)?.challenge() != challenge
        {
            return Err(Reason::Malformed);
        }
        Ok(response)
    }
}

impl SignResponse {
    pub fn parse(json: &str) -> Result<Self, Reason> {
        let wire = Wire::parse(json)?;
        Ok(Self {
            key_handle: bytes(wire.key_handle.as_ref())?,
            client_data: bytes(wire.client_data.as_ref())?,
            signature_data: bytes(wire.signature_data.as_ref())?,
        })
    }
}

/// The members of both responses.
#[derive(Default)]
struct Wire<'a> {
    registration_data: Option<Text<'a>>,
    client_data: Option<Text<'a>>,
    key_handle: Option<Text<'a>>,
    signature_data: Option<Text<'a>>,
    version: Option<Text<'a>>,
    challenge: Option<Text<'a>>,
}

impl<'a> Wire<'a> {
    fn parse(json: &'a str) -> Result<Self, Reason> {
        if json.len() > MAX_RESPONSE {
            return Err(Reason::Malformed);
        }
        let Distinct(wire) = serde_json::from_str::<Distinct<Self>>(json).map_err(|_| Reason::Malformed)?;
        Ok(wire)
    }
}

impl<'de> Members<'de> for Wire<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        let member = match name {
            "registrationData" => &mut self.registration_data,
            "clientData" => &mut self.client_data,
            "keyHandle" => &mut self.key_handle,
            "signatureData" => &mut self.signature_data,
            "version" => &mut self.version,
            "challenge" => &mut self.challenge,
            _ => return Ok(false),
        };
        *member = Some(map.next_value()?);
        Ok(true)
    }
}

/// base64url; clients of old pad it or not.
fn bytes(text: Option<&Text<'_>>) -> Result<Vec<u8>, Reason> {
    let Text(text) = text.ok_or(Reason::Malformed)?;
    let encoding = if text.ends_with('=') {
        BASE64URL
    } else {
        BASE64URL_NOPAD
    };
    encoding.decode(text.as_bytes()).map_err(|_| Reason::Malformed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn client_data() -> String {
        BASE64URL_NOPAD.encode(format!(r#"{{"typ":"t","challenge":"{}","origin":"o"}}"#, "A".repeat(43)).as_bytes())
    }

    fn sign_response() -> String {
        let client_data = client_data();
        format!(r#"{{"keyHandle":"-_8","clientData":"{client_data}","signatureData":"AQ"}}"#)
    }

    fn registration(more: &str) -> Result<String, Reason> {
        let client_data = client_data();
        peek_registration(&format!(
            r#"{{"registrationData":"BQ","clientData":"{client_data}"{more}}}"#
        ))
    }

    #[test]
    fn finds_key_and_challenge() {
        let peeked = peek_authentication(&sign_response()).unwrap();
        assert_eq!(
            (peeked.credential_id, peeked.challenge),
            (vec![0xfb, 0xff], "A".repeat(43))
        );
        assert_eq!(registration(""), Ok("A".repeat(43)));
        assert!(peek_registration(&sign_response()).is_err());
    }

    #[test]
    fn padding_is_accepted_and_nothing_else() {
        let with = |handle: &str| peek_authentication(&sign_response().replace("-_8", handle));
        assert_eq!(with("-_8=").unwrap().credential_id, [0xfb, 0xff]);
        for handle in ["+/8", "-_9", "-_8==", "-_8 ", "-", "é"] {
            assert_eq!(with(handle), Err(Reason::Malformed), "{handle}");
        }
    }

    #[test]
    fn copies_must_agree() {
        let challenge = "A".repeat(43);
        assert!(registration(&format!(r#","version":"U2F_V2","challenge":"{challenge}","appId":"x""#)).is_ok());
        assert!(registration(r#","version":"U2F_V1""#).is_err());
        assert!(registration(r#","challenge":"AA""#).is_err());
        assert!(registration(r#","version":null"#).is_err());
    }

    #[test]
    fn malformed_responses() {
        let response = sign_response();
        for (from, to) in [
            ("keyHandle", "keyhandle"),
            ("clientData", "clientDataJSON"),
            ("signatureData", "signature"),
            (r#""AQ""#, "1"),
            ("{", r#"{"keyHandle":"AA","#),
            ("}", r#","a":1,"a":1}"#),
            ("}", "}}"),
        ] {
            assert!(response.contains(from));
            let text = response.replacen(from, to, 1);
            assert_eq!(peek_authentication(&text), Err(Reason::Malformed), "{text}");
        }
        for text in ["", "null", "[]", "{}", r#"{"errorCode":5}"#, "\u{feff}{}"] {
            assert_eq!(peek_authentication(text), Err(Reason::Malformed));
            assert_eq!(peek_registration(text), Err(Reason::Malformed));
        }
        let padding = " ".repeat(MAX_RESPONSE - response.len());
        assert!(peek_authentication(&(response.clone() + &padding)).is_ok());
        assert!(peek_authentication(&(response + &padding + " ")).is_err());
    }
}
