//! A U2F key from enrolment to sign-in, in its own messages and through WebAuthn, as a host sees it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;
mod u2f_support;

use common::{User, settings};
use countersign_core::{enrol, sign_in};
use serde_json::{Value, json};
use u2f_support::{APP_ID, Ceremony, Key, base64url};

fn with_u2f() -> Value {
    let mut settings = settings();
    settings["u2f"] = json!({ "appId": APP_ID });
    settings
}

/// A challenge and what the store keeps of it.
struct Begun {
    value: Value,
    data: String,
}

fn begun(envelope: &Value) -> Begun {
    Begun {
        value: envelope["value"].clone(),
        data: envelope["challenge"]["data"].as_str().unwrap_or_default().to_owned(),
    }
}

impl Begun {
    fn id(&self) -> &str {
        self.value["id"].as_str().or(self.value["challenge"].as_str()).unwrap()
    }
}

fn begin_enrolment(user: &mut User) -> Begun {
    let random = user.random::<32>();
    let request = json!({ "user": "ann", "session": "s", "now": user.now }).to_string();
    let text = enrol::begin_u2f(user.record.as_deref(), &random, &user.settings, &request);
    begun(&user.envelope(&text))
}

fn finish_enrolment(user: &mut User, begun: &Begun, response: &Value, more: &Value) -> Value {
    let random = user.random::<16>();
    let mut request =
        json!({ "user": "ann", "session": "s", "response": response, "description": "old key", "now": user.now });
    request
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let change = enrol::finish_u2f(
        user.record.as_deref(),
        &begun.data,
        &random,
        &user.settings,
        &request.to_string(),
    );
    user.apply(change)["value"].clone()
}

fn enrol_key(user: &mut User, key: &Key) -> Value {
    let begun = begin_enrolment(user);
    let response = key.register(&Ceremony::register(begun.id()));
    let enrolled = finish_enrolment(user, &begun, &response, &json!({}));
    assert_eq!(enrolled["ok"], true, "{enrolled}");
    enrolled["factor"].clone()
}

fn enrolled() -> (User, Key) {
    let mut user = User::with(&with_u2f());
    let key = Key::new(&[7; 64]);
    enrol_key(&mut user, &key);
    (user, key)
}

fn challenge(user: &mut User) -> Begun {
    begun(&user.challenge(true))
}

fn open(user: &mut User, kind: &str, response: &Value) -> Value {
    let request = json!({ "answer": { "type": kind, "response": response } }).to_string();
    let text = sign_in::open_response(user.record.as_deref(), &user.settings, &request);
    user.envelope(&text)["value"].clone()
}

fn verify(user: &mut User, begun: &Begun, kind: &str, response: &Value) -> Value {
    let request = json!({
        "answer": { "type": kind, "response": response }, "user": "ann", "purpose": "sign-in", "now": user.now
    });
    let change = sign_in::verify_response(
        user.record.as_deref(),
        &begun.data,
        &user.settings,
        &request.to_string(),
    );
    user.apply(change)["value"].clone()
}

/// The same user, of a host with other settings.
fn with_settings(user: &User, settings: &Value) -> User {
    let mut other = User::with(settings);
    other.record.clone_from(&user.record);
    other
}

fn inner_reason(user: &User) -> &str {
    user.events.last().unwrap()["reason"].as_str().unwrap_or_default()
}

fn entry(user: &User) -> Value {
    let record: Value = serde_json::from_str(user.record.as_ref().unwrap()).unwrap();
    record["u2f"][0]["entry"].clone()
}

/// The record with one member of its first U2F factor set.
fn set(user: &mut User, member: &str, value: Value) {
    let mut record: Value = serde_json::from_str(user.record.as_ref().unwrap()).unwrap();
    record["u2f"][0][member] = value;
    user.record = Some(record.to_string());
}

#[test]
fn a_registration_is_offered_and_stored_without_its_certificate() {
    let mut user = User::with(&with_u2f());
    let key = Key::new(&[7; 64]);
    let begun = begin_enrolment(&mut user);
    assert_eq!(
        begun.value,
        json!({ "challenge": begun.id(), "version": "U2F_V2", "appId": APP_ID })
    );
    let response = key.register(&Ceremony::register(begun.id()));
    let opened: Value = serde_json::from_str(&enrol::u2f_registration_challenge(&response.to_string())).unwrap();
    assert_eq!(opened["value"]["challenge"], begun.id());
    let enrolled = finish_enrolment(&mut user, &begun, &response, &json!({ "firstOnly": true }));
    assert_eq!(enrolled["factor"]["type"], "u2f");
    assert_eq!(enrolled["factor"]["description"], "old key");
    let expected = json!({
        "key": { "keyHandle": base64url(&key.handle), "version": "U2F_V2" },
        "public-key": data_encoding::BASE64.encode(&key.point()),
    });
    assert_eq!(entry(&user), expected);
    let malformed: Value = serde_json::from_str(&enrol::u2f_registration_challenge("{}")).unwrap();
    assert_eq!(malformed["value"], json!({ "ok": false, "reason": "malformed" }));
}

#[test]
fn enrolments_that_are_refused() {
    let (mut user, key) = enrolled();
    let other = Key::new(&[8; 64]);
    let attempt = |user: &mut User, key: &Key, more: Value| {
        let begun = begin_enrolment(user);
        let response = key.register(&Ceremony::register(begun.id()));
        finish_enrolment(user, &begun, &response, &more)["reason"].clone()
    };
    assert_eq!(attempt(&mut user, &key, json!({})), "already-enrolled");
    assert_eq!(attempt(&mut user, &other, json!({ "firstOnly": true })), "not-first");
    for more in [
        json!({ "user": "bob" }),
        json!({ "session": "t" }),
        json!({ "now": user.now + 300_000 }),
    ] {
        assert_eq!(attempt(&mut user, &other, more), "rejected");
        assert_eq!(inner_reason(&user), "challenge-mismatch");
    }
    // What was begun for another application, for WebAuthn, or for a sign-in.
    let begun = begin_enrolment(&mut user);
    let response = other.register(&Ceremony::register(begun.id()));
    for data in [
        begun.data.replace(APP_ID, "https://example.org"),
        challenge(&mut user).data,
        String::new(),
    ] {
        let begun = Begun {
            value: begun.value.clone(),
            data,
        };
        assert_eq!(
            finish_enrolment(&mut user, &begun, &response, &json!({}))["reason"],
            "rejected"
        );
        assert_eq!(inner_reason(&user), "challenge-mismatch");
    }
    assert_eq!(
        finish_enrolment(&mut user, &begun, &json!({}), &json!({}))["reason"],
        "malformed"
    );
    let stranger = Ceremony::register(&base64url(&[1; 32]));
    assert_eq!(
        finish_enrolment(&mut user, &begun, &other.register(&stranger), &json!({}))["reason"],
        "rejected"
    );
    assert_eq!(inner_reason(&user), "challenge-mismatch");
    assert_eq!(
        finish_enrolment(&mut user, &begun, &response, &json!({}))["ok"],
        true,
        "the honest one"
    );

    let mut settings = with_u2f();
    settings["limits"]["factors"] = json!(2);
    let mut full = with_settings(&user, &settings);
    let text = enrol::begin_u2f(
        full.record.as_deref(),
        &[0; 32],
        &full.settings,
        &json!({ "user": "ann", "now": full.now }).to_string(),
    );
    assert_eq!(full.envelope(&text)["failure"]["code"], "factor-limit");
    let without = User::new();
    let text = enrol::begin_u2f(None, &[0; 32], &without.settings, r#"{"user":"ann","now":0}"#);
    assert!(text.contains(r#""detail":"u2f""#), "{text}");
}

#[test]
fn a_challenge_is_for_both_forms() {
    let (mut user, key) = enrolled();
    let begun = challenge(&mut user);
    let handle = base64url(&key.handle);
    assert_eq!(
        begun.value["u2f"],
        json!({
            "challenge": { "challenge": begun.id(), "appId": APP_ID, "version": "U2F_V2" },
            "keys": [{ "keyHandle": handle, "version": "U2F_V2" }],
        })
    );
    let options = &begun.value["webauthn"];
    assert_eq!(options["challenge"], begun.id());
    assert_eq!(
        options["allowCredentials"],
        json!([{ "type": "public-key", "id": handle }])
    );
    assert_eq!(options["extensions"], json!({ "appid": APP_ID }));
}

#[test]
fn a_raw_answer_signs_in_and_commits_its_counter() {
    let (mut user, mut key) = enrolled();
    for count in 1..=3 {
        let begun = challenge(&mut user);
        let response = key.sign(&Ceremony::sign(begun.id()));
        assert_eq!(open(&mut user, "u2f", &response), json!({ "challenge": begun.id() }));
        let outcome = verify(&mut user, &begun, "u2f", &response);
        assert_eq!(outcome["ok"], true, "{outcome}");
        assert_eq!(
            (&outcome["factor"]["type"], &outcome["userVerified"]),
            (&json!("u2f"), &json!(false))
        );
        assert_eq!(entry(&user)["counter"], count);
        assert_eq!(user.events.last().unwrap()["type"], "verified");
        // The store gives a challenge back once, and this is why a copy of it would be no use either.
        assert_eq!(verify(&mut user, &begun, "u2f", &response)["reason"], "rejected");
        assert_eq!(inner_reason(&user), "counter-not-increased");
    }
}

#[test]
fn a_browser_s_answer_signs_in_by_appid() {
    let (mut user, mut key) = enrolled();
    let begun = challenge(&mut user);
    let response = key.assert(begun.id(), APP_ID, 0x01);
    assert_eq!(
        open(&mut user, "webauthn", &response),
        json!({ "challenge": begun.id() })
    );
    let outcome = verify(&mut user, &begun, "webauthn", &response);
    assert_eq!(
        (&outcome["ok"], &outcome["factor"]["type"]),
        (&json!(true), &json!("u2f")),
        "{outcome}"
    );
    assert_eq!(entry(&user)["counter"], 1);
    // One counter for both forms.
    key.counter = 0;
    let begun = challenge(&mut user);
    let response = key.sign(&Ceremony::sign(begun.id()));
    assert_eq!(verify(&mut user, &begun, "u2f", &response)["reason"], "rejected");
    assert_eq!(inner_reason(&user), "counter-not-increased");
}

#[test]
fn the_appid_is_that_of_the_ceremony() {
    let (mut user, mut key) = enrolled();
    let begun = challenge(&mut user);
    let response = key.assert(begun.id(), "https://example.org", 0x01);
    assert_eq!(verify(&mut user, &begun, "webauthn", &response)["reason"], "rejected");
    assert_eq!(inner_reason(&user), "rp-id-mismatch");
    // Begun with another one, or with none.
    let begun = challenge(&mut user);
    assert!(begun.data.contains(APP_ID));
    let without = begun.data.replace(&format!(r#","appId":"{APP_ID}""#), "");
    assert!(!without.contains("appId"));
    for data in [begun.data.replace(APP_ID, "https://example.org"), without] {
        let begun = Begun {
            value: begun.value.clone(),
            data,
        };
        for (kind, response) in [
            ("webauthn", key.assert(begun.id(), APP_ID, 0x01)),
            ("webauthn", key.assert(begun.id(), "example.org", 0x01)),
            ("u2f", key.sign(&Ceremony::sign(begun.id()))),
        ] {
            assert_eq!(verify(&mut user, &begun, kind, &response)["reason"], "rejected");
            assert_eq!(inner_reason(&user), "challenge-mismatch");
        }
    }
}

#[test]
fn the_appid_is_for_u2f_keys_alone() {
    let (mut user, _) = enrolled();
    // A WebAuthn credential of the same user, who also has a U2F key, so that the ceremony has an appid.
    let mut credential = Key::new(&[9; 16]);
    let mut record: Value = serde_json::from_str(user.record.as_ref().unwrap()).unwrap();
    let point = credential.point();
    record["webauthn"] = json!([{
        "id": "f1198328-dd65-4d3c-94e2-4504e4dfd3e9", "created": 1, "entry": {
            "cred_id": base64url(&credential.handle), "counter": 0,
            "cred": { "type_": "ES256", "key": { "EC_EC2": {
                "curve": "SECP256R1", "x": base64url(&point[1..33]), "y": base64url(&point[33..])
            } } },
        }
    }]);
    user.record = Some(record.to_string());
    let begun = challenge(&mut user);
    assert_eq!(begun.value["webauthn"]["allowCredentials"].as_array().unwrap().len(), 2);
    let response = credential.assert(begun.id(), APP_ID, 0x01);
    assert_eq!(verify(&mut user, &begun, "webauthn", &response)["reason"], "rejected");
    assert_eq!(inner_reason(&user), "rp-id-mismatch");
    // Its messages are no U2F messages of a factor here.
    let response = credential.sign(&Ceremony::sign(begun.id()));
    assert_eq!(open(&mut user, "u2f", &response)["reason"], "rejected");
    assert_eq!(inner_reason(&user), "no-such-factor");
    let response = credential.assert(begun.id(), "example.org", 0x01);
    assert_eq!(
        verify(&mut user, &begun, "webauthn", &response)["factor"]["type"],
        "webauthn"
    );
}

#[test]
fn backup_flags_presence_and_verification() {
    let (mut user, mut key) = enrolled();
    let attempt = |user: &mut User, key: &mut Key, flags| {
        let begun = challenge(user);
        let response = key.assert(begun.id(), APP_ID, flags);
        let outcome = verify(user, &begun, "webauthn", &response);
        (outcome["ok"] == true, inner_reason(user).to_owned())
    };
    assert_eq!(attempt(&mut user, &mut key, 0x00), (false, "user-not-present".into()));
    assert_eq!(
        attempt(&mut user, &mut key, 0x09),
        (false, "backup-flags-invalid".into())
    );
    assert!(attempt(&mut user, &mut key, 0x05).0);

    // U2F's own messages verify nobody: where that is required, they are neither offered nor accepted.
    let mut settings = with_u2f();
    settings["webauthn"]["userVerification"] = json!("required");
    let mut strict = with_settings(&user, &settings);
    let begun = challenge(&mut strict);
    assert!(begun.value.get("u2f").is_none() && begun.value.get("webauthn").is_some());
    key.counter = 100;
    let response = key.sign(&Ceremony::sign(begun.id()));
    assert_eq!(verify(&mut strict, &begun, "u2f", &response)["reason"], "rejected");
    assert_eq!(inner_reason(&strict), "user-not-verified");
    let response = key.assert(begun.id(), APP_ID, 0x01);
    assert_eq!(verify(&mut strict, &begun, "webauthn", &response)["reason"], "rejected");
    let response = key.assert(begun.id(), APP_ID, 0x05);
    assert_eq!(verify(&mut strict, &begun, "webauthn", &response)["userVerified"], true);
}

#[test]
fn answers_are_bound_and_of_this_user() {
    let (mut user, mut key) = enrolled();
    let begun = challenge(&mut user);
    let response = key.sign(&Ceremony::sign(begun.id()));
    for (member, value) in [
        ("user", json!("bob")),
        ("purpose", json!("step-up")),
        ("session", json!("other")),
        ("now", json!(user.now + 300_000)),
    ] {
        let mut request = json!({
            "answer": { "type": "u2f", "response": response }, "user": "ann", "purpose": "sign-in", "now": user.now
        });
        request[member] = value;
        let change = sign_in::verify_response(
            user.record.as_deref(),
            &begun.data,
            &user.settings,
            &request.to_string(),
        );
        assert_eq!(user.apply(change)["value"]["reason"], "rejected", "{member}");
        assert_eq!(inner_reason(&user), "challenge-mismatch");
    }
    let foreign = Key::new(&[8; 64]).sign(&Ceremony::sign(begun.id()));
    assert_eq!(open(&mut user, "u2f", &foreign)["reason"], "rejected");
    assert_eq!(open(&mut user, "u2f", &json!({}))["reason"], "malformed");
    assert_eq!(verify(&mut user, &begun, "u2f", &json!({}))["reason"], "malformed");
    let other = challenge(&mut user);
    assert_eq!(verify(&mut user, &other, "u2f", &response)["reason"], "rejected");
    assert_eq!(
        verify(&mut user, &begun, "u2f", &response)["ok"],
        true,
        "the honest one"
    );
}

#[test]
fn without_settings_or_enabled_there_is_nothing_to_answer() {
    let (mut user, mut key) = enrolled();
    let begun = challenge(&mut user);
    let responses = [
        ("u2f", key.sign(&Ceremony::sign(begun.id()))),
        ("webauthn", key.assert(begun.id(), APP_ID, 0x01)),
    ];
    let mut without = with_settings(&user, &settings());
    set(&mut user, "enable", json!(false));
    for user in [&mut without, &mut user] {
        let nothing = challenge(user);
        assert_eq!(nothing.value, json!({ "id": nothing.id() }), "a challenge all the same");
        assert_eq!(nothing.data, "");
        for (kind, response) in &responses {
            assert_eq!(open(user, kind, response)["reason"], "rejected");
            assert_eq!(verify(user, &begun, kind, response)["reason"], "rejected");
        }
    }
    set(&mut user, "enable", json!(true));
    assert_eq!(verify(&mut user, &begun, "u2f", &responses[0].1)["ok"], true);
}

#[test]
fn a_key_that_can_not_verify_is_not_offered() {
    let (mut user, mut key) = enrolled();
    let mut bent = entry(&user);
    bent["public-key"] = json!("AAAA");
    set(&mut user, "entry", bent);
    let before = challenge(&mut user);
    assert_eq!(before.value, json!({ "id": before.id() }));
    let response = key.sign(&Ceremony::sign(before.id()));
    assert_eq!(verify(&mut user, &before, "u2f", &response)["reason"], "rejected");
}

#[test]
fn a_success_lifts_the_locks_of_typed_codes() {
    let (mut user, mut key) = enrolled();
    let (uri, _) = user.enrol_totp();
    let now = user.now;
    for _ in 0..8 {
        user.verify("totp", &common::wrong_code(&uri, now));
    }
    assert_eq!(user.status()["locked"], json!(["totp"]));
    for form in ["raw", "webauthn"] {
        let begun = challenge(&mut user);
        let (kind, response) = match form {
            "raw" => ("u2f", key.sign(&Ceremony::sign(begun.id()))),
            _ => ("webauthn", key.assert(begun.id(), APP_ID, 0x01)),
        };
        assert_eq!(verify(&mut user, &begun, kind, &response)["ok"], true);
        assert_eq!(user.status()["locked"], json!([]));
        assert_eq!(user.status()["failures"], 0);
    }
    // A wrong signature counts nothing.
    let begun = challenge(&mut user);
    let response = key.sign(&Ceremony {
        app_id: "https://evil.test".into(),
        ..Ceremony::sign(begun.id())
    });
    assert_eq!(verify(&mut user, &begun, "u2f", &response)["reason"], "rejected");
    assert_eq!(user.status()["failures"], 0);
}

#[test]
fn registrations_exclude_u2f_keys() {
    let (mut user, key) = enrolled();
    let begin = |user: &mut User| {
        let random = user.random::<64>();
        let request = json!({ "user": "ann", "name": "ann", "displayName": "Ann", "now": user.now });
        let begun = enrol::begin_webauthn(
            &user.record.as_deref().into(),
            &random,
            &user.settings,
            &request.to_string(),
        );
        user.envelope(&begun.value)["value"].clone()
    };
    let options = begin(&mut user);
    assert_eq!(
        options["extensions"],
        json!({ "credProps": true, "appidExclude": APP_ID })
    );
    let handle = base64url(&key.handle);
    assert_eq!(
        options["excludeCredentials"],
        json!([{ "type": "public-key", "id": handle }])
    );
    let mut without = with_settings(&user, &settings());
    let without = begin(&mut without);
    assert_eq!(without["extensions"], json!({ "credProps": true }));
    assert_eq!(without["excludeCredentials"], json!([]));
    // One that is turned off is still enrolled.
    set(&mut user, "enable", json!(false));
    let disabled = begin(&mut user);
    assert_eq!(disabled["extensions"], options["extensions"]);
    assert_eq!(disabled["excludeCredentials"], options["excludeCredentials"]);
}

#[test]
fn settings_are_checked() {
    for (u2f, detail) in [
        (json!({ "appId": "example.org" }), "u2f.appId"),
        (json!({ "appId": APP_ID, "facets": [] }), "u2f.facets"),
        (
            json!({ "appId": APP_ID, "facets": ["https://example.org/"] }),
            "u2f.facets",
        ),
        (json!({ "appId": APP_ID, "facet": [] }), "settings"),
        (json!({}), "settings"),
    ] {
        let mut settings = settings();
        settings["u2f"] = u2f;
        let failure = countersign_core::Settings::parse(&settings.to_string()).unwrap_err();
        assert_eq!((failure.code(), failure.detail()), ("invalid-argument", Some(detail)));
    }
}
