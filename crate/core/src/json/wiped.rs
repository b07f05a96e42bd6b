//! JSON text made without leaving copies of it in freed memory.

use serde::Serialize;

use super::growing::Growing;
use super::text::write_json;

/// As `serde_json::to_string`; each place that the growing text has moved out of is wiped. The text itself is the
/// caller's to wipe.
pub fn to_json<T: Serialize>(value: &T) -> serde_json::Result<String> {
    // Few shapes are not for the faster writer, which has nothing of theirs to show then.
    to_json_of(value, 512).or_else(|_| {
        let mut text = Growing::of(512);
        serde_json::to_writer(&mut text, value)?;
        text.finish()
    })
}

/// The same for a text of about `length` bytes, of a shape that [`write_json`] takes: one that grows is copied and wiped.
pub fn to_json_of<T: Serialize>(value: &T, length: usize) -> serde_json::Result<String> {
    let mut text = Growing::of(length);
    write_json(value, &mut text).map_err(serde::ser::Error::custom)?;
    text.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_text_is_the_usual_one() {
        for length in [0, 1, 510, 511, 512, 5000] {
            let value = serde_json::json!({ "text": "\"é\u{1f511}".repeat(length), "numbers": [1, 2.5, null] });
            assert_eq!(to_json(&value).unwrap(), value.to_string());
        }
    }
}
