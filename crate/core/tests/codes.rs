//! Typed codes from enrolment to locks, as a host sees them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{NOW, STEP, User, code, settings, wrong_code};
use countersign_core::sign_in;
use serde_json::{Value, json};

#[test]
fn a_code_signs_in_once_and_only_later_steps_after_it() {
    let mut user = User::new();
    let (uri, id) = user.enrol_totp();
    assert_eq!(
        user.verify("totp", &code(&uri, NOW))["ok"],
        false,
        "the code typed at enrolment counts as used"
    );
    user.now += STEP;
    let now = user.now;
    let outcome = user.verify("totp", &code(&uri, now));
    assert_eq!(
        outcome,
        json!({ "ok": true, "factor": { "id": id, "type": "totp", "description": "phone" } })
    );
    assert_eq!(user.verify("totp", &code(&uri, now))["ok"], false, "again");
    assert_eq!(
        user.verify("totp", &code(&uri, now - STEP))["ok"],
        false,
        "an earlier one"
    );
    assert_eq!(
        user.verify("totp", &format!(" {} ", code(&uri, now)))["ok"],
        false,
        "with blanks"
    );
    user.now += STEP;
    assert_eq!(
        user.verify("totp", &code(&uri, now))["ok"],
        false,
        "again, in the next step"
    );
    assert_eq!(
        user.verify("totp", &code(&uri, now + 2 * STEP))["ok"],
        true,
        "the next one, early"
    );
    assert_eq!(
        user.verify("totp", &code(&uri, now + STEP))["ok"],
        false,
        "which kills the current one"
    );
    assert_eq!(user.status()["totpFailures"], 0, "a used code is no guess");
}

#[test]
fn the_window_ends_where_it_says() {
    for (past, future) in [(0, 0), (1, 0), (1, 1), (10, 10)] {
        let mut settings = settings();
        settings["totp"]["window"] = json!({ "past": past, "future": future });
        for step in -11..=11_i64 {
            let mut user = User::with(&settings);
            let (uri, _) = user.enrol_totp();
            user.now += 100 * STEP;
            let now = user.now;
            let ok = user.verify("totp", &code(&uri, now + step * STEP))["ok"] == true;
            assert_eq!(ok, (-past..=future).contains(&step), "{past} {future} {step}");
        }
    }
}

#[test]
fn each_factor_has_its_own_steps() {
    let mut user = User::new();
    let (first, _) = user.enrol_totp();
    let (second, id) = user.enrol_totp();
    assert_ne!(first, second);
    user.now += STEP;
    let now = user.now;
    assert_eq!(user.verify("totp", &code(&first, now))["ok"], true);
    let outcome = user.verify("totp", &code(&second, now));
    assert_eq!(outcome["factor"]["id"], id.as_str());
}

#[test]
fn five_tries_to_prove_a_secret_and_nothing_before() {
    let mut user = User::new();
    let begun = user.begin_totp();
    let uri = begun["value"]["uri"].as_str().unwrap().to_owned();
    let enrolment = begun["value"]["enrolment"].as_str().unwrap();
    let mut data = begun["challenge"]["data"].as_str().unwrap().to_owned();
    assert_eq!(user.record, None, "a pending secret is not in the record");
    let wrong = wrong_code(&uri, user.now);
    for left in (0..5).rev() {
        let malformed = user.finish_totp(&data, enrolment, "12345");
        assert_eq!(malformed["value"]["reason"], "malformed");
        data = malformed["challenge"]["data"].as_str().unwrap().to_owned();
        let answer = user.finish_totp(&data, enrolment, &wrong);
        assert_eq!(answer["value"], json!({ "ok": false, "reason": "rejected" }));
        assert_eq!(answer["challenge"].is_object(), left > 0, "{left}");
        if left > 0 {
            assert_eq!(answer["challenge"]["id"], enrolment);
            assert_eq!(answer["challenge"]["expires"], begun["challenge"]["expires"]);
            data = answer["challenge"]["data"].as_str().unwrap().to_owned();
        }
    }
    assert_eq!(user.record, None);
}

#[test]
fn an_enrolment_answers_for_its_user_session_and_time_alone() {
    let mut user = User::new();
    let begun = user.begin_totp();
    let uri = begun["value"]["uri"].as_str().unwrap();
    let data: Value = serde_json::from_str(begun["challenge"]["data"].as_str().unwrap()).unwrap();
    let right = code(uri, NOW);
    for (member, value) in [
        ("user", json!("bob")),
        ("session", json!("s2")),
        ("purpose", json!("sign-in")),
        ("expires", json!(NOW)),
    ] {
        let mut other = data.clone();
        other[member] = value;
        let answer = user.finish_totp(&other.to_string(), "x", &right);
        assert_eq!(answer["value"]["reason"], "rejected", "{member}");
        assert_eq!(answer["events"][0]["reason"], "challenge-mismatch");
    }
    assert_eq!(user.finish_totp(&data.to_string(), "x", &right)["value"]["ok"], true);
}

#[test]
fn eight_wrong_codes_lock_totp_until_a_recovery_code() {
    let mut user = User::new();
    let (uri, _) = user.enrol_totp();
    let codes = user.recovery_codes();
    user.now += STEP;
    let now = user.now;
    let wrong = wrong_code(&uri, now);
    for _ in 0..8 {
        assert_eq!(
            user.verify("totp", &wrong),
            json!({ "ok": false, "reason": "rejected" })
        );
    }
    assert_eq!(user.events.last().unwrap()["type"], "locked");
    let locked = user.record.clone();
    assert_eq!(
        user.verify("totp", &code(&uri, now)),
        json!({ "ok": false, "reason": "locked" })
    );
    assert_eq!(user.record, locked, "a refused attempt writes nothing");
    assert_eq!(user.status()["locked"], json!(["totp"]));
    let challenge = user.challenge(true)["value"].clone();
    assert_eq!(
        (&challenge["locked"], &challenge["totp"]),
        (&json!(["totp"]), &Value::Null),
        "told, not offered"
    );
    assert_eq!(challenge["recovery"], json!({ "left": 10 }));
    for told in [challenge, user.status()] {
        assert_eq!(told["lockedUntil"], Value::Null, "it does not end by itself");
        assert!(told.as_object().unwrap().contains_key("lockedUntil"));
        assert_eq!(told["unlockedBy"], json!(["recovery"]));
    }
    let outcome = user.verify("recovery", &codes[3].to_uppercase().replace('-', " "));
    assert_eq!(outcome["recoveryCodesLeft"], 9);
    assert!(
        user.events.iter().any(|event| event["type"] == "unlocked"),
        "what lifts a lock is told"
    );
    assert_eq!(user.verify("recovery", &codes[3])["ok"], false, "used");
    assert_eq!(user.verify("totp", &code(&uri, now))["ok"], true);
    assert_eq!(user.status()["failures"], 0);
    for told in [user.challenge(true)["value"].clone(), user.status()] {
        assert!(
            told.get("lockedUntil").is_none() && told.get("unlockedBy").is_none(),
            "{told}"
        );
    }
}

#[test]
fn a_hundred_wrong_codes_lock_every_typed_code() {
    let mut user = User::new();
    let (uri, _) = user.enrol_totp();
    let codes = user.recovery_codes();
    user.now += STEP;
    for _ in 0..100 {
        assert_eq!(user.verify("recovery", "0000-0000-0000-0000")["reason"], "rejected");
    }
    let now = user.now;
    assert_eq!(user.verify("recovery", &codes[0])["reason"], "locked");
    assert_eq!(user.verify("totp", &code(&uri, now))["reason"], "locked");
    assert_eq!(user.status()["lockedUntil"], now + 3_600_000);
    let challenge = user.challenge(true)["value"].clone();
    assert_eq!(challenge["locked"], json!(["totp", "recovery"]));
    assert!(challenge.get("recovery").is_none() && challenge.get("totp").is_none());
    assert_eq!(challenge["lockedUntil"], now + 3_600_000);
    assert_eq!(challenge["unlockedBy"], json!([]), "nothing that this user has");
    user.now += 3_600_000;
    assert_eq!(user.verify("recovery", "0000-0000-0000-0000")["reason"], "rejected");
    assert_eq!(
        user.verify("recovery", &codes[0])["reason"],
        "locked",
        "one more locks again"
    );
    assert!(user.unlock());
    assert!(!user.unlock());
    assert_eq!(user.verify("recovery", &codes[0])["ok"], true);
}

#[test]
fn what_is_malformed_or_unknown_counts_nothing() {
    let mut user = User::new();
    assert_eq!(user.verify("totp", "123456")["reason"], "rejected");
    assert_eq!(user.record, None, "an unknown user makes no record");
    let (_, id) = user.enrol_totp();
    let before = user.record.clone();
    for text in ["", "12345", "12345678901", "123 45a", "123٤٥٦", "+123456", "1e5000"] {
        assert_eq!(user.verify("totp", text)["reason"], "malformed", "{text}");
    }
    for text in ["", "0000-0000-0000-000", "zzzz-zzzz-zzzz-zzzz"] {
        assert_eq!(user.verify("recovery", text)["reason"], "rejected", "no set, {text}");
    }
    assert_eq!(user.verify("yubico", "cccccc")["reason"], "rejected");
    assert_eq!(user.record, before);
    user.recovery_codes();
    assert_eq!(user.verify("recovery", "zzzz-zzzz-zzzz-zzzz")["reason"], "malformed");
    assert_eq!(
        user.update(&json!({ "id": id, "enable": false }))["reason"],
        "last-factor"
    );
}

#[test]
fn a_challenge_is_null_only_without_factors() {
    let mut user = User::new();
    assert_eq!(user.challenge(false), json!({ "value": null }));
    assert_eq!(user.challenge(true), json!({ "failure": { "code": "record-missing" } }));
    let (_, first) = user.enrol_totp();
    let (_, second) = user.enrol_totp();
    assert_eq!(user.challenge(true)["value"]["totp"], true);
    assert!(
        user.challenge(true).get("challenge").is_none(),
        "typed codes need no open challenge"
    );
    assert_eq!(
        user.update(&json!({ "id": first, "enable": false }))["factor"]["enabled"],
        false
    );
    assert_eq!(
        user.update(&json!({ "id": second, "enable": false }))["reason"],
        "last-factor"
    );
    assert_eq!(user.remove(&second)["left"].as_array().unwrap().len(), 1);
    let challenge = user.challenge(true)["value"].clone();
    assert_eq!(
        challenge.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["id"],
        "an empty challenge, never null"
    );
    user.recovery_codes();
    assert_eq!(user.challenge(true)["value"]["recovery"], json!({ "left": 10 }));
    assert_eq!(
        user.remove(&first)["left"],
        json!([]),
        "the set goes with the last factor"
    );
    assert_eq!(user.status()["enrolled"], false);
    assert_eq!(user.challenge(true)["value"], json!(null));
    user.record = None;
    assert_eq!(user.challenge(true)["failure"]["code"], "record-missing");
}

#[test]
fn recovery_codes_need_a_factor_and_replace_the_old_ones() {
    let mut user = User::new();
    let change = countersign_core::enrol::create_recovery_codes(None, &[0; 88], &user.settings, r#"{"now":0}"#);
    assert_eq!(user.apply(change), json!({ "failure": { "code": "factor-required" } }));
    user.enrol_totp();
    let old = user.recovery_codes();
    let new = user.recovery_codes();
    assert_eq!((old.len(), new.len()), (10, 10));
    assert_eq!(user.verify("recovery", &old[0])["ok"], false);
    for (used, code) in new.iter().enumerate() {
        assert_eq!(user.verify("recovery", code)["recoveryCodesLeft"], 9 - used);
    }
    assert_eq!(user.verify("recovery", &new[9])["reason"], "rejected");
    assert_eq!(
        user.challenge(true)["value"]["recovery"],
        json!({ "left": 0 }),
        "used up, and still a factor"
    );
}

#[test]
fn thirty_two_factors_and_no_more() {
    let mut user = User::new();
    for _ in 0..32 {
        user.enrol_totp();
    }
    assert_eq!(user.begin_totp(), json!({ "failure": { "code": "factor-limit" } }));
}

#[test]
fn an_app_that_can_not_be_used_is_held_and_left_alone() {
    let mut user = User::new();
    user.record = Some(r#"{"totp":[{"id":"a","created":0,"entry":"otpauth://totp/a?secret=A"}]}"#.into());
    let request = json!({ "answer": { "type": "totp", "code": "123456" }, "now": NOW }).to_string();
    let change = countersign_core::sign_in::verify_code(user.record.as_deref(), &user.settings, &request);
    assert_eq!(change.action, countersign_core::Action::Leave);
    let answer = user.apply(change);
    assert_eq!(
        answer["ok"].as_bool().or(answer["value"]["ok"].as_bool()),
        Some(false),
        "{answer}"
    );
    let challenge = countersign_core::sign_in::begin_challenge(
        &user.record.as_deref().into(),
        &[0; 32],
        &user.settings,
        &json!({ "user": "ann", "purpose": "sign-in", "enrolled": true, "now": NOW }).to_string(),
    );
    let challenge: Value = serde_json::from_str(&challenge).unwrap();
    let offered = challenge["value"].as_object().unwrap();
    assert_eq!(
        offered.keys().collect::<Vec<_>>(),
        ["id"],
        "a challenge, never null, and no way to answer it"
    );
}

#[test]
fn a_text_that_is_no_record_is_a_failure() {
    let user = User::new();
    let request = json!({ "answer": { "type": "totp", "code": "123456" }, "now": NOW }).to_string();
    for text in ["", "null", "[]", "{", "{}x"] {
        let change = countersign_core::sign_in::verify_code(Some(text), &user.settings, &request);
        let answer: Value = serde_json::from_str(&change.value).unwrap();
        assert_eq!(answer["failure"]["code"], "record-corrupt", "{text}");
        assert_eq!(change.action, countersign_core::Action::Leave);
    }
}

#[test]
fn no_event_and_no_answer_holds_a_secret() {
    let mut user = User::new();
    let (uri, _) = user.enrol_totp();
    let codes = user.recovery_codes();
    user.now += STEP;
    let right = code(&uri, user.now);
    user.verify("totp", &right);
    user.verify("recovery", &codes[0]);
    user.verify("totp", "999999");
    let secret = uri.split("secret=").nth(1).unwrap().split('&').next().unwrap();
    let text = serde_json::to_string(&user.events).unwrap();
    for hidden in [secret, &right, &codes[0], "999999", "otpauth"] {
        assert!(!text.contains(hidden), "{text}");
    }
}

/// A record that holds this URI several times, as imports and old lines may.
fn held(uris: &[&str]) -> User {
    let mut user = User::new();
    let entry = |(index, uri): (usize, &&str)| {
        let id = format!("1efde97b-4b28-4107-9df4-75f0d07131e{index}");
        json!({ "id": id, "description": format!("app {index}"), "created": 1, "entry": uri })
    };
    let entries: Vec<_> = uris.iter().enumerate().map(entry).collect();
    user.record = Some(json!({ "totp": entries }).to_string());
    user
}

const SECRET: &str = "otpauth://totp/ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

#[test]
fn one_code_succeeds_once_however_often_its_secret_is_held() {
    let longer = format!("{SECRET}&digits=8");
    let mut user = held(&[SECRET, SECRET, &longer, SECRET]);
    let disabled = json!({ "id": "1efde97b-4b28-4107-9df4-75f0d07131e3", "enable": false });
    assert_eq!(user.update(&disabled)["ok"], true);
    let now = user.now;
    assert_eq!(user.verify("totp", &code(SECRET, now))["ok"], true);
    for again in [code(SECRET, now), code(&longer, now), code(SECRET, now - STEP)] {
        assert_eq!(user.verify("totp", &again)["reason"], "rejected", "{again}");
        assert_eq!(user.events.last().unwrap()["reason"], "code-reused");
    }
    let enabled = json!({ "id": "1efde97b-4b28-4107-9df4-75f0d07131e3", "enable": true });
    assert_eq!(user.update(&enabled)["ok"], true);
    assert_eq!(user.remove("1efde97b-4b28-4107-9df4-75f0d07131e0")["ok"], true);
    assert_eq!(
        user.verify("totp", &code(SECRET, now))["reason"],
        "rejected",
        "the one that was disabled"
    );
    assert_eq!(
        user.verify("totp", &code(&longer, now + STEP))["ok"],
        true,
        "eight digits of the next step"
    );
    assert_eq!(
        user.verify("totp", &code(SECRET, now + STEP))["reason"],
        "rejected",
        "its last six"
    );
    assert_eq!(user.status()["totpFailures"], 0, "a used code is no guess");
}

#[test]
fn a_step_that_another_system_counted_for_one_entry_is_used_for_all() {
    let mut user = held(&[SECRET, SECRET]);
    let mut record: Value = serde_json::from_str(user.record.as_ref().unwrap()).unwrap();
    record["totp"][1]["entry"] = json!({ "totp": SECRET, "last-count": NOW / STEP });
    user.record = Some(record.to_string());
    let now = user.now;
    assert_eq!(user.verify("totp", &code(SECRET, now))["reason"], "rejected");
    assert_eq!(user.events.last().unwrap()["reason"], "code-reused");
    assert_eq!(user.verify("totp", &code(SECRET, now + STEP))["ok"], true);
}

#[test]
fn what_gives_other_codes_keeps_its_own_steps() {
    let others = [
        format!("{SECRET}&algorithm=SHA256"),
        format!("{SECRET}&period=60"),
        SECRET.replace("secret=G", "secret=H"),
    ];
    let all: Vec<&str> = [SECRET].into_iter().chain(others.iter().map(String::as_str)).collect();
    let mut user = held(&all);
    let now = user.now;
    for uri in all {
        assert_eq!(user.verify("totp", &code(uri, now))["ok"], true, "{uri}");
    }
}

#[test]
fn a_wrong_code_that_is_right_at_another_time_says_how_far_away() {
    let mut user = User::new();
    let (uri, _) = user.enrol_totp();
    user.now += 100 * STEP;
    let now = user.now;
    let find = |user: &User, code: &str| -> Value {
        let request = json!({ "code": code, "now": now }).to_string();
        let text = sign_in::find_drift(user.record.as_deref(), &request);
        serde_json::from_str::<Value>(&text).unwrap()["value"].clone()
    };
    for steps in [-20, -2, 2, 20_i64] {
        assert_eq!(find(&user, &code(&uri, now + steps * STEP)), json!(steps));
    }
    for steps in [-21, 21_i64] {
        assert_eq!(find(&user, &code(&uri, now + steps * STEP)), Value::Null, "{steps}");
    }
    assert_eq!(find(&user, "12345"), Value::Null, "malformed");

    // What was used is an old code, and no clock.
    assert_eq!(user.verify("totp", &code(&uri, now))["ok"], true);
    assert_eq!(find(&user, &code(&uri, now - 5 * STEP)), Value::Null);

    // The administrator's status says it until a right code comes.
    let note = |user: &mut User, drift: i64| {
        let change = sign_in::note_drift(user.record.as_deref(), &json!({ "drift": drift }).to_string());
        user.apply(change)["value"].clone()
    };
    assert_eq!((note(&mut user, 7), note(&mut user, 7)), (json!(true), json!(false)));
    assert_eq!(user.status()["drift"], 7);
    let later = code(&uri, now + STEP);
    assert_eq!(user.verify("totp", &later)["ok"], true);
    assert!(user.status().get("drift").is_none());

    // Never while the app is locked.
    let wrong = wrong_code(&uri, now);
    for _ in 0..8 {
        user.verify("totp", &wrong);
    }
    assert_eq!(user.status()["locked"], json!(["totp"]));
    assert_eq!(find(&user, &code(&uri, now + 10 * STEP)), Value::Null);
}
