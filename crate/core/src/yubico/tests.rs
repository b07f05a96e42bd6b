#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use aws_lc_rs::cipher::EncryptingKey;
use serde_json::{Value, json};

use super::*;

/// The key and the OTP that Yubico publishes.
const AES: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const UID: [u8; 6] = [1, 2, 3, 4, 5, 6];
const OTP: &str = "dvgtiblfkbgturecfllberrvkinnctnn";

fn key(uid: [u8; 6]) -> Key {
    Key::new(AES, uid)
}

fn otp(text: &str) -> Otp {
    Otp::parse(text).unwrap()
}

/// What a key types for this block, with the right checksum.
fn typed(public_id: &str, mut block: [u8; 16]) -> String {
    let sum = !crc(&block[..14]);
    block[14..].copy_from_slice(&sum.to_le_bytes());
    EncryptingKey::ecb(UnboundCipherKey::new(&AES_128, &AES).unwrap())
        .unwrap()
        .encrypt(&mut block)
        .unwrap();
    let letter = |value: u8| char::from(MODHEX[usize::from(value)]);
    let letters = block.iter().flat_map(|byte| [letter(byte >> 4), letter(byte & 15)]);
    public_id.chars().chain(letters).collect()
}

fn counted(use_count: u16, session_count: u8) -> String {
    let [low, high] = use_count.to_le_bytes();
    typed(
        "cccccccdjiii",
        [1, 2, 3, 4, 5, 6, low, high, 9, 9, 9, session_count, 7, 7, 0, 0],
    )
}

#[test]
fn the_published_vector() {
    let token = decode(&otp(OTP), &key(UID)).unwrap();
    let counter = Counter {
        use_count: 1,
        session_count: 1,
    };
    assert_eq!((token.counter, token.timestamp, *token.uid), (counter, 65537, UID));
    assert_eq!(otp(OTP).public_id, "");
    assert_eq!(verify(&otp(OTP), &key(UID), None), Checked::Accepted(counter));
}

/// What the key types if the computer uses the Dvorak layout.
fn dvorak(otp: &str) -> String {
    let typed = |letter| {
        "cbdefghijklnrtuv"
            .find(letter)
            .map(|place| &"jxe.uidchtnbpygk"[place..=place])
    };
    otp.chars().filter_map(typed).collect()
}

#[test]
fn otps_have_one_normal_form() {
    let public_id = "cccccccdjiii";
    for text in [
        format!("{public_id}{OTP}"),
        format!("{public_id}{OTP}").to_uppercase(),
        format!(" \t{public_id}{OTP}\r\n"),
        format!("\u{feff}{public_id}{OTP}\u{200f}"),
        dvorak(&format!("{public_id}{OTP}")),
        dvorak(&format!("{public_id}{OTP}")).to_uppercase(),
    ] {
        let otp = otp(&text);
        assert_eq!(otp.public_id, public_id, "{text:?}");
        assert!(decode(&otp, &key(UID)).is_some());
    }
    let sixteen = "c".repeat(16);
    assert_eq!(otp(&format!("{sixteen}{OTP}")).public_id, sixteen);
    for text in [
        String::new(),
        OTP[1..].to_owned(),
        format!("{sixteen}c{OTP}"),
        format!("a{OTP}"),
        format!("{}a", &OTP[1..]),
        format!("{public_id} {OTP}"),
        format!("é{OTP}"),
        format!("{OTP}\0"),
        "é".repeat(16),
        "ｃ".repeat(32),
    ] {
        assert!(Otp::parse(&text).is_none(), "{text:?}");
    }
}

#[test]
fn no_text_makes_it_panic() {
    let text = counted(1, 1);
    for start in 0..=text.len() {
        for end in start..=text.len() {
            assert_eq!(
                Otp::parse(&text[start..end]).is_some(),
                (32..=48).contains(&(end - start))
            );
        }
    }
    let mut state = 1_u32;
    for _ in 0..20_000 {
        let mut letters = text.clone().into_bytes();
        for _ in 0..3 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [_, value, place, _] = state.to_be_bytes();
            letters[usize::from(place) % text.len()] = value;
        }
        if let Some(otp) = Otp::parse(&String::from_utf8_lossy(&letters)) {
            let opened = decode(&otp, &key(UID));
            assert!(opened.is_none_or(|token| token.counter.use_count == 1));
        }
    }
}

#[test]
fn only_later_counters_are_accepted() {
    let last = |use_count, session_count| {
        Some(Counter {
            use_count,
            session_count,
        })
    };
    let checked = |text: &str, last| verify(&otp(text), &key(UID), last);
    for (stored, accepted) in [
        (None, true),
        (last(0, 255), true),
        (last(258, 2), true),
        (last(258, 3), false),
        (last(258, 4), false),
        (last(259, 0), false),
        (last(0x7fff, 255), false),
    ] {
        let now = last(258, 3).unwrap();
        let expected = if accepted {
            Checked::Accepted(now)
        } else {
            Checked::Reused
        };
        assert_eq!(checked(&counted(258, 3), stored), expected, "{stored:?}");
    }
    // The highest bit shows Caps Lock.
    assert_eq!(checked(&counted(0x8001, 1), last(1, 1)), Checked::Reused);
    assert_eq!(
        checked(&counted(0x8002, 0), last(1, 1)),
        Checked::Accepted(last(2, 0).unwrap())
    );
}

#[test]
fn another_key_or_a_changed_otp_is_wrong() {
    let text = counted(1, 1);
    let mut other = AES;
    other[15] ^= 1;
    assert_eq!(verify(&otp(&text), &Key::new(other, UID), None), Checked::Wrong);
    // One in 65536 random OTPs has the right checksum, like this one. Only the private id tells it from one of the key.
    assert_eq!(verify(&otp(&text), &key([1, 2, 3, 4, 5, 7]), None), Checked::Wrong);
    assert!(matches!(verify(&otp(&text), &key(UID), None), Checked::Accepted(_)));
    for place in 12..44 {
        for letter in MODHEX {
            let mut bytes = text.clone().into_bytes();
            if bytes[place] != *letter {
                bytes[place] = *letter;
                let bent = String::from_utf8(bytes).unwrap();
                // One in 65536 still has the right checksum. The private id is there to refuse those.
                assert_eq!(verify(&otp(&bent), &key(UID), None), Checked::Wrong, "{bent}");
            }
        }
    }
}

#[test]
fn without_a_store() {
    let call = |request: Value| -> Value { serde_json::from_str(&json::verify(&request.to_string())).unwrap() };
    let secrets = json!({ "key": "000102030405060708090A0b0c0d0e0f", "uid": "010203040506" });
    let accepted = json!({ "publicId": "cccccccdjiii", "counter": { "use": 5, "session": 1 } });
    let text = counted(5, 1);
    assert_eq!(call(json!({ "otp": text, "key": secrets }))["value"], accepted);
    let last = json!({ "use": 5, "session": 0 });
    assert_eq!(
        call(json!({ "otp": text, "key": secrets, "lastCounter": last }))["value"],
        accepted
    );
    let last = json!({ "use": 5, "session": 1 });
    for request in [
        json!({ "otp": text, "key": secrets, "lastCounter": last }),
        json!({ "otp": OTP[1..], "key": secrets }),
        json!({ "otp": text, "key": { "key": "00".repeat(16), "uid": "010203040506" } }),
    ] {
        assert_eq!(call(request)["value"], Value::Null);
    }
    for key in [
        json!({ "key": "00".repeat(15), "uid": "010203040506" }),
        json!({ "key": "00".repeat(17), "uid": "010203040506" }),
        json!({ "key": "0g".repeat(16), "uid": "010203040506" }),
        json!({ "key": "0".repeat(31), "uid": "010203040506" }),
        json!({ "key": "00".repeat(16), "uid": "" }),
        json!({ "key": "000102030405060708090a0b0c0d0e0f" }),
        json!({ "uid": "010203040506" }),
    ] {
        let answer = call(json!({ "otp": text, "key": key }));
        assert_eq!(
            answer,
            json!({ "failure": { "code": "invalid-argument", "detail": "request" } })
        );
    }
    assert_eq!(json::public_id(&text), r#"{"value":"cccccccdjiii"}"#);
    assert_eq!(json::public_id("x"), r#"{"value":null}"#);
}
