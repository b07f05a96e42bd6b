//! How records hold bytes.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serializer};

/// Written as base64url without padding. Read from an array of integers or any of the four kinds of base64.
pub mod base64url {
    use super::{BASE64URL_NOPAD, Bytes, Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64URL_NOPAD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: From<Vec<u8>>>(deserializer: D) -> Result<T, D::Error> {
        Bytes::deserialize(deserializer).map(|Bytes(bytes)| bytes.into())
    }
}

/// Written as standard base64 with padding. Read like [`base64url`].
pub mod base64_standard {
    use super::{BASE64, Serializer};

    pub use super::base64url::deserialize;

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(bytes))
    }
}

/// Identifiers of keys: SHA-1, each written like [`base64url`].
pub mod key_ids {
    use super::{BASE64URL_NOPAD, Bytes, Deserialize, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(ids: &[[u8; 20]], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(ids.iter().map(|id| BASE64URL_NOPAD.encode(id)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<[u8; 20]>, D::Error> {
        let ids = Vec::<Bytes>::deserialize(deserializer)?.into_iter();
        let ids = ids.map(|Bytes(id)| id.try_into().map_err(|_| de::Error::custom("no key identifier")));
        ids.collect()
    }
}

/// Written as an array of integers, because every version of the format holds an RSA exponent like that.
pub mod integers {
    use super::Serializer;

    pub use super::base64url::deserialize;

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(bytes)
    }
}

/// Reads [`key_ids`].
pub struct KeyIds(pub Vec<[u8; 20]>);

impl<'de> Deserialize<'de> for KeyIds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        key_ids::deserialize(deserializer).map(Self)
    }
}

/// A WebAuthn user handle (Level 3, section 4): 1 to 64 bytes in base64url. A handle that can't be decoded couldn't be
/// compared with any response.
pub struct Handle(pub String);

impl<'de> Deserialize<'de> for Handle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let handle = String::deserialize(deserializer)?;
        match BASE64URL_NOPAD.decode(handle.as_bytes()) {
            Ok(bytes) if (1..=64).contains(&bytes.len()) => Ok(Self(handle)),
            _ => Err(de::Error::custom("no user handle")),
        }
    }
}

/// Reads an optional [`Handle`].
pub fn handle<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::<Handle>::deserialize(deserializer).map(|handle| handle.map(|Handle(text)| text))
}

/// Any of the four kinds of base64.
#[expect(
    clippy::slow_vector_initialization,
    reason = "zeroed memory, which `decode` asks for, takes the allocator longer to find"
)]
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let url = text.bytes().any(|byte| matches!(byte, b'-' | b'_'));
    let encoding = match (url, text.ends_with('=')) {
        (true, true) => BASE64URL,
        (true, false) => BASE64URL_NOPAD,
        (false, true) => BASE64,
        (false, false) => BASE64_NOPAD,
    };
    let most = encoding.decode_len(text.len()).ok()?;
    let mut bytes = Vec::with_capacity(most);
    bytes.resize(most, 0);
    let length = encoding.decode_mut(text.as_bytes(), &mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}

/// Whether Proxmox accepts the text where it expects base64url, with padding or without.
pub fn is_origin_base64url(text: &str) -> bool {
    BASE64URL_NOPAD.decode(text.as_bytes()).is_ok() || BASE64URL.decode(text.as_bytes()).is_ok()
}

/// Whether the text is standard base64 with padding.
pub fn is_canonical_base64(text: &str) -> bool {
    BASE64.decode(text.as_bytes()).is_ok()
}

/// Bytes that are read like [`base64url`].
pub struct Bytes(pub Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BytesVisitor).map(Self)
    }
}

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.write_str("base64 text or an array of bytes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        decode_base64(text).ok_or_else(|| E::custom("not base64"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut bytes = Vec::with_capacity(sequence.size_hint().unwrap_or(0).min(1024));
        while let Some(byte) = sequence.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::decode_base64;

    #[test]
    fn reads_all_four_kinds() {
        for text in ["-_8", "-_8=", "+/8", "+/8="] {
            assert_eq!(decode_base64(text), Some(vec![0xfb, 0xff]), "{text}");
        }
        for text in ["-/8", "+_8=", "a", "-_9", "é"] {
            assert_eq!(decode_base64(text), None, "{text}");
        }
    }
}
