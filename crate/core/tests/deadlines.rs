//! Deadlines: written once, kept through everything but the removal of the user, and never prolonged by a clock.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{NOW, STEP, User, code, settings};
use countersign_core::record::Record;
use countersign_core::tfa_config::{emptied, join, split};
use countersign_core::{Action, enforce, enrol, sign_in};
use serde_json::{Value, json};

const TODAY: &str = include_str!("../../../__test__/vectors/record-today.json");
const DAY: i64 = 86_400_000;
const WEEK: i64 = 7 * DAY;

fn ask(user: &mut User, require: u8, by: Option<i64>) -> Value {
    let request = json!({ "require": require, "by": by, "soon": WEEK, "now": user.now }).to_string();
    let change = enforce::enforce(user.record.as_deref(), &user.settings, &request);
    user.apply(change)["value"].clone()
}

/// The same for any factor, as a host says it that gives everybody 30 days from now.
fn state(user: &mut User) -> (String, i64) {
    let by = user.now + 30 * DAY;
    let value = ask(user, 0, Some(by));
    let state = value["state"].as_str().unwrap().to_owned();
    (state, value["by"].as_i64().map_or(0, |by| (by - NOW) / DAY))
}

fn clear(user: &mut User, request: &Value) -> Value {
    let change = enforce::clear_deadlines(user.record.as_deref(), &request.to_string());
    user.apply(change)["value"].clone()
}

fn is(user: &mut User, expected: &str, days: i64) {
    assert_eq!(state(user), (expected.to_owned(), days));
}

#[test]
fn a_deadline_is_written_once_and_leads_from_grace_to_required() {
    let mut user = User::new();
    is(&mut user, "grace", 30);
    let written = user.record.clone().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&written).unwrap(),
        json!({ "deadlines": [{ "by": NOW + 30 * DAY, "seen": NOW }] })
    );
    for (day, expected) in [
        (1, "grace"),
        (22, "grace"),
        (23, "expiring"),
        (29, "expiring"),
        (30, "required"),
    ] {
        user.now = NOW + day * DAY;
        is(&mut user, expected, 30);
        assert_eq!(user.record.as_ref(), Some(&written), "nothing is written again");
    }
    let told: Vec<_> = user.events.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(told, ["deadline-set"]);
}

#[test]
fn a_record_that_only_has_a_deadline_is_no_enrolment_and_no_removal() {
    let mut user = User::new();
    is(&mut user, "grace", 30);
    assert_eq!(user.challenge(false)["value"], Value::Null);
    let status = user.status();
    assert_eq!((&status["enrolled"], status.get("removed")), (&json!(false), None));
    assert_eq!(status["deadlines"], json!([{ "require": 0, "by": NOW + 30 * DAY }]));
    // One that was lost is still one that was lost.
    assert_eq!(user.challenge(true)["failure"]["code"], "record-missing");
    assert_eq!(user.remove_all("root", true)["reason"], "no-such-factor");
    assert!(!user.unlock());
    assert_eq!(user.verify("totp", "123456")["reason"], "rejected");
    let (uri, _) = user.enrol_totp();
    is(&mut user, "none", 0);
    assert!(user.challenge(true)["value"]["totp"].as_bool().unwrap());
    user.now += STEP;
    assert_eq!(user.verify("totp", &code(&uri, user.now))["ok"], true);
    is(&mut user, "none", 0);
}

#[test]
fn no_change_of_factors_renews_it() {
    let mut user = User::new();
    let (_, id) = user.enrol_totp();
    // Also for who has everything at first.
    is(&mut user, "none", 0);
    assert!(user.events.iter().all(|event| event["type"] != "deadline-set"));
    user.now += 40 * DAY;
    assert_eq!(user.remove(&id)["ok"], true);
    is(&mut user, "required", 30);
    assert_eq!(
        user.challenge(true)["value"],
        Value::Null,
        "it says that it was removed"
    );

    user.enrol_totp();
    let codes = user.recovery_codes();
    is(&mut user, "none", 0);
    let request = json!({ "recovery": codes[0], "now": user.now }).to_string();
    let change = sign_in::recover_factors(user.record.as_deref(), &user.settings, &request);
    assert_eq!(user.apply(change)["value"]["ok"], true);
    // Recovery codes alone are no factor.
    is(&mut user, "required", 30);
    user.enrol_totp();
    assert_eq!(user.remove_all("root", true)["ok"], true);
    is(&mut user, "required", 30);
    assert_eq!(user.status()["removed"]["enrolmentRequired"], true);

    user.record = None;
    is(&mut user, "grace", 70);
}

#[test]
fn disabled_factors_and_those_that_are_not_accepted_here_do_not_count() {
    let mut user = User::new();
    let holds = |user: &mut User, text: &Value| {
        user.record = Some(text.to_string());
        ask(user, 0, None)["state"] == "none"
    };
    let today: Value = serde_json::from_str(TODAY).unwrap();
    let only = |kind: &str, enabled: bool| {
        let mut list = today[kind].clone();
        list[0]["enable"] = json!(enabled);
        json!({ kind: [list[0]] })
    };
    for kind in ["totp", "webauthn"] {
        assert!(holds(&mut user, &only(kind, true)), "{kind}");
        assert!(!holds(&mut user, &only(kind, false)), "{kind}");
    }
    for kind in ["u2f", "yubico"] {
        assert!(!holds(&mut user, &only(kind, true)), "{kind}");
    }
    let mut accepting = settings();
    accepting["u2f"] = json!({ "appId": "https://example.org" });
    accepting["yubico"] = json!(true);
    let mut user = User::with(&accepting);
    for kind in ["u2f", "yubico"] {
        assert!(holds(&mut user, &only(kind, true)), "{kind}");
    }
    assert!(!holds(&mut user, &json!({ "recovery": today["recovery"] })));
}

#[test]
fn a_factor_counts_if_it_can_prove_what_is_required() {
    const PHISHING_RESISTANT: u8 = 1;
    const USER_VERIFIED: u8 = 2;
    let mut user = User::new();
    user.enrol_totp();
    assert_eq!(ask(&mut user, PHISHING_RESISTANT, None)["state"], "required");
    let today: Value = serde_json::from_str(TODAY).unwrap();
    let with_key = |verified: bool| {
        let mut key = today["webauthn"][0].clone();
        key["entry"]["user_verified"] = json!(verified);
        Some(json!({ "webauthn": [key] }).to_string())
    };
    user.record = with_key(false);
    assert_eq!(ask(&mut user, PHISHING_RESISTANT, None)["state"], "none");
    assert_eq!(
        ask(&mut user, PHISHING_RESISTANT | USER_VERIFIED, None)["state"],
        "required"
    );
    user.record = with_key(true);
    assert_eq!(
        ask(&mut user, PHISHING_RESISTANT | USER_VERIFIED, None)["state"],
        "none"
    );
    // What only a later version knows is met by nothing.
    assert_eq!(ask(&mut user, 0x80, None)["state"], "required");
}

#[test]
fn another_duty_has_a_deadline_of_its_own_and_prolongs_none() {
    let mut user = User::new();
    is(&mut user, "grace", 30);
    user.now += 20 * DAY;
    let stricter = |user: &mut User| ask(user, 1, Some(user.now + 30 * DAY));
    // A change of role: no factor at all is due when it was.
    assert_eq!(stricter(&mut user), json!({ "state": "grace", "by": NOW + 30 * DAY }));
    user.now += 11 * DAY;
    assert_eq!(stricter(&mut user)["state"], "required");
    user.enrol_totp();
    assert_eq!(stricter(&mut user), json!({ "state": "grace", "by": NOW + 50 * DAY }));
    user.now = NOW + 50 * DAY;
    assert_eq!(stricter(&mut user)["state"], "required");
    // The weaker one does not ask for more.
    is(&mut user, "none", 0);
}

#[test]
fn a_weaker_duty_prolongs_nothing_that_was_due() {
    const PHISHING_RESISTANT: u8 = 1;
    const USER_VERIFIED: u8 = 2;
    const DEVICE_BOUND: u8 = 4;
    const HARDWARE_BOUND: u8 = 8;
    for (before, after) in [
        (PHISHING_RESISTANT, 0),
        (HARDWARE_BOUND, DEVICE_BOUND),
        (HARDWARE_BOUND, PHISHING_RESISTANT),
        (HARDWARE_BOUND, 0),
        (PHISHING_RESISTANT | USER_VERIFIED, USER_VERIFIED),
        // Neither is part of the other, but whoever holds nothing has had the time for any factor.
        (USER_VERIFIED, DEVICE_BOUND),
        (0x80, PHISHING_RESISTANT),
    ] {
        let mut user = User::new();
        assert_eq!(ask(&mut user, before, Some(NOW + 10 * DAY))["state"], "grace");
        user.now += DAY;
        let later = Some(user.now + 30 * DAY);
        let due = json!({ "state": "grace", "by": NOW + 10 * DAY });
        assert_eq!(
            ask(&mut user, after, later),
            due,
            "{before} {after}: an earlier date stays"
        );
        user.now += 10 * DAY;
        assert_eq!(ask(&mut user, after, later)["state"], "required", "{before} {after}");
        // Nor does a factor that came and went.
        let (_, id) = user.enrol_totp();
        user.remove(&id);
        assert_eq!(ask(&mut user, after, later)["state"], "required", "{before} {after}");
    }

    // Who has what the weaker one asks for is told nothing, until it is removed.
    let mut user = User::new();
    ask(&mut user, PHISHING_RESISTANT, Some(NOW - DAY));
    let (_, id) = user.enrol_totp();
    is(&mut user, "none", 0);
    assert_eq!(user.remove(&id)["ok"], true);
    is(&mut user, "required", -1);

    // A part that a factor meets is not overdue, and the rest has a date of its own.
    let today: Value = serde_json::from_str(TODAY).unwrap();
    let mut key = today["webauthn"][0].clone();
    key["entry"]["user_verified"] = json!(false);
    key["entry"]["backup_eligible"] = json!(true);
    let mut user = User::new();
    user.record = Some(json!({ "webauthn": [key] }).to_string());
    assert_eq!(ask(&mut user, USER_VERIFIED, None)["state"], "required");
    let bound = ask(&mut user, DEVICE_BOUND, Some(NOW + 30 * DAY));
    assert_eq!(bound, json!({ "state": "grace", "by": NOW + 30 * DAY }));
}

#[test]
fn an_earlier_date_of_the_host_is_stored_and_a_later_one_is_not() {
    let mut user = User::new();
    is(&mut user, "grace", 30);
    // Clocks of two servers differ by less than a minute.
    let written = user.record.clone();
    let by = NOW + 30 * DAY - 60_000;
    assert_eq!(ask(&mut user, 0, Some(by))["by"], by);
    assert_eq!(user.record, written);
    for later in [NOW + 2 * DAY, NOW + 30 * DAY, i64::MAX] {
        assert_eq!(
            ask(&mut user, 0, Some(later.min(NOW + 2 * DAY))),
            json!({ "state": "expiring", "by": NOW + 2 * DAY })
        );
        assert_eq!(ask(&mut user, 0, Some(later))["by"], NOW + 2 * DAY);
    }
    assert_eq!(
        user.status()["deadlines"],
        json!([{ "require": 0, "by": NOW + 2 * DAY }])
    );
    assert_eq!(ask(&mut user, 0, None), json!({ "state": "required", "by": NOW }));
    is(&mut user, "required", 0);
    let told: Vec<_> = user.events.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(told, ["deadline-set", "deadline-set", "deadline-set"]);
}

#[test]
fn a_clock_that_goes_back_prolongs_nothing() {
    let mut user = User::new();
    is(&mut user, "grace", 30);
    user.now += 40 * DAY;
    let (_, id) = user.enrol_totp();
    user.now = NOW;
    // The time of the enrolment is known, by the factor and after it has gone.
    assert_eq!(ask(&mut user, 1, Some(NOW + 30 * DAY))["state"], "required");
    assert_eq!(user.remove(&id)["ok"], true);
    is(&mut user, "required", 30);
    user.enrol_totp();
    assert_eq!(user.remove_all("root", false)["ok"], true);
    is(&mut user, "required", 30);
    user.enrol_totp();
    is(&mut user, "none", 0);
    assert_eq!(ask(&mut user, 1, Some(NOW + 30 * DAY))["state"], "required");
}

#[test]
fn an_administrator_can_clear_them() {
    let mut user = User::new();
    assert_eq!(clear(&mut user, &json!({})), 0);
    is(&mut user, "grace", 30);
    user.now += 60 * DAY;
    is(&mut user, "required", 30);
    assert_eq!(clear(&mut user, &json!({ "by": "a\nb" })), Value::Null);
    assert_eq!(clear(&mut user, &json!({ "by": "root" })), 1);
    assert_eq!(user.record, None, "nothing else was in it");
    let event = user.events.last().unwrap();
    assert_eq!(*event, json!({ "type": "deadline-cleared", "by": "root" }));
    is(&mut user, "grace", 90);
    user.enrol_totp();
    assert_eq!(clear(&mut user, &json!({})), 1);
    assert!(!user.record.unwrap().contains("deadlines"));
}

#[test]
fn no_import_brings_one_and_none_takes_one_away() {
    let import = |record: Option<&str>, data: &str, replace: bool| {
        let request = json!({ "data": data, "replace": replace, "now": NOW }).to_string();
        enrol::import_record(record, &request)
    };
    let due = r#"{"deadlines":[{"by":5,"seen":1}]}"#;
    for before in [None, Some(TODAY), Some(due)] {
        assert_eq!(import(before, due, true).action, Action::Leave, "{before:?}");
    }
    let mut forged: Value = serde_json::from_str(TODAY).unwrap();
    forged["deadlines"] = json!([{ "by": 9, "seen": 1 }]);
    let brought = import(None, &forged.to_string(), false);
    assert!(!brought.record.unwrap().contains("deadlines"));
    // Who has only a deadline has no other factors.
    let imported = import(Some(due), &forged.to_string(), false).record.unwrap();
    assert!(imported.contains(r#""deadlines":[{"by":5,"#), "{imported}");
    let again = import(Some(&imported), TODAY, true);
    assert!(again.value.contains("unchanged"), "{}", again.value);
    let other = json!({ "totp": forged["totp"] }).to_string();
    let replaced = import(Some(&imported), &other, true).record.unwrap();
    assert!(replaced.contains(r#""deadlines":[{"by":5,"#), "{replaced}");
}

#[test]
fn what_is_no_deadline_makes_the_record_unusable() {
    for wrong in [
        r#"{"deadlines":5}"#,
        r#"{"deadlines":[{}]}"#,
        r#"{"deadlines":[{"by":1}]}"#,
        r#"{"deadlines":[{"by":"1","seen":1}]}"#,
        r#"{"deadlines":[{"by":1,"seen":1,"more":1}]}"#,
        r#"{"deadlines":[{"by":1,"seen":1,"require":256}]}"#,
    ] {
        let mut user = User::new();
        user.record = Some(wrong.to_owned());
        assert_eq!(user.status()["enrolled"], true, "{wrong}");
        // It is not written to: only the host's own date holds.
        assert_eq!(ask(&mut user, 0, Some(NOW + DAY))["state"], "expiring");
        assert_eq!(user.record.as_deref(), Some(wrong));
    }
}

#[test]
fn unusable_entries_stay_beside_it() {
    let mut user = User::new();
    user.record = Some(r#"{"totp":[{"id":"x"}]}"#.to_owned());
    assert_eq!(ask(&mut user, 0, Some(NOW + DAY))["state"], "expiring");
    let text = user.record.clone().unwrap();
    assert!(
        text.contains(r#""totp":[{"id":"x"}]"#) && text.contains("deadlines"),
        "{text}"
    );
    assert_eq!(Record::parse(Some(&text)).unwrap().unusable().len(), 1);
    assert_eq!(
        user.challenge(true)["value"].as_object().unwrap().len(),
        1,
        "it has a factor"
    );
}

#[test]
fn beside_a_configuration_file_it_is_kept_for_whom_the_file_does_not_hold() {
    let mut user = User::new();
    is(&mut user, "grace", 30);
    let alone = user.record.clone().unwrap();
    let parts = split(&alone, None).unwrap();
    assert_eq!(
        (parts.record.as_deref(), parts.additions.as_deref()),
        (None, Some(alone.as_str()))
    );
    assert_eq!(
        emptied(parts.settled.as_deref().unwrap()).unwrap().as_ref(),
        Some(&alone)
    );

    user.enrol_totp();
    let with_factor = user.record.clone().unwrap();
    let parts = split(&with_factor, parts.settled.as_deref()).unwrap();
    let file = parts.record.unwrap();
    assert!(!file.contains("deadlines"), "{file}");
    // Before and after the file has the factor.
    assert!(
        emptied(parts.additions.as_deref().unwrap())
            .unwrap()
            .unwrap()
            .contains("deadlines")
    );
    let settled = parts.settled.unwrap();
    assert_eq!(join(&file, Some(&settled), 0).unwrap().record, with_factor);

    // Another program has removed the user, or all factors: neither renews it.
    assert_eq!(emptied(&settled).unwrap().as_ref(), Some(&alone));
    let joined = join(TODAY, Some(&settled), 0).unwrap();
    assert!(joined.record.contains("deadlines"));
    let mended = joined.mended.unwrap();
    assert_eq!((mended.foreign, mended.additions.as_ref()), (true, Some(&alone)));
    assert_eq!(join(TODAY, mended.additions.as_deref(), 0).unwrap().mended, None);

    let removed = user.remove_all("root", false);
    assert_eq!(removed["ok"], true);
    let parts = split(user.record.as_deref().unwrap(), Some(&settled)).unwrap();
    assert_eq!(parts.record, None);
    assert_eq!(emptied(&parts.settled.unwrap()).unwrap(), user.record);
}
