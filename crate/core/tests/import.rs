//! Factors of another system: added in one change, each with what the host should know of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{NOW, User, code, settings};
use countersign_core::{enrol, sign_in};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

const URI: &str = "otpauth://totp/imported?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=6&algorithm=SHA1&period=30";

/// A COSE key, ES256, whose point lies on the curve.
const KEY: &str = concat!(
    "pQECAyYgASFYIAmpeL7JO7jlN3UMex-jmQD6P2tu4EnOhZAQUEXsTOp-",
    "IlggKoBdTyB2mo3na0Mkq2f3QvCm7un3l2VanZdwm4CGf6g",
);

fn import(user: &mut User, factors: &Value) -> Value {
    let random: Vec<u8> = factors
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|_| user.random::<16>())
        .collect();
    let request = json!({ "factors": factors, "now": user.now }).to_string();
    let change = enrol::import_factors(user.record.as_deref(), &random, &user.settings, &request);
    user.apply(change)["value"].take()
}

fn credential(id: u8, more: &Value) -> Value {
    let mut credential = json!({ "id": BASE64URL_NOPAD.encode(&[id]), "publicKey": KEY, "signCount": 7 });
    credential
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({ "credential": credential, "description": "key" })
}

fn record(user: &User) -> Value {
    serde_json::from_str(user.record.as_ref().unwrap()).unwrap()
}

#[test]
fn an_imported_app_signs_in_once_with_each_code() {
    let mut user = User::new();
    let imported = import(
        &mut user,
        &json!([{ "uri": URI, "description": "phone", "created": 1_500_000_000_999_i64 }]),
    );
    let factor = &imported["taken"][0]["factor"];
    assert_eq!(
        (&imported["taken"][0]["notes"], &imported["left"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(
        (
            &factor["type"],
            &factor["description"],
            &factor["created"],
            &factor["enabled"]
        ),
        (
            &json!("totp"),
            &json!("phone"),
            &json!(1_500_000_000_000_i64),
            &json!(true)
        )
    );
    assert_eq!(
        user.events,
        [json!({ "type": "imported", "factor": { "type": "totp", "id": factor["id"] } })]
    );
    // Bare, as the format writes an app that was never used.
    assert_eq!(record(&user)["totp"][0]["entry"], URI);
    let code = code(URI, NOW);
    assert_eq!(user.verify("totp", &code)["ok"], true);
    assert_eq!(user.verify("totp", &code)["ok"], false);
}

#[test]
fn what_is_there_already_is_left() {
    let mut user = User::new();
    let app = json!({ "uri": URI, "description": "" });
    let other = json!({ "uri": URI.replace("digits=6", "digits=8"), "description": "" });
    let imported = import(
        &mut user,
        &json!([app, other, credential(1, &json!({})), credential(1, &json!({}))]),
    );
    let taken: Vec<_> = imported["taken"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["index"])
        .collect();
    assert_eq!(taken, [0, 2]);
    assert_eq!(
        imported["left"],
        json!([{ "index": 1, "reason": "already-enrolled" }, { "index": 3, "reason": "already-enrolled" }])
    );
    let before = user.record.clone();
    let again = import(&mut user, &json!([app, credential(1, &json!({}))]));
    assert_eq!(
        (
            again["taken"].as_array().unwrap().len(),
            again["left"].as_array().unwrap().len()
        ),
        (0, 2)
    );
    assert_eq!((user.record.clone(), user.events.len()), (before, 2));
}

#[test]
fn user_handles() {
    let mut user = User::new();
    let handle = |handle: &str| json!({ "userHandle": handle, "backupEligible": true, "backupState": true });
    let verified = json!({ "userHandle": "Ag", "backupEligible": true, "userVerified": true });
    let factors = json!([
        credential(1, &json!({})),
        credential(2, &handle("AQ")),
        credential(3, &verified)
    ]);
    let imported = import(&mut user, &factors);
    let notes: Vec<_> = imported["taken"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["notes"])
        .collect();
    let all = [
        json!(["no-user-handle", "backup-not-recorded", "user-not-verified"]),
        json!(["user-not-verified"]),
        json!(["other-user-handle"]),
    ];
    assert_eq!(notes, all.iter().collect::<Vec<_>>());
    let record = record(&user);
    assert_eq!(record["user-handle"], "AQ");
    assert_eq!(record["webauthn"][2]["entry"]["user_handle"], "Ag");
    assert_eq!(record["webauthn"][1]["entry"]["backup_recorded"], true);
    assert_eq!(record["webauthn"][0]["entry"]["counter"], 7);
}

#[test]
fn credentials_that_can_not_be_used() {
    let mut user = User::new();
    let key = BASE64URL_NOPAD.decode(KEY.as_bytes()).unwrap();
    let with_key = |bytes: &[u8]| credential(9, &json!({ "publicKey": BASE64URL_NOPAD.encode(bytes) }));
    let mut other_algorithm = key.clone();
    other_algorithm[4] = 0x2f;
    let mut off_curve = key.clone();
    *off_curve.last_mut().unwrap() ^= 1;
    let imported = import(
        &mut user,
        &json!([
            with_key(&other_algorithm),
            with_key(&off_curve),
            with_key(key.get(1..).unwrap()),
            credential(9, &json!({ "backupState": true })),
            credential(9, &json!({ "id": "" })),
            { "description": "" },
            { "uri": "otpauth://totp/x?secret=", "description": "" },
        ]),
    );
    let reasons: Vec<_> = imported["left"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["reason"])
        .collect();
    let malformed = "malformed";
    assert_eq!(
        reasons,
        [
            "unsupported-algorithm",
            malformed,
            malformed,
            malformed,
            malformed,
            malformed,
            malformed
        ]
    );
    assert!(user.record.is_none() && user.events.is_empty());
}

#[test]
fn the_limit_of_factors_holds() {
    let mut limited = settings();
    limited["limits"]["factors"] = json!(2);
    let mut user = User::with(&limited);
    let imported = import(&mut user, &json!([1, 2, 3, 2].map(|id| credential(id, &json!({})))));
    assert_eq!(
        imported["left"],
        json!([{ "index": 2, "reason": "factor-limit" }, { "index": 3, "reason": "already-enrolled" }])
    );
}

#[test]
fn a_file_of_the_origin_takes_the_keys_that_it_has_a_place_for() {
    let mut origin = settings();
    origin["webauthn"]["originKeysOnly"] = json!(true);
    let mut user = User::with(&origin);
    // RS256, 2048 bits, an exponent of one byte.
    let mut key = vec![0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59, 0x01, 0x00];
    key.extend([0xff; 256]);
    key.extend([0x21, 0x41, 0x03]);
    let rsa = credential(1, &json!({ "publicKey": BASE64URL_NOPAD.encode(&key) }));
    let imported = import(&mut user, &json!([rsa, credential(2, &json!({}))]));
    assert_eq!(
        imported["left"],
        json!([{ "index": 0, "reason": "unsupported-algorithm" }])
    );
    assert_eq!(imported["taken"][0]["index"], 1);
}

#[test]
fn broken_calls_of_the_host() {
    let user = User::new();
    let call =
        |random: &[u8], request: Value| enrol::import_factors(None, random, &user.settings, &request.to_string()).value;
    let one = json!([{ "uri": URI, "description": "x" }]);
    assert!(call(&[0; 15], json!({ "factors": one, "now": NOW })).contains(r#""detail":"random""#));
    assert!(call(&[0; 16], json!({ "factors": [{ "uri": URI }], "now": NOW })).contains(r#""detail":"request""#));
    let long = json!([{ "uri": URI, "description": "x".repeat(256) }]);
    assert!(call(&[0; 16], json!({ "factors": long, "now": NOW })).contains(r#""detail":"description""#));
}

/// Keys that anybody can answer for, or nobody, and one with its private part.
#[test]
fn keys_are_checked() {
    let ed25519 = |x: [u8; 32]| [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32][..], &x].concat();
    let starts = |first: u8| {
        let mut bytes = [0; 32];
        bytes[0] = first;
        bytes
    };
    let mut with_private = BASE64URL_NOPAD.decode(KEY.as_bytes()).unwrap();
    with_private[0] += 1;
    with_private.extend([0x23, 0x41, 1]);
    for key in [ed25519(starts(1)), ed25519(starts(2)), with_private] {
        let mut user = User::new();
        let key = json!({ "publicKey": BASE64URL_NOPAD.encode(&key) });
        let imported = import(&mut user, &json!([credential(1, &key)]));
        assert_eq!(imported["left"], json!([{ "index": 0, "reason": "malformed" }]));
        assert_eq!(user.record, None);
    }
    // One of small order in a record, whoever wrote it, is not offered.
    let mut user = User::new();
    import(&mut user, &json!([credential(1, &json!({}))]));
    let mut record = record(&user);
    let identity = BASE64URL_NOPAD.encode(&starts(1));
    record["webauthn"][0]["entry"]["cred"] =
        json!({ "type_": "EDDSA", "key": { "EC_OKP": { "curve": "ED25519", "x": identity } } });
    let request = json!({ "user": "ann", "purpose": "sign-in", "now": NOW }).to_string();
    let offered = sign_in::begin_challenge(Some(&record.to_string()), &[7; 32], &user.settings, &request);
    let offered: Value = serde_json::from_str(&offered).unwrap();
    assert!(offered["value"]["id"].is_string(), "{offered}");
    assert_eq!(offered["value"].get("webauthn"), None);
}
