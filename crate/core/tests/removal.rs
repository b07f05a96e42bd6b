//! A record whose last entry was removed says so; one that was lost does not, and opens nothing.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{NOW, User};
use countersign_core::record::Record;
use countersign_core::tfa_config::{Joined, Mended, Sections, TfaConfig, WriteOptions, emptied, join, split};
use countersign_core::{enrol, manage};
use serde_json::{Value, json};

const TODAY: &str = include_str!("../../../__test__/vectors/record-today.json");
const MARK: &str = r#"{"removed":{"at":1800000000,"by":"root"}}"#;

/// What a host is answered that says that the user is enrolled.
fn answered(user: &mut User) -> Value {
    let envelope = user.challenge(true);
    let failure = &envelope["failure"]["code"];
    if failure.is_null() {
        envelope["value"].clone()
    } else {
        failure.clone()
    }
}

fn kinds(events: &[Value]) -> Vec<Value> {
    events.iter().map(|event| json!([event["type"], event["by"]])).collect()
}

#[test]
fn removing_the_last_factor_leaves_who_and_when_and_nothing_else() {
    let mut user = User::new();
    let (_, id) = user.enrol_totp();
    user.recovery_codes();
    user.events.clear();
    assert_eq!(user.remove(&id), json!({ "ok": true, "left": [] }));
    assert_eq!(user.record.as_deref(), Some(MARK));
    assert_eq!(
        kinds(&user.events),
        [json!(["removed", "root"]), json!(["removed", "root"])]
    );
    assert_eq!(answered(&mut user), Value::Null);
    assert_eq!(user.challenge(false)["value"], Value::Null);
    let status = user.status();
    assert_eq!(status["enrolled"], false);
    assert_eq!(
        status["removed"],
        json!({ "at": NOW, "by": "root", "enrolmentRequired": false })
    );
    // What finds nothing to do writes nothing.
    for id in [id.as_str(), "recovery"] {
        assert_eq!(user.remove(id)["reason"], "no-such-factor");
    }
    assert_eq!(user.remove_all("eve", false)["reason"], "no-such-factor");
    assert!(!user.unlock());
    assert_eq!(user.verify("totp", "123456")["reason"], "rejected");
    assert_eq!(user.record.as_deref(), Some(MARK));
}

#[test]
fn a_factor_that_is_not_the_last_leaves_no_mark() {
    let mut user = User::new();
    let (_, first) = user.enrol_totp();
    user.enrol_totp();
    user.remove(&first);
    assert!(!user.record.as_deref().unwrap().contains("removed"));
    assert_eq!(user.status().get("removed"), None);
}

#[test]
fn all_that_is_left_after_a_recovery_leaves_a_mark_too() {
    let mut user = User::new();
    let today: Value = serde_json::from_str(TODAY).unwrap();
    user.record = Some(json!({ "recovery": today["recovery"] }).to_string());
    assert_eq!(user.remove("recovery")["ok"], true);
    assert_eq!(user.record.as_deref(), Some(MARK));
}

#[test]
fn all_factors_go_at_once_and_enrolment_can_be_demanded() {
    let mut user = User::new();
    user.record = Some(TODAY.to_owned());
    assert_eq!(
        user.remove_all("Ann, help desk", true),
        json!({ "ok": true, "left": [] })
    );
    let removed = json!({ "at": NOW, "by": "Ann, help desk", "enrolmentRequired": true });
    assert_eq!(user.status()["removed"], removed);
    assert_eq!(answered(&mut user), Value::Null);
    let told = kinds(&user.events);
    assert_eq!(told.last(), Some(&json!(["enrolment-required", "Ann, help desk"])));
    assert_eq!(
        told.iter().filter(|event| event[0] == "removed").count(),
        told.len() - 1
    );
    assert!(told.len() > 2);
}

#[test]
fn a_demand_comes_later_too_but_never_where_nothing_was_removed() {
    let mut user = User::new();
    assert_eq!(user.remove_all("root", true)["reason"], "no-such-factor");
    assert_eq!((user.record.as_deref(), user.events.len()), (None, 0));
    user.record = Some("{}".to_owned());
    assert_eq!(user.remove_all("root", true)["reason"], "no-such-factor");
    assert_eq!(answered(&mut user), "record-missing");

    user.record = Some(MARK.to_owned());
    user.now += 60_000;
    assert_eq!(user.remove_all("eve", true)["ok"], true);
    let removed = json!({ "at": NOW, "by": "root", "enrolmentRequired": true });
    assert_eq!(user.status()["removed"], removed);
}

#[test]
fn the_first_factor_takes_the_mark_along_and_what_is_lost_then_is_an_error() {
    let mut user = User::new();
    let (_, id) = user.enrol_totp();
    user.remove(&id);
    user.enrol_totp();
    let enrolled = user.record.clone().unwrap();
    assert!(!enrolled.contains("removed"), "{enrolled}");
    for lost in [None, Some("{}".to_owned()), Some(r#"{"totp-failures":3}"#.to_owned())] {
        user.record = lost;
        assert_eq!(answered(&mut user), "record-missing");
        assert_eq!(user.status().get("removed"), None);
    }
}

#[test]
fn a_mark_beside_an_entry_of_any_kind_can_not_be_read() {
    let today: Value = serde_json::from_str(TODAY).unwrap();
    let mut user = User::new();
    for kind in ["totp", "u2f", "webauthn", "yubico", "recovery"] {
        let mut record = json!({ kind: today[kind], "removed": { "at": 1 } });
        for enabled in [true, false] {
            if kind != "recovery" {
                record[kind][0]["enable"] = json!(enabled);
            }
            user.record = Some(record.to_string());
            assert_eq!(answered(&mut user), "record-corrupt", "{kind}");
        }
    }
    let used_up = json!({ "recovery": { "secret": "", "entries": [null], "created": 1 }, "removed": { "at": 1 } });
    user.record = Some(used_up.to_string());
    assert_eq!(answered(&mut user), "record-corrupt");
    for wrong in [
        "null",
        "true",
        "{}",
        r#"{"at":"1"}"#,
        r#"{"at":1,"more":1}"#,
        r#"{"at":1.5}"#,
    ] {
        user.record = Some(format!(r#"{{"removed":{wrong}}}"#));
        let answer = answered(&mut user);
        if wrong == "null" {
            assert_eq!(answer, "record-missing");
        } else {
            // Nobody can say what it means: a challenge without a way to answer, never null.
            assert_eq!(
                answer.as_object().unwrap().keys().collect::<Vec<_>>(),
                ["id"],
                "{wrong}"
            );
        }
    }
}

#[test]
fn who_did_it_is_a_short_text_without_controls() {
    let mut user = User::new();
    let (_, id) = user.enrol_totp();
    let before = user.record.clone();
    for by in ["", "a\nb", "a\u{7f}", "a\u{202e}b", &"é".repeat(256)] {
        assert!(user.remove_all(by, false).is_null(), "{by:?}");
        let request = json!({ "id": id, "by": by, "now": NOW }).to_string();
        let change = manage::remove_factor(user.record.as_deref(), &request);
        assert!(change.value.contains("invalid-argument"), "{}", change.value);
        let change = manage::unlock(user.record.as_deref(), &json!({ "by": by, "now": NOW }).to_string());
        assert!(change.value.contains("invalid-argument"), "{}", change.value);
    }
    assert_eq!(user.record, before);
    assert_eq!(user.remove_all(&"é".repeat(255), false)["ok"], true);
}

#[test]
fn no_import_brings_a_mark_and_every_import_ends_one() {
    let import = |record: Option<&str>, data: &str, replace: bool| {
        let request = json!({ "data": data, "replace": replace, "now": NOW }).to_string();
        enrol::import_record(record, &request)
    };
    let forged = r#"{"removed":{"at":1,"by":"eve"}}"#;
    for before in [None, Some(TODAY), Some(MARK), Some("{}")] {
        for replace in [false, true] {
            assert_eq!(import(before, forged, replace).record, None, "{before:?}");
        }
    }
    let done = import(Some(MARK), TODAY, false);
    assert!(done.value.contains(r#""done":"imported""#), "{}", done.value);
    assert!(!done.record.unwrap().contains("removed"));

    let mut user = User::new();
    user.record = Some(MARK.to_owned());
    let uri = "otpauth://totp/ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let request = json!({ "factors": [{ "uri": uri, "description": "phone" }], "now": NOW }).to_string();
    let change = enrol::import_factors(user.record.as_deref(), &[7; 16], &user.settings, &request);
    user.apply(change);
    let record = user.record.unwrap();
    assert!(record.contains("totp") && !record.contains("removed"), "{record}");
}

#[test]
fn a_configuration_file_holds_no_mark() {
    let file = format!(r#"{{"users":{{"ann":{MARK}}}}}"#);
    // To the file's format it is a member that nobody knows: kept as it came, and no mark.
    let config = TfaConfig::parse(file.as_bytes(), 1 << 20).unwrap();
    let as_it_came = WriteOptions {
        refused: true,
        ..WriteOptions::default()
    };
    assert_eq!(config.write(as_it_came).as_deref(), Ok(file.as_str()));
    assert!(config.write(WriteOptions::default()).is_err());
    let challenge: Value = serde_json::from_str(&config.challenge("ann", None, &[0; 32], 0)).unwrap();
    assert_eq!(challenge["value"], json!({}));
    let mut user = User::new();
    user.record = Some(join(config.record("ann").unwrap(), Some(MARK), 0).unwrap().record);
    assert!(answered(&mut user).is_object());
    for additions in [true, false] {
        let mut config = TfaConfig::default().keeping_additions(additions);
        config.set_record("ann", Some(TODAY)).unwrap();
        assert_eq!(config.set_record("ann", Some(MARK)), Ok(true));
        assert_eq!(config.record("ann"), None);
        let text = config
            .write(WriteOptions {
                additions,
                sections: Sections::Written,
                refused: false,
            })
            .unwrap();
        assert!(!text.contains("removed"), "{text}");
    }
}

#[test]
fn the_additions_keep_the_mark_beside_a_file_that_does_not_hold_the_user() {
    let before = split(TODAY, None).unwrap();
    let beside = before.settled.unwrap();
    let parts = split(MARK, Some(&beside)).unwrap();
    // Until the file holds nobody, everything stays good for the record that it holds.
    let (during, after) = (parts.additions.unwrap(), parts.settled.unwrap());
    let file = before.record.unwrap();
    assert_eq!(parts.record, None);
    let [whole, interrupted] = [&beside, &during].map(|additions| join(&file, Some(additions), 0).unwrap());
    assert_eq!(interrupted.record, whole.record);
    for additions in [&during, &after] {
        assert_eq!(emptied(additions).unwrap().as_deref(), Some(MARK));
    }
    assert_eq!(join("{}", Some(&after), 0), Ok(joined(MARK)));
    assert_eq!(emptied(&beside), Ok(None));
    assert_eq!(emptied("no JSON"), Ok(None));

    // The other way, until the file holds the user.
    let parts = split(TODAY, Some(&after)).unwrap();
    assert_eq!(emptied(&parts.additions.unwrap()).unwrap().as_deref(), Some(MARK));
    assert_eq!(emptied(&parts.settled.unwrap()), Ok(None));

    // Another program has enrolled the user: the mark goes, and nothing else.
    let elsewhere = join(&file, Some(&after), 0).unwrap();
    assert!(!elsewhere.record.contains("removed") && Record::parse(Some(&elsewhere.record)).is_ok());
    let own = |additions: Option<&String>| {
        Some(Mended {
            additions: additions.cloned(),
            foreign: false,
        })
    };
    assert_eq!(elsewhere.mended, own(None));
    assert_eq!(interrupted.mended, own(Some(&beside)));
    assert_eq!(whole.mended, None);

    // Of somebody else, nothing stays.
    let mut anew: Value = serde_json::from_str(&file).unwrap();
    for kind in ["totp", "u2f", "webauthn", "yubico"] {
        anew[kind][0]["id"] = json!(format!("new-{kind}"));
    }
    anew["recovery"]["created"] = json!(1);
    let anew = Record::parse(Some(&anew.to_string())).unwrap().to_text().unwrap();
    for additions in [&beside, &during] {
        let found = join(&anew, Some(additions), 0).unwrap();
        let foreign = Mended {
            additions: None,
            foreign: true,
        };
        assert_eq!((found.record, found.mended), (anew.clone(), Some(foreign)));
    }
}

fn joined(record: &str) -> Joined {
    Joined {
        record: record.into(),
        mended: None,
    }
}

#[test]
fn what_can_not_be_used_counts_as_an_entry() {
    let mut user = User::new();
    let today: Value = serde_json::from_str(TODAY).unwrap();
    let broken = [
        "7",
        "{}",
        "[7]",
        "[null]",
        r#"[{"id":"a"}]"#,
        r#"[{"id":"a","created":1,"entry":7}]"#,
    ];
    for kind in ["totp", "u2f", "webauthn", "yubico", "recovery"] {
        for entry in broken {
            let alone = format!(r#"{{"{kind}":{entry}}}"#);
            user.record = Some(alone.clone());
            assert!(!answered(&mut user).is_null(), "{alone}");
            user.record = Some(alone.replacen('{', r#"{"removed":{"at":1,"by":"eve"},"#, 1));
            assert_eq!(answered(&mut user), "record-corrupt", "{alone}");
            assert_eq!(user.remove_all("root", true), Value::Null, "{alone}");
        }
    }
    // Beside what a later version may mean, and one that is no mark at all.
    for record in [
        r#"{"removed":{"at":1},"future":1}"#,
        r#"{"removed":{"at":1},"removed":{"at":1}}"#,
        r#"{"removed":{"at":"1"}}"#,
        r#"{"removed":{"at":1},"totp-failures":-1}"#,
        r#"[{"removed":{"at":1}}]"#,
    ] {
        user.record = Some(record.into());
        assert!(!answered(&mut user).is_null(), "{record}");
    }
    // What is removed as a whole leaves the mark, what could not be used included.
    let mut record = today;
    record["totp"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "id": "bad", "created": 1, "entry": 7 }));
    user.record = Some(record.to_string());
    assert_eq!(user.remove_all("root", false)["ok"], true);
    assert_eq!(user.record.as_deref(), Some(MARK));

    // The last entry is the last one, whether it could be used or not.
    user.record = Some(r#"{"totp":[{"id":"bad","created":1,"entry":7}]}"#.into());
    let listed: Value = serde_json::from_str(&manage::factors(user.record.as_deref())).unwrap();
    assert_eq!(user.remove(listed["value"][0]["id"].as_str().unwrap())["ok"], true);
    assert_eq!(user.record.as_deref(), Some(MARK));
}
