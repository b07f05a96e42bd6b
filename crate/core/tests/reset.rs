//! A TOTP code and a recovery code, and the lost factors are gone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{STEP, User, code, wrong_code};
use countersign_core::sign_in;
use serde_json::{Value, json};

/// A user with two phones, ten recovery codes, and a key of each kind.
fn user() -> (User, String, Vec<String>) {
    let mut user = User::new();
    let (uri, _) = user.enrol_totp();
    user.enrol_totp();
    let codes = user.recovery_codes();
    let keys: Value = serde_json::from_str(include_str!("../../../__test__/vectors/record-today.json")).unwrap();
    let mut record: Value = serde_json::from_str(user.record.as_deref().unwrap()).unwrap();
    for kind in ["webauthn", "u2f", "yubico"] {
        record[kind] = keys[kind].clone();
    }
    user.record = Some(record.to_string());
    user.now += STEP;
    user.events.clear();
    (user, uri, codes)
}

fn reset(user: &mut User, totp: &str, recovery: &str, remove: Option<&[String]>) -> Value {
    let request = json!({ "totp": totp, "recovery": recovery, "remove": remove, "now": user.now }).to_string();
    let change = sign_in::reset_factors(user.record.as_deref(), &user.settings, &request);
    user.apply(change)["value"].clone()
}

fn types(factors: &Value) -> Vec<&str> {
    let factors = factors.as_array().unwrap().iter();
    factors.map(|factor| factor["type"].as_str().unwrap()).collect()
}

fn told(user: &User) -> Vec<&str> {
    user.events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect()
}

#[test]
fn two_right_codes_remove_every_key_and_are_used_up() {
    let (mut user, uri, codes) = user();
    let totp = code(&uri, user.now);
    let outcome = reset(&mut user, &totp, &codes[0], None);
    assert_eq!(outcome["ok"], true);
    assert_eq!(types(&outcome["removed"]), ["webauthn", "u2f", "yubico"]);
    assert_eq!(types(&outcome["left"]), ["recovery", "totp", "totp"]);
    assert_eq!(outcome["recoveryCodesLeft"], 9);
    let told = told(&user);
    assert_eq!(told[..3], ["verified", "verified", "recovery-code-used"]);
    assert_eq!(told[3..], ["removed", "removed", "removed"]);
    assert_eq!(user.verify("totp", &totp)["ok"], false);
    assert_eq!(user.verify("recovery", &codes[0])["ok"], false);
}

#[test]
fn what_is_named_goes_but_not_what_proved_the_user() {
    let (mut user, uri, codes) = user();
    let record: Value = serde_json::from_str(user.record.as_deref().unwrap()).unwrap();
    let id = |kind: &str, index: usize| record[kind][index]["id"].as_str().unwrap().to_owned();
    let remove = vec![
        id("totp", 0),
        id("totp", 1),
        "recovery".into(),
        id("u2f", 0),
        "unknown".into(),
    ];
    let totp = code(&uri, user.now);
    let outcome = reset(&mut user, &totp, &codes[0], Some(&remove));
    assert_eq!(types(&outcome["removed"]), ["totp", "u2f"]);
    assert_eq!(types(&outcome["left"]), ["recovery", "totp", "webauthn", "yubico"]);
}

#[test]
fn one_wrong_code_removes_nothing_and_counts_once() {
    let (mut user, uri, codes) = user();
    let (right, wrong) = (code(&uri, user.now), wrong_code(&uri, user.now));
    let unused = "0000-0000-0000-0000";
    for (totp, recovery, failures) in [(&wrong, codes[0].as_str(), 1), (&wrong, unused, 2), (&right, unused, 3)] {
        let refusal = reset(&mut user, totp, recovery, None);
        assert_eq!(refusal, json!({ "ok": false, "reason": "rejected" }));
        assert_eq!(user.status()["failures"], failures);
    }
    assert_eq!(user.status()["totpFailures"], 2, "a right code forgives nothing here");
    // The right TOTP code is used up, the right recovery code is not.
    assert_eq!(reset(&mut user, &right, &codes[0], None)["reason"], "rejected");
    user.now += STEP;
    let next = code(&uri, user.now);
    assert_eq!(reset(&mut user, &next, &codes[0], None)["ok"], true);
    assert_eq!(user.status()["failures"], 0);
}

#[test]
fn guesses_lock_as_they_do_at_a_sign_in() {
    let (mut user, uri, codes) = user();
    let wrong = wrong_code(&uri, user.now);
    for _ in 0..8 {
        reset(&mut user, &wrong, &codes[0], None);
    }
    assert_eq!(told(&user).last(), Some(&"locked"));
    let right = code(&uri, user.now);
    let before = user.record.clone();
    assert_eq!(reset(&mut user, &right, &codes[0], None)["reason"], "locked");
    assert_eq!(user.record, before);
}

#[test]
fn what_is_no_code_counts_nothing() {
    let (mut user, uri, codes) = user();
    let right = code(&uri, user.now);
    let before = user.record.clone();
    for (totp, recovery) in [("12345", codes[0].as_str()), (&right, "zz"), ("", "")] {
        assert_eq!(reset(&mut user, totp, recovery, None)["reason"], "malformed");
    }
    assert_eq!(user.record, before);
    let mut nobody = User::new();
    assert_eq!(reset(&mut nobody, "123456", &codes[0], None)["reason"], "rejected");
    let mut without_codes = User::new();
    let (uri, _) = without_codes.enrol_totp();
    without_codes.now += STEP;
    let right = code(&uri, without_codes.now);
    assert_eq!(reset(&mut without_codes, &right, &codes[0], None)["reason"], "rejected");
}

fn recover(user: &mut User, recovery: &str, remove: Option<&[String]>) -> Value {
    let request = json!({ "recovery": recovery, "remove": remove, "now": user.now }).to_string();
    let change = sign_in::recover_factors(user.record.as_deref(), &user.settings, &request);
    user.apply(change)["value"].clone()
}

#[test]
fn a_recovery_code_removes_what_was_lost_and_leaves_the_other_codes() {
    let (mut user, uri, codes) = user();
    let outcome = recover(&mut user, &codes[0], None);
    assert_eq!(outcome["ok"], true);
    assert_eq!(
        types(&outcome["removed"]),
        ["totp", "totp", "webauthn", "u2f", "yubico"]
    );
    assert_eq!(types(&outcome["left"]), ["recovery"]);
    assert_eq!(outcome["recoveryCodesLeft"], 9);
    assert_eq!(told(&user)[..2], ["verified", "recovery-code-used"]);
    assert_eq!(user.verify("totp", &code(&uri, user.now))["ok"], false);
    assert_eq!(user.verify("recovery", &codes[0])["ok"], false);
    assert_eq!(user.verify("recovery", &codes[1])["ok"], true);
    // They are all that there is now, and can be renewed all the same.
    let renewed = user.recovery_codes();
    assert_eq!(renewed.len(), 10);
    assert_eq!(user.verify("recovery", &codes[2])["ok"], false);
    assert_eq!(user.verify("recovery", &renewed[2])["ok"], true);
}

#[test]
fn a_recovery_code_removes_only_what_is_named() {
    let (mut user, uri, codes) = user();
    let lost = [
        "82cb7cfe-e760-4982-b043-0d499c4a1384".to_owned(),
        "recovery".to_owned(),
        "nothing".to_owned(),
    ];
    let outcome = recover(&mut user, &codes[0], Some(&lost));
    assert_eq!(types(&outcome["removed"]), ["yubico"]);
    assert_eq!(user.verify("totp", &code(&uri, user.now))["ok"], true);
    assert_eq!(user.verify("recovery", &codes[1])["ok"], true);
}

#[test]
fn a_wrong_recovery_code_removes_nothing_and_counts() {
    let (mut user, _, codes) = user();
    let before = user.record.clone();
    assert_eq!(
        recover(&mut user, "no code", None),
        json!({ "ok": false, "reason": "malformed" })
    );
    assert_eq!(user.record, before);
    for _ in 0..100 {
        let refused = recover(&mut user, "0000-0000-0000-0000", None);
        assert_eq!(refused, json!({ "ok": false, "reason": "rejected" }));
    }
    assert_eq!(
        recover(&mut user, &codes[0], None),
        json!({ "ok": false, "reason": "locked" })
    );
    assert_eq!(told(&user).iter().filter(|kind| **kind == "locked").count(), 1);
    user.now += 3_600_000;
    assert_eq!(recover(&mut user, &codes[0], None)["ok"], true);
    assert_eq!(
        recover(&mut User::new(), &codes[0], None),
        json!({ "ok": false, "reason": "rejected" })
    );
}
