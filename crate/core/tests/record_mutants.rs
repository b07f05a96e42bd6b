//! Stored records, bent everywhere: refused whole, or read for what they say, with nothing lost and no check gone.
//!
//! `COUNTERSIGN_MUTANTS=all` reads 150,000 of them, and answers to 50,000 more; an ordinary run a slice of that.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;
mod mutants_support;
mod record_support;
mod u2f_support;
mod webauthn_support;
mod yubico_support;

use std::collections::HashSet;

use countersign_core::record::{Record, decode_base64};
use countersign_core::totp::key_uri::OtpauthUri;
use countersign_core::{Action, Failure};
use mutants_support::tree::{bend, differences};
use mutants_support::{Random, mutate_text, share};
use record_support::Person;
use serde_json::{Value, json};
use uuid::Uuid;

const TODAY: &str = include_str!("../../../__test__/vectors/record-today.json");
const OLD: &str = include_str!("../../../__test__/vectors/record-old.json");
const JSON: &str = "{}[]\",:\\ \n0eE+-.019aAzZ=\u{e9}";

/// What a success or a wrong code may write.
const WRITTEN: [&str; 21] = [
    "/totp/*/entry",
    "/totp/*/entry/last-count",
    "/totp/*/last-used",
    "/recovery/entries/*",
    "/yubico/*/entry",
    "/yubico/*/entry/use-count",
    "/yubico/*/entry/session-count",
    "/yubico/*/last-used",
    "/webauthn/*/last-used",
    "/webauthn/*/entry/counter",
    "/webauthn/*/entry/backup_state",
    "/webauthn/*/entry/backup_recorded",
    "/webauthn/*/entry/user_verified",
    "/webauthn/*/entry/rp_id",
    "/webauthn/*/entry/user_handle",
    "/u2f/*/entry/counter",
    "/u2f/*/last-used",
    "/tfa-locked-until",
    "/totp-failures",
    "/tfa-failures",
    "/yubico-failures",
];
/// Names of algorithms that others write.
const RENAMED: [(&str, &str); 4] = [
    ("ECDSA_SHA256", "ES256"),
    ("ECDSA_SHA384", "ES384"),
    ("ECDSA_SHA512", "ES512"),
    ("ES521", "ES512"),
];
/// What a success lifts.
const LIFTED: [&str; 2] = ["/totp-locked", "/yubico-locked"];

#[test]
fn reading() {
    let mut random = Random::new(5);
    let mutants = share(6_000, 150_000);
    let (mut refused, mut read) = (0, 0);
    for number in 0..mutants {
        let original = serde_json::from_str(if number % 4 == 0 { OLD } else { TODAY }).unwrap();
        let text = mutant(&mut random, &original);
        match Record::parse_usable(&text) {
            Err(failure) => {
                assert!(matches!(failure, Failure::RecordCorrupt(_)), "{failure:?} of {text}");
                sort_out(&text);
                refused += 1;
            }
            Ok((record, _)) => {
                let written = record.to_text().unwrap();
                let again = Record::parse(Some(&written)).unwrap();
                assert_eq!(again.to_text().unwrap(), written, "{text}");
                let [before, after] = [&text, &written].map(|text| serde_json::from_str(text).unwrap());
                check_written(&before, &after, &[]);
                read += 1;
            }
        }
    }
    assert!(refused > mutants / 10 && read > mutants / 10, "{refused} {read}");
}

#[test]
fn sign_ins() {
    let person = Person::new();
    let mut random = Random::new(4);
    let mutants = share(600, 50_000);
    let (mut refused, mut accepted) = (0, [0; 5]);
    for _ in 0..mutants {
        let text = mutant(&mut random, &person.record);
        let usable = Record::parse_usable(&text).is_ok();
        for (kind, answer) in person.answers.iter().enumerate() {
            let change = person.answer(&text, answer);
            let envelope: Value = serde_json::from_str(&change.value).unwrap();
            if envelope.get("failure").is_some() {
                let failure = (envelope["failure"]["code"].as_str(), change.action);
                assert_eq!(failure, (Some("record-corrupt"), Action::Leave));
                assert!(
                    Record::parse(Some(&text)).is_err()
                        || Record::parse(Some(&text)).unwrap().whole_problem().is_some()
                );
                refused += 1;
                continue;
            }
            if !usable {
                // What can't be used of it stays as it was, whatever became of the rest.
                let record = Record::parse(Some(&text)).unwrap();
                let written = change.record.unwrap_or_else(|| text.clone());
                assert_ne!(change.action, Action::Delete);
                assert!(
                    record.unusable().iter().all(|one| written.contains(one.raw())),
                    "{written}"
                );
                refused += 1;
                continue;
            }
            // Read at all, so it is JSON, and an object.
            let read: Value = serde_json::from_str(&text).unwrap();
            let success = envelope["value"]["ok"] == true;
            if success {
                person.judge(&with_own_ids(&read), &envelope["value"], answer);
                accepted[kind] += 1;
            }
            match change.action {
                Action::Write => {
                    let written = serde_json::from_str(&change.record.unwrap()).unwrap();
                    let lifted = if success { &LIFTED[..] } else { &[] };
                    check_written(&read, &written, &[&WRITTEN, lifted].concat());
                }
                Action::Leave => assert!(!success),
                Action::Delete => panic!("a factor was there: {text}"),
            }
        }
    }
    let least = mutants / 10;
    assert!(
        refused > least && accepted.iter().all(|count| *count > least),
        "{refused} {accepted:?}"
    );
}

/// A text that can't be read as one: no record at all, or one with something in it that is kept as it came.
fn sort_out(text: &str) {
    let Ok(record) = Record::parse(Some(text)) else { return };
    assert!(!record.is_empty() && !record.unusable().is_empty(), "{text}");
    let written = record.to_text().unwrap();
    assert!(
        record.unusable().iter().all(|one| written.contains(one.raw())),
        "{text}"
    );
    assert_eq!(Record::parse(Some(&written)).unwrap().to_text().unwrap(), written);
}

/// One to three places bent, and at times the text besides.
fn mutant(random: &mut Random, original: &Value) -> String {
    let mut mutant = original.clone();
    for _ in 0..=random.below(3) {
        bend(random, &mut mutant);
    }
    if random.one_in(5) {
        mutate_text(random, &mutant.to_string(), JSON)
    } else {
        mutant.to_string()
    }
}

/// Of several factors with one id the first keeps it, the others are numbered.
fn with_own_ids(record: &Value) -> Value {
    let mut record = record.clone();
    let kinds = ["totp", "webauthn", "u2f", "yubico"];
    let places = kinds.map(|kind| (0..record[kind].as_array().map_or(0, Vec::len)).map(move |place| (kind, place)));
    let places: Vec<_> = places.into_iter().flatten().collect();
    let id = |record: &Value, (kind, place): (&str, usize)| record[kind][place]["id"].as_str().unwrap().to_owned();
    let mut taken: HashSet<String> = places.iter().map(|at| id(&record, *at)).collect();
    let mut seen = HashSet::from(["recovery".to_owned()]);
    for at in places {
        let given = id(&record, at);
        if !seen.insert(given.clone()) {
            let mut numbered = (2..).map(|number| format!("{given}-{number}"));
            let own = numbered.find(|own| taken.insert(own.clone())).unwrap();
            record[at.0][at.1]["id"] = json!(own);
        }
    }
    record
}

/// Only what `written` names may differ from what was there; a default may come or go.
fn check_written(before: &Value, after: &Value, written: &[&str]) {
    let before = &with_own_ids(before);
    for pointer in differences(before, after) {
        let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts = pointer.split('/');
        let pattern: Vec<_> = parts.map(|part| if number(part) { "*" } else { part }).collect();
        let pattern = pattern.join("/");
        let [old, new] = [before, after].map(|record| record.pointer(&pointer).unwrap_or(&Value::Null));
        // COSE says which members a key has; no other is kept.
        let of_key = pattern.starts_with("/webauthn/*/entry/cred/") && new.is_null();
        let renamed = RENAMED
            .iter()
            .any(|(from, to)| (old, new) == (&json!(from), &json!(to)));
        let explained = written.contains(&pattern.as_str())
            || of_key
            || renamed
            || is_unused(old, new)
            || is_spelt_anew(old, new)
            || same(old, new);
        assert!(explained, "{pointer}: {old} became {new} in {before}");
    }
}

/// A TOTP entry without a last step, or with Proxmox's value for that. It is written as the bare URI.
fn is_unused(old: &Value, new: &Value) -> bool {
    let last = &old["last-count"];
    new.is_string() && old["totp"] == *new && (last.is_null() || *last == i64::MIN)
}

/// A secret with blanks or dashes, which Proxmox could not read.
fn is_spelt_anew(old: &Value, new: &Value) -> bool {
    let old = old.as_str().or(old["totp"].as_str());
    let anew = old.and_then(OtpauthUri::parse_stored).map(|uri| uri.to_text());
    anew.is_some_and(|anew| new == anew.as_str())
}

/// A default that was not written, or the same bytes or UUID in another form.
fn same(old: &Value, new: &Value) -> bool {
    let default = |value: &Value| {
        matches!(value, Value::Null | Value::Bool(_)) || *value == 0 || *value == "" || *value == json!([])
    };
    let uuid = |value: &Value| {
        serde_json::from_value::<Uuid>(value.clone())
            .ok()
            .map(|uuid| uuid.as_bytes().to_vec())
    };
    let decoded = |value: &Value| {
        let text = value.as_str().and_then(decode_base64);
        text.or(serde_json::from_value(value.clone()).ok())
    };
    let alike = |read: &dyn Fn(&Value) -> Option<Vec<u8>>| read(old).is_some() && read(old) == read(new);
    (default(old) && new.is_null()) || (old.is_null() && default(new)) || alike(&uuid) || alike(&decoded)
}
