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
    let members = imported["left"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["member"].as_str());
    assert_eq!(
        members.map(Option::unwrap_or_default).collect::<Vec<_>>(),
        ["", "publicKey", "publicKey", "backupState", "id", "", "uri"]
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
        assert_eq!(
            imported["left"],
            json!([{ "index": 0, "reason": "malformed", "member": "publicKey" }])
        );
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
    let offered = sign_in::begin_challenge(
        &Some(record.to_string().as_str()).into(),
        &[7; 32],
        &user.settings,
        &request,
    );
    let offered: Value = serde_json::from_str(&offered).unwrap();
    assert!(offered["value"]["id"].is_string(), "{offered}");
    assert_eq!(offered["value"].get("webauthn"), None);
}

fn import_record(user: &mut User, data: &Value, replace: bool) -> Value {
    let request = json!({ "data": data.to_string(), "replace": replace, "now": user.now }).to_string();
    let change = enrol::import_record(user.record.as_deref(), &request);
    user.apply(change)["value"].take()
}

fn today() -> Value {
    serde_json::from_str(include_str!("../../../__test__/vectors/record-today.json")).unwrap()
}

#[test]
fn what_is_imported_says_when_it_came() {
    let mut user = User::new();
    let imported = import(
        &mut user,
        &json!([
            { "uri": URI, "description": "", "created": 1_500_000_000_000_i64 },
            credential(1, &json!({})),
        ]),
    );
    assert_eq!(imported["taken"][0]["factor"]["added"], NOW);
    assert_eq!(imported["taken"][1]["factor"].get("added"), None, "it was created now");
    let mut user = User::new();
    assert_eq!(import_record(&mut user, &today(), false)["done"], "imported");
    let factors: Value = serde_json::from_str(&countersign_core::manage::factors(user.record.as_deref())).unwrap();
    let factors = factors["value"].as_array().unwrap();
    assert!(
        factors.len() > 3 && factors.iter().all(|factor| factor["added"] == NOW),
        "{factors:?}"
    );
    user.now += 1000;
    assert_eq!(import_record(&mut user, &today(), true)["done"], "unchanged");
    let mut other = today();
    other["totp"][0]["description"] = json!("other");
    assert_eq!(import_record(&mut user, &other, false)["done"], "kept");
    assert_eq!(import_record(&mut user, &other, true)["done"], "imported");
}

#[test]
fn a_record_is_held_to_the_sizes_of_enrolment() {
    let mut long = today();
    long["totp"][0]["description"] = json!("d".repeat(256));
    let mut control = today();
    control["yubico"][0]["description"] = json!("a\tb");
    let mut key = today();
    key["webauthn"][0]["entry"]["cred_id"] = json!(BASE64URL_NOPAD.encode(&[7; 1024]));
    let entry = |index: usize, more: &str| json!({ "id": format!("{index}"), "created": 1, "entry": format!("{URI}&issuer={more}") });
    let of = |count: usize, bytes: usize| {
        let entries: Vec<_> = (0..count)
            .map(|index| entry(index, &"x".repeat(bytes - URI.len() - "&issuer=".len())))
            .collect();
        json!({ "totp": entries })
    };
    for (record, reason) in [
        (long, "description"),
        (control, "description"),
        (key, "key"),
        (of(257, 200), "factor-limit"),
        (of(1, 4097), "key"),
        (of(256, 4096), "record-too-large"),
    ] {
        let mut user = User::new();
        let answer = import_record(&mut user, &record, false);
        assert_eq!(
            (&answer["done"], &answer["reason"]),
            (&json!("refused"), &json!(reason))
        );
        assert_eq!(user.record, None);
    }
}

#[test]
fn a_record_that_is_filled_up_by_imports_still_counts_wrong_codes() {
    let mut settings = settings();
    settings["limits"]["factors"] = json!(256);
    // One URI may be this long, and a description of 255 characters three times as many bytes.
    let issuer = "%C3%A9".repeat(650);
    let app = |index: usize| {
        let secret = format!(
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQO{}{}",
            char::from(b'A' + u8::try_from(index % 26).unwrap()),
            char::from(b'A' + u8::try_from(index / 26).unwrap())
        );
        json!({ "uri": format!("otpauth://totp/x?secret={secret}&issuer={issuer}"), "description": "\u{ffff}".repeat(255) })
    };
    let apps: Vec<_> = (0..250).map(app).collect();
    let mut user = User::with(&settings);
    let imported = import(&mut user, &Value::Array(apps.clone()));
    let left = imported["left"].as_array().unwrap();
    assert!(
        !left.is_empty() && left.iter().all(|one| one["reason"] == "record-too-large"),
        "{}",
        left.len()
    );
    assert!(user.record.as_ref().unwrap().len() > (1 << 20) - 10_000, "filled up");
    let uri = apps[0]["uri"].as_str().unwrap();
    let now = user.now;
    for failures in 1..=8 {
        assert_eq!(user.verify("totp", &common::wrong_code(uri, now))["reason"], "rejected");
        assert_eq!(user.status()["totpFailures"], failures);
    }
    assert_eq!(user.verify("totp", &code(uri, now))["reason"], "locked");
}

#[test]
fn a_code_that_could_not_be_counted_is_not_checked() {
    let mut user = User::new();
    import(&mut user, &json!([{ "uri": URI, "description": "" }]));
    let mut record = record(&user);
    let most = (1 << 20) + (1 << 16);
    let now = user.now;
    for (bytes, checked) in [(most - 256, true), (most, false)] {
        let length = record.to_string().len() - record["totp"][0]["description"].as_str().unwrap_or_default().len();
        record["totp"][0]["description"] = json!("d".repeat(bytes - length));
        if record.to_string().len() > bytes {
            let over = record.to_string().len() - bytes;
            record["totp"][0]["description"] = json!("d".repeat(bytes - length - over));
        }
        user.record = Some(record.to_string());
        let request = json!({ "answer": { "type": "totp", "code": code(URI, now) }, "now": now }).to_string();
        let change = countersign_core::sign_in::verify_code(user.record.as_deref(), &user.settings, &request);
        assert_eq!(change.value.contains("record-too-large"), !checked, "{}", change.value);
        if checked {
            let wrong = json!({ "answer": { "type": "totp", "code": common::wrong_code(URI, now) }, "now": now });
            let change =
                countersign_core::sign_in::verify_code(user.record.as_deref(), &user.settings, &wrong.to_string());
            assert!(change.record.is_some_and(|record| record.contains("totp-failures")));
        }
    }
}

/// The same key as a point without compression.
fn point() -> Vec<u8> {
    let cose = BASE64URL_NOPAD.decode(KEY.as_bytes()).unwrap();
    [&[4], &cose[10..42], &cose[45..77]].concat()
}

fn for_keys() -> User {
    let mut with_keys = settings();
    with_keys["u2f"] = json!({ "appId": "https://example.org" });
    with_keys["yubico"] = json!(true);
    User::with(&with_keys)
}

fn u2f(handle: &[u8], key: &str, more: &Value) -> Value {
    let mut key = json!({ "keyHandle": BASE64URL_NOPAD.encode(handle), "publicKey": key });
    key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "u2f": key, "description": "old key", "created": 1_500_000_000_000_i64 })
}

#[test]
fn a_u2f_key_comes_in_as_a_point_or_as_cose() {
    let mut user = for_keys();
    let as_point = BASE64URL_NOPAD.encode(&point());
    let imported = import(
        &mut user,
        &json!([
            u2f(
                &[1; 64],
                &as_point,
                &json!({ "counter": 7, "appId": "https://example.org" })
            ),
            u2f(&[2; 255], KEY, &json!({})),
        ]),
    );
    assert_eq!(imported["left"], json!([]), "{imported}");
    assert_eq!(imported["taken"][0]["notes"], json!([]));
    assert_eq!(imported["taken"][1]["notes"], json!(["counter-not-recorded"]));
    assert_eq!(imported["taken"][0]["factor"]["type"], "u2f");
    let entry = json!({
        "key": { "keyHandle": BASE64URL_NOPAD.encode(&[1; 64]), "version": "U2F_V2" },
        "public-key": data_encoding::BASE64.encode(&point()), "counter": 7,
    });
    assert_eq!(record(&user)["u2f"][0]["entry"], entry);
    assert_eq!(record(&user)["u2f"][0]["added"], NOW / 1000);
    assert_eq!(record(&user)["u2f"][1]["entry"]["public-key"], entry["public-key"]);
    assert_eq!(record(&user)["u2f"][1]["entry"].get("counter"), None);
    let types: Vec<_> = user.events.iter().map(|event| &event["factor"]["type"]).collect();
    assert_eq!(types, ["u2f", "u2f"]);
    let offered = user.challenge(true)["value"]["webauthn"]["allowCredentials"].take();
    assert_eq!(offered.as_array().unwrap().len(), 2);
}

#[test]
fn a_u2f_key_that_could_never_answer_is_left() {
    let mut user = for_keys();
    let mut off_curve = point();
    off_curve[64] ^= 1;
    let off_curve = BASE64URL_NOPAD.encode(&off_curve);
    let long = [point(), vec![0]].concat();
    let rsa_less = "pAEBAycgBiFYIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";
    let ed448 = rsa_less.replace("AycgBi", "Ayc4NCAH");
    for (key, reason, member) in [
        (u2f(&[], KEY, &json!({})), "malformed", Some("keyHandle")),
        (u2f(&[1; 256], KEY, &json!({})), "malformed", Some("keyHandle")),
        (u2f(&[1], &off_curve, &json!({})), "malformed", Some("publicKey")),
        (
            u2f(&[1], &BASE64URL_NOPAD.encode(&long), &json!({})),
            "malformed",
            Some("publicKey"),
        ),
        (u2f(&[1], "AAAA", &json!({})), "malformed", Some("publicKey")),
        (u2f(&[1], &ed448, &json!({})), "malformed", Some("publicKey")),
        (
            u2f(&[1], KEY, &json!({ "appId": "https://example.org/" })),
            "other-app-id",
            None,
        ),
    ] {
        let left = &import(&mut user, &json!([key]))["left"];
        let expected = member.map_or_else(
            || json!([{ "index": 0, "reason": reason }]),
            |member| json!([{ "index": 0, "reason": reason, "member": member }]),
        );
        assert_eq!(left, &expected, "{key}");
    }
    let key = u2f(&[1], KEY, &json!({}));
    let mut plain = User::new();
    assert_eq!(
        import(&mut plain, &json!([key, yubico(PUBLIC_ID, &json!({}))]))["left"],
        json!([{ "index": 0, "reason": "not-supported" }, { "index": 1, "reason": "not-supported" }])
    );
    assert_eq!((&plain.record, &user.record), (&None, &None));
    let twice = import(
        &mut user,
        &json!([credential(1, &json!({})), key, u2f(&[2], KEY, &json!({}))]),
    );
    assert_eq!(twice["left"], json!([{ "index": 1, "reason": "already-enrolled" }]));
}

const PUBLIC_ID: &str = "cccccccdjiii";

fn yubico(public_id: &str, more: &Value) -> Value {
    let mut key = json!({ "publicId": public_id });
    key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "yubico": key, "description": "yk" })
}

#[test]
fn a_yubico_key_comes_in_with_its_counter() {
    let mut user = for_keys();
    let counter = json!({ "counter": { "use": 258, "session": 3 } });
    let imported = import(
        &mut user,
        &json!([
            yubico(&PUBLIC_ID.to_uppercase(), &counter),
            yubico("vv", &json!({})),
            yubico(PUBLIC_ID, &json!({}))
        ]),
    );
    assert_eq!(imported["left"], json!([{ "index": 2, "reason": "already-enrolled" }]));
    assert_eq!(imported["taken"][0]["notes"], json!([]));
    assert_eq!(imported["taken"][1]["notes"], json!(["counter-not-recorded"]));
    let entry = json!({ "yubico": PUBLIC_ID, "use-count": 258, "session-count": 3 });
    assert_eq!(record(&user)["yubico"][0]["entry"], entry);
    assert_eq!(record(&user)["yubico"][1]["entry"], "vv");
    assert_eq!(user.events[0]["type"], "imported");
    for public_id in ["", "a", "cccccccccccccccccc", "cccc cccc", "0123"] {
        let left = &import(&mut user, &json!([yubico(public_id, &json!({}))]))["left"];
        assert_eq!(
            left,
            &json!([{ "index": 0, "reason": "malformed", "member": "publicId" }])
        );
    }
}

#[test]
fn one_factor_is_of_one_kind() {
    let mut user = for_keys();
    let mut both = yubico(PUBLIC_ID, &json!({}));
    both["uri"] = json!(URI);
    let mut keys = yubico(PUBLIC_ID, &json!({}));
    keys["u2f"] = u2f(&[1], KEY, &json!({}))["u2f"].clone();
    let imported = import(&mut user, &json!([both, keys, { "description": "" }]));
    assert_eq!(imported["left"].as_array().unwrap().len(), 3);
    assert_eq!(user.record, None);
}

fn codes(codes: &[&str]) -> Value {
    json!({ "recovery": { "codes": codes }, "description": "", "created": 1_500_000_000_000_i64 })
}

#[test]
fn recovery_codes_come_in_beside_a_factor_and_work_once_each() {
    let mut user = User::new();
    let app = json!({ "uri": URI, "description": "phone" });
    let alone = import(&mut user, &json!([codes(&["aB3dE-fG7hI"])]));
    assert_eq!(alone["left"], json!([{ "index": 0, "reason": "factor-required" }]));
    let imported = import(
        &mut user,
        &json!([
            app,
            codes(&["short-1"]),
            codes(&["aB3dE-fG7hI", "zzzzz-ZZZZZ"]),
            codes(&["12345-67890"])
        ]),
    );
    assert_eq!(
        imported["left"],
        json!([{ "index": 1, "reason": "recovery-codes" }, { "index": 3, "reason": "already-enrolled" }])
    );
    let taken = &imported["taken"][1];
    assert_eq!(
        (&taken["factor"]["id"], &taken["factor"]["left"], &taken["notes"]),
        (&json!("recovery"), &json!(2), &json!(["short-secret"]))
    );
    assert_eq!(record(&user)["recovery"]["added"], NOW / 1000);
    assert_eq!(
        user.events[1]["factor"],
        json!({ "type": "recovery", "id": "recovery" })
    );
    assert!(!user.record.as_ref().unwrap().contains("fG7hI"));
    let outcome = user.verify("recovery", "aB3dE fG7hI");
    assert_eq!(
        (&outcome["ok"], &outcome["recoveryCodesLeft"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(user.verify("recovery", "aB3dE-fG7hI")["reason"], "rejected");
    assert_eq!(user.status()["failures"], 1);
    assert_eq!(user.verify("recovery", "aB3dE")["reason"], "malformed");
    assert_eq!(user.status()["failures"], 1);
    // New ones replace them.
    let own = user.recovery_codes();
    assert_eq!(user.verify("recovery", "zzzzz-ZZZZZ")["reason"], "malformed");
    assert_eq!(user.verify("recovery", &own[0])["ok"], true);
}
