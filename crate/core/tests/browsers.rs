//! Remembered browsers: what a token is worth, for how long, and what ends it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{NOW, STEP, User, code, settings, wrong_code};
use countersign_core::record::{MAX_RECORD_BYTES, Record};
use countersign_core::tfa_config::{join, split};
use countersign_core::{Action, browsers, enrol, sign_in};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

const DAY: i64 = 86_400_000;
const SECOND: i64 = 1000;

/// A user with a phone app, in a browser.
struct Person {
    user: User,
    uri: String,
}

impl Person {
    fn new() -> Self {
        let mut user = User::new();
        let (uri, _) = user.enrol_totp();
        user.recovery_codes();
        user.now += STEP;
        Self { user, uri }
    }

    /// The outcome of a sign-in that remembers the browser.
    fn remember(&mut self, label: &str) -> Value {
        let code = code(&self.uri, self.user.now);
        let random = BASE64URL_NOPAD.encode(&self.user.random::<64>());
        let request = json!({
            "answer": { "type": "totp", "code": code }, "now": self.user.now,
            "remember": { "label": label, "random": random }
        });
        let change = sign_in::verify_code(self.user.record.as_deref(), &self.user.settings, &request.to_string());
        let outcome = self.user.apply(change)["value"].clone();
        self.user.now += STEP;
        outcome
    }

    fn token(&mut self) -> String {
        self.remember("Firefox")["token"].as_str().unwrap().to_owned()
    }

    fn recognise(&mut self, token: &str) -> Value {
        let random = BASE64URL_NOPAD.encode(&self.user.random::<32>());
        let request = json!({ "token": token, "random": random, "now": self.user.now }).to_string();
        let change = browsers::recognise_browser(self.user.record.as_deref(), &self.user.settings, &request);
        self.user.apply(change)["value"].clone()
    }

    /// The next token.
    fn next(&mut self, token: &str) -> String {
        self.recognise(token)["token"].as_str().unwrap().to_owned()
    }

    fn list(&mut self, token: &str) -> Vec<Value> {
        let request = json!({ "token": token, "now": self.user.now }).to_string();
        let text = browsers::browsers(self.user.record.as_deref(), &self.user.settings, &request);
        self.user.envelope(&text)["value"].as_array().unwrap().clone()
    }

    fn forget(&mut self, request: &Value) -> Value {
        let change = browsers::forget_browsers(self.user.record.as_deref(), &request.to_string());
        self.user.apply(change)["value"].clone()
    }

    fn told(&self) -> Vec<&str> {
        let events = self.user.events.iter().filter(|event| event.get("browser").is_some());
        events.map(|event| event["type"].as_str().unwrap()).collect()
    }
}

fn is_no(answer: &Value) -> bool {
    *answer == json!({ "remembered": false })
}

#[test]
fn a_sign_in_remembers_a_browser_and_every_use_replaces_its_token() {
    let mut person = Person::new();
    let at = person.user.now;
    let outcome = person.remember("Firefox on Linux");
    assert_eq!(outcome["ok"], true);
    assert_eq!(outcome["expires"], at + 30 * DAY);
    let first = outcome["token"].as_str().unwrap().to_owned();
    assert_eq!(first.len(), 64, "48 bytes");
    let second = person.recognise(&first);
    assert_eq!(second["remembered"], true);
    assert_eq!(second["expires"], at + 30 * DAY, "fixed");
    let second = second["token"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    assert_eq!(first[..20], second[..20], "the series stays");
    let third = person.next(&second);
    assert_ne!(third, second);
    assert_eq!(
        person.told(),
        ["browser-remembered", "browser-recognised", "browser-recognised"]
    );
}

#[test]
fn the_record_holds_neither_the_token_nor_its_parts() {
    let mut person = Person::new();
    let token = person.token();
    let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
    let record = person.user.record.clone().unwrap();
    for part in [&bytes[..], &bytes[..16], &bytes[16..]] {
        assert!(!record.contains(&BASE64URL_NOPAD.encode(part)));
    }
    let listed = person.list("");
    assert!(!json!(listed).to_string().contains(&token[..20]));
    assert!(!record.contains(&token[..20]) && !token.contains(listed[0]["id"].as_str().unwrap()));
}

#[test]
fn without_being_asked_nothing_is_remembered() {
    let mut person = Person::new();
    let code = code(&person.uri, person.user.now);
    let outcome = person.user.verify("totp", &code);
    assert_eq!((outcome.get("token"), outcome.get("expires")), (None, None));
    assert!(!person.user.record.as_ref().unwrap().contains("browsers"));
    // A wrong code gives no token.
    let wrong = wrong_code(&person.uri, person.user.now);
    let random = BASE64URL_NOPAD.encode(&[1; 64]);
    let request = json!({
        "answer": { "type": "totp", "code": wrong }, "now": person.user.now, "remember": { "label": "", "random": random }
    });
    let change = sign_in::verify_code(
        person.user.record.as_deref(),
        &person.user.settings,
        &request.to_string(),
    );
    assert!(!change.record.unwrap().contains("browsers"));
}

#[test]
fn the_token_before_is_accepted_for_ten_seconds_and_mints_nothing() {
    let mut person = Person::new();
    let first = person.token();
    let second = person.next(&first);
    let record = person.user.record.clone();
    for _ in 0..3 {
        person.user.now += 3 * SECOND;
        assert_eq!(person.recognise(&first), json!({ "remembered": true }));
    }
    assert_eq!(person.user.record, record, "the ten seconds are not renewed");
    person.user.now += SECOND;
    assert_eq!(person.recognise(&first), json!({ "remembered": true }), "ten seconds");
    person.user.now += 1;
    assert!(is_no(&person.recognise(&first)), "one millisecond more");
    assert_eq!(person.told().last(), Some(&"browser-token-reused"));
    assert!(is_no(&person.recognise(&second)), "the series has ended");
    assert!(person.list("").is_empty());
}

#[test]
fn any_older_token_ends_the_series_even_within_ten_seconds() {
    let mut person = Person::new();
    let first = person.token();
    let second = person.next(&first);
    let third = person.next(&second);
    assert_eq!(person.recognise(&second), json!({ "remembered": true }));
    assert!(is_no(&person.recognise(&first)));
    assert_eq!(person.told().last(), Some(&"browser-token-reused"));
    assert!(is_no(&person.recognise(&third)));
}

#[test]
fn a_made_up_secret_of_a_known_series_ends_it_too() {
    let mut person = Person::new();
    let token = person.token();
    let mut bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
    bytes[47] ^= 1;
    assert!(is_no(&person.recognise(&BASE64URL_NOPAD.encode(&bytes))));
    assert_eq!(person.told().last(), Some(&"browser-token-reused"));
    assert!(is_no(&person.recognise(&token)));
}

#[test]
fn what_is_no_token_of_this_user_changes_nothing() {
    let mut person = Person::new();
    let token = person.token();
    let foreign = Person::new().token();
    let mut bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
    bytes[0] ^= 1;
    let record = person.user.record.clone();
    let of_other_series = BASE64URL_NOPAD.encode(&bytes);
    let longer = format!("{token}AAAA");
    for other in [&of_other_series, "", "x", &token[..63], &longer, &format!("{token}=")] {
        assert!(is_no(&person.recognise(other)), "{other}");
    }
    assert_eq!(person.user.record, record);
    assert_eq!(person.told(), ["browser-remembered"]);
    // Two users get the same bytes in this test, so another relying party stands for another user here.
    let mut elsewhere = settings();
    elsewhere["rp"] = json!({ "id": "example.com", "name": "Example", "origins": ["https://example.com"] });
    let mut other = User::with(&elsewhere);
    other.record = record;
    other.now = person.user.now;
    let uri = person.uri.clone();
    let mut other = Person { user: other, uri };
    assert!(is_no(&other.recognise(&token)) && is_no(&other.recognise(&foreign)));
    assert!(!other.list(&token)[0]["current"].as_bool().unwrap_or_default());
    person.next(&token);
}

#[test]
fn a_browser_is_remembered_for_thirty_days_however_often_it_is_used() {
    let mut person = Person::new();
    let start = person.user.now;
    let mut token = person.token();
    for day in 1..30 {
        person.user.now = start + day * DAY;
        token = person.next(&token);
    }
    person.user.now = start + 30 * DAY - 1;
    token = person.next(&token);
    person.user.now = start + 30 * DAY;
    assert!(is_no(&person.recognise(&token)));
    assert!(person.list("").is_empty());
    // Its entry goes with the next one that is remembered.
    person.token();
    let record: Value = serde_json::from_str(person.user.record.as_ref().unwrap()).unwrap();
    assert_eq!(record["browsers"].as_array().unwrap().len(), 1);
}

#[test]
fn a_clock_that_goes_back_prolongs_nothing() {
    let mut person = Person::new();
    let start = person.user.now;
    let token = person.token();
    let early = person.next(&token);
    // Another factor's success is the latest time of the record.
    person.user.now = start + 31 * DAY;
    let late = code(&person.uri, person.user.now);
    assert_eq!(person.user.verify("totp", &late)["ok"], true);
    person.user.now = start + DAY;
    assert!(is_no(&person.recognise(&early)));
    assert!(person.list("").is_empty());
    // The date of a factor that was added counts too.
    let mut person = Person::new();
    let token = person.token();
    person.user.now = start + 31 * DAY;
    person.user.enrol_totp();
    person.user.now = start + DAY;
    assert!(is_no(&person.recognise(&token)));
}

#[test]
fn a_clock_that_goes_back_does_not_bring_the_ten_seconds_back() {
    for back in [11 * SECOND, 3600 * SECOND, 400 * DAY] {
        let mut person = Person::new();
        let first = person.token();
        let second = person.next(&first);
        person.user.now -= back;
        assert!(is_no(&person.recognise(&first)), "{back}");
        assert!(is_no(&person.recognise(&second)), "{back}");
    }
    // Within what the clocks of two servers differ, it is a request that crossed another one.
    let mut person = Person::new();
    let first = person.token();
    let second = person.next(&first);
    let record = person.user.record.clone();
    person.user.now -= SECOND;
    assert_eq!(person.recognise(&first), json!({ "remembered": true }));
    // By a clock that is further behind, it isn't let in, and isn't taken for a copy.
    for back in [1, 8 * SECOND] {
        person.user.now -= back;
        assert!(is_no(&person.recognise(&first)), "{back}");
    }
    assert_eq!(person.user.record, record);
    person.next(&second);
}

#[test]
fn a_factor_that_another_system_dates_ahead_ends_no_browser_too_early() {
    let mut person = Person::new();
    let (_, id) = person.user.enrol_totp();
    let mut record: Value = serde_json::from_str(person.user.record.as_ref().unwrap()).unwrap();
    for factor in record["totp"].as_array_mut().unwrap() {
        if factor["id"] == json!(id) {
            factor["created"] = json!((person.user.now + DAY) / 1000);
        }
    }
    person.user.record = Some(record.to_string());
    let first = person.token();
    person.next(&first);
    assert_eq!(person.recognise(&first), json!({ "remembered": true }));
}

#[test]
fn sixteen_browsers_and_the_one_used_longest_ago_goes() {
    let mut person = Person::new();
    let tokens: Vec<_> = (0..16).map(|_| person.token()).collect();
    assert_eq!(person.list("").len(), 16);
    let first = person.next(&tokens[0]);
    person.user.now += SECOND;
    let newest = person.token();
    assert_eq!(person.list("").len(), 16);
    assert!(is_no(&person.recognise(&tokens[1])));
    let next = person.next(&first);
    person.next(&newest);
    let listed = person.list(&next);
    let current: Vec<_> = listed.iter().filter(|one| one["current"] == true).collect();
    assert_eq!(current.len(), 1);
    assert_eq!(current[0]["lastUsed"], person.user.now);
    let ids: std::collections::BTreeSet<_> = listed.iter().map(|one| one["id"].to_string()).collect();
    assert_eq!(ids.len(), 16);
}

#[test]
fn one_or_all_are_forgotten() {
    let mut person = Person::new();
    let (first, second) = (person.token(), person.token());
    person.token();
    let listed = person.list(&first);
    let id = listed.iter().find(|one| one["current"] == true).unwrap()["id"].clone();
    assert_eq!(person.forget(&json!({ "id": "none" })), 0);
    assert_eq!(person.forget(&json!({ "id": id, "by": "ann" })), 1);
    let told = person.user.events.last().unwrap();
    assert_eq!(
        *told,
        json!({ "type": "browser-forgotten", "browser": id, "by": "ann" })
    );
    assert!(is_no(&person.recognise(&first)));
    let second = person.next(&second);
    assert_eq!(person.forget(&json!({})), 2);
    assert!(is_no(&person.recognise(&second)));
    assert_eq!(person.forget(&json!({})), 0);
    assert!(!person.user.record.as_ref().unwrap().contains("browsers"));
}

#[test]
fn it_does_not_work_while_codes_are_locked_and_lifts_no_lock() {
    let mut person = Person::new();
    let token = person.token();
    let wrong = wrong_code(&person.uri, person.user.now);
    for _ in 0..7 {
        person.user.verify("totp", &wrong);
    }
    let token = person.next(&token);
    assert_eq!(person.user.status()["totpFailures"], 7, "it clears no failures");
    person.user.verify("totp", &wrong);
    let record = person.user.record.clone();
    assert!(is_no(&person.recognise(&token)));
    assert_eq!(person.user.record, record, "it stays");
    assert!(person.user.unlock());
    let next = person.next(&token);
    // The one before doesn't work either, but one that was copied is still found out.
    for _ in 0..8 {
        person.user.verify("totp", &wrong);
    }
    assert!(is_no(&person.recognise(&token)));
    assert_eq!(person.list("").len(), 1);
    person.user.now += 11 * SECOND;
    assert!(is_no(&person.recognise(&token)));
    assert!(person.list("").is_empty());
    person.user.unlock();
    assert!(is_no(&person.recognise(&next)));
}

#[test]
fn it_is_no_factor() {
    let mut person = Person::new();
    let token = person.token();
    let text = person.user.record.clone().unwrap();
    let mut record: Value = serde_json::from_str(&text).unwrap();
    // A record that somebody emptied but for its browsers lets nobody in.
    for kind in ["totp", "recovery"] {
        record.as_object_mut().unwrap().remove(kind);
    }
    person.user.record = Some(record.to_string());
    assert_eq!(person.user.status()["enrolled"], false);
    assert_eq!(person.user.challenge(true)["failure"]["code"], "record-missing");
    assert!(is_no(&person.recognise(&token)));
    person.user.record = Some(text);
    let id = serde_json::from_str::<Value>(&countersign_core::manage::factors(person.user.record.as_deref())).unwrap();
    assert_eq!(id["value"].as_array().unwrap().len(), 2);
    let id = id["value"][1]["id"].clone();
    let refused = person.user.update(&json!({ "id": id, "enable": false }));
    assert_eq!(refused["reason"], "last-factor");
    person.next(&token);
}

#[test]
fn losing_or_disabling_a_factor_ends_every_browser() {
    let ended = |change: &dyn Fn(&mut Person, &str)| {
        let mut person = Person::new();
        let (_, second) = person.user.enrol_totp();
        let token = person.token();
        let token = person.next(&token);
        change(&mut person, &second);
        person.user.unlock();
        is_no(&person.recognise(&token)) && !person.user.record.as_ref().unwrap().contains("browsers")
    };
    assert!(ended(&|person, id| drop(person.user.remove(id))), "removed");
    assert!(
        ended(&|person, id| drop(person.user.update(&json!({ "id": id, "enable": false })))),
        "disabled"
    );
    assert!(
        ended(&|person, _| drop(person.user.remove_all("root", false))),
        "removed by an administrator"
    );
    assert!(
        ended(&|person, _| drop(person.user.remove_all("root", true))),
        "made to enrol"
    );
    assert!(
        ended(&|person, _| {
            let code = person.user.recovery_codes().remove(0);
            let request = json!({ "recovery": code, "remove": [], "now": person.user.now }).to_string();
            let change = sign_in::recover_factors(person.user.record.as_deref(), &person.user.settings, &request);
            assert_eq!(person.user.apply(change)["value"]["ok"], true);
        }),
        "recovered, and nothing removed"
    );
    assert!(
        ended(&|person, _| {
            let recovery = person.user.recovery_codes().remove(0);
            let totp = code(&person.uri, person.user.now);
            let request = json!({ "totp": totp, "recovery": recovery, "now": person.user.now }).to_string();
            let change = sign_in::reset_factors(person.user.record.as_deref(), &person.user.settings, &request);
            assert_eq!(person.user.apply(change)["value"]["ok"], true);
        }),
        "reset"
    );
    // What takes nothing away ends nothing.
    assert!(!ended(&|person, id| drop(
        person.user.update(&json!({ "id": id, "description": "tablet" }))
    )));
    assert!(!ended(&|person, _| drop(person.user.recovery_codes())));
    assert!(!ended(&|person, _| drop(person.user.enrol_totp())));
    assert!(!ended(&|person, _| drop(person.user.remove("none"))));
}

#[test]
fn records_of_another_store_bring_no_browsers() {
    let mut person = Person::new();
    let token = person.token();
    let data = person.user.record.clone().unwrap();
    let import = |before: Option<&str>, replace: bool| {
        let request = json!({ "data": data, "replace": replace, "now": NOW }).to_string();
        enrol::import_record(before, &request)
    };
    let imported = import(None, false);
    assert_eq!(imported.action, Action::Write);
    assert!(!imported.record.unwrap().contains("browsers"));
    // Those of a user who has the same factors already stay.
    assert_eq!(import(Some(&data), true).action, Action::Leave);
    let other = data.replace("Example:ann", "Example:bob");
    let replaced = import(Some(&other), true);
    assert!(!replaced.record.unwrap().contains("browsers"));
    person.next(&token);
}

#[test]
fn an_older_record_brings_an_older_token_back() {
    let mut person = Person::new();
    let first = person.token();
    let backup = person.user.record.clone();
    let second = person.next(&first);
    person.user.now += DAY;
    person.user.record = backup;
    // The browser's own token is one that the record never had.
    assert!(is_no(&person.recognise(&second)));
    assert_eq!(person.told().last(), Some(&"browser-token-reused"));
    assert!(is_no(&person.recognise(&first)), "nor is the copy worth anything then");
}

#[test]
fn a_full_record_remembers_no_more_but_uses_and_forgets() {
    let mut person = Person::new();
    let token = person.token();
    let mut record: Value = serde_json::from_str(person.user.record.as_ref().unwrap()).unwrap();
    let missing = MAX_RECORD_BYTES - person.user.record.as_ref().unwrap().len();
    record["recovery"]["note"] = json!("x".repeat(missing - 10));
    person.user.record = Some(record.to_string());
    let outcome = person.remember("no room");
    assert_eq!((outcome["ok"].as_bool(), outcome.get("token")), (Some(true), None));
    assert_eq!(person.list("").len(), 1, "the others stay");
    let token = person.next(&token);
    // No room to count: then no browser either, and no error that would keep the owner out.
    let padding = "x".repeat(missing + (1 << 16) - 200);
    record = serde_json::from_str(person.user.record.as_ref().unwrap()).unwrap();
    record["recovery"]["note"] = json!(padding);
    person.user.record = Some(record.to_string());
    assert!(is_no(&person.recognise(&token)));
    assert_eq!(person.forget(&json!({})), 1);
}

#[test]
fn a_browser_that_has_no_place_takes_none_from_another() {
    let mut person = Person::new();
    let oldest = person.token();
    for _ in 1..16 {
        person.token();
    }
    let mut record: Value = serde_json::from_str(person.user.record.as_ref().unwrap()).unwrap();
    let missing = MAX_RECORD_BYTES - person.user.record.as_ref().unwrap().len();
    record["recovery"]["note"] = json!("x".repeat(missing - 30));
    person.user.record = Some(record.to_string());
    let outcome = person.remember(&"y".repeat(100));
    assert_eq!((outcome["ok"].as_bool(), outcome.get("token")), (Some(true), None));
    assert_eq!(person.list("").len(), 16);
    person.next(&oldest);
}

#[test]
fn a_browser_that_can_not_be_read_is_forgotten_and_nothing_else() {
    let mut person = Person::new();
    let token = person.token();
    let mut record: Value = serde_json::from_str(person.user.record.as_ref().unwrap()).unwrap();
    let good = record["browsers"][0].clone();
    for wrong in [json!(7), json!({}), json!([good]), json!({ "id": 1 }), {
        let mut later = good.clone();
        later["later"] = json!(true);
        later
    }] {
        record["browsers"] = json!([wrong, good, wrong]);
        let (read, _) = Record::parse_usable(&record.to_string()).unwrap();
        assert_eq!(read.browsers.len(), 1, "{wrong}");
    }
    for wrong in [json!(7), json!({}), json!("x"), json!(null)] {
        record["browsers"] = wrong;
        let (read, _) = Record::parse_usable(&record.to_string()).unwrap();
        assert!(read.browsers.is_empty() && read.real_factors() == 1);
    }
    // Hashes of another length, and times at the ends of their range.
    for (member, value) in [
        ("secret", json!("")),
        ("series", json!("AAAA")),
        ("created", json!(i64::MAX)),
        ("created", json!(i64::MIN)),
        ("rotated", json!(i64::MAX)),
        ("rotated", json!(i64::MIN)),
    ] {
        let mut changed = good.clone();
        changed[member] = value;
        record["browsers"] = json!([changed]);
        person.user.record = Some(record.to_string());
        let at = person.user.events.len();
        let answer = person.recognise(&token);
        assert!(
            is_no(&answer)
                || (member, changed[member].as_i64()) == ("rotated", Some(i64::MIN))
                || (member, changed[member].as_i64()) == ("created", Some(i64::MAX)),
            "{changed}"
        );
        person.user.events.truncate(at);
        person.list(&token);
    }
}

#[test]
fn beside_what_can_not_be_used_browsers_are_kept() {
    let mut person = Person::new();
    let token = person.token();
    let mut record: Value = serde_json::from_str(person.user.record.as_ref().unwrap()).unwrap();
    record["totp"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "id": "bad", "created": 1, "entry": 7 }));
    person.user.record = Some(record.to_string());
    let token = person.next(&token);
    assert!(person.user.record.as_ref().unwrap().contains(r#""id":"bad""#));
    person.next(&token);
}

#[test]
fn in_a_tfa_cfg_they_are_beside_the_file_and_go_with_any_factor() {
    let mut person = Person::new();
    let (_, second) = person.user.enrol_totp();
    let token = person.token();
    let whole = person.user.record.clone().unwrap();
    let parts = split(&whole, None).unwrap();
    let (file, beside) = (parts.record.unwrap(), parts.settled.unwrap());
    assert!(!file.contains("browsers") && beside.contains("browsers"));
    person.user.record = Some(join(&file, Some(&beside), NOW / 1000).unwrap().record);
    assert_eq!(person.user.record.as_deref(), Some(whole.as_str()));
    person.next(&token);
    // Another program removes a factor, or all of them and adds others.
    let mut other: Value = serde_json::from_str(&file).unwrap();
    other["totp"]
        .as_array_mut()
        .unwrap()
        .retain(|entry| entry["id"] != json!(second));
    let joined = join(&other.to_string(), Some(&beside), NOW / 1000).unwrap().record;
    assert!(!joined.contains("browsers"), "{joined}");
    other["totp"][0]["id"] = json!("another");
    other.as_object_mut().unwrap().remove("recovery");
    assert!(
        !join(&other.to_string(), Some(&beside), NOW / 1000)
            .unwrap()
            .record
            .contains("browsers")
    );
    // One that it adds ends nothing.
    let mut more: Value = serde_json::from_str(&file).unwrap();
    let mut third = more["totp"][0].clone();
    third["id"] = json!("third");
    more["totp"].as_array_mut().unwrap().push(third);
    assert!(
        join(&more.to_string(), Some(&beside), NOW / 1000)
            .unwrap()
            .record
            .contains("browsers")
    );
}
