#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::totp::key_uri::OtpauthUri;

const KEY: &[u8] = b"12345678901234567890";
const BASE32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn totp(request: &Value) -> Value {
    serde_json::from_str::<Value>(&super::totp(&request.to_string())).unwrap()["value"].take()
}

fn key(found: &Value) -> Vec<u8> {
    OtpauthUri::parse(found["uri"].as_str().unwrap())
        .unwrap()
        .totp
        .secret()
        .to_vec()
}

#[test]
fn every_encoding_gives_the_same_key() {
    for (encoding, secret) in [
        ("base32", BASE32),
        ("base32", "gezd gnbv gy3t qojq gezd gnbv gy3t qojq===="),
        ("hex", "3132333435363738393031323334353637383930"),
        ("base64", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA="),
        ("base64", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA"),
        ("ascii", "12345678901234567890"),
        ("latin1", "12345678901234567890"),
        ("utf8", "12345678901234567890"),
    ] {
        assert_eq!(
            key(&totp(&json!({ "secret": secret, "encoding": encoding }))),
            KEY,
            "{encoding}"
        );
    }
    assert_eq!(
        key(&totp(&json!({ "secret": "DEADBEEFdeadbeef", "encoding": "hex" }))),
        b"\xde\xad\xbe\xef".repeat(2)
    );
    assert_eq!(key(&totp(&json!({ "secret": "é", "encoding": "latin1" }))), b"\xe9");
    assert_eq!(
        key(&totp(&json!({ "secret": "é", "encoding": "utf8" }))),
        "é".as_bytes()
    );
    // What looks like base32 is not decoded where the text is the key.
    assert_eq!(
        key(&totp(&json!({ "secret": BASE32, "encoding": "utf8" }))),
        BASE32.as_bytes()
    );
}

#[test]
fn what_is_not_of_its_encoding_is_left() {
    for (encoding, secret) in [
        ("base32", "GEZDGNB0"),
        ("base32", ""),
        ("base32", "===="),
        ("hex", "313"),
        ("hex", "3g"),
        ("base64", "a"),
        ("ascii", "é"),
        ("latin1", "€"),
        ("utf8", ""),
    ] {
        let found = totp(&json!({ "secret": secret, "encoding": encoding, "account": "ann", "issuer": "Shop" }));
        assert_eq!(
            found,
            json!({ "name": "Shop: ann", "reason": "malformed", "member": "secret" }),
            "{encoding}"
        );
    }
}

#[test]
fn parameters() {
    let found = totp(&json!({
        "secret": BASE32, "algorithm": "sha-256", "digits": 8, "period": 60, "account": "a:b\n", "issuer": "Shop"
    }));
    let uri = OtpauthUri::parse(found["uri"].as_str().unwrap()).unwrap();
    assert_eq!(
        (uri.totp.algorithm().name(), uri.totp.digits(), uri.totp.period()),
        ("SHA256", 8, 60)
    );
    assert_eq!((uri.account.as_str(), uri.issuer.as_deref()), ("ab", Some("Shop")));
    for (parameter, value, reason) in [
        ("algorithm", json!("SHA3-256"), "unsupported-algorithm"),
        ("algorithm", json!("md5"), "unsupported-algorithm"),
        ("digits", json!(5), "unsupported-digits"),
        ("digits", json!(262), "unsupported-digits"),
        ("digits", json!(9), "unsupported-digits"),
        ("period", json!(0), "unsupported-period"),
    ] {
        assert_eq!(
            totp(&json!({ "secret": BASE32, parameter: value }))["reason"],
            reason,
            "{parameter} {value}"
        );
    }
    assert_eq!(
        totp(&json!({ "account": "ann" })),
        json!({ "name": "ann", "reason": "malformed", "member": "secret" })
    );
}

#[test]
fn key_uris() {
    let uri = format!("otpauth://totp/Shop:ann?secret={BASE32}&issuer=Shop&period=60");
    let found = totp(&json!({ "uri": uri }));
    assert_eq!((&found["name"], key(&found)), (&json!("Shop: ann"), KEY.to_vec()));
    let hotp = format!("otpauth://hotp/ann?secret={BASE32}&counter=0");
    assert_eq!(
        totp(&json!({ "uri": hotp, "account": "ann" })),
        json!({ "name": "ann", "reason": "hotp" })
    );
    let left = |uri: &str| totp(&json!({ "uri": uri.replace("=S", &format!("={BASE32}")) }));
    for (uri, reason) in [
        ("otpauth://totp/Shop:ann?secret=S&digits=5", "unsupported-digits"),
        ("otpauth://totp/Shop:ann?secret=S&period=0", "unsupported-period"),
        (
            "otpauth://totp/Shop:ann?secret=S&algorithm=MD5",
            "unsupported-algorithm",
        ),
        ("otpauth://totp/Shop:ann?secret=S&encoder=steam", "unsupported-encoder"),
        ("otpauth://steam/Shop:ann?secret=S", "unsupported-encoder"),
        ("otpauth://motp/Shop:ann?secret=S", "unsupported-type"),
        ("otpauth://hotp/Shop:ann?secret=S&counter=1", "hotp"),
    ] {
        assert_eq!(left(uri), json!({ "name": "Shop: ann", "reason": reason }), "{uri}");
    }
    for (uri, member) in [
        ("otpauth://totp/Shop:ann?secret=1", "secret"),
        ("otpauth://totp/Shop:ann?secret=S&digits=six", "digits"),
        ("otpauth://totp/Shop:ann?secret=S&period=30&period=30", "period"),
    ] {
        let expected = json!({ "name": "Shop: ann", "reason": "malformed", "member": member });
        assert_eq!(left(uri), expected, "{uri}");
    }
    assert_eq!(left("hunter2"), json!({ "reason": "malformed", "member": "uri" }));
    let bare = left("OTPAUTH://totp/?secret=S&lock=false&");
    assert!(
        bare["uri"].as_str().unwrap().starts_with("otpauth://totp/imported?"),
        "{bare}"
    );
}

#[test]
fn short_secrets_are_taken_and_told() {
    assert_eq!(
        totp(&json!({ "secret": "JBSWY3DPEHPK3PXP" }))["notes"],
        json!(["short-secret"])
    );
    let enough = totp(&json!({ "secret": "1234567890123456", "encoding": "ascii" }));
    assert_eq!((&enough["notes"], enough.get("name")), (&json!([]), None));
}

#[test]
fn keys_are_repeated_as_the_library_did() {
    let repeated = |encoding: &str, secret: &str, algorithm: &str| {
        totp(&json!({ "secret": secret, "encoding": encoding, "algorithm": algorithm, "repeated": true }))
    };
    let found = repeated("ascii", "1234567890", "SHA1");
    assert_eq!(
        (key(&found), &found["notes"]),
        (KEY.to_vec(), &json!(["repeated-secret"]))
    );
    // Base32 of 10 bytes is hexadecimal text of 20 characters, which was enough for SHA1.
    assert_eq!(key(&repeated("base32", "GEZDGNBVGY3TQOJQ", "SHA1")), b"1234567890");
    assert_eq!(key(&repeated("base32", BASE32, "SHA512")).len(), 64);
    assert_eq!(key(&repeated("base32", BASE32, "SHA256")), KEY);
    // One character is missing: the key comes twice, and that is all.
    assert_eq!(
        key(&repeated("ascii", "1234567890123456789", "SHA1")),
        b"12345678901234567891"
    );
    assert_eq!(key(&repeated("hex", "3132", "SHA1")), b"12".repeat(10));
}

/// A field of a protocol buffer that is a number, below 128 both.
fn number(tag: u8, value: u8) -> Vec<u8> {
    vec![tag << 3, value]
}

fn bytes(tag: u8, value: &[u8]) -> Vec<u8> {
    [&[tag << 3 | 2, u8::try_from(value.len()).unwrap()], value].concat()
}

fn entry(name: &str, issuer: &str, rest: &[Vec<u8>]) -> Vec<u8> {
    let fields = [
        bytes(1, KEY),
        bytes(2, name.as_bytes()),
        bytes(3, issuer.as_bytes()),
        rest.concat(),
    ];
    bytes(1, &fields.concat())
}

fn export(payload: &[u8]) -> Value {
    let uri = format!(
        "otpauth-migration://offline?data={}",
        BASE64.encode(payload).replace('+', "%2B")
    );
    serde_json::from_str::<Value>(&super::otpauth_migration(&uri)).unwrap()["value"].take()
}

#[test]
fn the_well_known_example() {
    let uri = "otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC";
    let found: Value = serde_json::from_str(&super::otpauth_migration(uri)).unwrap();
    let entry = &found["value"]["entries"][0];
    assert_eq!(entry["name"], "Example: alice@google.com");
    assert_eq!(entry["notes"], json!(["short-secret"]));
    assert!(
        entry["uri"]
            .as_str()
            .unwrap()
            .contains("secret=JBSWY3DPEHPK3PXP&digits=6&algorithm=SHA1&period=30")
    );
}

#[test]
fn exports_with_several_entries_and_unknown_fields() {
    let payload = [
        entry(
            "Shop:ann",
            "Shop",
            &[
                number(4, 2),
                number(5, 2),
                number(6, 2),
                bytes(8, b"unique"),
                number(15, 1),
            ],
        ),
        entry("ben", "", &[number(4, 1), number(5, 3), number(6, 2)]),
        entry(
            "counter",
            "Shop",
            &[number(4, 1), number(5, 1), number(6, 1), number(7, 9)],
        ),
        entry("old", "", &[number(4, 4), number(6, 2)]),
        entry("long", "", &[number(5, 9), number(6, 2)]),
        entry("new", "", &[number(6, 3)]),
        entry("bare", "", &[]),
        bytes(14, b"later"),
        number(2, 2),
        number(3, 3),
        number(4, 1),
        number(5, 77),
    ];
    let found = export(&payload.concat());
    assert_eq!(found["batch"], json!({ "id": 77, "index": 1, "size": 3 }));
    let entries = found["entries"].as_array().unwrap();
    let uri = |index: usize| entries[index]["uri"].as_str().unwrap();
    assert!(uri(0).starts_with("otpauth://totp/Shop:ann?") && uri(0).contains("digits=8&algorithm=SHA256"));
    assert!(uri(1).starts_with("otpauth://totp/ben?") && uri(1).contains("digits=7&algorithm=SHA1"));
    assert_eq!(entries[2], json!({ "name": "Shop: counter", "reason": "hotp" }));
    assert_eq!(entries[3], json!({ "name": "old", "reason": "unsupported-algorithm" }));
    assert_eq!(entries[4], json!({ "name": "long", "reason": "unsupported-digits" }));
    assert_eq!(entries[5], json!({ "name": "new", "reason": "unsupported-type" }));
    assert_eq!(entries[6]["notes"], json!(["assumed-totp"]));
}

#[test]
fn what_is_no_export() {
    let good = entry("ann", "", &[number(6, 2)]);
    assert!(export(&good).is_object());
    for cut in 1..good.len() {
        assert!(export(&good[..cut]).is_null(), "{cut}");
    }
    assert!(export(b"").is_null());
    assert!(export(&bytes(1, &bytes(2, b"\xff"))).is_null());
    for uri in [
        "",
        "otpauth://totp/ann?secret=GEZDGNBVGY3TQOJQ",
        "otpauth-migration://offline",
        "otpauth-migration://offline?data=",
        "otpauth-migration://offline?data=%",
        "otpauth-migration://offline?data=*",
        "otpauth-migration://online?data=CgA=",
    ] {
        assert_eq!(super::otpauth_migration(uri), r#"{"value":null}"#, "{uri}");
    }
    assert_eq!(
        export(&bytes(1, &bytes(1, b"")))["entries"],
        json!([{ "reason": "malformed", "member": "secret" }])
    );
}

#[test]
fn base64_however_it_was_copied() {
    let payload = [bytes(1, &[bytes(1, &[0xfb; 20]), number(6, 2)].concat())].concat();
    let text = BASE64.encode(&payload);
    assert!(text.contains('+') && text.ends_with('='));
    for text in [
        text.clone(),
        text.replace('+', " "),
        text.replace('+', "%2B").replace('=', "%3D"),
        text.replace('=', ""),
        format!("{text}&image=x"),
    ] {
        let found = super::otpauth_migration(&format!(" otpauth-migration://offline?x=1&data={text}\n"));
        let found: Value = serde_json::from_str(&found).unwrap();
        assert_eq!(key(&found["value"]["entries"][0]), [0xfb; 20], "{text}");
    }
}
