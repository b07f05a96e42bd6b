//! A text that grows without leaving copies of itself in freed memory.

use std::io::{self, Write};

use zeroize::Zeroizing;

/// When the text moves to a larger allocation, the old one is wiped.
pub struct Growing(Zeroizing<Vec<u8>>);

impl Growing {
    pub fn of(length: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(length)))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline]
    pub fn push(&mut self, bytes: &[u8]) {
        if bytes.len() > self.0.capacity() - self.0.len() {
            self.grow(bytes.len());
        }
        self.0.extend_from_slice(bytes);
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
