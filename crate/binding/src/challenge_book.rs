// A method of a class takes its strings by value: that is what N-API hands over.
#![allow(clippy::needless_pass_by_value)]

use countersign_core::challenges::book::ChallengeBook;
use napi_derive::napi;

use crate::text::Text;

/// The open challenges of one process. Times are epoch milliseconds.
#[napi]
pub struct BindingChallengeBook {
    book: ChallengeBook,
}

#[napi]
impl BindingChallengeBook {
    /// 16 random bytes.
    #[napi(constructor)]
    pub fn new(seed: &[u8]) -> napi::Result<Self> {
        let seed = seed
            .try_into()
            .map_err(|_| napi::Error::from_reason("seed: not 16 bytes"))?;
        Ok(Self {
            book: ChallengeBook::new(seed),
        })
    }

    /// Opens a challenge. At most 8 stay open for a key and purpose. One more closes the oldest.
    #[napi(catch_unwind)]
    pub fn put(&mut self, key: Text, id: Text, purpose: Text, data: Text, expires: i64, now: i64) {
        self.book.put(&key, &id, &purpose, &data, expires, now);
    }

    /// Removes a challenge and returns its data, unless it has expired.
    #[napi(catch_unwind, ts_return_type = "string | null")]
    pub fn take(&mut self, key: Text, id: Text, now: i64) -> Option<Text> {
        self.book.take(&key, &id, now).map(Into::into)
    }

    /// Closes all challenges of a key.
    #[napi(catch_unwind)]
    pub fn clear(&mut self, key: Text) {
        self.book.clear(&key);
    }

    /// Frees some expired challenges. Returns whether a round over all of them is complete.
    #[napi(catch_unwind)]
    pub fn sweep(&mut self, now: i64) -> bool {
        self.book.sweep(now)
    }

    /// The number of challenges in memory.
    #[napi(getter)]
    pub fn size(&self) -> u32 {
        u32::try_from(self.book.len()).unwrap_or(u32::MAX)
    }
}
