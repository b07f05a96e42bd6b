//! Writes, keeps and compares JSON text without leaving copies of it in freed memory.

use std::io::{self, Write};
use std::ops::Deref;

use serde::{Serialize, Serializer};
use zeroize::{Zeroize, Zeroizing};

use super::growing::Growing;

/// A text whose memory is wiped when it goes. `Zeroizing<String>` writes each byte by itself, which takes a microsecond for a
/// few records.
pub struct WipedText(String);

impl From<String> for WipedText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<Zeroizing<String>> for WipedText {
    fn from(mut text: Zeroizing<String>) -> Self {
        Self(std::mem::take(&mut *text))
    }
}

impl Deref for WipedText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Serialize for WipedText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl Drop for WipedText {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        // All of it is spare room then, which is wiped at once.
        bytes.clear();
        bytes.spare_capacity_mut().zeroize();
    }
}

/// Like `serde_json::to_string`, but when the text moves to a larger allocation, the old one is wiped. The caller wipes
/// the result.
pub fn to_json<T: Serialize>(value: &T) -> serde_json::Result<String> {
    to_json_of(value, 512)
}

/// The same, for a text of about `length` bytes. A longer one is copied, and the old copy is wiped.
pub fn to_json_of<T: Serialize>(value: &T, length: usize) -> serde_json::Result<String> {
    let mut text = Growing::of(length);
    serde_json::to_writer(&mut text, value)?;
    text.finish()
}

/// Whether `text` equals the result of [`to_json`], without building that result.
pub fn is_json<T: Serialize>(value: &T, text: &str) -> bool {
    let mut rest = Rest(text.as_bytes());
    serde_json::to_writer(&mut rest, value).is_ok() && rest.0.is_empty()
}

/// The part of the text that is still to be compared.
struct Rest<'a>(&'a [u8]);

impl Write for Rest<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0 = self.0.strip_prefix(bytes).ok_or(io::ErrorKind::InvalidData)?;
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_text_is_the_usual_one() {
        for length in [0, 1, 510, 511, 512, 5000] {
            let value = serde_json::json!({ "text": "\"é\u{1f511}".repeat(length), "numbers": [1, 2.5, null] });
            let text = value.to_string();
            assert_eq!(to_json(&value).unwrap(), text);
            assert!(is_json(&value, &text));
        }
    }

    #[test]
    fn members_that_run_together_are_another_text() {
        let value = serde_json::json!({ "a": "x\",\"b\":\"y" });
        assert!(!is_json(&value, r#"{"a":"x","b":"y"}"#));
    }

    proptest! {
        #[test]
        fn no_other_text_is_taken_for_it(
            value in prop::collection::btree_map(".{0,4}", any::<(bool, u64, Option<i8>)>(), 0..4),
            place in any::<prop::sample::Index>(),
            other in 0x20u8..0x7f,
        ) {
            let text = serde_json::to_string(&value).unwrap_or_default();
            prop_assert!(is_json(&value, &text));
            let mut damaged = text.clone().into_bytes();
            if let Some(byte) = damaged.get_mut(place.index(text.len())) {
                *byte = other;
            }
            if let Ok(damaged) = String::from_utf8(damaged) && damaged != text {
                prop_assert!(!is_json(&value, &damaged));
            }
            let spaced = format!("{text} ");
            prop_assert!(!is_json(&value, &spaced));
        }
    }
}
