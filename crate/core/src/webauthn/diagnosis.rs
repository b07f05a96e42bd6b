//! Explains a refused response to the person who runs the server: which origin it names, and which of its members is
//! malformed. Nothing is decided here.

use super::client_data::ClientData;
use super::policy::web_origin;
use super::response::{MAX_RESPONSE, Response};
use crate::json::from_outside::{FromOutside, Member};

/// The longest origin that is shown, in characters.
const MAX_ORIGIN: usize = 255;

/// The origin in `clientDataJSON`, if it is that of a web page (ASCII, with only scheme, host and port) or of an app.
pub fn origin_of(response: &str) -> Option<String> {
    let response = Response::parse(response).ok()?;
    let client_data = ClientData::parse(&response.client_data_json).ok()?;
    shown_origin(client_data.origin())
}

/// The origin, if it may be shown.
pub(crate) fn shown_origin(origin: &str) -> Option<String> {
    (origin.len() <= MAX_ORIGIN && (web_origin(origin) || is_app(origin) || is_own_scheme(origin)))
        .then(|| origin.to_owned())
}

/// Whether this is the origin of a web view or a browser extension, which have schemes of their own: a scheme and a host
/// in lower case, such as `capacitor://localhost`.
fn is_own_scheme(origin: &str) -> bool {
    const OTHERS: [&str; 9] = [
        "http",
        "https",
        "ws",
        "wss",
        "ftp",
        "file",
        "data",
        "blob",
        "javascript",
    ];
    let Some((scheme, host)) = origin.split_once("://") else {
        return false;
    };
    let is_lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| is_lower(byte) || byte == b'+')
        && !OTHERS.contains(&scheme)
        && !host.is_empty()
        && host.bytes().all(is_lower)
}

/// Whether this is the origin of a native app: the hash of the certificate of an Android app in base64url (SHA-1 or
/// SHA-256), or the bundle id of an iOS app.
fn is_app(origin: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let key_hash = |hash: &str| [27, 43].contains(&hash.len()) && hash.bytes().all(|byte| word(byte) || byte == b'_');
    let labels = |id: &str| id.contains('.') && id.split('.').all(|label| !label.is_empty() && label.bytes().all(word));
    let android = ["android:apk-key-hash:", "android:apk-key-hash-sha256:"];
    let hash = android.into_iter().find_map(|prefix| origin.strip_prefix(prefix));
    hash.is_some_and(key_hash) || origin.strip_prefix("ios:bundle-id:").is_some_and(labels)
}

/// Names the member of a malformed response that is wrong: the first one, in the order in which they are read. The name
/// is one of this function's list. It is `response` if no member can be blamed, or if the response is no such object.
pub fn malformed_member(response: &str) -> &'static str {
    let outer = (response.len() <= MAX_RESPONSE).then(|| FromOutside::parse(response));
    let Some(outer) = outer.flatten() else {
        return "response";
    };
    let (id, raw_id) = (outer.member("id"), outer.member("rawId"));
    let Some(inner) = outer.object("response") else {
        return first_wrong([("id", is_bytes(&id)), ("rawId", is_bytes(&raw_id))]).unwrap_or("response");
    };
    let is_there = |name: &str| is_bytes(&inner.member(name));
    let unattested = matches!(inner.member("attestationObject"), Member::Absent);
    let proof = if unattested && !is_of_registration(&inner.member("clientDataJSON")) {
        [
            ("authenticatorData", is_there("authenticatorData")),
            ("signature", is_there("signature")),
            ("userHandle", inner.member("userHandle").bytes().is_ok()),
        ]
    } else {
        [
            ("attestationObject", is_there("attestationObject")),
            ("transports", inner.member("transports").texts().is_ok()),
            (
                "clientExtensionResults",
                are_results(&outer.member("clientExtensionResults")),
            ),
        ]
    };
    let before = [
        ("id", is_bytes(&id)),
        ("rawId", is_bytes(&raw_id)),
        ("type", outer.member("type").text() == Ok(Some("public-key"))),
        ("clientDataJSON", is_client_data(&inner.member("clientDataJSON"))),
    ];
    // Each looks right by itself. Either the two ids differ, or the content of the main member is wrong.
    first_wrong(before).or_else(|| first_wrong(proof)).unwrap_or_else(|| {
        if id.bytes() == raw_id.bytes() {
            proof[0].0
        } else {
            "rawId"
        }
    })
}

fn first_wrong<const N: usize>(members: [(&'static str, bool); N]) -> Option<&'static str> {
    members.into_iter().find(|(_, right)| !right).map(|(name, _)| name)
}

/// Whether the member is base64 text of at least one byte.
fn is_bytes(member: &Member<'_>) -> bool {
    member.required_bytes().is_ok_and(|bytes| !bytes.is_empty())
}

fn is_client_data(member: &Member<'_>) -> bool {
    of_registration(member).is_some()
}

fn is_of_registration(member: &Member<'_>) -> bool {
    of_registration(member) == Some(true)
}

/// What client data say of their ceremony. `None` if they are none.
fn of_registration(member: &Member<'_>) -> Option<bool> {
    let json = member.required_bytes().ok()?;
    Some(ClientData::parse(&json).ok()?.is_of_registration())
}

/// Of the results only `credProps` is used, and in it only `rk`.
fn are_results(member: &Member<'_>) -> bool {
    let properties = member
        .object()
        .map(|results| results.map(|results| results.member("credProps").object()));
    match properties {
        Ok(Some(Ok(Some(properties)))) => properties.member("rk").flag().is_ok(),
        Ok(None | Some(Ok(None))) => true,
        Ok(Some(Err(_))) | Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use data_encoding::BASE64URL_NOPAD;
    use serde_json::{Value, json};

    use super::*;

    fn client_data(origin: &str, kind: &str) -> String {
        let challenge = BASE64URL_NOPAD.encode(&[7; 32]);
        BASE64URL_NOPAD.encode(
            json!({ "type": kind, "challenge": challenge, "origin": origin })
                .to_string()
                .as_bytes(),
        )
    }

    fn assertion(origin: &str) -> Value {
        json!({
            "id": "AQID", "rawId": "AQID", "type": "public-key",
            "response": { "clientDataJSON": client_data(origin, "webauthn.get"), "authenticatorData": "AAAA", "signature": "AAAA" },
        })
    }

    #[test]
    fn an_origin_is_shown_only_if_it_is_one() {
        for origin in [
            "https://example.org",
            "http://127.0.0.1:3000",
            "http://localhost:5173",
            "http://[::1]:3000",
            "android:apk-key-hash:2jmj7l5rSw0yVb_vlWAYkK-YBwk",
            "android:apk-key-hash:7d1R8pVJzoEh8dTFzQNP-_Ko0xVQEZtn3zoPWuWd_lM",
            "android:apk-key-hash-sha256:7d1R8pVJzoEh8dTFzQNP-_Ko0xVQEZtn3zoPWuWd_lM",
            "ios:bundle-id:com.example.app-2",
            "capacitor://localhost",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            "moz-extension://5f0b1c6a-0000-4000-8000-000000000000",
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
            "android:apk-key-hash:7d1R8pVJzoEh8dTFzQNP+/Ko0xVQEZtn3zoPWuWd/lM",
            "android:apk-key-hash:7d1R8pVJzoEh8dTFzQNP-_Ko0xVQEZtn3zoPWuWd_l\n",
            "ios:bundle-id:hunter2",
            "ios:bundle-id:com..app",
            "ios:bundle-id:com.example.app/hunter2",
            "ios:bundle-id:com.ex\u{e4}mple.app",
            &format!("ios:bundle-id:com.{}", "a".repeat(240)),
            "app:com.example",
            "app://hunter2/x",
            "app://hunter2@x",
            "App://hunter2",
            "app://",
            "file://hunter2",
            "javascript://hunter2",
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
        for text in ["AQID=", "AQID====", "AQI", "A+-_", "AQID\n"] {
            assert_eq!(with("/rawId", json!(text)), "rawId", "{text}");
        }
        assert_eq!(with("/type", json!("hunter2")), "type");
        assert_eq!(with("/response", json!([])), "response");
        assert_eq!(with("/response/clientDataJSON", json!("AAAA")), "clientDataJSON");
        assert_eq!(with("/response/authenticatorData", Value::Null), "authenticatorData");
        assert_eq!(with("/response/signature", json!("")), "signature");
        let mut attestation = honest.clone();
        *attestation.pointer_mut("/response").unwrap() = json!({ "clientDataJSON": client_data("https://example.org", "webauthn.get"), "attestationObject": "AAAA" });
        assert_eq!(malformed_member(&attestation.to_string()), "attestationObject");
        for transports in [json!("usb"), json!([1]), json!([["usb"]])] {
            let mut changed = attestation.clone();
            changed["response"]["transports"] = transports;
            assert_eq!(malformed_member(&changed.to_string()), "transports");
        }
        for results in [
            json!([]),
            json!({ "credProps": "yes" }),
            json!({ "credProps": { "rk": 1 } }),
        ] {
            let mut changed = attestation.clone();
            changed["clientExtensionResults"] = results;
            assert_eq!(malformed_member(&changed.to_string()), "clientExtensionResults");
        }
        attestation["response"] = json!({
            "clientDataJSON": client_data("https://example.org", "webauthn.create"), "authenticatorData": "AAAA",
        });
        assert_eq!(malformed_member(&attestation.to_string()), "attestationObject");
        for text in ["", "[]", "\"hunter2\"", "{", "{\"hunter2\":1}"] {
            assert!(["response", "id"].contains(&malformed_member(text)), "{text}");
        }
    }

    #[test]
    fn what_decides_nothing_hides_no_member() {
        let honest = assertion("https://example.org").to_string();
        for unused in ["1e400", r#""\ud800""#, r#"{"a":[1e999,"\udfff"]}"#, "null", "-0"] {
            let beside = |json: &str| json.replacen('{', &format!(r#"{{"unused":{unused},"#), 2);
            let with = |from: &str, to: &str| malformed_member(&beside(&honest).replace(from, to));
            assert_eq!(with(r#""id":"AQID""#, r#""id":7"#), "id", "{unused}");
            assert_eq!(
                with(r#""signature":"AAAA""#, r#""signature":"A""#),
                "signature",
                "{unused}"
            );
            assert_eq!(with(r#""type":"public-key""#, r#""type":"\ud800""#), "type", "{unused}");
            assert_eq!(
                with(r#""authenticatorData":"AAAA","#, ""),
                "authenticatorData",
                "{unused}"
            );
            let handle = r#""signature":"AAAA","userHandle":1e400"#;
            assert_eq!(with(r#""signature":"AAAA""#, handle), "userHandle", "{unused}");
        }
        // Bytes are judged as the reader of responses judges them.
        let with = |id: &str| malformed_member(&honest.replace(r#""id":"AQID""#, &format!(r#""id":"{id}""#)));
        for wrong in ["+_8", "AQI=D", "AR", "AQID="] {
            assert_eq!(with(wrong), "id", "{wrong}");
        }
        assert_eq!(
            malformed_member(&honest.replacen('{', r#"{"id":"AQID","#, 1)),
            "response",
            "a name that occurs twice"
        );
    }
}
