//! The challenge of a sign-in without a user name. Anyone may request one, so it isn't stored until it is answered.
//! Instead, the challenge itself says when it expires. A MAC proves that it was made here, for this relying party and
//! this session. It also says what it requires of its answer.

use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;

use crate::webauthn::{Proofs, SEALED_CHALLENGE_LENGTHS as TEXT_LENGTHS};

const RANDOM: usize = 16;
const EXPIRES: usize = 8;
const MAC: usize = 32;
/// Length in bytes of the key for [`seal`].
pub const KEY: usize = 32;

/// Separates these texts from any other use of the key.
const LABEL: &[u8] = b"countersign passkey challenge 1";

/// A challenge whose MAC was right.
#[derive(Debug, PartialEq, Eq)]
pub struct Unsealed {
    /// The id under which it is remembered once it is answered.
    pub id: String,
    /// Epoch milliseconds.
    pub expires: i64,
    pub required: Proofs,
}

/// Makes the bytes of a challenge. There is one more if it requires something. The relying party and the session are only part of the MAC.
///
/// `None` unless `key` has at least 32 bytes and `random` has 16.
pub fn seal(
    key: &[u8],
    random: &[u8],
    expires: i64,
    required: Proofs,
    rp_id: &str,
    session: Option<&str>,
) -> Option<Vec<u8>> {
    if key.len() < KEY {
        return None;
    }
    let mut text = random.get(..RANDOM)?.to_vec();
    text.extend(expires.to_be_bytes());
    if !required.is_empty() {
        text.push(required.byte());
    }
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &input(&text, rp_id, session));
    text.extend(mac.as_ref());
    Some(text)
}

/// Reads a challenge that was made with this key, for this relying party and session, and has not expired at `now`.
pub fn unseal(key: &[u8], text: &str, rp_id: &str, session: Option<&str>, now: i64) -> Option<Unsealed> {
    if key.len() < KEY || !TEXT_LENGTHS.contains(&text.len()) {
        return None;
    }
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
    let (said, mac) = bytes.split_last_chunk::<MAC>()?;
    let (random, said_then) = said.split_at_checked(RANDOM)?;
    let (expires, required) = said_then.split_at_checked(EXPIRES)?;
    hmac::verify(
        &hmac::Key::new(hmac::HMAC_SHA256, key),
        &input(said, rp_id, session),
        mac,
    )
    .ok()?;
    let expires = i64::from_be_bytes(expires.try_into().ok()?);
    let id = BASE64URL_NOPAD.encode(random);
    let required = required.first().copied().map(Proofs::of_byte).unwrap_or_default();
    (now < expires).then_some(Unsealed { id, expires, required })
}

/// Each part with its length before it, so that parts can't run together.
fn input(said: &[u8], rp_id: &str, session: Option<&str>) -> Vec<u8> {
    let session = session.map(str::as_bytes);
    let mut input = LABEL.to_vec();
    input.push(u8::from(session.is_some()));
    for part in [rp_id.as_bytes(), session.unwrap_or_default(), said] {
        input.extend((part.len() as u64).to_be_bytes());
        input.extend(part);
    }
    input
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const KEY_BYTES: [u8; 32] = [7; 32];
    const RP: &str = "example.com";

    fn sealed(session: Option<&str>) -> String {
        BASE64URL_NOPAD.encode(&seal(&KEY_BYTES, &[1; 16], 1000, Proofs::default(), RP, session).unwrap())
    }

    #[test]
    fn is_good_for_what_it_was_made_for() {
        let text = sealed(None);
        assert_eq!(text.len(), TEXT_LENGTHS[0]);
        let id = BASE64URL_NOPAD.encode(&[1; 16]);
        assert_eq!(
            unseal(&KEY_BYTES, &text, RP, None, 999),
            Some(Unsealed {
                id,
                expires: 1000,
                required: Proofs::default()
            })
        );
        assert_eq!(unseal(&KEY_BYTES, &text, RP, None, 1000), None, "over");
        assert_eq!(unseal(&[8; 32], &text, RP, None, 0), None, "another key");
        assert_eq!(
            unseal(&KEY_BYTES, &text, "example.org", None, 0),
            None,
            "another relying party"
        );
        assert_eq!(unseal(&KEY_BYTES, &text, RP, Some(""), 0), None, "a session");
        let bound = sealed(Some("a"));
        assert!(unseal(&KEY_BYTES, &bound, RP, Some("a"), 0).is_some());
        assert_eq!(unseal(&KEY_BYTES, &bound, RP, Some("b"), 0), None);
        assert_eq!(unseal(&KEY_BYTES, &bound, RP, None, 0), None);
        assert_eq!(
            unseal(&KEY_BYTES, &bound, "example.coma", Some(""), 0),
            None,
            "parts run together"
        );
    }

    #[test]
    fn says_what_it_requires() {
        let required = Proofs::DEVICE_BOUND;
        let bytes = seal(&KEY_BYTES, &[1; 16], 1000, required, RP, None).unwrap();
        let text = BASE64URL_NOPAD.encode(&bytes);
        assert_eq!(text.len(), TEXT_LENGTHS[1]);
        assert_eq!(unseal(&KEY_BYTES, &text, RP, None, 0).unwrap().required, required);
        let unsealed = |bytes: &[u8]| unseal(&KEY_BYTES, &BASE64URL_NOPAD.encode(bytes), RP, None, 0);
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[RANDOM + EXPIRES] ^= 1 << bit;
            assert_eq!(unsealed(&changed), None, "{bit}");
        }
        let mut without = bytes.clone();
        without.remove(RANDOM + EXPIRES);
        assert_eq!(unsealed(&without), None, "left out");
    }

    #[test]
    fn any_change_is_noticed() {
        let bytes = BASE64URL_NOPAD.decode(sealed(None).as_bytes()).unwrap();
        for position in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[position] ^= 1 << bit;
                let text = BASE64URL_NOPAD.encode(&changed);
                assert_eq!(unseal(&KEY_BYTES, &text, RP, None, 0), None, "{position}");
            }
        }
        for length in 0..TEXT_LENGTHS[0] {
            assert_eq!(unseal(&KEY_BYTES, &sealed(None)[..length], RP, None, 0), None);
        }
        assert_eq!(unseal(&KEY_BYTES, &"!".repeat(TEXT_LENGTHS[0]), RP, None, 0), None);
        assert_eq!(
            seal(&[7; 31], &[1; 16], 0, Proofs::default(), RP, None),
            None,
            "a short key"
        );
        assert_eq!(
            seal(&KEY_BYTES, &[1; 15], 0, Proofs::default(), RP, None),
            None,
            "little random"
        );
    }
}
