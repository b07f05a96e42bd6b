//! Whole files: what is read, what is written, and what is said of files that are neither.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use countersign_core::Failure;
use countersign_core::record::Record;
use countersign_core::tfa_config::{Accepted, Sections, TfaConfig, WriteOptions, examine, examine_as};
use serde_json::{Value, json};

const TODAY: &str = include_str!("../../../__test__/vectors/tfa-today.json");
const OLD: &str = include_str!("../../../__test__/vectors/tfa-old.json");
const LINES: &str = include_str!("../../../__test__/vectors/tfa-lines.cfg");
const WHOLE: WriteOptions = WriteOptions {
    additions: true,
    sections: Sections::Written,
    refused: false,
};
const SECTIONS: WriteOptions = WriteOptions {
    additions: false,
    sections: Sections::Written,
    refused: false,
};
/// What came in the file stays in it, although Proxmox refuses it.
const AS_IT_CAME: WriteOptions = WriteOptions {
    additions: false,
    sections: Sections::AsRead,
    refused: true,
};

fn parse(text: &str) -> TfaConfig {
    TfaConfig::parse(text.as_bytes(), 1 << 26).unwrap()
}

fn written(config: &TfaConfig, options: WriteOptions) -> String {
    config.write(options).unwrap()
}

/// Whether a file for Proxmox can't be written.
fn is_refused(config: &TfaConfig) -> bool {
    match config.write(SECTIONS) {
        Err(failure) => matches!(failure, Failure::StoreRefused(what) if what.starts_with("Proxmox refuses")),
        Ok(_) => false,
    }
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The error's own words.
fn refused(bytes: &[u8]) -> String {
    match TfaConfig::parse(bytes, 1 << 26) {
        Err(Failure::ConfigCorrupt(what)) => what,
        Err(other) => other.code().into(),
        Ok(_) => "accepted".into(),
    }
}

#[test]
fn today_s_file_is_written_byte_for_byte() {
    let config = parse(TODAY);
    assert_eq!(written(&config, SECTIONS), TODAY);
    let mut users = value(TODAY);
    users.as_object_mut().unwrap().retain(|name, _| name == "users");
    let left_out = WriteOptions {
        sections: Sections::LeftOut,
        ..WriteOptions::default()
    };
    assert_eq!(value(&written(&config, left_out)), users);
    assert_eq!(written(&config, WriteOptions::default()), TODAY);
    let digest = "2dc40cb1ee3197c3703392daaf4fa31643fd46de59e6dd87c31033f1ffe95df7";
    assert_eq!(config.webauthn().unwrap().digest(), digest);
}

#[test]
fn the_old_file_is_written_as_today_s() {
    let config = parse(OLD);
    let (alice, today) = (value(&written(&config, WHOLE)), value(TODAY));
    assert_eq!(
        alice["users"]["alice@pve"]["webauthn"],
        today["users"]["alice@pve"]["webauthn"]
    );
    assert_eq!(alice["users"]["alice@pve"]["u2f"], today["users"]["alice@pve"]["u2f"]);
    assert!(config.webauthn().is_none() && config.u2f().is_none());
}

#[test]
fn equal_configurations_are_equal_bytes() {
    let users = r#"{"b":{},"a":{"yubico":[{"created":1,"id":"y","entry":"cccccccdjiii"}]},"é":{}}"#;
    let one = parse(&format!(
        r#"{{"users":{users},"z":{{"k": [1, "a b"]}},"later":null,"webauthn":null}}"#
    ));
    let other = parse(&format!(
        " {{\n\"later\" : null, \"z\":{{\"k\":[ 1,\"a b\" ]}}, \"users\":{{ \"é\":{{}}, \"a\":{},\"b\":{{}} }} }}\n",
        r#"{"yubico":[{"id":"y","description":"","created":1,"enable":true,"entry":"cccccccdjiii"}]}"#
    ));
    let expected = concat!(
        r#"{"users":{"a":{"yubico":[{"id":"y","created":1,"entry":"cccccccdjiii"}]},"b":{},"é":{}},"#,
        r#""later":null,"z":{"k":[1,"a b"]}}"#
    );
    assert_eq!(written(&one, WHOLE), expected);
    assert_eq!(written(&other, WHOLE), expected);
    assert_eq!(written(&parse(expected), WHOLE), expected);
    assert_eq!(written(&parse("{}"), WHOLE), "{}");
}

#[test]
fn what_the_origin_ignores_is_kept() {
    let mut file = value(TODAY);
    file["cluster"] = json!({ "text": "a\\\" b", "nodes": [1.5, null, { "x": " \n" }] });
    file["u2f"]["note"] = json!([1]);
    file["users"]["alice@pve"]["webauthn"][0]["entry"]["extensions"] = json!({ "cred_protect": "x" });
    let config = parse(&serde_json::to_string_pretty(&file).unwrap());
    assert_eq!(value(&written(&config, SECTIONS)), file);
    assert!(!written(&config, SECTIONS).contains('\n'));
}

#[test]
fn additions_are_written_when_asked_for() {
    let mut file = value(TODAY);
    let alice = &mut file["users"]["alice@pve"];
    for (pointer, addition) in [
        ("/totp/0/last-used", json!(5)),
        ("/u2f/0/last-used", json!(5)),
        ("/u2f/0/entry/counter", json!(9)),
        ("/webauthn/0/last-used", json!(5)),
        ("/webauthn/0/entry/backup_recorded", json!(true)),
        ("/webauthn/0/entry/user_verified", json!(true)),
        ("/webauthn/0/entry/transports", json!(["usb"])),
        (
            "/webauthn/0/entry/aaguid",
            json!("00000000-0000-0000-0000-000000000001"),
        ),
        ("/webauthn/0/entry/user_handle", json!("AAAA")),
        ("/yubico/0/last-used", json!(5)),
        ("/totp-failures", json!(1)),
        ("/tfa-failures", json!(2)),
        ("/user-handle", json!("AAAA")),
    ] {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        alice.pointer_mut(parent).unwrap()[name] = addition;
    }
    alice["yubico"][0]["entry"] = json!({ "yubico": "cccccccdjiii", "use-count": 1, "session-count": 2 });
    let config = parse(&file.to_string());
    assert_eq!(value(&written(&config, WHOLE)), file);
    assert_eq!(written(&config, SECTIONS), TODAY);
    let mut changed = config.clone();
    let record = changed.record("alice@pve").unwrap().to_owned();
    changed.set_record("alice@pve", None).unwrap();
    changed.set_record("alice@pve", Some(&record)).unwrap();
    assert_eq!(written(&changed, SECTIONS), TODAY);
}

#[test]
fn every_form_of_the_old_lines() {
    let config = parse(LINES);
    let users = value(&config.users())["value"].clone();
    let expected = [
        "alice@pve",
        "bob@pve",
        "carol@pve",
        "dave@pve",
        "erin@pam",
        "frank@ldap",
    ];
    assert_eq!(users, json!(expected));
    let user = |name: &str| value(config.record(name).unwrap());
    let imported = |id: &str, entry: Value| json!({ "id": id, "description": "<old version 1 entry>", "created": 0, "entry": entry });
    let uri =
        |account: &str, secret: &str, more: &str| json!(format!("otpauth://totp/{account}?secret={secret}&{more}"));
    assert_eq!(
        user("alice@pve"),
        json!({ "totp": [imported(
            "v1-entry",
            uri("alice%40pve", "Q4SZVJSVB4CZXSUM", "digits=6&algorithm=SHA1&period=30")
        )] })
    );
    let bob = |secret| uri("bob%40pve", secret, "digits=8&algorithm=SHA1&period=60");
    assert_eq!(
        user("bob@pve"),
        json!({ "totp": [
            imported("v1-entry", bob("Q4SZSUTFKB4CDLZL")),
            imported("v1-entry-2", bob("Q4SZVJSVB4CZXSUM")),
            imported("v1-entry-3", bob("Q4SZVJSVB4CZXSUM")),
            imported("v1-entry-4", bob("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")),
        ] })
    );
    let key = &value(TODAY)["users"]["alice@pve"]["u2f"][0]["entry"];
    assert_eq!(user("carol@pve"), json!({ "u2f": [imported("v1-entry", key.clone())] }));
    assert_eq!(
        user("erin@pam"),
        json!({ "yubico": [
            imported("v1-entry", json!("cccccccdjiii")),
            imported("v1-entry-2", json!("cccccccdjiik")),
        ] })
    );
    assert_eq!((user("dave@pve"), user("frank@ldap")), (json!({}), json!({})));
    let crlf = parse(&LINES.replace('\n', "\r\n"));
    assert_eq!(written(&crlf, WHOLE), written(&config, WHOLE));
    let again = parse(&written(&config, WHOLE));
    assert_eq!(written(&again, WHOLE), written(&config, WHOLE));
}

#[test]
fn the_legacy_view_gives_the_old_lines_back() {
    let key = value(TODAY)["users"]["alice@pve"]["u2f"][0]["entry"].clone();
    let view = value(&parse(LINES).legacy_view())["value"].clone();
    assert_eq!(
        view,
        json!({
            "alice@pve": {
                "type": "oath", "keys": "v2-0x87259aa6550f059bca8c", "config": { "digits": 6, "step": 30 },
            },
            "bob@pve": {
                "type": "oath",
                "keys": concat!(
                    "v2-0x8725995265507821af2b v2-0x87259aa6550f059bca8c v2-0x87259aa6550f059bca8c ",
                    "v2-0x3132333435363738393031323334353637383930"
                ),
                "config": { "digits": 8, "step": 60 },
            },
            "carol@pve": { "type": "u2f", "keyHandle": key["key"]["keyHandle"], "publicKey": key["public-key"] },
            "erin@pam": { "type": "yubico", "keys": "cccccccdjiii cccccccdjiik" },
        })
    );
    let alice = &value(TODAY)["users"]["alice@pve"];
    let of = |record: Value| {
        let config = parse(&json!({ "users": { "u": record } }).to_string());
        value(&config.legacy_view())["value"]["u"]["type"].clone()
    };
    assert_eq!(of(alice.clone()), "u2f");
    assert_eq!(of(json!({ "totp": alice["totp"], "yubico": alice["yubico"] })), "oath");
    assert_eq!(of(json!({ "webauthn": alice["webauthn"] })), "incompatible");
    assert_eq!(of(json!({ "recovery": alice["recovery"] })), "incompatible");
    assert_eq!(of(json!({ "totp-locked": true })), Value::Null);
}

#[test]
fn a_line_that_can_not_be_used_is_kept_for_its_user() {
    let encode = |json: &str| data_encoding::BASE64.encode(json.as_bytes());
    let oath = |keys: &str| encode(&format!(r#"{{"keys":"{keys}","config":{{}}}}"#));
    for (line, what) in [
        ("alice".into(), "not of the form USER:TYPE:DATA"),
        ("alice:oath".into(), "not of the form USER:TYPE:DATA"),
        (format!(":oath:{}", oath("v4-")), "unknown key type"),
        (format!("a:hotp:{}", oath("")), "unknown tfa.cfg entry type"),
        ("a:oath:e30=x".into(), "the data is no base64"),
        (format!("a:oath:{}", encode("{}")), "the data is no oath configuration"),
        (
            format!("a:oath:{}", encode(r#"{"keys":""}"#)),
            "the data is no oath configuration",
        ),
        (
            format!("a:oath:{}", encode(r#"{"keys":"","config":{"hash":"x"}}"#)),
            "the data is no oath configuration",
        ),
        (
            format!("a:oath:{}", encode(r#"{"keys":"","config":{"step":"+3"}}"#)),
            "the data is no oath configuration",
        ),
        (format!("a:oath:{}", oath("Q4SZVJSVB4CZXSU")), "unknown key type"),
        (format!("a:oath:{}", oath("Q4SZVJSVB4CZXSU1")), "unknown key type"),
        (format!("a:oath:{}", oath("v2-0x123")), "unknown key type"),
        (format!("a:oath:{}", oath("v2-")), "unknown key type"),
        (format!("a:oath:{}", oath("v3-AAAAAAAA")), "unknown key type"),
        (
            format!("a:oath:{}", encode(r#"{"keys":"v2-AAAAAAAA","config":{"step":0}}"#)),
            "a key or its configuration",
        ),
        (
            format!("a:u2f:{}", encode(r#"{"keyHandle":"AAAA"}"#)),
            "the data is no U2F registration",
        ),
        (
            format!("a:u2f:{}", encode(r#"{"keyHandle":"AAAA","publicKey":"BAAA"}"#)),
            "the data is no U2F registration",
        ),
        (
            format!("a:yubico:{}", encode(r#"{"keys":1}"#)),
            "the data is no list of Yubico keys",
        ),
    ] {
        let user = line.split_once(':').map_or("", |(user, _)| user).to_owned();
        let good = format!("bob@pve:oath:{}", oath("v2-AAAAAAAA"));
        let config = parse(&format!("# one\n\n{line}\n{good}\n"));
        // Nothing of it is used, and its user is never one without a second factor.
        let record = Record::parse(config.record(&user)).unwrap();
        assert!(record.whole_problem().is_some() && !record.is_empty(), "{line}");
        let of_bob = config.record("bob@pve").unwrap();
        assert_eq!(of_bob, parse(&good).record("bob@pve").unwrap());
        assert!(is_refused(&config), "{line}");
        let json = written(&config, AS_IT_CAME);
        assert_eq!(value(&json)["users"][&user], json!(line));
        assert_eq!(written(&parse(&json), AS_IT_CAME), json);
        let mut emptied = parse(&json);
        assert_eq!(value(&emptied.remove_user(&user))["value"], true);
        assert_eq!(written(&emptied, SECTIONS), written(&parse(&good), SECTIONS));
        let examined = value(&examine(format!("# one\n\n{line}\n{good}").as_bytes(), 1 << 20, 0))["value"].clone();
        assert_eq!(examined["mistakes"], 1);
        let told = &examined["users"][0];
        assert_eq!(
            (&told["line"], &told["problems"]),
            (&json!(3), &json!([what])),
            "{line}"
        );
        assert_eq!(told["user"].as_str().unwrap_or_default(), user);
    }
    // Of a line that is cut off, the name.
    let cut = parse(&format!("alice@pve\nhunter2\nhunter3\nbob@pve:oath:{}", oath("")));
    assert!(
        Record::parse(cut.record("alice@pve"))
            .unwrap()
            .whole_problem()
            .is_some()
    );
    assert_eq!(cut.user_names().collect::<Vec<_>>(), ["", "alice@pve", "bob@pve"]);
    assert!(written(&cut, AS_IT_CAME).starts_with(r#"{"users":{"":"hunter2","":"hunter3","alice@pve":"alice@pve","#));
    // A good line that doesn't say whose it is.
    let nobody = parse(&format!(":oath:{}", oath("v2-AAAAAAAA")));
    assert!(Record::parse(nobody.record("")).unwrap().whole_problem().is_some());
    assert!(value(&written(&nobody, SECTIONS))["users"][""]["totp"].is_array());
    // Base64 without its padding.
    assert!(
        parse(&format!("a:oath:{}", oath("").trim_end_matches('=')))
            .record("a")
            .is_some()
    );
}

#[test]
fn text_of_another_kind_is_no_file_of_lines() {
    let cut = &TODAY[..TODAY.len() / 2];
    let pretty = serde_json::to_string_pretty(&json!({ "users": { "a": ["x", ":oath:e30="] } })).unwrap();
    for text in [
        "alice",
        "alice:oath",
        "root:x:0:0:root:/root:/bin/sh",
        "a:hotp:e30=",
        cut,
        &format!("\u{feff}{cut}"),
        &format!("\u{feff} {pretty}"),
        &pretty.replace("{\n", "{\n:oath:\n"),
        "[\na:oath:!\n]",
        "# one\n\nhunter2",
    ] {
        let said = refused(text.as_bytes());
        assert!(
            said.contains("; read as lines: line ") && !said.contains("hunter"),
            "{said}"
        );
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_user() {
    let data = data_encoding::BASE64.encode(br#"{"keys":"v2-AAAAAAAA","config":{}}"#);
    let line = format!("alice@pve:oath:{data}");
    let marked = parse(&format!("\u{feff}{line}\nbob@pve:oath:!"));
    assert_eq!(marked.user_names().collect::<Vec<_>>(), ["alice@pve", "bob@pve"]);
    assert_eq!(marked.record("alice@pve"), parse(&line).record("alice@pve"));
    let examined = value(&examine(format!("\u{feff}{line}").as_bytes(), 1 << 20, 0))["value"].clone();
    assert_eq!(examined["users"][0]["user"], "alice@pve");
    assert_eq!(examined["mistakes"], 0);
}

#[test]
fn a_yubico_key_that_no_otp_can_match_is_unusable() {
    let long = "c".repeat(50);
    let wrong = |entry: Value| json!({ "id": "y", "created": 1, "entry": entry });
    for entry in [
        json!("notmodhex!"),
        json!(long),
        json!("cccccccdjii\u{e9}"),
        json!({ "yubico": long, "use-count": 1, "session-count": 1 }),
    ] {
        let good = r#"{"id":"g","created":1,"entry":"CCCCCCCDJIII"}"#;
        let text = format!(r#"{{"users":{{"a":{{"yubico":[{},{good}]}}}}}}"#, wrong(entry.clone()));
        let mut config = parse(&text);
        assert_eq!(written(&config, AS_IT_CAME), text, "as it came");
        assert_eq!(is_refused(&config), entry.is_object(), "Proxmox reads any text");
        assert_eq!(value(&config.yubico_keys("a"))["value"], "CCCCCCCDJIII");
        let listed = value(&config.list_entries("a"))["value"].clone();
        let unusable: Vec<_> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["unusable"] == true)
            .collect();
        assert_eq!(unusable.iter().filter(|one| **one).count(), 1, "{listed}");
        let examined = value(&examine(text.as_bytes(), 1 << 20, 0))["value"]["users"][0].clone();
        assert_eq!(
            examined["problems"][0], "can't be read, at yubico[0].entry",
            "{examined}"
        );
        assert_eq!(value(&config.delete_entry("a", "y"))["value"]["ok"], true);
        assert_eq!(
            value(&examine(written(&config, AS_IT_CAME).as_bytes(), 1 << 20, 0))["value"]["mistakes"],
            0
        );
    }
    // It still counts as a factor.
    let alone = json!({ "users": { "a": { "yubico": [wrong(json!("notmodhex!"))] } } }).to_string();
    assert_eq!(value(&parse(&alone).has_type("a", "yubico"))["value"], true);
    // The same in an old line.
    let line = format!(
        "a@pve:yubico:{}",
        data_encoding::BASE64.encode(br#"{"keys":"notmodhex! cccccccdjiii"}"#)
    );
    let config = parse(&line);
    assert_eq!(value(&config.yubico_keys("a@pve"))["value"], "cccccccdjiii");
    let examined = value(&examine(line.as_bytes(), 1 << 20, 0))["value"]["users"][0].clone();
    assert_eq!(
        examined["problems"],
        json!(["can't be read, at yubico[0].entry"]),
        "{examined}"
    );
    assert_eq!(examined["factors"], json!({ "yubico": 1 }));
    // A key without a public id types 32 characters.
    let nameless = json!({ "users": { "a": { "yubico": [wrong(json!(""))] } } }).to_string();
    let remarks = value(&examine(nameless.as_bytes(), 1 << 20, 0))["value"]["users"][0]["remarks"].to_string();
    assert!(
        remarks.contains("without their secrets: (no public id): to sign in"),
        "{remarks}"
    );
}

#[test]
fn a_user_who_occurs_twice_is_refused_alone() {
    let lines = "a:yubico:eyJrZXlzIjoiY2NjY2NjY2RqaWlpIn0=\nb:yubico:eyJrZXlzIjoiIn0\na:oath:!\n";
    let json = r#"{"users":{"b":{},"a":{"totp-locked":true},"a":{}}}"#;
    for (text, users) in [
        (
            lines,
            r#"{"users":{"a":{"yubico":[{"id":"v1-entry","description":"<old version 1 entry>","created":0,"entry":"cccccccdjiii"}]},"a":"a:oath:!","b":{}}}"#,
        ),
        (json, r#"{"users":{"a":{"totp-locked":true},"a":{},"b":{}}}"#),
    ] {
        let config = parse(text);
        assert!(Record::parse(config.record("a")).unwrap().whole_problem().is_some());
        assert_eq!(config.record("b"), Some("{}"));
        assert_eq!(written(&config, AS_IT_CAME), users);
        assert_eq!(written(&parse(users), AS_IT_CAME), users);
        // Of an object's members with one name, Proxmox takes the last.
        assert_eq!(is_refused(&config), text == lines);
        let examined = value(&examine(text.as_bytes(), 1 << 20, 0))["value"].clone();
        let problems = examined["users"][2]["problems"].as_array().unwrap();
        assert_eq!(problems.last(), Some(&json!("a user occurs twice")));
        let mut emptied = config.clone();
        assert_eq!(value(&emptied.remove_user("a"))["value"], true);
        assert_eq!(written(&emptied, SECTIONS), r#"{"users":{"b":{}}}"#);
        assert!(emptied.set_record("a", config.record("a")).is_err());
    }
}

#[test]
fn a_user_whose_name_none_can_have_is_kept_and_never_used() {
    let alice = value(TODAY)["users"]["alice@pve"].clone();
    for name in ["", &"u".repeat(257), &"\u{e9}".repeat(129)] {
        let text = json!({ "users": { "ann": {}, name: alice } }).to_string();
        let config = parse(&text);
        assert_eq!(written(&config, SECTIONS), text);
        let record = Record::parse(config.record(name)).unwrap();
        assert!(record.whole_problem().is_some() && record.enabled_factors() == 0);
        assert_eq!(value(&config.has_type(name, "totp"))["value"], false);
        assert_eq!(value(&config.list_entries(name))["value"][0]["unusable"], true);
        let examined = value(&examine(text.as_bytes(), 1 << 20, 0))["value"].clone();
        assert_eq!(examined["mistakes"], 1, "{name}");
        assert!(
            examined
                .to_string()
                .contains("a user's name has to be of 1 to 256 bytes")
        );
        for remove in [
            |config: &mut TfaConfig, name: &str| config.remove_user(name),
            |config: &mut TfaConfig, name: &str| config.delete_entry(name, "unusable-1"),
        ] {
            let mut config = config.clone();
            remove(&mut config, name);
            assert_eq!(written(&config, SECTIONS), r#"{"users":{"ann":{}}}"#);
        }
    }
}

#[test]
fn a_file_without_a_line_has_no_users_and_is_no_json() {
    for nothing in [
        "",
        " \r\n\t",
        "\u{a0}\u{2003}\n",
        "# no users\n",
        "\n# one\n\n# two",
        "\u{feff}",
        "\u{feff}\r\n",
        "\u{feff}# no users\n",
        "\u{feff}\n# one",
    ] {
        let config = parse(nothing);
        assert_eq!(written(&config, WHOLE), "{}");
        let examined = value(&examine(nothing.as_bytes(), 1 << 20, 0))["value"].clone();
        assert_eq!((&examined["count"], &examined["mistakes"]), (&json!(0), &json!(0)));
        let what = if nothing.contains('#') {
            "comments are no JSON: for a file without users, write {\"users\":{}}"
        } else {
            "the file is empty: for a file without users, write {\"users\":{}}"
        };
        let refused = TfaConfig::parse_as(nothing.as_bytes(), 1 << 20, Accepted::Json).err();
        let detail = refused.as_ref().and_then(Failure::detail).unwrap();
        assert_eq!(detail, what);
        let examined = value(&examine_as(nothing.as_bytes(), 1 << 20, Accepted::Json, 0));
        assert_eq!(examined["value"]["mistakes"], 1);
        assert!(
            examined["value"]
                .to_string()
                .contains("for a file without users, write")
        );
    }
    for (name, accepted) in [
        ("/etc/proxmox-backup/tfa.json", Accepted::Json),
        ("TFA.JSON", Accepted::Json),
        ("/etc/pve/priv/tfa.cfg", Accepted::Either),
        ("json", Accepted::Either),
    ] {
        assert_eq!(Accepted::by_name(name), accepted, "{name}");
    }
}

#[test]
fn files_that_are_none_say_why_and_quote_nothing() {
    let half = &TODAY[..TODAY.len() / 2];
    for (bytes, what) in [
        (b"\xff\xfe{\0}\0".as_slice(), "not UTF-8 text, at byte 0"),
        (b"{\"users\":{\"\xe9\":{}}}", "not UTF-8 text, at byte 11"),
        (half.as_bytes(), "read as JSON: it ends too early"),
        (b"\xef\xbb\xbf{}", "read as JSON: a syntax error, at line 1 column 1"),
        (b"[]", "read as JSON: an unexpected value"),
        (b"null", "read as JSON: an unexpected value"),
        (b"{\"users\":[]}", "read as JSON: an unexpected value"),
        (b"{\"users\":null}", "read as JSON: an unexpected value"),
        (b"{}{}", "read as JSON: a syntax error"),
        (b"{\"users\":{},\"users\":{}}", "read as JSON: an unexpected value"),
        (b"{\"other\":1,\"other\":1}", "read as JSON: an unexpected value"),
    ] {
        let said = refused(bytes);
        assert!(said.contains(what), "{said}");
        assert!(!said.contains("hunter") && !said.contains("alice"), "{said}");
    }
    for (pointer, place) in [
        ("/totp/0/entry/totp", "can't be read, at totp[0].entry"),
        ("/totp/0/created", "can't be read, at totp[0].created"),
        ("/webauthn/0/entry/cred_id", "can't be read, at webauthn[0].entry"),
        ("/recovery/entries", "can't be read, at recovery"),
        ("/totp/0/hunter2", "can't be read, at totp[0]: an unknown member"),
        ("/hunter2", "can't be read: an unknown member"),
        ("/totp[hunter2", "can't be read: an unknown member"),
        ("/totp.hunter2", "can't be read: an unknown member"),
    ] {
        let mut file = value(TODAY);
        file["users"]["bob@pve"] = json!({});
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        file["users"]["alice@pve"].pointer_mut(parent).unwrap()[name] = json!("hunter2");
        // Alice's entry is named, and kept as it came; what is Bob's goes on.
        let config = parse(&file.to_string());
        assert_eq!(value(&written(&config, WHOLE)), file);
        assert_eq!(value(&written(&config, AS_IT_CAME)), file);
        assert!(is_refused(&config), "{pointer}");
        let examined = value(&examine(file.to_string().as_bytes(), 1 << 20, 0))["value"].clone();
        assert_eq!(examined["mistakes"], 1, "{pointer}");
        let said = examined["users"][0]["problems"][0].as_str().unwrap();
        assert!(said.starts_with(place) && !said.contains("hunter"), "{said}");
    }
    assert_eq!(
        TfaConfig::parse(TODAY.as_bytes(), TODAY.len() - 1).err(),
        Some(Failure::ConfigTooLarge)
    );
    assert!(TfaConfig::parse(TODAY.as_bytes(), TODAY.len()).is_ok());
    let nested = format!("{{\"x\":{}", "[".repeat(1_000_000));
    assert!(refused(nested.as_bytes()).contains("it ends too early"));
    let nested = format!("{{\"users\":{{\"a\":{{\"recovery\":{}", "[".repeat(200_000));
    assert!(refused(nested.as_bytes()).starts_with("read as JSON"));
    let nested = format!("{nested}{}}}}}}}", "]".repeat(200_000));
    assert_eq!(written(&parse(&nested), WHOLE), nested);
}

#[test]
fn a_file_takes_little_more_memory_than_it_has_bytes() {
    let phone = value(TODAY)["users"]["alice@pve"]["totp"].clone();
    let users = (0..5000).map(|number| (format!("user{number}@pve"), json!({ "totp": phone })));
    let file = json!({ "users": users.collect::<serde_json::Map<_, _>>() }).to_string();
    let config = parse(&file);
    assert!(
        config.file_bytes() * 10 <= file.len() * 12,
        "{} of {}",
        config.file_bytes(),
        file.len()
    );
    assert_eq!(value(&config.users())["value"].as_array().unwrap().len(), 5000);
}

#[test]
fn clones_go_their_own_ways() {
    let source = parse(TODAY);
    let mut clone = source.clone();
    clone.set_webauthn("null").unwrap();
    clone.remove_user("alice@pve");
    assert_eq!(written(&source, SECTIONS), TODAY);
    assert_eq!(
        written(&clone, SECTIONS),
        r#"{"u2f":{"appid":"https://pve.example.com"}}"#
    );
    let mut source = source;
    source.set_record("bob@pve", Some("{}")).unwrap();
    assert!(clone.record("bob@pve").is_none());
    assert_eq!(
        source.set_record("bob@pve", Some("{\"x\":1}")),
        Err(Failure::RecordCorrupt("an unknown member".into()))
    );
}

#[test]
fn a_key_that_the_origin_can_not_read_is_not_written_for_it() {
    let mut file = value(TODAY);
    let key = &mut file["users"]["alice@pve"]["webauthn"][0]["entry"]["cred"];
    let modulus = data_encoding::BASE64URL_NOPAD.encode(&[0xc5; 256]);
    *key = json!({ "type_": "RS256", "key": { "RSA": { "n": modulus, "e": [3] } } });
    let text = file.to_string();
    let config = parse(&text);
    assert_eq!(value(&written(&config, WHOLE)), file);
    assert!(matches!(config.write(SECTIONS), Err(Failure::StoreRefused(_))));
    let record = config.record("alice@pve").unwrap();
    let mut other = TfaConfig::default();
    assert!(matches!(
        other.set_record("bob", Some(record)),
        Err(Failure::StoreRefused(_))
    ));
    assert!(other.keeping_additions(true).set_record("bob", Some(record)).unwrap());
    let examined = value(&examine(text.as_bytes(), 1 << 20, 0));
    let problems = json!(["a key that Proxmox can't read: it refuses the file"]);
    assert_eq!(examined["value"]["users"][0]["problems"], problems);
    assert_eq!(examined["value"]["mistakes"], 1);
}

#[test]
fn a_file_of_anything_is_read_and_examined_in_bounded_time_and_room() {
    let many = |count: usize, one: fn(usize) -> String| (0..count).map(one).collect::<Vec<_>>();
    let others = format!("{{{}}}", many(200_000, |number| format!("\"a{number}\":0")).join(","));
    assert_eq!(written(&parse(&others), WHOLE).len(), others.len());
    let users = many(150_000, |number| format!("\"{}\":1", number % 149_999));
    for (text, mistakes) in [
        (format!("{{\"users\":{{{}}}}}", users.join(",")), 150_001),
        ("x\n".repeat(150_000), 150_000),
    ] {
        let examined = value(&examine(text.as_bytes(), 1 << 26, 0))["value"].clone();
        assert_eq!(
            (&examined["count"], &examined["mistakes"]),
            (&json!(150_000), &json!(mistakes))
        );
        assert_eq!(examined["users"].as_array().unwrap().len(), 100_000);
    }
}

#[test]
fn factors_with_the_same_id_get_others_and_the_file_is_to_be_written() {
    let mut file = value(TODAY);
    let keys = &mut file["users"]["alice@pve"]["yubico"];
    let mut second = keys[0].clone();
    second["entry"] = json!("cccccccdjiik");
    keys.as_array_mut().unwrap().push(second);
    let config = parse(&file.to_string());
    assert!(config.is_renamed() && !parse(TODAY).is_renamed() && parse(LINES).is_renamed());
    let id = file["users"]["alice@pve"]["yubico"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    file["users"]["alice@pve"]["yubico"][1]["id"] = json!(format!("{id}-2"));
    assert_eq!(value(&written(&config, SECTIONS)), file);
    assert!(!parse(&file.to_string()).is_renamed());
}

/// Entries that Proxmox lets any user store, but that can't be used here.
const UNUSABLE: [&str; 6] = [
    "digits=5",
    "digits=0",
    "digits=1",
    "period=0",
    "period=4294967296",
    "digits=11",
];

#[test]
fn one_bad_entry_locks_nobody_else_out() {
    for parameter in UNUSABLE {
        let bad =
            format!(r#"{{ "id":"bad", "created":1, "entry":"otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&{parameter}" }}"#);
        let file = TODAY.replacen("\"users\":{", &format!("\"users\":{{\"bob\":{{\"totp\":[{bad}]}},"), 1);
        let mut config = parse(&file);
        let alice = value(TODAY)["users"]["alice@pve"].clone();
        for options in [WHOLE, SECTIONS] {
            let text = written(&config, options);
            assert!(text.contains(&bad), "{text}");
            assert_eq!(value(&text)["users"]["alice@pve"], alice);
        }
        let entry = json!([{
            "type": "totp", "id": "bad", "created": 1, "enable": false, "unusable": true,
        }]);
        assert_eq!(value(&config.list_entries("bob"))["value"], entry);
        assert_eq!(value(&config.has_type("bob", "totp"))["value"], true);
        // Never null, which would mean that the password is enough.
        let challenge = value(&config.challenge("bob", None, &[0; 32], 0));
        assert_eq!(challenge["value"], json!({}), "{parameter}");
        assert!(value(&config.challenge("alice@pve", None, &[0; 32], 0))["value"]["webauthn"].is_object());
        let view = value(&config.legacy_view())["value"].clone();
        assert_eq!(view["bob"], json!({ "type": "incompatible" }));
        for change in [
            json!({ "id": "bad", "description": "x" }),
            json!({ "id": "bad", "enable": true }),
        ] {
            let updated = value(&config.update_entry("bob", &change.to_string()));
            assert_eq!(updated["value"]["ok"], false);
        }
        let wrong = json!({ "answer": { "type": "totp", "code": "123456" }, "now": 0 }).to_string();
        assert_eq!(value(&config.verify_code("bob", &wrong))["value"]["reason"], "rejected");
        assert_eq!(
            value(&config.delete_entry("bob", "bad"))["value"],
            json!({ "ok": true, "left": false })
        );
        assert_eq!(written(&config, SECTIONS), TODAY);
    }
}

#[test]
fn a_user_who_is_no_object_and_a_section_that_can_not_be_read_are_kept_as_they_came() {
    for raw in ["null", "5", "[ ]", "\"x\"", "true", "[{\"totp\": []}]"] {
        let file = format!(r#"{{"u2f":{{"appid":7}},"webauthn":{{"rp": 1}},"users":{{"ann":{{}},"bob":{raw}}}}}"#);
        let mut config = parse(&file);
        assert!(config.webauthn().is_none() && config.u2f().is_none());
        assert_eq!(written(&config, AS_IT_CAME), file);
        assert_eq!(written(&config, WHOLE), file);
        assert!(is_refused(&config), "{raw}");
        let listed = value(&config.list_entries("bob"))["value"].clone();
        assert_eq!(
            (&listed[0]["id"], &listed[0]["type"], &listed[0]["unusable"]),
            (&json!("unusable-1"), &json!("unknown"), &json!(true))
        );
        assert_eq!(value(&config.challenge("bob", None, &[0; 32], 0))["value"], json!({}));
        assert_eq!(value(&config.challenge("ann", None, &[0; 32], 0))["value"], Value::Null);
        let examined = value(&examine(file.as_bytes(), 1 << 20, 0))["value"].clone();
        assert_eq!(
            (&examined["mistakes"], &examined["sections"]),
            (&json!(3), &json!(["u2f", "webauthn"]))
        );
        assert_eq!(value(&config.delete_entry("bob", "unusable-1"))["value"]["ok"], true);
        config.set_webauthn("null").unwrap();
        assert_eq!(written(&config, WHOLE), r#"{"u2f":{"appid":7},"users":{"ann":{}}}"#);
    }
}

#[test]
fn what_the_origin_refuses_is_never_written_for_it() {
    let with = |pointer: &str, bad: Value| {
        let mut file = value(TODAY);
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        file.pointer_mut(parent).unwrap()[name] = bad;
        file.to_string()
    };
    for (pointer, bad) in [
        ("/webauthn/origin", json!("https://pve.example.com:80070")),
        ("/webauthn/rp", json!(1)),
        ("/u2f", json!([])),
        ("/users/bob", json!("alice:oath:e30=x")),
        ("/users/alice@pve/totp/0/id", json!(7)),
        ("/users/alice@pve/totp/0/entry", json!("otpauth://totp/a?secret=!")),
        ("/users/alice@pve/totp/0/entry/more", json!(1)),
        ("/users/alice@pve/webauthn/0/entry/cred/type_", json!("es256")),
        ("/users/alice@pve/webauthn/0/entry/counter", json!(-1)),
        ("/users/alice@pve/u2f/0/entry/certificate", json!("-_")),
        ("/users/alice@pve/recovery", json!(7)),
        ("/users/alice@pve/yubico", json!(7)),
        ("/users/alice@pve/unknown", json!(1)),
    ] {
        let file = with(pointer, bad);
        let mut config = parse(&file);
        assert!(is_refused(&config), "{pointer}");
        let examined = value(&examine(file.as_bytes(), 1 << 20, 0));
        assert_ne!(examined["value"]["mistakes"], 0, "{pointer}");
        // Nothing of it is lost, and what is changed beside it is written.
        let kept = value(&written(&config, AS_IT_CAME));
        assert_eq!(kept, value(&file), "{pointer}");
        config.set_record("carol", Some(r#"{"totp":[]}"#)).unwrap();
        assert!(
            written(&config, AS_IT_CAME).contains("carol") && is_refused(&config),
            "{pointer}"
        );
        // Without the part that is wrong, Proxmox can read the file.
        config.set_webauthn("null").unwrap();
        config.set_u2f("null").unwrap();
        config.remove_user("alice@pve");
        config.remove_user("bob");
        assert_eq!(written(&config, SECTIONS), r#"{"users":{"carol":{}}}"#, "{pointer}");
    }
    let mut file = value(TODAY);
    file["webauthn"] = Value::Null;
    assert!(!is_refused(&parse(&file.to_string())));
    // A section that isn't written does no harm.
    let elsewhere = WriteOptions {
        sections: Sections::LeftOut,
        ..WriteOptions::default()
    };
    let config = parse(&with("/webauthn/rp", json!(1)));
    assert!(written(&config, elsewhere).starts_with(r#"{"users":"#));
}

#[test]
fn what_the_origin_can_not_read_is_named_and_never_made() {
    let mut file = value(TODAY);
    let alice = &mut file["users"]["alice@pve"];
    alice["webauthn"][0]["entry"]["cred"]["type_"] = json!("es256");
    alice["u2f"][0]["entry"]["certificate"] = json!("-_");
    let text = file.to_string();
    let examined = value(&examine(text.as_bytes(), 1 << 20, 0))["value"].clone();
    let problems: Vec<_> = ["u2f[0].entry.certificate", "webauthn[0].entry.cred"]
        .iter()
        .map(|place| json!(format!("Proxmox can't read {place}: it refuses the file")))
        .collect();
    let mut told = examined["users"][0]["problems"].as_array().unwrap().clone();
    told.sort_by_key(Value::to_string);
    assert_eq!(told, problems);
    let mut config = parse(&text);
    assert_eq!(value(&written(&config, AS_IT_CAME)), file);
    assert!(is_refused(&config));
    let record = config.record("alice@pve").unwrap().to_owned();
    // Where it is already, it can't be made worse.
    let renamed = record.replace("\"phone\"", "\"other phone\"");
    assert_eq!(config.set_record("alice@pve", Some(&renamed)), Ok(true));
    assert!(matches!(
        config.set_record("bob@pve", Some(&record)),
        Err(Failure::StoreRefused(_))
    ));
    assert!(matches!(
        TfaConfig::default().set_record("alice@pve", Some(&record)),
        Err(Failure::StoreRefused(_))
    ));
    // Values that are only spelled differently are written in Proxmox's form.
    let mut file = value(TODAY);
    let alice = &mut file["users"]["alice@pve"];
    let handle = alice["u2f"][0]["entry"]["key"]["keyHandle"]
        .as_str()
        .unwrap()
        .to_owned();
    alice["u2f"][0]["entry"]["key"]["keyHandle"] = json!(handle.replace('-', "+").replace('_', "/"));
    let uri = alice["totp"][0]["entry"]["totp"].as_str().unwrap().to_owned();
    alice["totp"][0]["entry"]["totp"] = json!(uri.replacen("secret=Q4SZ", "secret=Q4SZ-", 1));
    assert_ne!(file, value(TODAY));
    assert!(value(&examine(file.to_string().as_bytes(), 1 << 20, 0))["value"]["mistakes"].as_u64() > Some(0));
    assert_eq!(written(&parse(&file.to_string()), SECTIONS), TODAY);
}

#[test]
fn a_totp_entry_can_be_added_without_a_code() {
    let mut config = TfaConfig::default();
    let request = |description: &str, uri: &str| {
        json!({ "description": description, "uri": uri, "now": 1_700_000_000_000_i64 }).to_string()
    };
    let uri = "otpauth://totp/ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let added = value(&config.add_totp_unproved("ann", &[1; 16], &request("phone", uri)))["value"].clone();
    assert_eq!(added["ok"], true);
    let entries = value(&config.list_entries("ann"))["value"].clone();
    assert_eq!(
        (&entries[0]["id"], &entries[0]["description"]),
        (&added["id"], &json!("phone"))
    );
    for (description, uri) in [
        ("phone", "otpauth://totp/ann?secret=!"),
        ("a\tb", uri),
        (&*"x".repeat(300), uri),
    ] {
        let refused = value(&config.add_totp_unproved("ann", &[1; 16], &request(description, uri)));
        assert_eq!(refused["value"]["reason"], "parameter", "{refused}");
    }
}
