//! Responses read by other means than the core's.

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

/// The response of a JSON text. What Rust's reader has no value for, and no member of a response may be, becomes another
/// value: numbers beyond its range, and lone surrogates.
pub fn readable(json: &str) -> serde_json::Result<Value> {
    serde_json::from_str(json).or_else(|_| serde_json::from_str(&tamed(json)))
}

/// Bytes in either alphabet, with the right padding or none.
pub fn either_base64(text: &str) -> Option<Vec<u8>> {
    let mixed = text.contains(['+', '/']) && text.contains(['-', '_']);
    let plain = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    let padded = plain.len().next_multiple_of(4);
    let bytes = BASE64URL_NOPAD.decode(plain.as_bytes()).ok()?;
    (!mixed && (text.len() == plain.len() || text.len() == padded)).then_some(bytes)
}

/// Whether a text is the one that browsers write for these bytes.
pub fn is_usual(text: &str, bytes: &[u8]) -> bool {
    text == BASE64URL_NOPAD.encode(bytes)
}

fn tamed(json: &str) -> String {
    let (mut tamed, mut rest, mut in_text) = (String::new(), json, false);
    while let Some(character) = rest.chars().next() {
        let mut length = character.len_utf8();
        let mut written = &rest[..length];
        match character {
            '"' => in_text = !in_text,
            '\\' if rest.get(1..2) == Some("u") && surrogate(rest).is_some() => {
                let pair = surrogate(rest).is_some_and(|unit| unit < 0xdc00)
                    && rest.get(6..).and_then(surrogate).is_some_and(|unit| unit >= 0xdc00);
                length = if pair { 12 } else { 6 };
                written = if pair { &rest[..12] } else { "\u{fffd}" };
            }
            '\\' => {
                length += rest[1..].chars().next().map_or(0, char::len_utf8);
                written = &rest[..length];
            }
            'e' | 'E' if !in_text => {
                let digits = rest[1..].trim_start_matches(['+', '-']);
                let count = digits
                    .find(|digit: char| !digit.is_ascii_digit())
                    .unwrap_or(digits.len());
                if count > 1 {
                    length = rest.len() - digits.len() + count;
                    written = "e1";
                }
            }
            _ => {}
        }
        tamed.push_str(written);
        rest = &rest[length..];
    }
    tamed
}

/// Of `\udxxx`.
fn surrogate(json: &str) -> Option<u16> {
    let hex = json.strip_prefix("\\u")?.get(..4)?;
    let unit = u16::from_str_radix(hex, 16).ok()?;
    (0xd800..=0xdfff).contains(&unit).then_some(unit)
}
