//! What a refused response may tell whoever runs the server, once it is refused: the origin that it names, and which
//! member of it is malformed. Nothing is decided here.

use serde_json::Value;

use super::client_data::ClientData;
use super::policy::web_origin;
use super::response::{MAX_RESPONSE, Response};

/// The most that an origin may have to be shown, in characters.
const MAX_ORIGIN: usize = 255;

/// The origin in `clientDataJSON`, if it is one of the web: ASCII, with nothing beside scheme, host and port.
pub fn origin_of(response: &str) -> Option<String> {
    let response = Response::parse(response).ok()?;
    let client_data = ClientData::parse(&response.client_data_json).ok()?;
    shown_origin(client_data.origin())
}

/// The same text where it may be shown.
pub(crate) fn shown_origin(origin: &str) -> Option<String> {
    (origin.len() <= MAX_ORIGIN && web_origin(origin)).then(|| origin.to_owned())
}

/// Which member of a malformed response is wrong: the first of those that a reader looks at, by a name out of this
/// list and no other. `response` where it can't be told, or where it is no such object at all.
pub fn malformed_member(response: &str) -> &'static str {
    let parsed = (response.len() <= MAX_RESPONSE)
        .then(|| serde_json::from_str::<Value>(response).ok())
        .flatten();
    let Some(Value::Object(outer)) = parsed else {
        return "response";
    };
    let of = |name: &str| outer.get(name);
    let Some(Value::Object(inner)) = of("response") else {
        return first_wrong([("id", is_bytes(of("id"))), ("rawId", is_bytes(of("rawId")))]).unwrap_or("response");
    };
    let absent = |value: Option<&Value>| value.is_none_or(Value::is_null);
    let optional = |name: &str| absent(inner.get(name)) || is_bytes(inner.get(name));
    let proof = if absent(inner.get("attestationObject")) {
        [
            ("authenticatorData", is_bytes(inner.get("authenticatorData"))),
            ("signature", is_bytes(inner.get("signature"))),
            ("userHandle", optional("userHandle")),
        ]
    } else {
        [
            ("attestationObject", is_bytes(inner.get("attestationObject"))),
            ("transports", inner.get("transports").is_none_or(is_texts)),
            ("response", true),
        ]
    };
    let before = [
        ("id", is_bytes(of("id"))),
        ("rawId", is_bytes(of("rawId"))),
        ("type", of("type").and_then(Value::as_str) == Some("public-key")),
        ("clientDataJSON", is_client_data(inner.get("clientDataJSON"))),
    ];
    // All of them are what they should look like: what is inside of the last one is not, or they contradict each other.
    first_wrong(before).or_else(|| first_wrong(proof)).unwrap_or_else(|| {
        if is_same(of("id"), of("rawId")) {
            proof[0].0
        } else {
            "rawId"
        }
    })
}

fn first_wrong<const N: usize>(members: [(&'static str, bool); N]) -> Option<&'static str> {
    members.into_iter().find(|(_, right)| !right).map(|(name, _)| name)
}

fn is_bytes(value: Option<&Value>) -> bool {
    bytes(value).is_some()
}

fn is_same(one: Option<&Value>, other: Option<&Value>) -> bool {
    bytes(one) == bytes(other)
}

fn is_texts(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(|all| all.iter().all(Value::is_string))
}

fn is_client_data(value: Option<&Value>) -> bool {
    bytes(value).is_some_and(|json| ClientData::parse(&json).is_ok())
}

/// Either alphabet, padded or not: what the reader is stricter about shows in the next look.
fn bytes(value: Option<&Value>) -> Option<Vec<u8>> {
    let text = value?.as_str()?.replace('-', "+").replace('_', "/");
    data_encoding::BASE64_NOPAD
        .decode(text.trim_end_matches('=').as_bytes())
        .ok()
        .filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use data_encoding::BASE64URL_NOPAD;
    use serde_json::json;

    use super::*;

    fn client_data(origin: &str) -> String {
        let challenge = BASE64URL_NOPAD.encode(&[7; 32]);
        BASE64URL_NOPAD.encode(
            json!({ "type": "webauthn.get", "challenge": challenge, "origin": origin })
                .to_string()
                .as_bytes(),
        )
    }

    fn assertion(origin: &str) -> Value {
        json!({
            "id": "AQID", "rawId": "AQID", "type": "public-key",
            "response": { "clientDataJSON": client_data(origin), "authenticatorData": "AAAA", "signature": "AAAA" },
        })
    }

    #[test]
    fn an_origin_is_shown_only_if_it_is_one() {
        for origin in [
            "https://example.org",
            "http://127.0.0.1:3000",
            "http://localhost:5173",
            "http://[::1]:3000",
        ] {
            assert_eq!(origin_of(&assertion(origin).to_string()).as_deref(), Some(origin));
        }
        let long = format!("https://{}.example.org", "a.".repeat(130));
        for origin in [
            "null",
            "",
            "https://example.org/",
            "https://example.org/hunter2",
            "https://user@example.org",
            "hunter2",
            "https://example.org\n",
            "https://ex\u{e4}mple.org",
            "android:apk-key-hash:hunter2",
            "https://",
            &long,
            "https://example.org:99999",
            "https://[hunter2]",
        ] {
            assert_eq!(origin_of(&assertion(origin).to_string()), None, "{origin}");
        }
        assert_eq!(origin_of("{}"), None);
    }

    #[test]
    fn a_malformed_member_is_named_out_of_the_list() {
        let honest = assertion("https://example.org");
        let with = |pointer: &str, value: Value| {
            let mut changed = honest.clone();
            *changed.pointer_mut(pointer).unwrap() = value;
            malformed_member(&changed.to_string())
        };
        assert_eq!(with("/id", json!(7)), "id");
        assert_eq!(with("/rawId", json!("not base64!")), "rawId");
        assert_eq!(with("/rawId", json!("BAUG")), "rawId");
        assert_eq!(with("/type", json!("hunter2")), "type");
        assert_eq!(with("/response", json!([])), "response");
        assert_eq!(with("/response/clientDataJSON", json!("AAAA")), "clientDataJSON");
        assert_eq!(with("/response/authenticatorData", Value::Null), "authenticatorData");
        assert_eq!(with("/response/signature", json!("")), "signature");
        let mut attestation = honest.clone();
        *attestation.pointer_mut("/response").unwrap() =
            json!({ "clientDataJSON": client_data("https://example.org"), "attestationObject": "AAAA" });
        assert_eq!(malformed_member(&attestation.to_string()), "attestationObject");
        for text in ["", "[]", "\"hunter2\"", "{", "{\"hunter2\":1}"] {
            assert!(["response", "id"].contains(&malformed_member(text)), "{text}");
        }
    }
}
