//! `RegisterResponse` and `SignResponse` of the browser API (FIDO U2F JavaScript API).

use super::VERSION;
use super::client_data::ClientData;
use crate::json::from_outside::FromOutside;
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
    Ok(members(response)?.member("clientData").required_bytes()?)
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
        let members = members(json)?;
        let response = Self {
            registration_data: members.member("registrationData").required_bytes()?,
            client_data: members.member("clientData").required_bytes()?,
        };
        if members
            .member("version")
            .text()?
            .is_some_and(|version| version != VERSION)
        {
            return Err(Reason::Malformed);
        }
        // This copy isn't signed. Another reader might use it instead of the signed one.
        if let Some(challenge) = members.member("challenge").text()?
            && ClientData::parse(&response.client_data)?.challenge() != challenge
        {
            return Err(Reason::Malformed);
        }
        Ok(response)
    }
}

impl SignResponse {
    pub fn parse(json: &str) -> Result<Self, Reason> {
        let members = members(json)?;
        Ok(Self {
            key_handle: members.member("keyHandle").required_bytes()?,
            client_data: members.member("clientData").required_bytes()?,
            signature_data: members.member("signatureData").required_bytes()?,
        })
    }
}

fn members(json: &str) -> Result<FromOutside<'_>, Reason> {
    if json.len() > MAX_RESPONSE {
        return Err(Reason::Malformed);
    }
    FromOutside::parse(json).ok_or(Reason::Malformed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use data_encoding::BASE64URL_NOPAD;

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
    fn either_alphabet_with_the_right_padding_or_none() {
        let with = |handle: &str| peek_authentication(&sign_response().replace("-_8", handle));
        for handle in ["-_8=", "+/8", "+/8="] {
            assert_eq!(with(handle).unwrap().credential_id, [0xfb, 0xff]);
        }
        for handle in ["+_8", "-_9", "-_8==", "-_8 ", "-", "é"] {
            assert_eq!(with(handle), Err(Reason::Malformed), "{handle}");
        }
    }

    #[test]
    fn copies_must_agree() {
        let challenge = "A".repeat(43);
        assert!(registration(&format!(r#","version":"U2F_V2","challenge":"{challenge}","appId":"x""#)).is_ok());
        assert!(registration(r#","version":"U2F_V1""#).is_err());
        assert!(registration(r#","challenge":"AA""#).is_err());
        assert!(registration(r#","version":7"#).is_err());
        assert!(registration(r#","challenge":[]"#).is_err());
        assert!(registration(r#","version":null,"challenge":null"#).is_ok());
    }

    #[test]
    fn what_decides_nothing_may_be_anything() {
        for value in ["null", "7", "1e999", "[{}]", r#""\ud800""#, r#"{"a":null}"#] {
            let more = format!(r#","keyHandle":{value},"signatureData":{value},"extra":{value}"#);
            assert!(registration(&more).is_ok(), "{more}");
            let more = format!(r#"{{"version":{value},"challenge":{value},"registrationData":{value},"#);
            let response = sign_response().replacen('{', &more, 1);
            assert!(peek_authentication(&response).is_ok(), "{response}");
        }
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
