//! Finds the places of a user's record that Proxmox's own reader refuses. One such place makes it refuse the whole
//! file.
//!
//! Proxmox is stricter than we are in some places and less strict in others. For example, it accepts an app with five
//! digits, which can't be used here.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::json::raw::{RawMembers, raw_elements};
use crate::record::{decode_base64, is_canonical_base64, is_origin_base64url};
use crate::totp::key_uri::is_read_by_origin;

/// One place that Proxmox can't read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// For example `webauthn[0].entry.cred`. Empty for the record as a whole. Never holds a value.
    pub place: String,
    /// The entry's id, if it has one.
    pub id: Option<String>,
}

impl Refusal {
    /// The list and the position in it, such as `webauthn[0]`.
    pub fn entry(&self) -> &str {
        self.place.split('.').next().unwrap_or_default()
    }

    /// Whether both are the same refusal, even if the entry's position has changed.
    pub fn is_same(&self, other: &Self) -> bool {
        let inside = |place: &str| {
            let (list, rest) = place.split_once('[').unwrap_or((place, ""));
            (list.to_owned(), rest.split_once(']').map(|(_, rest)| rest.to_owned()))
        };
        self.id == other.id && inside(&self.place) == inside(&other.place)
    }
}

/// All refusals in a record. Our additions don't count, because they are removed before Proxmox reads the record.
pub fn refusals(record: &str) -> Vec<Refusal> {
    let mut found = Vec::new();
    let Some(members) = RawMembers::parse(record) else {
        found.push(Refusal {
            place: String::new(),
            id: None,
        });
        return found;
    };
    for (name, value) in &members.0 {
        let list: Option<Check> = match name.as_str() {
            "totp" => Some(totp),
            "webauthn" => Some(webauthn),
            "u2f" => Some(u2f),
            "yubico" => Some(yubico),
            _ => None,
        };
        match (list, raw_elements(value)) {
            (Some(check), Some(elements)) => {
                for (index, element) in elements.into_iter().enumerate() {
                    if let Some((place, id)) = entry(element, check) {
                        let place = format!("{name}[{index}]{place}");
                        found.push(Refusal { place, id });
                    }
                }
            }
            (Some(_), None) => found.push(Refusal {
                place: name.clone(),
                id: None,
            }),
            (None, _) => {
                let good = match name.as_str() {
                    "recovery" => *value == "null" || recovery(value),
                    "totp-locked" => reads::<bool>(value),
                    "tfa-locked-until" => reads::<Option<i64>>(value),
                    _ => true,
                };
                if !good {
                    let id = (name == "recovery").then(|| name.clone());
                    found.push(Refusal {
                        place: name.clone(),
                        id,
                    });
                }
            }
        }
    }
    found
}

/// Whether Proxmox refuses the record as it is, also for additions of ours.
pub fn is_refused(record: &str) -> bool {
    let known = [
        "totp",
        "u2f",
        "webauthn",
        "recovery",
        "yubico",
        "totp-locked",
        "tfa-locked-until",
    ];
    let Some(RawMembers(members)) = RawMembers::parse(record) else {
        return true;
    };
    let has_ours =
        |entry: &str| RawMembers::parse(entry).is_some_and(|entry| OURS.iter().any(|name| entry.get(name).is_some()));
    let is_counted = |entry: &str| {
        RawMembers::parse(entry).is_some_and(|entry| entry.get("entry").is_some_and(|own| own.starts_with('{')))
    };
    !refusals(record).is_empty()
        || members.iter().any(|(name, value)| {
            let entries = raw_elements(value).unwrap_or_default();
            !known.contains(&name.as_str())
                || entries.iter().any(|entry| has_ours(entry))
                || (name == "yubico" && entries.iter().any(|entry| is_counted(entry)))
        })
}

/// Returns the wrong place inside an entry's own data, or `None`.
type Check = fn(&str) -> Option<&'static str>;

/// Our members of an entry. They are removed for Proxmox, which doesn't know them.
const OURS: [&str; 2] = ["last-used", "added"];

/// The place inside an entry that can't be read, and the entry's id.
fn entry(text: &str, check: Check) -> Option<(String, Option<String>)> {
    let Some(members) = RawMembers::parse(text) else {
        return Some((String::new(), None));
    };
    let id: Option<String> = members.get("id").and_then(|id| serde_json::from_str(id).ok());
    let optional = |name: &str, reads: fn(&str) -> bool| members.get(name).is_none_or(reads);
    let required = |name: &str, reads: fn(&str) -> bool| members.get(name).is_some_and(reads);
    let known = ["id", "description", "created", "enable", "entry"];
    let strange = members
        .0
        .iter()
        .any(|(name, _)| !known.contains(&name.as_str()) && !OURS.contains(&name.as_str()));
    let place = if strange {
        ": an unknown member"
    } else if id.is_none() {
        ".id"
    } else if !optional("description", reads::<String>) {
        ".description"
    } else if !required("created", reads::<i64>) {
        ".created"
    } else if !optional("enable", reads::<bool>) {
        ".enable"
    } else {
        match members.get("entry").map_or(Some(""), check) {
            None => return None,
            Some(inside) => return Some((format!(".entry{inside}"), id)),
        }
    };
    Some((place.to_owned(), id))
}

fn totp(text: &str) -> Option<&'static str> {
    let uri = |text: &str| serde_json::from_str::<String>(text).is_ok_and(|uri| is_read_by_origin(&uri));
    if text.starts_with('"') {
        return (!uri(text)).then_some("");
    }
    let Some(members) = RawMembers::parse(text) else {
        return Some("");
    };
    if members
        .0
        .iter()
        .any(|(name, _)| !["totp", "last-count"].contains(&name.as_str()))
    {
        return Some(": an unknown member");
    }
    if !members.get("totp").is_some_and(uri) {
        return Some(".totp");
    }
    // The member may be a number or absent. `null` is neither.
    let counted = members.get("last-count").is_none_or(reads::<i64>);
    (!counted).then_some(".last-count")
}

fn yubico(text: &str) -> Option<&'static str> {
    // An object is our form. The counters become additions, and the id stays.
    let good = reads::<String>(text) || text.starts_with('{');
    (!good).then_some("")
}

fn webauthn(text: &str) -> Option<&'static str> {
    let Some(members) = RawMembers::parse(text) else {
        return Some("");
    };
    let flag = |name: &str| members.get(name).is_none_or(reads::<bool>);
    if !members.get("cred_id").is_some_and(bytes) {
        Some(".cred_id")
    } else if !members.get("cred").is_some_and(key) {
        Some(".cred")
    } else if !members.get("counter").is_some_and(reads::<u32>) {
        Some(".counter")
    } else if !flag("backup_eligible") {
        Some(".backup_eligible")
    } else {
        (!flag("backup_state")).then_some(".backup_state")
    }
}

/// The names of algorithms, including older ones that are still read.
const ALGORITHMS: [&str; 14] = [
    "ES256",
    "ES384",
    "ES512",
    "ECDSA_SHA256",
    "ECDSA_SHA384",
    "ECDSA_SHA512",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "EDDSA",
    "INSECURE_RS1",
];

fn key(text: &str) -> bool {
    let Some(members) = RawMembers::parse(text) else {
        return false;
    };
    let one_of = |text: Option<&str>, names: &[&str]| {
        let name = text.and_then(|text| serde_json::from_str::<String>(text).ok());
        name.is_some_and(|name| names.contains(&name.as_str()))
    };
    if !one_of(members.get("type_"), &ALGORITHMS) {
        return false;
    }
    let Some(RawMembers(wrapped)) = members.get("key").and_then(RawMembers::parse) else {
        return false;
    };
    let [(kind, inner)] = wrapped.as_slice() else {
        return false;
    };
    let Some(inner) = RawMembers::parse(inner) else {
        return false;
    };
    let holds = |name: &str| inner.get(name).is_some_and(bytes);
    match kind.as_str() {
        "EC_EC2" => one_of(inner.get("curve"), &["SECP256R1", "SECP384R1", "SECP521R1"]) && holds("x") && holds("y"),
        "EC_OKP" => one_of(inner.get("curve"), &["ED25519", "ED448"]) && holds("x"),
        "RSA" => holds("n") && inner.get("e").is_some_and(reads::<[u8; 3]>),
        _ => false,
    }
}

/// An array of bytes, or any of the four kinds of base64.
fn bytes(text: &str) -> bool {
    reads::<Vec<u8>>(text) || serde_json::from_str::<String>(text).is_ok_and(|text| decode_base64(&text).is_some())
}

fn u2f(text: &str) -> Option<&'static str> {
    let Some(members) = RawMembers::parse(text) else {
        return Some("");
    };
    let Some(key) = members.get("key").and_then(RawMembers::parse) else {
        return Some(".key");
    };
    let is = |text: Option<&str>, good: fn(&str) -> bool| {
        let text = text.and_then(|text| serde_json::from_str::<String>(text).ok());
        text.is_some_and(|text| good(&text))
    };
    if !is(key.get("keyHandle"), is_origin_base64url) {
        Some(".key.keyHandle")
    } else if !is(key.get("version"), |_| true) {
        Some(".key.version")
    } else if !is(members.get("public-key"), is_canonical_base64) {
        Some(".public-key")
    } else {
        let certificate = members.get("certificate");
        let good = certificate.is_none() || is(certificate, is_canonical_base64);
        (!good).then_some(".certificate")
    }
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "read, to see whether it can be")]
struct Recovery {
    secret: String,
    entries: Vec<Option<String>>,
    #[serde(default)]
    created: i64,
}

fn recovery(text: &str) -> bool {
    text.starts_with('{') && reads::<Recovery>(text)
}

fn reads<T: DeserializeOwned>(text: &str) -> bool {
    serde_json::from_str::<T>(text).is_ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::record::Record;

    const TODAY: &str = include_str!("../../../../__test__/vectors/record-today.json");
    const OLD: &str = include_str!("../../../../__test__/vectors/record-old.json");

    fn places(record: &Value) -> Vec<String> {
        let found = refusals(&record.to_string()).into_iter();
        found.map(|refusal| refusal.place).collect()
    }

    #[test]
    fn the_origin_s_own_records_are_read() {
        for text in [TODAY, OLD] {
            assert_eq!(refusals(text), []);
        }
    }

    #[test]
    fn each_place_that_it_refuses_is_named() {
        let uri = "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ";
        for (pointer, value, place) in [
            (
                "/webauthn/0/entry/cred/key/EC_EC2/x",
                json!("not base64!"),
                "webauthn[0].entry.cred",
            ),
            (
                "/webauthn/0/entry/cred/key/EC_EC2/x",
                json!(null),
                "webauthn[0].entry.cred",
            ),
            (
                "/webauthn/0/entry/cred/key/EC_EC2/curve",
                json!("P-256"),
                "webauthn[0].entry.cred",
            ),
            ("/webauthn/0/entry/cred/type_", json!("es256"), "webauthn[0].entry.cred"),
            ("/webauthn/0/entry/cred/type_", json!(null), "webauthn[0].entry.cred"),
            ("/webauthn/0/entry/counter", json!(-1), "webauthn[0].entry.counter"),
            ("/webauthn/0/entry/cred_id", json!("!"), "webauthn[0].entry.cred_id"),
            (
                "/webauthn/0/entry/backup_state",
                json!(null),
                "webauthn[0].entry.backup_state",
            ),
            (
                "/totp/0/entry",
                json!("otpauth://totp/a?secret=GEZD GNBV"),
                "totp[0].entry",
            ),
            (
                "/totp/0/entry",
                json!("otpauth://totp/a?secret=GEZD-GNBV"),
                "totp[0].entry",
            ),
            (
                "/totp/0/entry",
                json!({ "totp": uri, "last-count": null }),
                "totp[0].entry.last-count",
            ),
            (
                "/totp/0/entry",
                json!({ "totp": uri, "more": 1 }),
                "totp[0].entry: an unknown member",
            ),
            ("/totp/0/id", json!(7), "totp[0].id"),
            ("/totp/0/more", json!(7), "totp[0]: an unknown member"),
            (
                "/u2f/0/entry/key/keyHandle",
                json!("+/8="),
                "u2f[0].entry.key.keyHandle",
            ),
            ("/u2f/0/entry/certificate", json!("-_8"), "u2f[0].entry.certificate"),
            ("/u2f/0/entry/certificate", json!(null), "u2f[0].entry.certificate"),
            ("/u2f/0/entry/public-key", json!("AAA"), "u2f[0].entry.public-key"),
            ("/recovery/entries", json!(7), "recovery"),
            ("/totp-locked", json!(null), "totp-locked"),
            ("/yubico", json!(7), "yubico"),
        ] {
            let mut record: Value = serde_json::from_str(TODAY).unwrap();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            record.pointer_mut(parent).unwrap()[name] = value;
            assert_eq!(places(&record), [place], "{pointer}");
        }
        assert_eq!(refusals("null")[0].place, "");
    }

    #[test]
    fn what_can_not_be_used_here_may_be_good_there() {
        for uri in [
            "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&digits=5",
            "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&digits=0",
            "otpauth://totp/a?secret=gezdgnbvgy3tqojq==&period=4294967296",
            "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&period=0",
        ] {
            let record = json!({ "totp": [{ "id": "a", "created": 1, "entry": uri }] });
            assert_eq!(places(&record), Vec::<String>::new(), "{uri}");
            assert!(Record::parse_usable(&record.to_string()).is_err(), "{uri}");
        }
    }

    #[test]
    fn what_we_write_of_what_we_can_use_is_read() {
        let record = json!({
            "totp": [{ "id": "a", "created": 1, "entry": { "totp": "otpauth://totp/a?secret=gezd-gnbv%20gy3tqojq", "last-count": null } }],
            "u2f": [{ "id": "b", "created": 1, "entry": { "key": { "keyHandle": "+/8=", "version": "U2F_V2" }, "public-key": "-_8" } }],
        });
        assert_eq!(places(&record).len(), 2);
        let written = Record::parse(Some(&record.to_string())).unwrap().to_text().unwrap();
        assert_eq!(refusals(&written), [], "{written}");
    }
}
