//! A Yubico factor at sign-in, as a host sees it: offered, counted, locked.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;
mod yubico_support;

use common::{User, settings};
use countersign_core::{enrol, sign_in};
use serde_json::{Value, json};
use yubico_support::{KEY, PUBLIC_ID, otp};

fn host() -> Value {
    let mut settings = settings();
    settings["yubico"] = json!(true);
    settings
}

/// A user with an entry as Proxmox writes it.
fn user(settings: &Value) -> User {
    let mut user = User::with(settings);
    let id = "82cb7cfe-e760-4982-b043-0d499c4a1384";
    let entry = json!({ "id": id, "description": "yk", "created": 1, "entry": PUBLIC_ID });
    user.record = Some(json!({ "yubico": [entry] }).to_string());
    user
}

fn open(user: &mut User, code: &str) -> Value {
    let request = json!({ "code": code, "now": user.now }).to_string();
    let text = sign_in::open_yubico(user.record.as_deref(), &user.settings, &request);
    user.envelope(&text)["value"].clone()
}

fn verify(user: &mut User, code: &str, secrets: &Value) -> Value {
    let mut request = json!({ "answer": { "type": "yubico", "code": code }, "now": user.now });
    if !secrets.is_null() {
        request["yubico"] = secrets.clone();
    }
    let change = sign_in::verify_code(user.record.as_deref(), &user.settings, &request.to_string());
    user.apply(change)["value"].clone()
}

fn secrets() -> Value {
    json!({ "key": KEY, "uid": "010203040506" })
}

fn failures(user: &mut User) -> Value {
    user.status()["failures"].clone()
}

fn inner_reason(user: &User) -> &str {
    user.events.last().unwrap()["reason"].as_str().unwrap_or_default()
}

#[test]
fn an_otp_signs_in_once_and_its_counter_is_kept() {
    let mut user = user(&host());
    assert_eq!(user.challenge(true)["value"]["yubico"], true);
    let code = otp(PUBLIC_ID, 4, 1);
    assert_eq!(open(&mut user, &code), PUBLIC_ID);
    let outcome = verify(&mut user, &code, &secrets());
    assert_eq!(
        (&outcome["ok"], &outcome["factor"]["description"]),
        (&json!(true), &json!("yk")),
        "{outcome}"
    );
    let record: Value = serde_json::from_str(user.record.as_ref().unwrap()).unwrap();
    assert_eq!(
        record["yubico"][0]["entry"],
        json!({ "yubico": PUBLIC_ID, "use-count": 4, "session-count": 1 })
    );
    assert_eq!(record["yubico"][0]["last-used"], user.now / 1000);
    for earlier in [code, otp(PUBLIC_ID, 4, 0), otp(PUBLIC_ID, 3, 255)] {
        assert_eq!(verify(&mut user, &earlier, &secrets())["reason"], "rejected");
        assert_eq!(inner_reason(&user), "code-reused");
    }
    assert_eq!(failures(&mut user), 0, "a used code is no guess");
    for later in [otp(PUBLIC_ID, 4, 2).to_uppercase(), otp(PUBLIC_ID, 5, 0)] {
        assert_eq!(verify(&mut user, &later, &secrets())["ok"], true);
    }
}

#[test]
fn wrong_otps_count_and_lock() {
    let mut settings = host();
    settings["limits"]["failures"] = json!(4);
    let mut user = user(&settings);
    let other_key = json!({ "key": "00".repeat(16), "uid": "010203040506" });
    let other_uid = json!({ "key": KEY, "uid": "010203040507" });
    assert_eq!(
        verify(&mut user, &otp(PUBLIC_ID, 1, 1), &other_key)["reason"],
        "rejected"
    );
    assert_eq!(
        verify(&mut user, &otp(PUBLIC_ID, 1, 1), &other_uid)["reason"],
        "rejected"
    );
    assert_eq!(
        verify(&mut user, &otp("cccccccdjiij", 1, 1), &secrets())["reason"],
        "rejected",
        "another's key"
    );
    assert_eq!(failures(&mut user), 3);
    assert_eq!(verify(&mut user, "cccccc", &secrets())["reason"], "malformed");
    assert_eq!(failures(&mut user), 3);
    verify(&mut user, &otp(PUBLIC_ID, 1, 1), &other_key);
    assert_eq!(user.status()["locked"], json!(["yubico"]));
    let code = otp(PUBLIC_ID, 1, 1);
    assert_eq!(open(&mut user, &code), Value::Null);
    assert_eq!(verify(&mut user, &code, &secrets())["reason"], "locked");
    let challenge = user.challenge(true)["value"].clone();
    assert_eq!(
        (&challenge["yubico"], &challenge["locked"]),
        (&Value::Null, &json!(["yubico"]))
    );
    user.now += 3_600_000;
    assert_eq!(verify(&mut user, &code, &secrets())["ok"], true);
    assert_eq!(failures(&mut user), 0);
}

#[test]
fn without_keys_nothing_is_offered_counted_or_written() {
    let code = otp(PUBLIC_ID, 1, 1);
    let mut without = user(&settings());
    let mut disabled = user(&host());
    disabled.record = disabled
        .record
        .map(|record| record.replace(r#""created":1"#, r#""created":1,"enable":false"#));
    let mut nobody = User::with(&host());
    let mut unknown = user(&host());
    for (user, secrets, reason) in [
        (&mut without, secrets(), "not-supported"),
        (&mut disabled, secrets(), "no-such-factor"),
        (&mut nobody, secrets(), "no-such-factor"),
        (&mut unknown, Value::Null, "key-missing"),
    ] {
        let before = user.record.clone();
        assert_eq!(verify(user, &code, &secrets)["reason"], "rejected");
        assert_eq!(inner_reason(user), reason);
        assert_eq!(user.record, before, "{reason}");
        if reason != "key-missing" {
            assert_eq!(open(user, &code), Value::Null);
            assert_eq!(user.challenge(false)["value"].get("yubico"), None);
        }
    }
}

#[test]
fn a_key_that_is_there_twice_has_one_counter() {
    let mut user = user(&host());
    let mut record: Value = serde_json::from_str(user.record.as_ref().unwrap()).unwrap();
    let mut second = record["yubico"][0].clone();
    second["id"] = json!("1efde97b-4b28-4107-9df4-75f0d07131ef");
    second["entry"] = json!(PUBLIC_ID.to_uppercase());
    record["yubico"].as_array_mut().unwrap().push(second);
    user.record = Some(record.to_string());
    let code = otp(PUBLIC_ID, 1, 1);
    assert_eq!(verify(&mut user, &code, &secrets())["ok"], true);
    assert_eq!(user.remove("82cb7cfe-e760-4982-b043-0d499c4a1384")["ok"], true);
    assert_eq!(verify(&mut user, &code, &secrets())["reason"], "rejected");
    assert_eq!(inner_reason(&user), "code-reused");
    assert_eq!(verify(&mut user, &otp(PUBLIC_ID, 1, 2), &secrets())["ok"], true);
}

#[test]
fn eight_wrong_otps_in_a_row_lock_otps_until_something_lifts_it() {
    let mut user = user(&host());
    let (uri, _) = user.enrol_totp();
    let codes = user.recovery_codes();
    user.now += common::STEP;
    let other_uid = json!({ "key": KEY, "uid": "010203040507" });
    let wrong = otp(PUBLIC_ID, 1, 1);
    for time in 1..8 {
        assert_eq!(verify(&mut user, &wrong, &other_uid)["reason"], "rejected");
        assert_eq!(user.status()["yubicoFailures"], time);
    }
    assert_eq!(verify(&mut user, &otp(PUBLIC_ID, 1, 1), &secrets())["ok"], true);
    assert_eq!(user.status()["yubicoFailures"], 0, "in a row");
    for _ in 0..8 {
        assert_eq!(verify(&mut user, &wrong, &other_uid)["reason"], "rejected");
    }
    assert_eq!(user.events.last().unwrap()["type"], "locked");
    let before = user.record.clone();
    let right = otp(PUBLIC_ID, 9, 9);
    user.now += 365 * 86_400_000;
    assert_eq!(verify(&mut user, &right, &secrets())["reason"], "locked");
    assert_eq!(open(&mut user, &right), Value::Null);
    assert_eq!(user.record, before);
    assert_eq!(user.challenge(true)["value"]["locked"], json!(["yubico"]));
    let now = user.now;
    assert_eq!(
        user.verify("totp", &common::code(&uri, now))["ok"],
        true,
        "of its type alone"
    );
    assert_eq!(user.status()["locked"], json!(["yubico"]), "which does not lift it");
    assert_eq!(user.verify("recovery", &codes[0])["ok"], true);
    assert_eq!(
        user.events.iter().filter(|event| event["type"] == "unlocked").count(),
        1
    );
    assert_eq!(verify(&mut user, &right, &secrets())["ok"], true);
    for _ in 0..8 {
        verify(&mut user, &wrong, &other_uid);
    }
    assert!(user.unlock());
    assert_eq!(verify(&mut user, &otp(PUBLIC_ID, 9, 10), &secrets())["ok"], true);
}

#[test]
fn one_counter_for_all_who_hold_a_key() {
    let mut key: Option<String> = None;
    let mut spend = |code: &str, uid: &str| {
        let request = json!({ "code": code, "yubico": { "key": KEY, "uid": uid } }).to_string();
        let change = sign_in::spend_yubico(key.as_deref(), &request);
        key = change.record.or(key.take());
        serde_json::from_str::<Value>(&change.value).unwrap()["value"].clone()
    };
    let uid = "010203040506";
    for (code, uid, expected) in [
        (otp(PUBLIC_ID, 1, 1), "010203040507", "wrong"),
        ("cccc".to_owned(), uid, "wrong"),
        (otp(PUBLIC_ID, 1, 1), uid, "unused"),
        (otp(PUBLIC_ID, 1, 1), uid, "reused"),
        (otp(PUBLIC_ID, 1, 0), uid, "reused"),
        (otp(PUBLIC_ID, 1, 2), uid, "unused"),
    ] {
        assert_eq!(spend(&code, uid), expected, "{code}");
    }
}

/// Enrols the key that typed `code`.
fn enrol_key(user: &mut User, code: &str, more: &Value) -> Value {
    let random = user.random::<16>();
    let mut request = json!({ "code": code, "yubico": secrets(), "description": "my key", "now": user.now });
    request
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let change = enrol::enrol_yubico(user.record.as_deref(), &random, &user.settings, &request.to_string());
    user.apply(change)
}

#[test]
fn a_key_is_enrolled_by_an_otp_which_counts_as_used() {
    let mut user = User::with(&host());
    let enrolled = enrol_key(&mut user, &otp(PUBLIC_ID, 4, 1).to_uppercase(), &json!({}));
    let factor = &enrolled["value"]["factor"];
    assert_eq!(
        (&factor["type"], &factor["description"], &factor["enabled"]),
        (&json!("yubico"), &json!("my key"), &json!(true)),
        "{enrolled}"
    );
    assert_eq!(
        user.events,
        [json!({ "type": "enrolled", "factor": { "type": "yubico", "id": factor["id"] } })]
    );
    let text = user.record.clone().unwrap();
    let record: Value = serde_json::from_str(&text).unwrap();
    let entry = json!({ "yubico": PUBLIC_ID, "use-count": 4, "session-count": 1 });
    assert_eq!(
        record["yubico"][0]["entry"], entry,
        "neither the key nor its private id"
    );
    for used in [otp(PUBLIC_ID, 4, 1), otp(PUBLIC_ID, 4, 0)] {
        assert_eq!(verify(&mut user, &used, &secrets())["reason"], "rejected");
        assert_eq!(inner_reason(&user), "code-reused");
    }
    assert_eq!(verify(&mut user, &otp(PUBLIC_ID, 4, 2), &secrets())["ok"], true);
}

#[test]
fn what_proves_no_key_enrols_none() {
    let mut user = User::with(&host());
    let right = otp(PUBLIC_ID, 1, 1);
    let other_key = json!({ "yubico": { "key": "00".repeat(16), "uid": "010203040506" } });
    let other_uid = json!({ "yubico": { "key": KEY, "uid": "010203040507" } });
    for (code, more, reason, inner) in [
        (right.as_str(), &other_key, "rejected", "wrong-code"),
        (right.as_str(), &other_uid, "rejected", "wrong-code"),
        (right.as_str(), &json!({ "yubico": null }), "unknown-key", "unknown-key"),
        (PUBLIC_ID, &json!({}), "malformed", "malformed"),
        ("", &json!({}), "malformed", "malformed"),
    ] {
        assert_eq!(enrol_key(&mut user, code, more)["value"]["reason"], reason, "{code}");
        assert_eq!(inner_reason(&user), inner);
        assert_eq!(user.record, None, "an unknown user makes no record");
    }
    assert_eq!(user.events[3]["member"], "code");
    assert_eq!(
        enrol_key(&mut user, &right, &json!({ "firstOnly": true }))["value"]["ok"],
        true
    );
    let before = user.record.clone();
    let (later, other) = (otp(PUBLIC_ID, 2, 1), otp("ccccccccccbb", 2, 1));
    for (code, more, reason) in [
        (&later, json!({}), "already-enrolled"),
        (&later, other_uid, "already-enrolled"),
        (&other, json!({ "firstOnly": true }), "not-first"),
    ] {
        assert_eq!(enrol_key(&mut user, code, &more)["value"]["reason"], reason);
    }
    assert_eq!(user.record, before);
    let mut settings = host();
    settings["limits"]["factors"] = json!(1);
    user.settings = countersign_core::Settings::parse(&settings.to_string()).unwrap();
    assert_eq!(
        enrol_key(&mut user, &other, &json!({}))["value"]["reason"],
        "factor-limit"
    );
    let failure = |user: &mut User, more: Value| enrol_key(user, &other, &more)["failure"]["code"].clone();
    assert_eq!(
        failure(&mut user, json!({ "description": "a\u{202e}b" })),
        "invalid-argument"
    );
    user.settings = common::User::new().settings;
    assert_eq!(failure(&mut user, json!({})), "invalid-argument");
    assert_eq!(user.record, before);
}

#[test]
fn a_key_that_is_turned_off_is_not_enrolled_again() {
    let mut user = user(&host());
    let mut record: Value = serde_json::from_str(user.record.as_ref().unwrap()).unwrap();
    record["yubico"][0]["enable"] = json!(false);
    record["yubico"][0]["entry"] = json!(PUBLIC_ID.to_uppercase());
    user.record = Some(record.to_string());
    let code = otp(PUBLIC_ID, 1, 1);
    assert_eq!(
        enrol_key(&mut user, &code, &json!({}))["value"]["reason"],
        "already-enrolled"
    );
}
