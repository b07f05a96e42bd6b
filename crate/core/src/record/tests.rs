#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::{Value, json};

use super::unusable::MOST;
use super::*;

/// One user in each generation of the format, with the same credential in both.
const TODAY: &str = include_str!("../../../../__test__/vectors/record-today.json");
const OLD: &str = include_str!("../../../../__test__/vectors/record-old.json");

fn read(text: &str) -> Record {
    Record::parse(Some(text)).unwrap()
}

fn corrupt(value: &Value) -> String {
    match Record::parse_usable(&value.to_string()) {
        Err(Failure::RecordCorrupt(place)) => place,
        Err(other) => other.code().into(),
        Ok(_) => "accepted".into(),
    }
}

#[test]
fn what_is_read_is_written_byte_for_byte() {
    let text = TODAY.trim_end();
    assert_eq!(read(text).to_text().unwrap(), text);
}

#[test]
fn the_old_form_is_read_and_written_as_today() {
    let written = read(OLD).to_text().unwrap();
    let value: Value = serde_json::from_str(&written).unwrap();
    let today: Value = serde_json::from_str(TODAY).unwrap();
    assert_eq!(value["webauthn"], today["webauthn"]);
    assert_eq!(
        value["totp"][0]["entry"].as_str(),
        today["totp"][0]["entry"]["totp"].as_str()
    );
}

#[test]
fn every_factor_type_is_there() {
    let record = read(TODAY);
    assert_eq!(record.real_factors(), 4);
    assert_eq!(record.enabled_factors(), 3, "the U2F key is disabled");
    assert_eq!(record.totp[0].entry.last_count, Some(59_845_996));
    assert_eq!(record.yubico[0].entry.public_id(), "cccccccdjiii");
    assert_eq!(record.recovery.as_ref().unwrap().left(), 9);
    assert!(matches!(record.webauthn[0].entry.cred, StoredKey::Known(_)));
    assert!(record.totp_locked && record.tfa_locked_until == Some(4_102_444_800));
}

#[test]
fn members_that_the_format_ignores_survive() {
    let mut value: Value = serde_json::from_str(TODAY).unwrap();
    value["webauthn"][0]["entry"]["extensions"] = json!({ "cred_protect": [1, null] });
    value["u2f"][0]["entry"]["certificate"] = json!("AAAA");
    value["u2f"][0]["entry"]["key"]["transports"] = json!(["usb"]);
    value["recovery"]["note"] = json!("kept");
    let written = read(&value.to_string()).to_text().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
}

#[test]
fn a_member_that_is_known_occurs_once() {
    for (member, again) in [
        (r#""counter":7"#, r#""counter":7,"counter":7"#),
        (
            r#""backup_state":false"#,
            r#""backup_state":false,"aaguid":null,"aaguid":null"#,
        ),
        (r#""type_":"ES256""#, r#""type_":"ES256","type_":"ES256""#),
        (r#""curve":"SECP256R1""#, r#""curve":"none","curve":"SECP256R1""#),
        (
            r#""secret":"65ab65bc179e8c16""#,
            r#""secret":"65ab65bc179e8c16","secret":"65ab65bc179e8c16""#,
        ),
    ] {
        let text = TODAY.replacen(member, again, 1);
        assert_ne!(text, TODAY, "{member}");
        match Record::parse_usable(&text) {
            Err(Failure::RecordCorrupt(place)) => assert!(!place.is_empty(), "{member}"),
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("{member}"),
        }
    }
}

#[test]
fn members_that_have_to_be_there() {
    for pointer in ["/webauthn/0/entry", "/recovery"] {
        let whole: Value = serde_json::from_str(TODAY).unwrap();
        let members: Vec<_> = whole
            .pointer(pointer)
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        for member in members {
            let mut value = whole.clone();
            value
                .pointer_mut(pointer)
                .unwrap()
                .as_object_mut()
                .unwrap()
                .remove(&member);
            let optional = ["backup_eligible", "backup_state"].contains(&&*member);
            assert_eq!(corrupt(&value) == "accepted", optional, "{pointer}/{member}");
        }
    }
}

#[test]
fn the_text_of_a_record_is_known_without_making_it() {
    for text in [TODAY.trim_end(), OLD.trim_end(), "{}", "{ }", "{\"totp\":[]}"] {
        let record = read(text);
        assert_eq!(record.is_text(text), record.to_text().unwrap() == text, "{text}");
        assert!(!record.is_text(&text.replace('{', " {")));
    }
}

#[test]
fn keys_of_another_version_are_kept_as_they_are() {
    for cred in [
        json!({ "type_": "INSECURE_RS1", "key": { "RSA": { "n": "AAAA", "e": [1, 0, 1] } } }),
        json!({ "type_": "EDDSA", "key": { "EC_OKP": { "curve": "ED448", "x": "AAAA" } } }),
        json!({ "type_": "ES256", "key": { "EC_EC2": { "curve": "SECP384R1", "x": "AAAA", "y": "AAAA" } } }),
    ] {
        let mut value: Value = serde_json::from_str(TODAY).unwrap();
        value["webauthn"][0]["entry"]["cred"] = cred;
        let record = read(&value.to_string());
        assert!(matches!(record.webauthn[0].entry.cred, StoredKey::Other(_)));
        assert_eq!(
            serde_json::from_str::<Value>(&record.to_text().unwrap()).unwrap(),
            value
        );
    }
}

#[test]
fn older_spellings_of_an_algorithm_are_read() {
    let text = TODAY.replace("\"ES256\"", "\"ECDSA_SHA256\"");
    assert_eq!(read(&text).to_text().unwrap(), TODAY.trim_end());
}

#[test]
fn unknown_members_are_an_error_that_names_the_place() {
    for (pointer, place) in [
        ("", "an unknown member"),
        ("/totp/0", "totp[0]: an unknown member"),
        ("/totp/0/entry", "totp[0].entry: an unknown member"),
    ] {
        for name in ["hunter2", "totp[hunter2]", "totp.\u{1b}[31m", "totp[0]"] {
            let mut value: Value = serde_json::from_str(TODAY).unwrap();
            value.pointer_mut(pointer).unwrap()[name] = json!("secret-value");
            assert_eq!(corrupt(&value), place);
        }
    }
}

#[test]
fn a_corrupt_value_is_never_quoted() {
    for (pointer, bad) in [
        ("/totp/0/entry/totp", json!("otpauth://totp/a?secret=hunter2!")),
        ("/totp/0/entry", json!(7)),
        ("/totp/0/created", json!("hunter2")),
        ("/webauthn/0/entry/cred_id", json!("hunter2!")),
        ("/webauthn/0/entry/counter", json!(-1)),
        ("/recovery/entries", json!("hunter2")),
        ("/tfa-locked-until", json!("hunter2")),
    ] {
        let mut value: Value = serde_json::from_str(TODAY).unwrap();
        *value.pointer_mut(pointer).unwrap() = bad;
        let place = corrupt(&value);
        assert_ne!(place, "accepted", "{pointer}");
        assert!(!place.contains("hunter2"), "{place}");
        assert!(place.starts_with(&pointer[1..5]), "{place}");
    }
}

#[test]
fn the_user_handle_of_a_credential_can_be_read() {
    let place = "webauthn[0].entry";
    for (handle, outcome) in [("AQID", "accepted"), ("AQI=", place), ("hunter2!", place), ("", place)] {
        let mut value: Value = serde_json::from_str(TODAY).unwrap();
        value["webauthn"][0]["entry"]["user_handle"] = json!(handle);
        let told = corrupt(&value);
        assert!(told.starts_with(outcome), "{handle}: {told}");
    }
}

#[test]
fn texts_that_are_no_record() {
    for text in ["", "{", "null", "[]", "{}x", "\u{feff}{}"] {
        assert!(
            matches!(Record::parse(Some(text)), Err(Failure::RecordCorrupt(_))),
            "{text}"
        );
    }
    let long = format!("[{}]", " ".repeat(MAX_RECORD_BYTES + ROOM_TO_COUNT));
    assert!(matches!(Record::parse(Some(&long)), Err(Failure::RecordTooLarge)));
    assert!(Record::parse(None).unwrap().is_empty() && read("{}").is_empty());
}

#[test]
fn an_origin_s_record_gains_nothing_that_it_would_refuse() {
    let written = read(OLD).to_text().unwrap();
    for ours in [
        "last-used",
        "backup_recorded",
        "user-handle",
        "failures",
        "transports",
        "null",
    ] {
        let allowed = ours == "null"; // used recovery codes
        assert_eq!(written.contains(ours), allowed, "{ours}");
    }
}

#[test]
fn a_full_record_counts_and_takes_no_more_factors() {
    let key =
        |length| json!({ "yubico": [{ "id": "y", "description": "x".repeat(length), "created": 1, "entry": "c" }] });
    let empty = key(0).to_string().len();
    let mut full = read(&key(MAX_RECORD_BYTES - empty).to_string());
    assert_eq!(full.check_size(), Ok(()));
    full.tfa_failures = u32::MAX;
    assert_eq!(full.check_size(), Err(Failure::RecordTooLarge));
    assert_eq!(read(&full.to_text().unwrap()).tfa_failures, u32::MAX);
}

#[test]
fn every_factor_has_an_id_of_its_own() {
    let ids = |record: &Record| {
        let factors = crate::record::factor::factors(record).into_iter();
        factors.map(|factor| factor.id).collect::<Vec<_>>()
    };
    let today: Value = serde_json::from_str(TODAY).unwrap();
    let of = |kind: &str, id: &str| {
        let mut entry = today[kind][0].clone();
        entry["id"] = json!(id);
        entry
    };
    let text = json!({
        "totp": [of("totp", "a"), of("totp", "a"), of("totp", "a-2"), of("totp", "recovery")],
        "yubico": [of("yubico", "a"), of("yubico", "b")],
        "u2f": [of("u2f", "b")],
    })
    .to_string();
    let (record, renamed) = Record::parse_in_file(&text).unwrap();
    assert!(renamed);
    assert_eq!(ids(&record), ["a", "a-3", "a-2", "recovery-2", "b", "a-4", "b-2"]);
    let (again, renamed) = Record::parse_in_file(&record.to_text().unwrap()).unwrap();
    assert!(!renamed);
    assert_eq!(ids(&again), ids(&record));
    assert!(!Record::parse_in_file(TODAY).unwrap().1);
    // This takes bounded time, however many there are.
    let many = vec![of("yubico", "a"); 8000];
    assert_eq!(read(&json!({ "yubico": many }).to_string()).yubico.len(), 8000);
}

#[test]
fn a_user_handle_is_1_to_64_bytes_of_base64url() {
    for (handle, good) in [
        ("AA", true),
        (&"A".repeat(86), true),
        (&"A".repeat(87), false),
        ("", false),
        ("AAA=", false),
    ] {
        let record = json!({ "user-handle": handle });
        assert_eq!(
            corrupt(&record),
            if good { "accepted" } else { "user-handle" },
            "{handle}"
        );
    }
    assert_eq!(corrupt(&json!({ "user-handle": "a\nb" })), "user-handle");
    assert!(read("{\"user-handle\":null}").user_handle.is_none());
}

/// An entry that Proxmox lets any user store. Its blanks have to stay.
const FIVE_DIGITS: &str = r#"{ "id":"five", "created":7,  "description":"five", "entry":"otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&digits=5" }"#;

fn listed(record: &Record) -> Vec<(String, FactorType, bool)> {
    let factors = crate::record::factor::factors(record).into_iter();
    factors
        .map(|factor| (factor.id, factor.kind, factor.unusable))
        .collect()
}

#[test]
fn an_entry_that_can_not_be_used_stays_where_it_was_and_takes_no_other_with_it() {
    let members = crate::json::raw::RawMembers::parse(TODAY).unwrap();
    let phone = crate::json::raw::raw_elements(members.get("totp").unwrap()).unwrap()[0];
    let other = phone.replace("1efde97b-4b28-4107-9df4-75f0d07131ef", "other");
    let text = format!(r#"{{"totp-locked":true,"totp":[{phone},{FIVE_DIGITS},5,{other}],"yubico":[[]],"u2f":7}}"#);
    let mut record = read(&text);
    assert_eq!(
        (record.totp.len(), record.real_factors(), record.enabled_factors()),
        (2, 6, 2)
    );
    assert!(record.totp_locked && !record.is_empty());
    let unusable: Vec<_> = listed(&record).into_iter().filter(|one| one.2).collect();
    assert_eq!(
        unusable,
        [
            ("five".into(), FactorType::Totp, true),
            ("unusable-1".into(), FactorType::Totp, true),
            ("unusable-2".into(), FactorType::U2f, true),
            ("unusable-3".into(), FactorType::Yubico, true),
        ]
    );
    let problems: Vec<_> = record.unusable.iter().map(|one| one.problem.as_str()).collect();
    assert_eq!(problems, ["totp[1].entry", "totp[2]", "u2f", "yubico[0]"]);
    let again = format!(r#"{{"totp":[{phone},{FIVE_DIGITS},5,{other}],"u2f":7,"yubico":[[]],"totp-locked":true}}"#);
    assert_eq!(record.to_text().unwrap(), again);
    assert_eq!(read(&again).to_text().unwrap(), again);
    // When an entry before it is removed, it stays in front of the entries after it.
    assert!(crate::service::manage::take_factor(&mut record, "1efde97b-4b28-4107-9df4-75f0d07131ef").is_some());
    for id in ["unusable-1", "unusable-2", "unusable-3"] {
        assert!(crate::service::manage::take_factor(&mut record, id).is_some());
    }
    let rest = format!(r#"{{"totp":[{FIVE_DIGITS},{other}],"totp-locked":true}}"#);
    assert_eq!(record.to_text().unwrap(), rest);
}

#[test]
fn what_an_entry_says_of_itself_is_listed_once() {
    let bad = |id: &str| format!(r#"{{"id":{id},"created":3,"entry":7}}"#);
    let text = format!(
        r#"{{"totp":[{FIVE_DIGITS},{FIVE_DIGITS},{},{},{},{}],"recovery":{{"secret":1}}}}"#,
        bad("\"\""),
        bad("\"recovery\""),
        bad("\"a b\""),
        bad("7"),
    );
    let ids: Vec<_> = listed(&read(&text)).into_iter().map(|(id, ..)| id).collect();
    let numbered = (1..=5).map(|number| format!("unusable-{number}"));
    let expected: Vec<_> = ["five".to_owned()].into_iter().chain(numbered).collect();
    assert_eq!(ids[..6], expected);
    assert_eq!(ids[6..], ["recovery"]);
    assert_eq!(read(&text).to_text().unwrap(), text);
}

#[test]
fn a_record_of_which_nothing_can_be_told_is_kept_whole() {
    let long = format!("{{\"totp\":[{}5]}}", "5,".repeat(MAX_COUNTED_BYTES / 2));
    for text in [
        r#"{ "hunter2": 1 }"#,
        r#"{"totp":[],"totp":[]}"#,
        r#"{"totp-locked":"yes","totp":[]}"#,
        r#"{"user-handle":""}"#,
        &long,
    ] {
        let mut record = read(text);
        assert!(!record.is_empty() && record.whole_problem().is_some() && record.enabled_factors() == 0);
        assert_eq!(listed(&record), [("unusable-1".into(), FactorType::Unknown, true)]);
        assert_eq!(record.to_text().unwrap(), text);
        // The meaning of a change to it is unknown.
        record.tfa_failures = 1;
        assert!(matches!(record.to_text(), Err(Failure::RecordCorrupt(_))));
        record.remove_unusable("unusable-1");
        assert_eq!(record.to_text().unwrap(), r#"{"tfa-failures":1}"#);
    }
}

#[test]
fn a_record_with_too_many_entries_that_can_not_be_used_is_kept_whole() {
    let entries = |count: usize| format!(r#"{{"totp":[{}5],"yubico":[6]}}"#, "5,".repeat(count - 2));
    let most = read(&entries(MOST));
    assert_eq!((most.unusable.len(), most.whole_problem()), (MOST, None));
    assert_eq!(most.to_text().unwrap(), entries(MOST));
    for count in [MOST + 1, MAX_COUNTED_BYTES / 2 - 64] {
        let text = entries(count);
        let record = read(&text);
        assert_eq!(record.whole_problem(), Some(TOO_MANY), "{count}");
        assert_eq!(listed(&record), [("unusable-1".into(), FactorType::Unknown, true)]);
        assert_eq!(record.to_text().unwrap(), text);
    }
}
