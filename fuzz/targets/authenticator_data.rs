//! The authenticator data of an assertion, for a key that made none of it: no input may ever verify.
#![no_main]

use countersign_core::webauthn::prepared::{AuthenticationPolicy, StoredState};
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
    let policy = json!({ "rp": { "id": "example.org", "origins": ["https://example.org"] } });
    let policy = AuthenticationPolicy::parse(&policy.to_string()).expect("a policy");
    let stored = StoredState {
        sign_count: 0,
        backup_eligible: false,
        backup_state: false,
        backup_recorded: false,
    };
    let asked = format!("{challenge}\nAAAA\n{KEY}\n\n");
    assert!(policy.verify(&format!("{asked}{response}"), stored).is_err());
    let inner = |name: &str| response["response"][name].as_str().unwrap_or_default();
    let (client_data, data, signature) = (inner("clientDataJSON"), inner("authenticatorData"), inner("signature"));
    assert!(
        policy
            .verify(&format!("{asked}AAAA\nAAAA\n{client_data}\n{data}\n{signature}\n"), stored)
            .is_err()
    );
});
