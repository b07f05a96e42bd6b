//! What is kept of a BLOB: small, and found by the identifiers of a model.

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use super::date::Date;
use super::status::{self, Certification, Report, Undesired};
use crate::webauthn::attestation::SecurityLevel;

/// A verified BLOB: one entry for each model that has an AAGUID or, for U2F, key identifiers.
#[derive(Debug, PartialEq, Eq)]
pub struct Metadata {
    pub(super) no: u64,
    pub(super) next_update: Date,
    pub(super) models: Vec<Model>,
    /// Sorted. The number is the model's place.
    pub(super) ids: Vec<(ModelId, usize)>,
    /// Certificates in DER, each once: most models share theirs.
    pub(super) roots: Vec<Box<[u8]>>,
}

/// How an authenticator names its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModelId {
    Aaguid([u8; 16]),
    /// SHA-1 of the public key of its attestation certificate (RFC 5280, 4.2.1.2, method 1). U2F keys have no AAGUID.
    Key([u8; 20]),
}

/// One model of authenticators.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    pub(super) name: Option<Box<str>>,
    pub(super) reports: Vec<Report>,
    pub(super) roots: Vec<usize>,
    pub(super) level: Option<SecurityLevel>,
}

/// What [`Metadata::describe`] says of a model.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Description<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certified: Option<Certification>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_level: Option<SecurityLevel>,
    /// The status that forbids the whole model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Undesired>,
}

impl Metadata {
    /// The number of the BLOB, which grows with each.
    pub fn no(&self) -> u64 {
        self.no
    }

    /// The day by which FIDO publishes the next one.
    pub fn next_update(&self) -> Date {
        self.next_update
    }

    /// How many models it has.
    pub fn len(&self) -> usize {
        self.models.len()
    }

    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }

    /// Whether the next one is overdue. `now`: seconds since the epoch.
    pub fn is_stale(&self, now: i64) -> bool {
        Date::of(now) > self.next_update
    }

    /// The model with this identifier.
    pub fn find(&self, id: &ModelId) -> Option<&Model> {
        let found = self.ids.binary_search_by_key(id, |(known, _)| *known).ok()?;
        self.ids.get(found).and_then(|(_, place)| self.models.get(*place))
    }

    /// The model of an authenticator: by its AAGUID or, if that is zero, by the key that attests it.
    pub fn model_of(&self, aaguid: [u8; 16], key: Option<[u8; 20]>) -> Option<&Model> {
        if aaguid == [0; 16] {
            self.find(&ModelId::Key(key?))
        } else {
            self.find(&ModelId::Aaguid(aaguid))
        }
    }

    /// The certificates that certify a model, in DER.
    pub fn roots_of<'a>(&'a self, model: &'a Model) -> impl Iterator<Item = &'a [u8]> {
        model
            .roots
            .iter()
            .filter_map(|place| self.roots.get(*place))
            .map(Box::as_ref)
    }

    /// What it says of the model with this identifier. `now`: seconds since the epoch.
    pub fn describe(&self, id: &ModelId, now: i64) -> Option<Description<'_>> {
        self.find(id).map(|model| Description {
            name: model.name(),
            certified: model.certification(now),
            security_level: model.level,
            revoked: model.undesired(now, &[]),
        })
    }
}

impl Model {
    /// Its name, such as `YubiKey 5 Series with NFC`.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where it keeps keys, if the metadata says so.
    pub fn level(&self) -> Option<SecurityLevel> {
        self.level
    }

    /// The level of FIDO's certification at `now`, in seconds since the epoch.
    pub fn certification(&self, now: i64) -> Option<Certification> {
        status::certification(&self.reports, Date::of(now))
    }

    /// The status that forbids it at `now`, in seconds since the epoch. Reports about a batch count only if the batch's
    /// key is one of `keys`.
    pub fn undesired(&self, now: i64, keys: &[[u8; 20]]) -> Option<Undesired> {
        status::undesired(&self.reports, Date::of(now), keys)
    }
}

impl ModelId {
    /// Reads an AAGUID as a UUID, or a key identifier as 40 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        match text.len() {
            36 => Uuid::try_parse(text).ok().map(|uuid| Self::Aaguid(uuid.into_bytes())),
            40 => {
                let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
                bytes.try_into().ok().map(Self::Key)
            }
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for ModelId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a model"))
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aaguid(bytes) => write!(formatter, "{}", Uuid::from_bytes(*bytes).hyphenated()),
            Self::Key(bytes) => formatter.write_str(&HEXLOWER_PERMISSIVE.encode(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ModelId;

    #[test]
    fn identifiers_are_uuids_or_forty_digits() {
        let aaguid = "ba86dc56-635f-4141-aef6-00227b1b9af6";
        assert_eq!(ModelId::parse(aaguid).map(|id| id.to_string()).as_deref(), Some(aaguid));
        assert_eq!(ModelId::parse(&aaguid.to_uppercase()), ModelId::parse(aaguid));
        let key = "7c0903708b87115b0b422def3138c3c864e44573";
        assert_eq!(ModelId::parse(key).map(|id| id.to_string()).as_deref(), Some(key));
        for text in [
            "",
            "YubiKey",
            &aaguid.replace('-', ""),
            &key.replace('7', "g"),
            &format!("{{{aaguid}}}"),
        ] {
            assert_eq!(ModelId::parse(text), None, "{text}");
        }
    }
}
