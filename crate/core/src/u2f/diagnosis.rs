//! Explains a refused message to the person who runs the server: which origin it names, and which member is malformed.

use super::client_data::ClientData;
use super::response::client_data_of;
use crate::json::from_outside::{FromOutside, Member};
use crate::webauthn::diagnosis::shown_origin;
use crate::webauthn::response::MAX_RESPONSE;

/// The origin in the client data of either response, if it is a web origin.
pub fn origin_of(response: &str) -> Option<String> {
    let client_data = client_data_of(response).ok()?;
    shown_origin(ClientData::parse(&client_data).ok()?.origin())
}

/// Names the member of a malformed response that is wrong. The name is always one from this function's list.
pub fn malformed_member(response: &str) -> &'static str {
    let members = (response.len() <= MAX_RESPONSE).then(|| FromOutside::parse(response));
    let Some(members) = members.flatten() else {
        return "response";
    };
    let is_there = |name: &str| matches!(members.member(name).text(), Ok(Some(text)) if !text.is_empty());
    if client_data_of(response).is_ok_and(|json| ClientData::parse(&json).is_err()) || !is_there("clientData") {
        return "clientData";
    }
    if !matches!(members.member("registrationData"), Member::Absent) {
        return "registrationData";
    }
    if is_there("keyHandle") {
        "signatureData"
    } else {
        "keyHandle"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_nothing_hides_no_member() {
        for unused in ["1e400", r#""\ud800""#, "null"] {
            let with = |members: &str| malformed_member(&format!(r#"{{"unused":{unused},{members}}}"#));
            assert_eq!(with(r#""keyHandle":"AA""#), "clientData", "{unused}");
            assert_eq!(with(r#""clientData":"AA","keyHandle":"AA""#), "clientData", "{unused}");
            let client_data = data_encoding::BASE64URL_NOPAD
                .encode(br#"{"typ":"navigator.id.getAssertion","challenge":"AA","origin":"https://a.b"}"#);
            let beside = |members: &str| with(&format!(r#""clientData":"{client_data}"{members}"#));
            assert_eq!(beside(""), "keyHandle", "{unused}");
            assert_eq!(beside(r#","keyHandle":1e400"#), "keyHandle", "{unused}");
            assert_eq!(beside(r#","keyHandle":"AA""#), "signatureData", "{unused}");
            assert_eq!(beside(r#","registrationData":7"#), "registrationData", "{unused}");
        }
        assert_eq!(malformed_member(r#"{"keyHandle":"a","keyHandle":"a"}"#), "response");
    }
}
