//! The authenticator data of an assertion, for a key that made none of it: no input may ever verify.
#![no_main]

use countersign_core::webauthn::json::verify_authentication;
use data_encoding::BASE64URL_NOPAD;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

/// ES256: any point of the curve will do.
const KEY: &str = concat!(
    "pQECAyYgASFYIAmpeL7JO7jlN3UMex-jmQD6P2tu4EnOhZAQUEXsTOp-",
    "IlggKoBdTyB2mo3na0Mkq2f3QvCm7un3l2VanZdwm4CGf6g",
);

fuzz_target!(|data: &[u8]| {
    let challenge = BASE64URL_NOPAD.encode(&[0; 32]);
    let client_data = json!({ "type": "webauthn.get", "challenge": challenge, "origin": "https://example.org" });
    let response = json!({
        "id": "AAAA", "rawId": "AAAA", "type": "public-key", "clientExtensionResults": {},
        "response": {
            "clientDataJSON": BASE64URL_NOPAD.encode(client_data.to_string().as_bytes()),
            "authenticatorData": BASE64URL_NOPAD.encode(data),
            "signature": BASE64URL_NOPAD.encode(data),
        },
    });
    let request = json!({
        "challenge": challenge,
        "credential": { "id": "AAAA", "publicKey": KEY, "signCount": 0 },
        "rp": { "id": "example.org", "origins": ["https://example.org"] },
    });
    assert!(!verify_authentication(&request.to_string(), &response.to_string()).contains(r#""ok":true"#));
});
