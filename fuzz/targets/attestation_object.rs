//! An attestation object: CBOR, authenticator data, COSE key, statement.
#![no_main]

use std::sync::LazyLock;

use countersign_core::webauthn::{
    Algorithm, AttestationPolicy, Conveyance, RegistrationExpectation, RelyingParty, TrustAnchors, UserVerification, verify_registration,
};
use data_encoding::BASE64URL_NOPAD;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

const CHALLENGE: [u8; 32] = [0; 32];

static RP: LazyLock<RelyingParty> = LazyLock::new(|| {
    serde_json::from_value(json!({ "id": "example.org", "origins": ["https://example.org"] })).expect("a relying party")
});

fuzz_target!(|object: &[u8]| {
    let challenge = BASE64URL_NOPAD.encode(&CHALLENGE);
    let client_data = json!({ "type": "webauthn.create", "challenge": challenge, "origin": "https://example.org" });
    let response = json!({
        "id": "AAAA", "rawId": "AAAA", "type": "public-key", "clientExtensionResults": {},
        "response": {
            "clientDataJSON": BASE64URL_NOPAD.encode(client_data.to_string().as_bytes()),
            "attestationObject": BASE64URL_NOPAD.encode(object),
        },
    });
    let expected = RegistrationExpectation {
        challenge: &CHALLENGE,
        rp: &RP,
        user_verification: UserVerification::Discouraged,
        algorithms: &Algorithm::ALL,
        attestation: Conveyance::Direct,
        trust_anchors: &TrustAnchors::parse(&[]).expect("none"),
        attestation_policy: &AttestationPolicy::default(),
        cross_origin: None,
        user_presence_optional: true,
        user_handle: None,
        extensions: None,
        now: 1_800_000_000,
    };
    let _ = verify_registration(&response.to_string(), &expected);
});
