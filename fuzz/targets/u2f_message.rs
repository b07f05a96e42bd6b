//! The raw registration message of U2F.
#![no_main]

use std::sync::LazyLock;

use countersign_core::u2f::{RegistrationExpectation, U2fPolicy, verify_registration};
use countersign_core::webauthn::{Algorithm, Conveyance, RelyingParty, TrustAnchors, UserVerification};
use data_encoding::BASE64URL_NOPAD;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

const CHALLENGE: [u8; 32] = [0; 32];

static RP: LazyLock<RelyingParty> = LazyLock::new(|| {
    serde_json::from_value(json!({ "id": "example.org", "origins": ["https://example.org"] })).expect("a relying party")
});

fuzz_target!(|message: &[u8]| {
    let challenge = BASE64URL_NOPAD.encode(&CHALLENGE);
    let typ = "navigator.id.finishEnrollment";
    let client_data = json!({ "typ": typ, "challenge": challenge, "origin": "https://example.org" });
    let response = json!({
        "registrationData": BASE64URL_NOPAD.encode(message),
        "clientData": BASE64URL_NOPAD.encode(client_data.to_string().as_bytes()),
    });
    let expected = RegistrationExpectation {
        challenge: &CHALLENGE,
        policy: &U2fPolicy {
            app_id: "https://example.org".into(),
            facets: None,
        },
        rp: &RP,
        user_verification: UserVerification::Discouraged,
        algorithms: &[Algorithm::Es256],
        attestation: Conveyance::Direct,
        trust_anchors: &TrustAnchors::parse(&[]).expect("none"),
        now: 1_800_000_000,
    };
    let _ = verify_registration(&response.to_string(), &expected);
});
