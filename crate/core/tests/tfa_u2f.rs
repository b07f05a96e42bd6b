//! U2F keys of a whole configuration: registered in two steps, and signing in by the raw messages.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod u2f_support;

use countersign_core::tfa_config::{TfaConfig, WriteOptions};
use serde_json::{Value, json};
use u2f_support::{APP_ID, Ceremony, Key, ORIGIN};

const NOW: i64 = 1_800_000_000_000;

fn configured() -> TfaConfig {
    let mut config = TfaConfig::default();
    config
        .set_u2f(&json!({ "appid": APP_ID, "origin": ORIGIN }).to_string())
        .unwrap();
    config
}

fn envelope(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Begins a registration: the text that the first step answers, and the challenge that went to the store.
fn begin(config: &mut TfaConfig) -> (String, Value) {
    let request = json!({ "type": "u2f", "description": "old key", "now": NOW }).to_string();
    let begun = envelope(&config.add_entry("ann", &[7; 88], &request));
    assert_eq!(begun["value"]["id"], Value::Null, "{begun}");
    (
        begun["value"]["challenge"].as_str().unwrap().to_owned(),
        begun["challenge"].clone(),
    )
}

fn finish(config: &mut TfaConfig, challenge: &str, stored: Option<&Value>, response: &Value, now: i64) -> Value {
    let request =
        json!({ "type": "u2f", "challenge": challenge, "value": response.to_string(), "now": now }).to_string();
    let step = envelope(&config.add_entry("ann", &[8; 88], &request))["value"].clone();
    let data = stored
        .filter(|stored| stored["id"] == step["take"])
        .and_then(|stored| stored["data"].as_str());
    envelope(&config.add_response("ann", data, &[9; 16], &request))["value"].clone()
}

fn enrolled() -> (TfaConfig, Key) {
    let mut config = configured();
    let (text, stored) = begin(&mut config);
    let key = Key::new(b"handle");
    let response = key.register(&Ceremony::register(envelope(&text)["challenge"].as_str().unwrap()));
    let added = finish(&mut config, &text, Some(&stored), &response, NOW);
    assert_eq!(added["ok"], true, "{added}");
    (config, key)
}

#[test]
fn a_key_is_registered_in_two_steps() {
    let mut config = configured();
    let (text, stored) = begin(&mut config);
    let challenge = envelope(&text);
    assert_eq!(challenge["appId"], APP_ID);
    assert_eq!(challenge["version"], "U2F_V2");
    assert_eq!(stored["expires"], NOW + 120_000);
    let key = Key::new(b"handle");
    let response = key.register(&Ceremony::register(challenge["challenge"].as_str().unwrap()));
    let refused = |message: &str, reason: &str| json!({ "ok": false, "reason": reason, "message": message });
    let no_challenge = refused("no such challenge", "no-such-challenge");
    assert_eq!(finish(&mut config, &text, None, &response, NOW), no_challenge);
    assert_eq!(
        finish(&mut config, &text, Some(&stored), &response, NOW + 120_000),
        no_challenge
    );
    assert_eq!(
        finish(&mut config, &text, Some(&stored), &json!({}), NOW),
        refused("u2f registration failed", "not-verified")
    );
    let mut broken = key.registration_message(&Ceremony::register(challenge["challenge"].as_str().unwrap()));
    *broken.last_mut().unwrap() ^= 1;
    let mut forged = response.clone();
    forged["registrationData"] = json!(u2f_support::base64url(&broken));
    assert_eq!(
        finish(&mut config, &text, Some(&stored), &forged, NOW),
        refused("u2f registration failed", "not-verified")
    );
    assert!(config.record("ann").is_none());
    let added = finish(&mut config, &text, Some(&stored), &response, NOW);
    assert_eq!(added["ok"], true, "{added}");
    assert_eq!(
        finish(&mut config, &text, Some(&stored), &response, NOW),
        refused("credential id already present", "exists")
    );
    let record = envelope(config.record("ann").unwrap());
    let expected = json!({
        "key": { "keyHandle": u2f_support::base64url(&key.handle), "version": "U2F_V2" },
        "public-key": data_encoding::BASE64.encode(&key.point()),
    });
    assert_eq!(record["u2f"][0]["entry"], expected, "no certificate");
    assert_eq!(record["u2f"][0]["description"], "old key");
}

#[test]
fn a_key_signs_in_by_the_raw_messages() {
    let (config, mut key) = enrolled();
    // The counter is an addition.
    let mut config = config.keeping_additions(true);
    // No relying party is configured, so there is nothing for WebAuthn to offer.
    let offered = envelope(&config.challenge("ann", None, &[3; 32], NOW));
    let handle = u2f_support::base64url(&key.handle);
    let nonce = u2f_support::base64url(&[3; 32]);
    assert_eq!(
        offered["value"],
        json!({ "u2f": {
            "challenge": { "challenge": nonce, "appId": APP_ID, "version": "U2F_V2" },
            "keys": [{ "keyHandle": handle, "version": "U2F_V2" }],
        } })
    );
    let data = offered["challenge"]["data"].as_str().unwrap();
    let answer = json!({ "type": "u2f", "response": key.sign(&Ceremony::sign(&nonce)) });
    let opened = envelope(&config.open_response("ann", &json!({ "answer": answer }).to_string()));
    assert_eq!(opened["value"], json!({ "challenge": nonce }));
    let request =
        |answer: &Value| json!({ "answer": answer, "user": "ann", "purpose": "sign-in", "now": NOW }).to_string();
    let verified = envelope(&config.verify_response("ann", None, data, &request(&answer)));
    assert_eq!(verified["value"]["result"], true, "{verified}");
    assert_eq!(verified["value"]["needsSaving"], true);
    assert_eq!(envelope(config.record("ann").unwrap())["u2f"][0]["entry"]["counter"], 1);
    let again = envelope(&config.verify_response("ann", None, data, &request(&answer)));
    assert_eq!(again["value"]["result"], false, "the counter has not grown");
    assert_eq!(again["value"]["log"], "u2f verification failed");
    let plain = config.write(WriteOptions::default()).unwrap();
    assert!(!plain.contains("counter"), "{plain}");
}

#[test]
fn a_browser_answers_for_it_by_the_appid() {
    let (mut config, mut key) = enrolled();
    let section = json!({ "rp": "Example", "id": "example.org", "origin": ORIGIN });
    config.set_webauthn(&section.to_string()).unwrap();
    let offered = envelope(&config.challenge("ann", None, &[4; 32], NOW));
    assert_eq!(offered["value"]["webauthn"]["publicKey"]["extensions"]["appid"], APP_ID);
    let response = key.assert(&u2f_support::base64url(&[4; 32]), APP_ID, 1);
    let request = json!({
        "answer": { "type": "webauthn", "response": response },
        "user": "ann", "purpose": "sign-in", "now": NOW,
    });
    let data = offered["challenge"]["data"].as_str().unwrap();
    let verified = envelope(&config.verify_response("ann", None, data, &request.to_string()));
    assert_eq!(verified["value"]["result"], true, "{verified}");
    assert_eq!(verified["value"]["factor"]["type"], "u2f");
}

#[test]
fn an_application_of_another_site_stays_out_of_webauthn() {
    let (mut config, _) = enrolled();
    let alice: Value = serde_json::from_str(include_str!("../../../__test__/vectors/record-today.json")).unwrap();
    let mut record = envelope(config.record("ann").unwrap());
    record["webauthn"] = alice["webauthn"].clone();
    config.set_record("ann", Some(&record.to_string())).unwrap();
    for (id, page, here) in [
        ("example.org", "https://example.org", true),
        ("app.example.org", "https://app.example.org", true),
        ("example.com", "https://example.com", false),
        ("badexample.org", "https://badexample.org", false),
    ] {
        let section = json!({ "rp": "Example", "id": id, "origin": page });
        config.set_webauthn(&section.to_string()).unwrap();
        let offered = envelope(&config.challenge("ann", None, &[4; 32], NOW))["value"].clone();
        let options = &offered["webauthn"]["publicKey"];
        assert_eq!(options["extensions"]["appid"].is_string(), here, "{id}");
        assert_eq!(
            options["allowCredentials"].as_array().unwrap().len(),
            1 + usize::from(here),
            "{id}"
        );
        assert_eq!(offered["u2f"]["challenge"]["appId"], APP_ID, "{id}");
        let request = json!({ "type": "webauthn", "description": "key", "now": NOW }).to_string();
        let begun = envelope(&config.add_entry("ann", &[7; 88], &request));
        let options = envelope(begun["value"]["challenge"].as_str().unwrap())["publicKey"].clone();
        assert_eq!(options["extensions"]["appidExclude"].is_string(), here, "{options}");
    }
}

#[test]
fn a_key_belongs_to_one_user_of_the_file() {
    let (mut config, _) = enrolled();
    let begin = |config: &mut TfaConfig| {
        let request = json!({ "type": "u2f", "description": "theirs", "now": NOW }).to_string();
        envelope(&config.add_entry("bob", &[7; 88], &request))
    };
    for (handle, expected) in [
        (&b"handle"[..], "credential id already present"),
        (b"handle of bob", ""),
    ] {
        let opened = begin(&mut config);
        let text = opened["value"]["challenge"].as_str().unwrap();
        let ceremony = Ceremony::register(envelope(text)["challenge"].as_str().unwrap());
        let response = Key::new(handle).register(&ceremony).to_string();
        let request = json!({ "type": "u2f", "challenge": text, "value": response, "now": NOW }).to_string();
        let data = opened["challenge"]["data"].as_str();
        let added = envelope(&config.add_response("bob", data, &[9; 16], &request))["value"].clone();
        assert_eq!(added["message"].as_str().unwrap_or_default(), expected, "{added}");
        assert_eq!(added["ok"], expected.is_empty());
    }
}
