//! Sealing and opening one text.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use zeroize::{Zeroize, Zeroizing};

use super::form::{VERSION, is_id, parts};
use super::keys::{Plain, RANDOM, SealingKey, SealingKeys};
use super::place::Place;
use super::unopened::Unopened;
use crate::json::wiped::WipedText;

const TAG: usize = 16;

/// What a store gave back.
pub enum Opened<'a> {
    Sealed(WipedText),
    /// As it came: the host accepts texts that are not sealed.
    Plain(&'a str),
}

impl Opened<'_> {
    pub fn text(&self) -> &str {
        match self {
            Self::Sealed(text) => text,
            Self::Plain(text) => text,
        }
    }
}

/// Without the text, which holds secrets.
impl fmt::Debug for Opened<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sealed(_) => "Sealed(..)",
            Self::Plain(_) => "Plain(..)",
        })
    }
}

impl SealingKeys {
    /// Seals a text under the first key. `random` is used for this one text, never again: with the same bytes, two texts
    /// would be sealed alike. `None` unless it is 32 bytes.
    pub fn seal(&self, place: &Place, text: &str, random: &[u8]) -> Option<String> {
        let key = self.first()?;
        let random: &[u8; RANDOM] = random.try_into().ok()?;
        // What is in it when it goes is ciphertext: the text is sealed in its place.
        let mut bytes = Vec::with_capacity(RANDOM + text.len() + TAG);
        bytes.extend_from_slice(random);
        let cipher = cipher(key, random)?;
        bytes.extend_from_slice(text.as_bytes());
        let aad = Aad::from(place.authenticated(VERSION, &key.id));
        let sealing = cipher.seal_in_place_separate_tag(nonce(), aad, bytes.get_mut(RANDOM..)?);
        let Ok(tag) = sealing else {
            bytes.zeroize();
            return None;
        };
        bytes.extend_from_slice(tag.as_ref());
        let head = VERSION.len() + key.id.len() + 2;
        let mut sealed = String::with_capacity(head + bytes.len().div_ceil(3) * 4);
        for part in [VERSION, ".", &key.id, "."] {
            sealed.push_str(part);
        }
        self.base64url.encode_string(&bytes, &mut sealed);
        Some(sealed)
    }

    /// Opens a text that was sealed for this place.
    pub fn open<'a>(&self, place: &Place, text: &'a str) -> Result<Opened<'a>, Unopened> {
        let Some((id, sealed)) = parts(text) else {
            return match self.plain() {
                Plain::Accept => Ok(Opened::Plain(text)),
                Plain::Refuse => Err(Unopened::Plain),
            };
        };
        if !is_id(id) {
            return Err(Unopened::Form);
        }
        let key = self.get(id).ok_or_else(|| Unopened::UnknownKey(id.to_owned()))?;
        let aad = Aad::from(place.authenticated(VERSION, id));
        let sealed = self.base64url.decode(sealed).ok();
        sealed
            .and_then(|bytes| open_under(key, aad, bytes))
            .map(Opened::Sealed)
            .ok_or_else(|| Unopened::Mismatch(id.to_owned()))
    }
}

fn open_under(key: &SealingKey, aad: Aad<Vec<u8>>, sealed: Vec<u8>) -> Option<WipedText> {
    let mut bytes = Zeroizing::new(sealed);
    let (random, ciphertext) = bytes.split_first_chunk_mut::<RANDOM>()?;
    let length = cipher(key, random)?.open_in_place(nonce(), aad, ciphertext).ok()?.len();
    // In the same memory: one place fewer to wipe.
    bytes.drain(..RANDOM);
    bytes.truncate(length);
    // Only text was ever sealed.
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Some(text.into()),
        Err(error) => {
            error.into_bytes().zeroize();
            None
        }
    }
}

fn cipher(key: &SealingKey, random: &[u8; RANDOM]) -> Option<LessSafeKey> {
    let key = key.derive(random)?;
    Some(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).ok()?))
}

/// No key is used for two texts.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}
