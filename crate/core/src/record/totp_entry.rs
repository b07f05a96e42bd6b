//! A TOTP factor: an otpauth URI, and the last accepted step if there is one.

use std::borrow::Cow;

use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::json::wiped::WipedText;
use crate::totp::Totp;
use crate::totp::key_uri::OtpauthUri;

/// Written as the bare URI until a code is accepted, then as `{"totp", "last-count"}`.
pub struct TotpEntry {
    pub totp: Totp,
    /// The last accepted step (Unix seconds / period). `None` is Proxmox's "never used".
    pub last_count: Option<i64>,
    /// The URI as it was stored, so that reading and writing a record doesn't change it. A URI that Proxmox can't read
    /// is rewritten.
    text: WipedText,
}

impl TotpEntry {
    pub fn new(uri: OtpauthUri, last_count: i64) -> Self {
        let text = uri.to_text().into();
        Self {
            totp: uri.totp,
            last_count: Some(last_count),
            text,
        }
    }

    /// An entry that was never used.
    pub fn unused(uri: OtpauthUri) -> Self {
        let text = uri.to_text().into();
        Self {
            totp: uri.totp,
            last_count: None,
            text,
        }
    }

    /// Length in bytes of the stored URI.
    pub fn uri_bytes(&self) -> usize {
        self.text.len()
    }

    /// Uses up this step and every earlier one. False if it is not later than the last one.
    pub fn use_step(&mut self, step: i64) -> bool {
        let unused = self.last_count.is_none_or(|last| last < step);
        self.last_count = self.last_count.max(Some(step));
        unused
    }

    fn stored<E: de::Error>(text: Cow<'_, str>, last_count: Option<i64>) -> Result<Self, E> {
        let not_a_uri = || E::custom("not an otpauth URI");
        let mut text = WipedText::from(text.into_owned());
        let (totp, plain) = OtpauthUri::stored_totp(&text).ok_or_else(not_a_uri)?;
        if !plain {
            // Proxmox would refuse the whole file because of it.
            text = OtpauthUri::parse_stored(&text).ok_or_else(not_a_uri)?.to_text().into();
        }
        Ok(Self {
            totp,
            last_count: last_count.filter(|count| *count != i64::MIN),
            text,
        })
    }
}

impl Serialize for TotpEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(last_count) = self.last_count else {
            return serializer.serialize_str(&self.text);
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("totp", &self.text)?;
        map.serialize_entry("last-count", &last_count)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for TotpEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TotpVisitor)
    }
}

struct TotpVisitor;

impl<'de> Visitor<'de> for TotpVisitor {
    type Value = TotpEntry;

    fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.write_str("an otpauth URI or a map that holds one")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        TotpEntry::stored(text.into(), None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let fields = Fields::deserialize(de::value::MapAccessDeserializer::new(map))?;
        TotpEntry::stored(fields.totp, fields.last_count)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Fields<'a> {
    #[serde(borrow)]
    totp: Cow<'a, str>,
    #[serde(default)]
    last_count: Option<i64>,
}
