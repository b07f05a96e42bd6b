//! JSON text made without leaving copies of it in freed memory.

use std::io::{self, Write};

use serde::Serialize;
use zeroize::Zeroizing;

use crate::json::text::write_json;

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

/// Text in the making.
pub struct Growing(Zeroizing<Vec<u8>>);

impl Growing {
    pub fn of(length: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(length)))
    }

    #[inline]
    pub fn push(&mut self, bytes: &[u8]) {
        if bytes.len() > self.0.capacity() - self.0.len() {
            self.grow(bytes.len());
        }
        self.0.extend_from_slice(bytes);
    }

    #[inline]
    pub fn push_quoted(&mut self, bytes: &[u8]) {
        if bytes.len() + 2 > self.0.capacity() - self.0.len() {
            self.grow(bytes.len() + 2);
        }
        self.0.push(b'"');
        self.0.extend_from_slice(bytes);
        self.0.push(b'"');
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let needed = self.0.len().saturating_add(more);
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(2 * self.0.capacity())));
        larger.extend_from_slice(&self.0);
        self.0 = larger;
    }

    pub fn finish(mut self) -> serde_json::Result<String> {
        String::from_utf8(std::mem::take(&mut *self.0)).map_err(serde::ser::Error::custom)
    }
}

impl Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.push(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
