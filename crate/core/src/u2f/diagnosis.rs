//! What a refused message may tell whoever runs the server: the origin that it names, and which member is malformed.

use serde_json::Value;

use super::client_data::ClientData;
use super::response::client_data_of;
use crate::webauthn::diagnosis::shown_origin;
use crate::webauthn::response::MAX_RESPONSE;

/// The origin in the client data of either response, if it is one of the web.
pub fn origin_of(response: &str) -> Option<String> {
    let client_data = client_data_of(response).ok()?;
    shown_origin(ClientData::parse(&client_data).ok()?.origin())
}

/// Which member of a malformed response is wrong, by a name out of this list and no other.
pub fn malformed_member(response: &str) -> &'static str {
    let parsed = (response.len() <= MAX_RESPONSE)
        .then(|| serde_json::from_str::<Value>(response).ok())
        .flatten();
    let Some(Value::Object(members)) = parsed else {
        return "response";
    };
    let is_there = |name: &str| {
        members
            .get(name)
            .and_then(Value::as_str)
            .is_some_and(|text| !text.is_empty())
    };
    if client_data_of(response).is_ok_and(|json| ClientData::parse(&json).is_err()) || !is_there("clientData") {
        return "clientData";
    }
    if members.contains_key("registrationData") {
        return "registrationData";
    }
    if is_there("keyHandle") {
        "signatureData"
    } else {
        "keyHandle"
    }
}
