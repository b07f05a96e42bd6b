//! TOTP secrets as text: RFC 4648 base32, read the way people type and paste it.

use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use crate::typed_code::{is_around, is_filler};

/// Upper case, without padding.
pub fn encode(bytes: &[u8]) -> Zeroizing<String> {
    // Allocated in full: growing would leave unwiped copies behind.
    let mut text = Zeroizing::new(String::with_capacity(BASE32_NOPAD.encode_len(bytes.len())));
    BASE32_NOPAD.encode_append(bytes, &mut text);
    text
}

/// Accepts lower case, blanks and dashes of every kind anywhere, padding at the end, and full stops, quotes and brackets
/// around. Refuses `0`, `1`, `8`, `9` and all other characters: nobody knows whether a `0` was an `O` or a `Q`.
///
/// Trailing bits are dropped. A length that RFC 4648 doesn't allow is refused: it is usually a truncated paste.
pub fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    decode_plain(text).or_else(|| {
        let text = pasted(text);
        let (bytes, symbols) = decode_symbols(&text)?;
        (!matches!(symbols % 8, 1 | 3 | 6)).then_some(bytes)
    })
}

/// Like [`decode`], for text of any length.
pub fn decode_pasted(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    decode_any_length(&pasted(text))
}

/// What was pasted, in ASCII.
fn pasted(text: &str) -> Zeroizing<String> {
    let text = text.trim_matches(|mark| is_filler(mark) || is_around(mark));
    let ascii = |character| match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        _ => character,
    };
    // Allocated in full: growing would leave unwiped copies behind.
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    plain.extend(text.chars().filter(|character| !is_filler(*character)).map(ascii));
    plain
}

/// Like [`decode`], for text of any length: other programs stored secrets without checking it.
pub fn decode_any_length(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    decode_plain(text).or_else(|| decode_symbols(text).map(|(bytes, _)| bytes))
}

/// A fast way for text in the form of [`encode`], which most secrets have.
fn decode_plain(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let length = BASE32_NOPAD.decode_len(text.len()).ok()?;
    // Not `vec![0; length]`: zeroed memory takes the allocator longer to find.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    bytes.resize(length, 0);
    BASE32_NOPAD.decode_mut(text.as_bytes(), &mut bytes).ok()?;
    Some(bytes)
}

fn decode_symbols(text: &str) -> Option<(Zeroizing<Vec<u8>>, usize)> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() * 5 / 8));
    let (mut symbols, mut buffer, mut bits, mut padded) = (0usize, 0u16, 0u8, false);
    for byte in text.bytes() {
        let value = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b'-' => continue,
            b'=' => {
                padded = true;
                continue;
            }
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        if padded {
            return None;
        }
        symbols += 1;
        buffer = buffer << 5 | u16::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            let [_, low] = (buffer >> bits).to_be_bytes();
            bytes.push(low);
        }
    }
    Some((bytes, symbols))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4648_vectors() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY======"),
            ("fo", "MZXQ===="),
            ("foo", "MZXW6==="),
            ("foob", "MZXW6YQ="),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI======"),
        ] {
            assert_eq!(decode(text).unwrap().as_slice(), bytes.as_bytes());
            assert_eq!(encode(bytes.as_bytes()).as_str(), text.trim_end_matches('='));
        }
    }

    #[test]
    fn every_length_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        for length in 0..=all.len() {
            let bytes: Vec<u8> = all.iter().rev().take(length).copied().collect();
            assert_eq!(decode(&encode(&bytes)).unwrap().as_slice(), bytes);
        }
    }

    #[test]
    fn pasted_forms() {
        for text in [
            "mzxw6ytb",
            "MZXW 6YTB",
            "mzxw-6ytb",
            " MZXW6YTB\r\n",
            "MZXW6YTB========",
            "MZXW6YTB.",
            "\"mzxw 6ytb\",",
            "(MZXW6YTB)",
            "\u{201c}MZXW6YTB\u{201d}",
            "MZXW\u{2013}6YTB\u{a0}",
            "ＭＺＸＷ６ＹＴＢ",
            "MZXW6YTB====.",
        ] {
            assert_eq!(decode(text).unwrap().as_slice(), b"fooba", "{text}");
            assert_eq!(decode_pasted(text).unwrap().as_slice(), b"fooba", "{text}");
        }
        for text in [
            "MZXW6YT0",
            "MZXW6YT1",
            "MZXW6YT8",
            "MZXW6YT9",
            "０ZXW6YTB",
            "MZXW.6YTB",
            "MZXW_6YTB",
            "MZXW\"6YTB",
            "MZXW6YTÄ",
        ] {
            assert!(decode(text).is_none() && decode_pasted(text).is_none(), "{text}");
        }
    }

    #[test]
    fn every_other_byte_is_refused() {
        for byte in 0..=127u8 {
            let taken = byte.is_ascii_alphabetic() || (b'2'..=b'7').contains(&byte) || b" \t\r\n-=".contains(&byte);
            let text = format!("MZXW6YT{}", char::from(byte)).repeat(8);
            // A `=` in the middle is not padding.
            assert_eq!(decode_any_length(&text).is_some(), taken && byte != b'=', "{byte}");
        }
        assert!(decode("MZXW6YTÄ").is_none());
    }

    #[test]
    fn impossible_lengths() {
        for length in 0..=16usize {
            let text = "A".repeat(length);
            assert_eq!(decode(&text).is_none(), matches!(length % 8, 1 | 3 | 6));
            assert_eq!(decode_any_length(&text).unwrap().len(), length * 5 / 8);
        }
    }
}
