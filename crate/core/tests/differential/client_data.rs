//! Client data (5.8.1), member by member.

use serde_json::Value;

use crate::mutants_support::members::{Members, Part};
use crate::mutants_support::{Random, mutate};
use crate::webauthn_support::{CHALLENGE, base64url};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// The same origin, nearly the same, and what a wider policy also takes.
const ORIGINS: [&str; 14] = [
    "https://example.org",
    "https://www.example.org",
    "https://example.org:8443",
    "https://a.b.example.org:1",
    "https://example.org/",
    "https://EXAMPLE.org",
    "https://example.org:443",
    "https://user@example.org",
    "http://example.org",
    "https://evilexample.org",
    "https://example.org.evil.test",
    "https://example.com",
    "null",
    "android:apk-key-hash:AAECAw",
];
/// Members of any client data, and of older ones.
const MEMBERS: [(&str, &[&str]); 6] = [
    ("crossOrigin", &["true", "false", "null", "\"true\""]),
    (
        "topOrigin",
        &[
            "\"https://shop.test\"",
            "\"https://example.org\"",
            "\"https://evil.test\"",
            "null",
        ],
    ),
    (
        "tokenBinding",
        &[
            r#""present""#,
            r#"{"status":"supported"}"#,
            r#"{"status":"present","id":"AA"}"#,
            r#"{"id":"AA"}"#,
            r#"{"status":1}"#,
            "null",
        ],
    ),
    ("type", &["\"webauthn.get\"", "\"webauthn.create\"", "\"payment.get\""]),
    (
        "challenge",
        &[
            "\"WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\"",
            "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
            "\"\"",
        ],
    ),
    ("other_keys_can_be_added_here", &["\"x\"", "[1.5,{}]", "1e400", "{}"]),
];

/// `kind`: the value of `type`.
pub fn honest(kind: &str) -> Members {
    let member = |name: &str, text: &str| (name.to_owned(), Part::Text(format!("\"{text}\"")));
    Members(vec![
        member("type", kind),
        member("challenge", &base64url(&CHALLENGE)),
        member("origin", ORIGINS[0]),
        ("crossOrigin".to_owned(), Part::Text("false".to_owned())),
    ])
}

pub fn bend(random: &mut Random, members: &mut Members) {
    match random.below(8) {
        0 | 1 => put(members, "origin", &format!("\"{}\"", random.pick(&ORIGINS))),
        2..=5 => {
            let (name, values) = random.pick(&MEMBERS);
            let value: &str = random.pick::<&str>(values);
            put(members, name, value);
        }
        _ => members.mutate(random),
    }
}

/// The text of the members, at times with what surrounds or breaks it.
pub fn bytes(random: &mut Random, members: &Members) -> Vec<u8> {
    let mut bytes = members.text().into_bytes();
    match random.below(24) {
        21 => bytes.splice(0..0, MARK.iter().copied()).for_each(drop),
        22 => bytes.push(b' '),
        23 => mutate(random, &mut bytes),
        _ => {}
    }
    bytes
}

/// Takes a byte order mark away.
pub fn unmark(bytes: &mut Vec<u8>) -> bool {
    let marked = bytes.starts_with(MARK);
    bytes.drain(..if marked { MARK.len() } else { 0 });
    marked
}

/// Takes a member away where `wanted` says so of its value.
pub fn remove(bytes: &mut Vec<u8>, name: &str, wanted: impl Fn(&Value) -> bool) -> bool {
    let json = bytes.strip_prefix(MARK).unwrap_or(bytes);
    let Ok(Value::Object(mut members)) = serde_json::from_slice(json) else {
        return false;
    };
    if !members.get(name).is_some_and(wanted) {
        return false;
    }
    members.remove(name);
    *bytes = Value::Object(members).to_string().into_bytes();
    true
}

fn put(members: &mut Members, name: &str, json: &str) {
    match members.0.iter_mut().find(|(known, _)| known == name) {
        Some((_, part)) => *part = Part::Text(json.to_owned()),
        None => members.0.push((name.to_owned(), Part::Text(json.to_owned()))),
    }
}
