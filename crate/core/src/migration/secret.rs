//! The text forms in which libraries store a secret, and the keys that they make from it.

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::record::decode_base64;
use crate::totp::Algorithm;
use crate::totp::base32;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    #[default]
    Base32,
    Hex,
    /// Any of the four kinds of base64.
    Base64,
    /// The text itself is the key, with one byte per character.
    Ascii,
    Latin1,
    Utf8,
}

/// The key, or `None` if the text doesn't have this encoding.
pub fn decode(text: &str, encoding: Encoding) -> Option<Zeroizing<Vec<u8>>> {
    match encoding {
        Encoding::Base32 => base32::decode_pasted(text),
        Encoding::Hex => data_encoding::HEXLOWER_PERMISSIVE
            .decode(text.as_bytes())
            .ok()
            .map(Zeroizing::new),
        Encoding::Base64 => decode_base64(text).map(Zeroizing::new),
        Encoding::Ascii => text.is_ascii().then(|| Zeroizing::new(text.as_bytes().to_vec())),
        Encoding::Latin1 => latin1(text),
        Encoding::Utf8 => Some(Zeroizing::new(text.as_bytes().to_vec())),
    }
}

/// Repeats a key up to the length of the hash, as otplib did before version 13 if the text had fewer characters than
/// the hash has bytes. For base32, otplib looked at the hexadecimal text of the key.
pub fn repeat(key: &[u8], text: &str, encoding: Encoding, algorithm: Algorithm) -> Option<Zeroizing<Vec<u8>>> {
    let wanted: usize = match algorithm {
        Algorithm::Sha1 => 20,
        Algorithm::Sha256 => 32,
        Algorithm::Sha512 => 64,
    };
    let characters = match encoding {
        Encoding::Base32 => 2 * key.len(),
        _ => text.encode_utf16().count(),
    };
    let times = wanted.checked_sub(characters).filter(|missing| *missing > 0)? + 1;
    let length = wanted.min(times * key.len());
    let mut repeated = Zeroizing::new(Vec::with_capacity(length));
    repeated.extend(key.iter().cycle().take(length));
    (*repeated != key).then_some(repeated)
}

fn latin1(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    for character in text.chars() {
        bytes.push(u8::try_from(character).ok()?);
    }
    Some(bytes)
}
