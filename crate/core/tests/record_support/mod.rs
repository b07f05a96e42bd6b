//! A user with one factor of each kind, what that user would answer next, and whether the record lets it count.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use countersign_core::record::decode_base64;
use countersign_core::totp::key_uri::OtpauthUri;
use countersign_core::{Change, enrol, sign_in};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};

use crate::common::{STEP, User, code, settings, wrong_code};
use crate::u2f_support::{self, APP_ID};
use crate::webauthn_support::{Authenticator, CHALLENGE, Ceremony, base64url};
use crate::yubico_support::{KEY, PUBLIC_ID, otp};

/// Of the assertion.
const SIGN_COUNT: u64 = 9;
/// Of the OTP: uses, and OTPs in this one.
const COUNTER: (u64, u64) = (4, 1);

pub struct Person {
    user: User,
    pub record: Value,
    /// TOTP, recovery, Yubico, WebAuthn, U2F.
    pub answers: [Value; 5],
    /// What the last two answer.
    challenge: String,
    handle: Vec<u8>,
}

impl Person {
    pub fn new() -> Self {
        let mut settings = settings();
        settings["yubico"] = json!(true);
        settings["u2f"] = json!({ "appId": APP_ID });
        let mut user = User::with(&settings);
        let (uri, _) = user.enrol_totp();
        let codes = user.recovery_codes();
        let key = Authenticator::new();
        let handle = enrol_key(&mut user, &key);
        let mut u2f = u2f_support::Key::new(&[7; 64]);
        add_old_keys(&mut user, &u2f);
        // What is counted at the time.
        user.now += 2 * STEP;
        for _ in 0..3 {
            user.verify("totp", &wrong_code(&uri, user.now));
        }
        let challenge = user.challenge(true)["challenge"].take();
        let id = challenge["id"].as_str().unwrap();
        let ceremony = Ceremony {
            flags: 5,
            sign_count: u32::try_from(SIGN_COUNT).unwrap(),
            ..Ceremony::get()
        };
        let mut assertion = key.authenticate(&with_challenge(ceremony, id));
        assertion["response"]["userHandle"] = json!(base64url(&handle));
        let mut record: Value = serde_json::from_str(user.record.as_ref().unwrap()).unwrap();
        // Members that another version wrote, where they are kept.
        record["webauthn"][0]["entry"]["extensions"] = json!({ "cred_protect": [1.5, null] });
        record["recovery"]["note"] = json!({ "a": 1 });
        Self {
            answers: [
                json!({ "type": "totp", "code": code(&uri, user.now) }),
                json!({ "type": "recovery", "code": codes[4] }),
                json!({ "type": "yubico", "code": otp(PUBLIC_ID, 4, 1) }),
                json!({ "type": "webauthn", "response": assertion }),
                json!({ "type": "u2f", "response": u2f.sign(&u2f_support::Ceremony::sign(id)) }),
            ],
            challenge: challenge["data"].as_str().unwrap().to_owned(),
            record,
            handle,
            user,
        }
    }

    pub fn answer(&self, record: &str, answer: &Value) -> Change {
        let settings = &self.user.settings;
        if answer.get("response").is_some() {
            let request = json!({ "answer": answer, "user": "ann", "purpose": "sign-in", "now": self.user.now });
            return sign_in::verify_response(Some(record), &self.challenge, settings, &request.to_string());
        }
        let mut request = json!({ "answer": answer, "now": self.user.now });
        if answer["type"] == "yubico" {
            request["yubico"] = json!({ "key": KEY, "uid": "010203040506" });
        }
        sign_in::verify_code(Some(record), settings, &request.to_string())
    }

    /// Panics unless the record, read by other means, holds what this answer needs.
    pub fn judge(&self, record: &Value, outcome: &Value, answer: &Value) {
        let now = self.user.now / 1000;
        let kind = answer["type"].as_str().unwrap();
        let code = answer.get("code").is_some();
        let locked = record["tfa-locked-until"].as_i64().is_some_and(|until| until > now);
        assert!(!code || !locked, "locked: {record}");
        if kind == "recovery" {
            assert_eq!(record["recovery"]["secret"], self.record["recovery"]["secret"]);
            let hash = &self.record["recovery"]["entries"][4];
            let left = record["recovery"]["entries"].as_array().unwrap();
            assert!(left.contains(hash), "{record}");
            return;
        }
        let entries = record[kind].as_array().unwrap();
        let mut named = entries.iter().filter(|entry| entry["id"] == outcome["factor"]["id"]);
        let factor = named.next().unwrap();
        assert!(named.next().is_none(), "{record}");
        assert_ne!(factor["enable"], json!(false), "{record}");
        let (entry, original) = (&factor["entry"], &self.record[kind][0]["entry"]);
        let right = match kind {
            "totp" => {
                assert_ne!(record["totp-locked"], json!(true), "locked: {record}");
                totp_is_right(entry, now, answer["code"].as_str().unwrap())
            }
            "yubico" => yubico_is_right(entry),
            "webauthn" => self.credential_is_right(entry, original),
            _ => {
                entry["key"]["version"] == "U2F_V2"
                    && bytes(&entry["key"]["keyHandle"]) == bytes(&original["key"]["keyHandle"])
                    && bytes(&entry["public-key"]) == bytes(&original["public-key"])
                    && entry["counter"].as_u64().unwrap_or_default() < 1
            }
        };
        assert!(right, "{record}");
    }

    fn credential_is_right(&self, entry: &Value, original: &Value) -> bool {
        let handle = entry["user_handle"].as_str();
        let key = |entry: &Value| ["x", "y"].map(|name| bytes(&entry["cred"]["key"]["EC_EC2"][name]));
        handle.is_none_or(|handle| BASE64URL_NOPAD.decode(handle.as_bytes()).as_ref() == Ok(&self.handle))
            && key(entry) == key(original)
            && bytes(&entry["cred_id"]) == bytes(&original["cred_id"])
            && entry["counter"].as_u64().unwrap() < SIGN_COUNT
    }
}

/// `now` in seconds.
fn totp_is_right(entry: &Value, now: i64, code: &str) -> bool {
    let uri = entry.as_str().or(entry["totp"].as_str()).unwrap();
    let totp = OtpauthUri::parse_stored(uri).unwrap().totp;
    let used = entry["last-count"].as_i64().unwrap_or(i64::MIN);
    let period = i64::from(totp.period());
    let mut steps = (-1..=1).map(|step| totp.step(now) + step).filter(|step| *step > used);
    steps.any(|step| totp.code(step * period).as_str() == code)
}

fn yubico_is_right(entry: &Value) -> bool {
    let id = entry.as_str().or(entry["yubico"].as_str()).unwrap();
    let number = |name: &str| entry[name].as_u64();
    let used = number("use-count").zip(number("session-count"));
    id.eq_ignore_ascii_case(PUBLIC_ID) && used.is_none_or(|used| used < COUNTER)
}

/// In either encoding, or as numbers: all are read.
fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => decode_base64(text).unwrap(),
        other => serde_json::from_value(other.clone()).unwrap(),
    }
}

/// A U2F key and a key of Yubico OTPs, as an older system left them.
fn add_old_keys(user: &mut User, u2f: &u2f_support::Key) {
    let mut record: Value = serde_json::from_str(user.record.as_ref().unwrap()).unwrap();
    let key = json!({ "keyHandle": base64url(&u2f.handle), "version": "U2F_V2" });
    record["u2f"] = json!([{
        "id": "0b0c2f3a-0000-4000-8000-000000000001", "description": "old key", "created": 1,
        "entry": { "key": key, "public-key": BASE64.encode(&u2f.point()) },
    }]);
    record["yubico"] = json!([{
        "id": "82cb7cfe-e760-4982-b043-0d499c4a1384", "description": "yk", "created": 1, "entry": PUBLIC_ID,
    }]);
    user.record = Some(record.to_string());
}

/// Registers the key, and gives back the user's handle.
fn enrol_key(user: &mut User, key: &Authenticator) -> Vec<u8> {
    let random = [7; 64];
    let request = json!({ "user": "ann", "name": "ann", "displayName": "Ann", "now": user.now }).to_string();
    let begun = enrol::begin_webauthn(&user.record.as_deref().into(), &random, &user.settings, &request);
    let begun = user.envelope(&begun.value);
    let challenge = begun["value"]["challenge"].as_str().unwrap();
    let ceremony = Ceremony {
        flags: 0x45,
        ..Ceremony::create()
    };
    let response = key.register(&with_challenge(ceremony, challenge));
    let request = json!({ "user": "ann", "response": response, "description": "key", "now": user.now }).to_string();
    let data = begun["challenge"]["data"].as_str().unwrap();
    let change = enrol::finish_webauthn(user.record.as_deref(), data, &[5; 16], &user.settings, &request);
    let enrolled = user.apply(change);
    assert_eq!(enrolled["value"]["ok"], true, "{enrolled}");
    let handle = begun["value"]["user"]["id"].as_str().unwrap();
    BASE64URL_NOPAD.decode(handle.as_bytes()).unwrap()
}

fn with_challenge(ceremony: Ceremony, challenge: &str) -> Ceremony {
    Ceremony {
        client_data: ceremony.client_data.replace(&base64url(&CHALLENGE), challenge),
        ..ceremony
    }
}
