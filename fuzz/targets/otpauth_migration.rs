//! Google Authenticator's export: whatever is taken out of one can be stored as a factor.
#![no_main]

use countersign_core::migration::otpauth_migration;
use countersign_core::totp::key_uri::OtpauthUri;
use data_encoding::BASE64URL_NOPAD;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|payload: &[u8]| {
    let uri = format!("otpauth-migration://offline?data={}", BASE64URL_NOPAD.encode(payload));
    let found: Value = serde_json::from_str(&otpauth_migration(&uri)).expect("an envelope");
    for entry in found["value"]["entries"].as_array().into_iter().flatten() {
        assert!(entry["uri"].is_string() != entry["reason"].is_string());
        let Some(uri) = entry["uri"].as_str() else { continue };
        let stored = OtpauthUri::parse_stored(uri).expect("what was taken can be stored");
        assert_eq!(stored.to_text().as_str(), uri);
    }
});
