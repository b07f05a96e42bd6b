//! Random configurations of all factor types, and random bytes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use countersign_core::record::Record;
use countersign_core::tfa_config::{Sections, TfaConfig, WriteOptions, examine, join, split};
use countersign_core::totp::key_uri::OtpauthUri;
use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL_NOPAD, HEXLOWER};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const WHOLE: WriteOptions = WriteOptions {
    additions: true,
    sections: Sections::Written,
    refused: false,
};
const MAX: usize = 1 << 26;

fn entry(data: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let names = (
        "[a-f0-9-]{1,36}",
        any::<String>(),
        any::<i64>(),
        any::<bool>(),
        option::of(any::<i64>()),
    );
    (names, data).prop_map(|((id, description, created, enable, last_used), entry)| {
        let mut value = json!({ "id": id, "description": description, "created": created, "entry": entry });
        if !enable {
            value["enable"] = json!(false);
        }
        if let Some(last_used) = last_used {
            value["last-used"] = json!(last_used);
        }
        value
    })
}

fn totp() -> impl Strategy<Value = Value> {
    let parameters = (vec(any::<u8>(), 1..40), 6..=10u8, 1..100_000u32, 0..3usize);
    (parameters, any::<String>(), option::of(any::<i64>())).prop_map(|((secret, digits, period, hash), name, last)| {
        let secret = BASE32_NOPAD.encode(&secret);
        let hash = ["SHA1", "SHA256", "SHA512"][hash];
        let name = percent_encoded(&name);
        let uri = format!("otpauth://totp/{name}?secret={secret}&digits={digits}&algorithm={hash}&period={period}");
        match last {
            Some(last) => json!({ "totp": uri, "last-count": last }),
            None => json!(uri),
        }
    })
}

fn percent_encoded(text: &str) -> String {
    let bytes: Vec<_> = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    bytes.concat()
}

fn u2f() -> impl Strategy<Value = Value> {
    let key = (vec(any::<u8>(), 1..80), vec(any::<u8>(), 65), option::of(any::<u32>()));
    (key, other()).prop_map(|((handle, point, counter), mut entry)| {
        let handle = BASE64URL_NOPAD.encode(&handle);
        entry.insert("key".into(), json!({ "keyHandle": handle, "version": "U2F_V2" }));
        entry.insert("public-key".into(), json!(BASE64.encode(&point)));
        if let Some(counter) = counter {
            entry.insert("counter".into(), json!(counter));
        }
        Value::Object(entry)
    })
}

/// Keys that verify and such as only another version knows.
fn webauthn() -> impl Strategy<Value = Value> {
    let today: Value = serde_json::from_str(include_str!("../../../__test__/vectors/record-today.json")).unwrap();
    let known = today["webauthn"][0]["entry"]["cred"].clone();
    let unknown = vec(any::<u8>(), 0..40).prop_map(
        |x| json!({ "type_": "EDDSA", "key": { "EC_OKP": { "curve": "ED448", "x": BASE64URL_NOPAD.encode(&x) } } }),
    );
    let flags = any::<(bool, bool, bool, bool)>();
    let more = (
        vec("[a-z]{1,8}", 0..3),
        option::of(any::<u128>()),
        option::of(vec(any::<u8>(), 1..64)),
    );
    let cred = prop_oneof![Just(known), unknown];
    (vec(any::<u8>(), 0..100), cred, any::<u32>(), flags, more, other()).prop_map(
        |(id, cred, counter, (eligible, backed_up, recorded, verified), (transports, aaguid, handle), mut entry)| {
            entry.insert("cred_id".into(), json!(BASE64URL_NOPAD.encode(&id)));
            entry.insert("cred".into(), cred);
            entry.insert("counter".into(), json!(counter));
            entry.insert("backup_eligible".into(), json!(eligible));
            entry.insert("backup_state".into(), json!(backed_up));
            entry.insert("backup_recorded".into(), json!(recorded));
            entry.insert("user_verified".into(), json!(verified));
            entry.insert("transports".into(), json!(transports));
            entry.insert(
                "aaguid".into(),
                json!(aaguid.map(|id| uuid::Uuid::from_u128(id).to_string())),
            );
            entry.insert(
                "user_handle".into(),
                json!(handle.map(|handle| BASE64URL_NOPAD.encode(&handle))),
            );
            Value::Object(entry)
        },
    )
}

fn recovery() -> impl Strategy<Value = Value> {
    let codes = vec(option::of(any::<[u8; 32]>()), 0..12);
    (any::<[u8; 8]>(), codes, any::<i64>(), other()).prop_map(|(secret, codes, created, mut set)| {
        let codes: Vec<_> = codes
            .into_iter()
            .map(|code| code.map(|hash| HEXLOWER.encode(&hash)))
            .collect();
        set.insert("secret".into(), json!(HEXLOWER.encode(&secret)));
        set.insert("entries".into(), json!(codes));
        set.insert("created".into(), json!(created));
        Value::Object(set)
    })
}

fn yubico() -> impl Strategy<Value = Value> {
    ("[cbdefghijklnrtuv]{12}", option::of(any::<(u16, u8)>())).prop_map(|(id, counter)| match counter {
        Some((uses, session)) => json!({ "yubico": id, "use-count": uses, "session-count": session }),
        None => json!(id),
    })
}

/// Members that nobody knows.
fn other() -> impl Strategy<Value = Map<String, Value>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{0,3}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("x-[a-z]{0,4}", value, 0..3).prop_map(|members| members.into_iter().collect())
}

fn record() -> impl Strategy<Value = Value> {
    let entries = (
        vec(entry(totp()), 0..3),
        vec(entry(u2f()), 0..3),
        vec(entry(webauthn()), 0..3),
        option::of(recovery()),
        vec(entry(yubico()), 0..3),
    );
    let locks = (any::<bool>(), option::of(any::<i64>()), 0..9u32, 0..101u32);
    let record = (entries, locks).prop_map(
        |((totp, u2f, webauthn, recovery, yubico), (locked, until, totp_failures, failures))| {
            json!({
                "totp": totp, "u2f": u2f, "webauthn": webauthn, "recovery": recovery, "yubico": yubico,
                "totp-locked": locked, "tfa-locked-until": until, "totp-failures": totp_failures,
                "tfa-failures": failures,
            })
        },
    );
    record.prop_filter("ids that stay as they are", ids_are_unique)
}

fn file() -> impl Strategy<Value = Value> {
    let section = (
        any::<String>(),
        "[a-z.]{0,12}",
        option::of("https://[a-z]{1,8}(:[1-9]{4})?"),
        option::of(any::<bool>()),
    )
        .prop_map(|(rp, id, origin, wide)| json!({ "rp": rp, "id": id, "origin": origin, "allow-subdomains": wide }));
    let name = any::<String>().prop_filter("the name of a user", |name| (1..=256).contains(&name.len()));
    let users = prop::collection::btree_map(name, record(), 0..4);
    (users, option::of(section), option::of(any::<String>()), other()).prop_map(|(users, webauthn, appid, other)| {
        let mut file = other;
        file.insert("users".into(), Value::Object(users.into_iter().collect()));
        file.insert("webauthn".into(), json!(webauthn));
        file.insert("u2f".into(), json!(appid.map(|appid| json!({ "appid": appid }))));
        Value::Object(file)
    })
}

/// What two spellings of one configuration have in common: nulls, empty lists and defaults are left out.
fn essence(value: Value) -> Value {
    let is_default = |value: &Value| match value {
        Value::Null => true,
        Value::Bool(set) => !set,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    };
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name, essence(value)));
            Value::Object(members.filter(|(_, value)| !is_default(value)).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(essence).collect()),
        // "Never used" is spelt in two ways.
        other => other,
    }
}

/// What an examination says of a file.
fn is_good(bytes: &[u8]) -> bool {
    let examined: Value = serde_json::from_str(&examine(bytes, MAX, 0)).unwrap();
    let problems = |of: &Value| of["problems"].as_array().unwrap().len();
    let users = examined["value"]["users"].as_array().unwrap();
    problems(&examined["value"]) + users.iter().map(problems).sum::<usize>() == 0
}

fn ids_are_unique(record: &Value) -> bool {
    let lists = ["totp", "u2f", "webauthn", "yubico"].map(|list| record[list].as_array().unwrap());
    let ids: Vec<_> = lists.into_iter().flatten().map(|entry| &entry["id"]).collect();
    (1..ids.len()).all(|i| !ids[..i].contains(&ids[i]))
}

fn write(config: &TfaConfig, options: WriteOptions) -> String {
    config.write(options).unwrap()
}

/// What is good is read; what is read is written and read again, and what can't be used of it stays, and is held.
fn check_reading(bytes: &[u8]) {
    let Ok(config) = TfaConfig::parse(bytes, MAX) else {
        assert!(!is_good(bytes));
        return;
    };
    let text = write(&config, WHOLE);
    let again = parse(&text);
    assert_eq!(write(&again, WHOLE), text);
    for user in config.user_names() {
        let record = Record::parse(config.record(user)).unwrap();
        let written = again.record(user).unwrap();
        for one in record.unusable() {
            assert!(!record.is_empty() && written.contains(one.raw()), "{written}");
        }
    }
}

fn parse(text: &str) -> TfaConfig {
    TfaConfig::parse(text.as_bytes(), MAX).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_is_written(file in file()) {
        let config = parse(&file.to_string());
        let text = write(&config, WHOLE);
        prop_assert_eq!(write(&parse(&text), WHOLE), text.clone());
        prop_assert_eq!(essence(serde_json::from_str(&text).unwrap()), essence(file));
        // Writing Proxmox's form loses only the additions, and only once.
        let plain = write(&config, WriteOptions { additions: false, sections: Sections::Written, refused: true });
        prop_assert_eq!(write(&parse(&plain), WHOLE), plain.clone());
        for ours in ["last-used", "-failures", "backup_recorded", "user_verified", "transports", "aaguid", "use-count"] {
            prop_assert!(!plain.contains(&format!("{ours}\":")), "{}", ours);
        }
    }

    #[test]
    fn a_record_and_its_additions_make_the_whole_again(record in record()) {
        let text = record.to_string();
        let parts = split(&text, None).unwrap();
        let kept = parts.record.unwrap();
        for additions in [&parts.additions, &parts.settled] {
            let again = join(&kept, additions.as_deref(), i64::MAX).unwrap();
            prop_assert_eq!(again.record, Record::parse(Some(&text)).unwrap().to_text().unwrap());
            prop_assert_eq!(again.mended, None);
        }
        // What goes into the file needs nothing beside it.
        let file = split(&kept, None).unwrap();
        prop_assert_eq!((file.record, file.additions), (Some(kept), None));
    }

    #[test]
    fn order_and_blanks_do_not_matter(file in file()) {
        let pretty = serde_json::to_string_pretty(&file).unwrap();
        prop_assert_eq!(write(&parse(&pretty), WHOLE), write(&parse(&file.to_string()), WHOLE));
    }

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..400), cut in 0..2000usize, flip in any::<u8>(), file in file()) {
        check_reading(&bytes);
        let mut bytes = file.to_string().into_bytes();
        let at = cut % bytes.len();
        bytes[at] ^= flip;
        check_reading(&bytes);
        bytes.truncate(at);
        prop_assert!(at == 0 || TfaConfig::parse(&bytes, MAX).is_err(), "half a file is none");
    }

    #[test]
    fn lines_become_what_they_say(
        keys in vec(vec(any::<u8>(), 1..40), 0..6), digits in 6..=8u8, step in 1..1000u32, forms in vec(0..3usize, 6),
    ) {
        let spelt: Vec<_> = keys.iter().zip(&forms).map(|(key, form)| match form {
            0 => format!("v2-0x{}", HEXLOWER.encode(key)),
            1 => format!("v2-{}", BASE32_NOPAD.encode(key)),
            _ => format!("v2-0x{}", HEXLOWER.encode(key).to_uppercase()),
        }).collect();
        let json = json!({ "keys": spelt.join(", "), "config": { "digits": digits, "step": step.to_string() } });
        let line = format!("ann@pve:oath:{}\r\n", BASE64.encode(json.to_string().as_bytes()));
        let view: Value = serde_json::from_str(&parse(&line).legacy_view()).unwrap();
        let given = keys.iter().map(|key| format!("v2-0x{}", HEXLOWER.encode(key))).collect::<Vec<_>>().join(" ");
        let expected = json!({ "type": "oath", "keys": given, "config": { "digits": digits, "step": step } });
        prop_assert_eq!(&view["value"]["ann@pve"], &if keys.is_empty() { Value::Null } else { expected });
    }

    #[test]
    fn no_uri_panics_and_what_is_read_is_written(uri in "otpauth://totp/[ -~]{0,20}\\?secret=[A-Z2-7]{0,20}[ -~]{0,30}") {
        for read in [|uri: &str| OtpauthUri::parse(uri).ok(), OtpauthUri::parse_stored] {
            if let Some(parsed) = read(&uri) {
                let text = parsed.to_text();
                let again = OtpauthUri::parse_stored(&text).map(|uri| uri.to_text());
                prop_assert_eq!(again, Some(text));
            }
        }
    }
}
