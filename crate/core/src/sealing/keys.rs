//! The host's keys: the first one seals, all of them open.

use std::fmt;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign_to_buffer};
use base64::engine::Simd;
use zeroize::Zeroizing;

use super::form::is_id;
use crate::base64url::base64url;
use crate::json::failure::Failure;

/// The salt with which a key for one text is derived.
const LABEL: &[u8] = b"countersign seal 1";

/// Bytes of a key.
pub const KEY: usize = 32;

/// Bytes of fresh randomness that each sealing takes.
pub const RANDOM: usize = 32;

/// Whether texts that are not sealed are read, as they are while a store is being sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plain {
    Refuse,
    Accept,
}

/// The keys of a host. Their bytes are wiped when they go.
pub struct SealingKeys {
    keys: Vec<SealingKey>,
    plain: Plain,
    pub(super) base64url: Simd,
}

/// Opens and seals nothing.
impl Default for SealingKeys {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            plain: Plain::Refuse,
            base64url: base64url(),
        }
    }
}

pub(super) struct SealingKey {
    pub(super) id: String,
    /// HKDF's pseudorandom key (RFC 5869, 2.2), ready to derive the keys of texts.
    prk: Key,
}

impl SealingKey {
    fn new(id: String, key: &[u8]) -> Option<Self> {
        let mut prk = Zeroizing::new([0; KEY]);
        sign_to_buffer(&Key::new(HMAC_SHA256, LABEL), key, prk.as_mut()).ok()?;
        Some(Self {
            id,
            prk: Key::new(HMAC_SHA256, prk.as_ref()),
        })
    }

    /// HKDF-Expand (RFC 5869, 2.3) with `info`, of which a key takes the first block alone: its number stands after `info`.
    pub(super) fn derive(&self, info: &[u8; RANDOM]) -> Option<Zeroizing<[u8; KEY]>> {
        let mut block = [1; RANDOM + 1];
        block.first_chunk_mut::<RANDOM>()?.copy_from_slice(info);
        let mut key = Zeroizing::new([0; KEY]);
        sign_to_buffer(&self.prk, &block, key.as_mut()).ok()?;
        Some(key)
    }
}

impl SealingKeys {
    /// `keys`: 32 bytes for each id, one after the other; the first one seals.
    ///
    /// Fails with `invalid-argument` (`seal.keys`) for no key, an id that is none or is there twice, and wrong lengths.
    pub fn new(ids: Vec<String>, keys: &[u8], plain: Plain) -> Result<Self, Failure> {
        let unique = ids
            .iter()
            .enumerate()
            .all(|(place, id)| !ids.iter().take(place).any(|other| other == id));
        if ids.is_empty() || keys.len() != ids.len() * KEY || !unique || !ids.iter().all(|id| is_id(id)) {
            return Err(Failure::InvalidArgument("seal.keys"));
        }
        let keys = ids.into_iter().zip(keys.chunks_exact(KEY));
        let keys: Option<_> = keys.map(|(id, key)| SealingKey::new(id, key)).collect();
        Ok(Self {
            keys: keys.ok_or(Failure::InvalidArgument("seal.keys"))?,
            plain,
            ..Self::default()
        })
    }

    pub(super) fn first(&self) -> Option<&SealingKey> {
        self.keys.first()
    }

    pub(super) fn get(&self, id: &str) -> Option<&SealingKey> {
        self.keys.iter().find(|key| key.id == id)
    }

    pub(super) fn plain(&self) -> Plain {
        self.plain
    }

    /// Whether this is the key that seals.
    pub fn seals_under(&self, id: &str) -> bool {
        self.first().is_some_and(|key| key.id == id)
    }
}

/// Without the keys.
impl fmt::Debug for SealingKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.keys.iter().map(|key| &key.id).collect();
        formatter
            .debug_struct("SealingKeys")
            .field("ids", &ids)
            .field("plain", &self.plain)
            .finish_non_exhaustive()
    }
}
