//! Stored records, bent everywhere: refused whole, or read for what they say, with nothing lost and no check gone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;
mod mutants_support;
mod webauthn_support;

use common::{NOW, STEP, User, code};
use countersign_core::otpauth::OtpauthUri;
use countersign_core::{Action, Change, enrol, sign_in};
use data_encoding::BASE64URL_NOPAD;
use mutants_support::{Random, mutate_text, share};
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_support::{Authenticator, Ceremony, base64url};

const JSON: &str = "{}[]\",:\\ \n0eE+-.019aAzZ=\u{e9}";

/// What each kind of success may write.
const WRITTEN: [&str; 14] = [
    "/totp/*/entry",
    "/totp/*/entry/last-count",
    "/totp/*/last-used",
    "/recovery/entries/*",
    "/webauthn/*/last-used",
    "/webauthn/*/entry/counter",
    "/webauthn/*/entry/backup_eligible",
    "/webauthn/*/entry/backup_state",
    "/webauthn/*/entry/backup_recorded",
    "/webauthn/*/entry/user_verified",
    "/totp-locked",
    "/tfa-locked-until",
    "/totp-failures",
    "/tfa-failures",
];

/// A user with one factor of each kind, and what that user would answer next.
struct Person {
    user: User,
    record: Value,
    totp: Value,
    recovery: Value,
    /// An assertion, and the challenge that it answers.
    webauthn: Value,
    challenge: String,
    handle: Vec<u8>,
}

#[test]
fn records() {
    let person = Person::new();
    let mut random = Random::new(4);
    let mutants = share(6_000, 150_000);
    let (mut refused, mut accepted) = (0, [0; 3]);
    for _ in 0..mutants {
        let mut mutant = person.record.clone();
        for _ in 0..=random.below(2) {
            bend(&mut random, &mut mutant);
        }
        let text = if random.one_in(5) {
            mutate_text(&mut random, &mutant.to_string(), JSON)
        } else {
            mutant.to_string()
        };
        for (kind, answer) in [&person.totp, &person.recovery, &person.webauthn]
            .into_iter()
            .enumerate()
        {
            let change = person.answer(&text, answer);
            let envelope: Value = serde_json::from_str(&change.value).unwrap();
            if envelope.get("failure").is_some() {
                assert_eq!(
                    (envelope["failure"]["code"].as_str(), change.action),
                    (Some("record-corrupt"), Action::Leave)
                );
                refused += 1;
                continue;
            }
            // Read at all, so it is JSON, and an object.
            let read: Value = serde_json::from_str(&text).unwrap();
            if envelope["value"]["ok"] == true {
                person.judge(&read, &envelope["value"], answer);
                accepted[kind] += 1;
            }
            match change.action {
                Action::Write => check_written(&read, &serde_json::from_str(&change.record.unwrap()).unwrap()),
                Action::Leave => assert_ne!(envelope["value"]["ok"], true),
                Action::Delete => panic!("a factor was there: {text}"),
            }
        }
    }
    assert!(
        refused > mutants / 10 && accepted.iter().all(|count| *count > mutants / 10),
        "{refused} {accepted:?}"
    );
}

impl Person {
    fn new() -> Self {
        let mut user = User::new();
        let (uri, _) = user.enrol_totp();
        let codes = user.recovery_codes();
        let key = Authenticator::new();
        let handle = enrol_key(&mut user, &key);
        // What is counted at the time.
        user.now += 2 * STEP;
        for _ in 0..3 {
            user.verify("totp", &common::wrong_code(&uri, user.now));
        }
        let challenge = user.challenge(true)["challenge"].take();
        let response = respond(
            &key,
            challenge["id"].as_str().unwrap(),
            Ceremony {
                flags: 5,
                sign_count: 9,
                ..Ceremony::get()
            },
        );
        let mut webauthn = json!({ "type": "webauthn", "response": response });
        webauthn["response"]["response"]["userHandle"] = json!(base64url(&handle));
        let mut record: Value = serde_json::from_str(user.record.as_ref().unwrap()).unwrap();
        // Members that another version wrote, where they are kept.
        record["webauthn"][0]["entry"]["extensions"] = json!({ "cred_protect": [1.5, null] });
        record["recovery"]["note"] = json!({ "a": 1 });
        Self {
            totp: json!({ "type": "totp", "code": code(&uri, user.now) }),
            recovery: json!({ "type": "recovery", "code": codes[4] }),
            webauthn,
            challenge: challenge["data"].as_str().unwrap().to_owned(),
            record,
            handle,
            user,
        }
    }

    fn answer(&self, record: &str, answer: &Value) -> Change {
        let settings = &self.user.settings;
        if answer["type"] == "webauthn" {
            let request = json!({ "answer": answer, "user": "ann", "purpose": "sign-in", "now": self.user.now });
            return sign_in::verify_response(Some(record), &self.challenge, settings, &request.to_string());
        }
        let request = json!({ "answer": answer, "now": self.user.now });
        sign_in::verify_code(Some(record), settings, &request.to_string())
    }

    /// Panics unless the record, read by other means, holds what this answer needs.
    fn judge(&self, record: &Value, outcome: &Value, answer: &Value) {
        let now = self.user.now / 1000;
        let enabled = |kind: &str| {
            let entries = record[kind].as_array().cloned().unwrap_or_default();
            let entries = entries
                .into_iter()
                .filter(|entry| entry.get("enable") != Some(&json!(false)));
            entries
                .filter(|entry| entry["id"] == outcome["factor"]["id"])
                .collect::<Vec<_>>()
        };
        let locked = record["tfa-locked-until"].as_i64().is_some_and(|until| until > now);
        match answer["type"].as_str().unwrap() {
            "totp" => {
                assert!(
                    !locked && record.get("totp-locked") != Some(&json!(true)),
                    "locked: {record}"
                );
                let right = enabled("totp").iter().any(|entry| {
                    let uri = entry["entry"].as_str().or(entry["entry"]["totp"].as_str()).unwrap();
                    let totp = OtpauthUri::parse_stored(uri).unwrap().totp;
                    let used = entry["entry"]["last-count"].as_i64().unwrap_or(i64::MIN);
                    let period = i64::from(totp.period());
                    let mut steps = (-1..=1).map(|step| totp.step(now) + step).filter(|step| *step > used);
                    steps.any(|step| totp.code(step * period).as_str() == answer["code"])
                });
                assert!(right, "{record}");
            }
            "recovery" => {
                assert!(!locked, "locked: {record}");
                assert_eq!(
                    record["recovery"]["secret"], self.record["recovery"]["secret"],
                    "{record}"
                );
                let hash = &self.record["recovery"]["entries"][4];
                assert!(
                    record["recovery"]["entries"].as_array().unwrap().contains(hash),
                    "{record}"
                );
            }
            _ => {
                let entries = enabled("webauthn");
                assert!(!entries.is_empty(), "{record}");
                let same = entries.iter().any(|entry| {
                    let (entry, original) = (&entry["entry"], &self.record["webauthn"][0]["entry"]);
                    let handle = entry["user_handle"].as_str();
                    handle.is_none_or(|handle| BASE64URL_NOPAD.decode(handle.as_bytes()).as_ref() == Ok(&self.handle))
                        && ["x", "y"].iter().all(|name| {
                            bytes(&entry["cred"]["key"]["EC_EC2"][name])
                                == bytes(&original["cred"]["key"]["EC_EC2"][name])
                        })
                        && bytes(&entry["cred_id"]) == bytes(&original["cred_id"])
                        && entry["counter"].as_u64().unwrap() < 9
                });
                assert!(same, "{record}");
            }
        }
    }
}

/// In either encoding, or as numbers: all are read.
fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => countersign_core::record::decode_base64(text).unwrap(),
        other => serde_json::from_value(other.clone()).unwrap(),
    }
}

/// Only what a success or a wrong code writes may differ from what was there; a default may come or go.
fn check_written(before: &Value, after: &Value) {
    let mut different = Vec::new();
    differences(before, after, String::new(), &mut different);
    for pointer in different {
        let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts = pointer.split('/');
        let pattern: Vec<_> = parts.map(|part| if number(part) { "*" } else { part }).collect();
        let pattern = pattern.join("/");
        let [old, new] = [before, after].map(|record| record.pointer(&pointer).unwrap_or(&Value::Null));
        // COSE says which members a key has; no other is kept.
        let of_key = pattern.starts_with("/webauthn/*/entry/cred/") && new.is_null();
        let explained = WRITTEN.contains(&pattern.as_str()) || of_key || same(old, new);
        assert!(explained, "{pointer}: {old} became {new} in {before}");
    }
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
        let text = value.as_str().and_then(countersign_core::record::decode_base64);
        text.or(serde_json::from_value(value.clone()).ok())
    };
    let alike = |read: &dyn Fn(&Value) -> Option<Vec<u8>>| read(old).is_some() && read(old) == read(new);
    (default(old) && new.is_null()) || (old.is_null() && default(new)) || alike(&uuid) || alike(&decoded)
}

fn differences(before: &Value, after: &Value, at: String, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
                let null = Value::Null;
                let at = format!("{at}/{name}");
                differences(
                    old.get(name).unwrap_or(&null),
                    new.get(name).unwrap_or(&null),
                    at,
                    found,
                );
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (place, (old, new)) in old.iter().zip(new).enumerate() {
                differences(old, new, format!("{at}/{place}"), found);
            }
        }
        _ if before != after => found.push(at),
        _ => {}
    }
}

/// Bends one value of the tree, wherever it is.
fn bend(random: &mut Random, value: &mut Value) {
    let places = places(value, String::new());
    let place = random.pick(&places).clone();
    let other = value.pointer(random.pick(&places).as_str()).unwrap().clone();
    if random.one_in(4) {
        let (parent, name) = place.rsplit_once('/').unwrap_or_default();
        match value.pointer_mut(parent) {
            Some(Value::Object(members)) if random.one_in(4) => drop(members.insert("new".into(), other)),
            Some(Value::Object(members)) => drop(members.remove(name)),
            Some(Value::Array(items)) if !items.is_empty() => {
                let (from, to) = (random.below(items.len()), random.below(items.len()));
                match random.below(3) {
                    0 => drop(items.remove(from)),
                    1 => items.insert(to, items[from].clone()),
                    _ => items.swap(from, to),
                }
            }
            _ => {}
        }
        return;
    }
    let target = value.pointer_mut(&place).unwrap();
    *target = match (&*target, random.below(6)) {
        (_, 0) => other,
        (_, 1) => random
            .pick(&[
                json!(null),
                json!(true),
                json!(false),
                json!(0),
                json!(-1),
                json!(1e300),
                json!(""),
                json!([]),
                json!({}),
            ])
            .clone(),
        (Value::String(text), _) => json!(mutate_text(random, text, JSON)),
        (Value::Number(number), _) => {
            let number = number.as_i64().unwrap_or_default();
            let next = [
                number.wrapping_add(1),
                number.wrapping_sub(1),
                number.wrapping_neg(),
                number << 8,
            ];
            let far = [i64::MAX, i64::MIN, NOW / 1000 + 600];
            json!(if random.one_in(3) {
                *random.pick(&far)
            } else {
                *random.pick(&next)
            })
        }
        (Value::Bool(flag), _) => json!(!flag),
        (kept, _) => kept.clone(),
    };
}

/// The pointers of everything in the tree but its root.
fn places(value: &Value, at: String) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |name: &str, inner: &Value| {
        let place = format!("{at}/{name}");
        found.push(place.clone());
        found.extend(places(inner, place));
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, inner)| add(name, inner)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(place, inner)| add(&place.to_string(), inner)),
        _ => {}
    }
    if found.is_empty() && at.is_empty() {
        vec![at]
    } else {
        found
    }
}

/// Registers the key, and gives back the user's handle.
fn enrol_key(user: &mut User, key: &Authenticator) -> Vec<u8> {
    let random = [7; 64];
    let request = json!({ "user": "ann", "name": "ann", "displayName": "Ann", "now": user.now }).to_string();
    let begun = enrol::begin_webauthn(user.record.as_deref(), &random, &user.settings, &request);
    let begun = user.envelope(&begun);
    let challenge = begun["value"]["challenge"].as_str().unwrap();
    let response = key.register(&with_challenge(
        Ceremony {
            flags: 0x45,
            ..Ceremony::create()
        },
        challenge,
    ));
    let request = json!({ "user": "ann", "response": response, "description": "key", "now": user.now }).to_string();
    let data = begun["challenge"]["data"].as_str().unwrap();
    let change = enrol::finish_webauthn(user.record.as_deref(), data, &[5; 16], &user.settings, &request);
    let enrolled = user.apply(change);
    assert_eq!(enrolled["value"]["ok"], true, "{enrolled}");
    let handle = begun["value"]["user"]["id"].as_str().unwrap();
    BASE64URL_NOPAD.decode(handle.as_bytes()).unwrap()
}

fn respond(key: &Authenticator, challenge: &str, ceremony: Ceremony) -> Value {
    key.authenticate(&with_challenge(ceremony, challenge))
}

fn with_challenge(ceremony: Ceremony, challenge: &str) -> Ceremony {
    let own = base64url(&webauthn_support::CHALLENGE);
    Ceremony {
        client_data: ceremony.client_data.replace(&own, challenge),
        ..ceremony
    }
}
