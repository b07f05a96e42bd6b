//! Reads the payload of a BLOB (Metadata Service 3.1, 3.1.6) entry by entry, and keeps only what the index has.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use data_encoding::BASE64;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::date::Date;
use super::index::{Metadata, Model, ModelId};
use super::status::{Report, Status};
use crate::webauthn::attestation::SecurityLevel;
use crate::webauthn::attestation::certificate::{key_identifier, parse};

/// `None` if it isn't a payload.
pub fn read(payload: &[u8]) -> Option<Metadata> {
    let Payload {
        no,
        next_update,
        entries,
    } = serde_json::from_slice(payload).ok()?;
    let Entries { models, ids, roots } = entries;
    let mut places: Vec<_> = roots.into_iter().collect();
    places.sort_unstable_by_key(|(_, place)| *place);
    let mut models = models;
    models.shrink_to_fit();
    Some(Metadata {
        no,
        next_update,
        models,
        ids: ids.into_iter().collect(),
        roots: places.into_iter().map(|(root, _)| root).collect(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    no: u64,
    next_update: Date,
    entries: Entries,
}

/// The index while it is made.
#[derive(Default)]
struct Entries {
    models: Vec<Model>,
    ids: BTreeMap<ModelId, usize>,
    roots: BTreeMap<Box<[u8]>, usize>,
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Entries, A::Error> {
        let mut index = Entries::default();
        while let Some(entry) = entries.next_element::<Entry>()? {
            index.add(entry);
        }
        Ok(index)
    }
}

/// `MetadataBLOBPayloadEntry`. Members that are not named here, such as icons, are skipped without being kept.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(borrow, default)]
    aaguid: Option<Cow<'a, str>>,
    #[serde(default)]
    attestation_certificate_key_identifiers: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow, default)]
    metadata_statement: Option<Statement<'a>>,
    #[serde(default)]
    status_reports: Option<Vec<ReportWire<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement<'a> {
    #[serde(borrow, default)]
    description: Option<Cow<'a, str>>,
    #[serde(default)]
    attestation_root_certificates: Option<Vec<Cow<'a, str>>>,
    #[serde(default)]
    key_protection: Option<Vec<Cow<'a, str>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReportWire<'a> {
    status: Status,
    #[serde(borrow, default)]
    effective_date: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    sunset_date: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    certificate: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    batch_certificate: Option<Cow<'a, str>>,
}

impl Entries {
    fn add(&mut self, entry: Entry<'_>) {
        let keys = entry.attestation_certificate_key_identifiers.unwrap_or_default();
        let aaguid = entry.aaguid.as_deref().and_then(ModelId::parse);
        let ids: Vec<_> = aaguid
            .into_iter()
            .chain(keys.iter().filter_map(|key| ModelId::parse(key)))
            .collect();
        // Authenticators of UAF have other identifiers.
        if ids.is_empty() {
            return;
        }
        let statement = entry.metadata_statement.unwrap_or_default();
        let roots = statement.attestation_root_certificates.unwrap_or_default();
        let model = Model {
            name: statement.description.filter(|name| !name.is_empty()).map(Into::into),
            reports: entry
                .status_reports
                .unwrap_or_default()
                .iter()
                .map(ReportWire::read)
                .collect(),
            roots: roots.iter().filter_map(|root| self.root(root)).collect(),
            level: statement.key_protection.and_then(|protection| level(&protection)),
        };
        // Entries that share an identifier are of one model: what either reports of it counts. One entry may also share
        // identifiers with several.
        let known: BTreeSet<usize> = ids.iter().filter_map(|id| self.ids.get(id)).copied().collect();
        let place = known.first().copied().unwrap_or(self.models.len());
        for place in &known {
            if let Some(known) = self.models.get_mut(*place) {
                known.reports.extend(model.reports.iter().cloned());
                known.roots.extend(&model.roots);
            }
        }
        if known.is_empty() {
            self.models.push(model);
        }
        for id in ids {
            self.ids.entry(id).or_insert(place);
        }
    }

    fn root(&mut self, text: &str) -> Option<usize> {
        let next = self.roots.len();
        Some(*self.roots.entry(certificate(text)?.into_boxed_slice()).or_insert(next))
    }
}

impl ReportWire<'_> {
    fn read(&self) -> Report {
        let date = |text: &Option<Cow<'_, str>>| text.as_deref().and_then(Date::parse);
        let batches = [&self.certificate, &self.batch_certificate].into_iter().flatten();
        // A certificate that can't be read limits nothing.
        let keys: Option<Vec<_>> = batches
            .filter(|text| !text.is_empty())
            .map(|text| certificate(text).and_then(|der| parse(&der).map(|read| key_identifier(&read))))
            .collect();
        Report {
            status: self.status,
            from: date(&self.effective_date),
            until: date(&self.sunset_date),
            batch: keys.unwrap_or_default(),
        }
    }
}

/// DER of base64, which some entries break into lines.
fn certificate(text: &str) -> Option<Vec<u8>> {
    let base64: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64.decode(&base64).ok()
}

/// The level of `keyProtection` (FIDO Registry of Predefined Values 2.2, 3.2).
fn level(protection: &[Cow<'_, str>]) -> Option<SecurityLevel> {
    let has = |name: &str| protection.iter().any(|one| one == name);
    if has("software") {
        Some(SecurityLevel::Software)
    } else if has("secure_element") {
        Some(SecurityLevel::StrongBox)
    } else if has("tee") || has("hardware") {
        Some(SecurityLevel::TrustedEnvironment)
    } else {
        None
    }
}
