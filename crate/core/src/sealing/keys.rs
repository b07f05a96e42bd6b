//! The host's keys: the first one seals, all of them open.

use std::fmt;

use aws_lc_rs::hkdf::{HKDF_SHA256, Prk};
use aws_lc_rs::hmac;

use super::form::is_id;
use crate::json::failure::Failure;

/// The salt with which a key for one text is derived.
const LABEL: &[u8] = b"countersign seal 1";

/// Bytes of a key.
pub const KEY: usize = 32;

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
}

pub(super) struct SealingKey {
    pub(super) id: String,
    pub(super) prk: Prk,
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
        // HKDF-Extract (RFC 5869, 2.2), once for all the texts of a key.
        let salt = hmac::Key::new(hmac::HMAC_SHA256, LABEL);
        let extract = |key| Prk::new_less_safe(HKDF_SHA256, hmac::sign(&salt, key).as_ref());
        let keys = ids.into_iter().zip(keys.chunks_exact(KEY));
        Ok(Self {
            keys: keys.map(|(id, key)| SealingKey { id, prk: extract(key) }).collect(),
            plain,
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
