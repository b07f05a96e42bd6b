//! Where a sealed text belongs.

/// What a text is sealed for. Anywhere else it doesn't open.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// The record that the store keeps under this name: a user, or the counter of a Yubico key.
    Record(&'a str),
    /// The data of a challenge. `key`: what the store keeps it under, a user or the challenge's own id.
    Challenge { key: &'a str, id: &'a str },
}

impl Place<'_> {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Record(_) => "record",
            Self::Challenge { .. } => "challenge",
        }
    }

    /// The additional data: the version, the id of the key, the kind, the store's key and, for a challenge, its id. Each
    /// has its length in front (8 bytes, big endian), so that no two of them run together.
    pub(super) fn authenticated(&self, version: &str, key_id: &str) -> Vec<u8> {
        let (key, id) = match *self {
            Self::Record(key) => (key, None),
            Self::Challenge { key, id } => (key, Some(id)),
        };
        let parts = [version, key_id, self.kind(), key].into_iter().chain(id);
        let mut bytes = Vec::with_capacity(128 + key.len() + id.map_or(0, str::len));
        for part in parts {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        bytes
    }
}
