#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use std::collections::BTreeSet;

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use super::*;
use crate::json::failure::Failure;

const TAG: usize = 16;

/// Texts that this version made, checked by `node:crypto` too (`__test__/service/sealing-vectors.test.ts`): a store holds
/// such texts for years.
const VECTORS: &str = include_str!("../../../../__test__/vectors/sealed.json");

const RECORD: Place = Place::Record("ann");
const CHALLENGE: Place = Place::Challenge { key: "ann", id: "c1" };
const TEXT: &str = r#"{"totp":[]}"#;

fn keys(ids: &[&str]) -> SealingKeys {
    keys_of(ids, Plain::Refuse)
}

/// Each key is made of its id.
fn keys_of(ids: &[&str], plain: Plain) -> SealingKeys {
    let bytes: Vec<u8> = ids.iter().flat_map(|id| [id.as_bytes()[0]; KEY]).collect();
    SealingKeys::new(ids.iter().map(ToString::to_string).collect(), &bytes, plain).unwrap()
}

fn seal(place: &Place, text: &str) -> String {
    keys(&["a"]).seal(place, text, &[7; RANDOM]).unwrap()
}

fn refused(place: &Place, text: &str) -> Unopened {
    keys(&["a"]).open(place, text).unwrap_err()
}

fn mismatch() -> Unopened {
    Unopened::Mismatch("a".into())
}

#[test]
fn frozen_texts_open_and_are_made_again() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let decode = |text: &Value| BASE64URL_NOPAD.decode(text.as_str().unwrap().as_bytes()).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    assert!(vectors.len() >= 5);
    for vector in vectors {
        let [id, key, text, sealed] = ["keyId", "name", "text", "sealed"].map(|name| vector[name].as_str().unwrap());
        let place = match vector["challenge"].as_str() {
            None => Place::Record(key),
            Some(id) => Place::Challenge { key, id },
        };
        let keys = SealingKeys::new(vec![id.into()], &decode(&vector["key"]), Plain::Refuse).unwrap();
        assert_eq!(keys.open(&place, sealed).unwrap().text(), text);
        assert_eq!(keys.seal(&place, text, &decode(&vector["random"])).unwrap(), sealed);
    }
}

#[test]
fn the_first_key_seals_and_all_of_them_open() {
    let sealed = seal(&RECORD, TEXT);
    assert_eq!(key_id(&sealed), Some("a"));
    assert_eq!(
        sealed.len(),
        "cs1.a.".len() + (RANDOM + TEXT.len() + TAG).div_ceil(3) * 4 - 1
    );
    for others in [&["a"][..], &["b", "a"], &["b", "c", "a"]] {
        let keys = keys(others);
        assert_eq!(keys.open(&RECORD, &sealed).unwrap().text(), TEXT);
        assert_eq!(
            key_id(&keys.seal(&RECORD, TEXT, &[1; RANDOM]).unwrap()),
            Some(others[0])
        );
        assert!(keys.seals_under(others[0]) && !keys.seals_under("nobody"));
    }
    let gone = keys(&["b"]).open(&RECORD, &sealed).unwrap_err();
    assert_eq!(gone, Unopened::UnknownKey("a".into()));
    let is_unknown = |unopened: &Unopened| {
        matches!(
            unopened.failure(&RECORD),
            Failure::RecordSealed { unknown_key: true, .. }
        )
    };
    assert!(is_unknown(&gone) && !is_unknown(&mismatch()));
    let other = SealingKeys::new(vec!["a".into()], &[0; KEY], Plain::Refuse).unwrap();
    assert_eq!(other.open(&RECORD, &sealed).unwrap_err(), mismatch());
}

#[test]
fn a_text_opens_in_its_own_place_alone() {
    let places = [
        RECORD,
        Place::Record("anna"),
        Place::Record(""),
        Place::Record("c1"),
        CHALLENGE,
        Place::Challenge { key: "ann", id: "c2" },
        Place::Challenge { key: "bob", id: "c1" },
        Place::Challenge { key: "annc", id: "1" },
        Place::Challenge { key: "c1", id: "c1" },
        Place::Challenge { key: "", id: "annc1" },
    ];
    for (index, place) in places.iter().enumerate() {
        let sealed = seal(place, TEXT);
        for (other, elsewhere) in places.iter().enumerate() {
            let opened = keys(&["a"]).open(elsewhere, &sealed);
            assert_eq!(opened.is_ok(), other == index, "{place:?} {elsewhere:?}");
        }
    }
    // Also under another id of the same key.
    let twin = SealingKeys::new(vec!["b".into()], &[b'a'; KEY], Plain::Refuse).unwrap();
    let renamed = seal(&RECORD, TEXT).replacen("cs1.a.", "cs1.b.", 1);
    assert_eq!(
        twin.open(&RECORD, &renamed).unwrap_err(),
        Unopened::Mismatch("b".into())
    );
}

#[test]
fn no_changed_text_opens() {
    for text in ["", TEXT, "é\u{1f511}"] {
        let sealed = seal(&RECORD, text);
        let bytes = sealed.as_bytes();
        let mut said = BTreeSet::new();
        for position in 0..bytes.len() {
            for other in 0..=0x7f {
                if other == bytes[position] {
                    continue;
                }
                let mut changed = bytes.to_vec();
                changed[position] = other;
                let changed = String::from_utf8(changed).unwrap();
                said.insert(
                    format!("{:?}", refused(&RECORD, &changed))
                        .split('(')
                        .next()
                        .unwrap()
                        .to_owned(),
                );
            }
        }
        assert_eq!(
            said.iter().map(String::as_str).collect::<Vec<_>>(),
            ["Form", "Mismatch", "Plain", "UnknownKey"]
        );
        for length in 0..sealed.len() {
            if sealed.is_char_boundary(length) {
                refused(&RECORD, &sealed[..length]);
            }
        }
        for more in ["A", "AA", "AAAA", "=", ".", "\n", " "] {
            assert_eq!(refused(&RECORD, &format!("{sealed}{more}")), mismatch());
        }
        // Every bit of what is in the text, not only its spelling.
        let (head, body) = sealed.split_at("cs1.a.".len());
        let decoded = BASE64URL_NOPAD.decode(body.as_bytes()).unwrap();
        for position in 0..decoded.len() {
            for bit in 0..8 {
                let mut changed = decoded.clone();
                changed[position] ^= 1 << bit;
                let changed = format!("{head}{}", BASE64URL_NOPAD.encode(&changed));
                assert_eq!(refused(&RECORD, &changed), mismatch());
            }
        }
    }
}

#[test]
fn texts_that_are_not_sealed_are_read_only_where_the_host_says_so() {
    for text in [TEXT, "", "cs", "cs1", "cs1.", "cs1.a", "cs2.a.AAAA", " cs1.a.AAAA"] {
        assert_eq!(refused(&RECORD, text), Unopened::Plain, "{text}");
        let accepting = keys_of(&["a"], Plain::Accept);
        assert!(matches!(accepting.open(&RECORD, text), Ok(Opened::Plain(same)) if same == text));
    }
    // A sealed one must open all the same.
    let accepting = keys_of(&["a"], Plain::Accept);
    assert!(accepting.open(&CHALLENGE, &seal(&RECORD, TEXT)).is_err());
    for text in [
        "cs1..AAAA",
        "cs1.a b.AAAA",
        &format!("cs1.{}.AAAA", "a".repeat(33)),
        "cs1.é.AAAA",
    ] {
        assert_eq!(accepting.open(&RECORD, text).unwrap_err(), Unopened::Form);
        assert_eq!(key_id(text), None);
    }
}

#[test]
fn other_randomness_makes_another_text_of_all_of_it() {
    let keys = keys(&["a"]);
    let texts: Vec<Vec<u8>> = (0..4)
        .map(|random| keys.seal(&RECORD, &"x".repeat(64), &[random; RANDOM]).unwrap())
        .map(|text| BASE64URL_NOPAD.decode(&text.as_bytes()["cs1.a.".len()..]).unwrap())
        .collect();
    for (index, one) in texts.iter().enumerate() {
        for other in &texts[index + 1..] {
            let same = one.iter().zip(other).filter(|(one, other)| one == other).count();
            assert!(same < one.len() / 4, "{same}");
        }
    }
    for length in [0, 31, 33] {
        assert_eq!(keys.seal(&RECORD, TEXT, &vec![0; length]), None);
    }
}

#[test]
fn keys_of_another_kind_are_refused() {
    let new = |ids: &[&str], bytes: usize| {
        let ids = ids.iter().map(ToString::to_string).collect();
        SealingKeys::new(ids, &vec![1; bytes], Plain::Refuse).is_ok()
    };
    assert!(new(&["a"], 32) && new(&["a", "b"], 64) && new(&[&"a-Z_9".repeat(6)], 32));
    assert!(!new(&[], 0) && !new(&["a"], 31) && !new(&["a"], 33) && !new(&["a", "b"], 32));
    assert!(!new(&["a", "a"], 64), "twice");
    for id in ["", "a.b", "a b", "é", &"a".repeat(33)] {
        assert!(!new(&[id], 32), "{id}");
    }
}

#[test]
fn debug_prints_and_failures_show_no_secret() {
    let keys = keys(&["a", "b"]);
    assert_eq!(
        format!("{keys:?}"),
        r#"SealingKeys { ids: ["a", "b"], plain: Refuse, .. }"#
    );
    let sealed = keys.seal(&RECORD, TEXT, &[1; RANDOM]).unwrap();
    assert_eq!(format!("{:?}", keys.open(&RECORD, &sealed).unwrap()), "Sealed(..)");
    for (unopened, says) in [
        (Unopened::Plain, "not sealed"),
        (Unopened::Form, "none"),
        (Unopened::UnknownKey("a".into()), "\"a\""),
        (mismatch(), "\"a\""),
    ] {
        let failure = unopened.failure(&CHALLENGE);
        assert_eq!(failure.code(), "record-sealed");
        assert!(failure.detail().unwrap().contains(says) && failure.detail().unwrap().contains("challenge"));
    }
    assert!(without_keys(&sealed).unwrap().detail().unwrap().contains("\"a\""));
    assert_eq!(without_keys(TEXT), None);
}
