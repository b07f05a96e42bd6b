//! Imports keys that only work with matching settings of the service: U2F and Yubico keys.

use serde::{Deserialize, Deserializer, de};

use super::holds_credential;
use super::import_reasons::{LeftReason, Note, Refused, check_limit, malformed};
use super::yubico::holds_key;
use crate::record::{Entry, Record, U2fEntry, YubicoEntry, decode_base64};
use crate::service::settings::Settings;
use crate::webauthn::{Algorithm, CoseKey, KeyMaterial, Reason};
use crate::yubico::{Counter, is_public_id};

/// A U2F key as another system stores it. Bytes are in base64url.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ForeignU2f {
    #[serde(deserialize_with = "bytes")]
    key_handle: Vec<u8>,
    /// The 65-byte point, or a COSE key.
    #[serde(deserialize_with = "bytes")]
    public_key: Vec<u8>,
    /// The last accepted counter.
    #[serde(default)]
    counter: Option<u32>,
    /// The application that it was registered for, if the other system says so.
    #[serde(default)]
    app_id: Option<String>,
}

/// A Yubico key as another system stores it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ForeignYubico {
    public_id: String,
    /// The counter of the last accepted OTP.
    #[serde(default)]
    counter: Option<Counter>,
}

pub(super) fn add_u2f(
    record: &mut Record,
    settings: &Settings,
    key: ForeignU2f,
    about: Entry<()>,
) -> Result<Vec<Note>, Refused> {
    let policy = settings.u2f.as_ref().ok_or(LeftReason::NotSupported)?;
    if key.app_id.is_some_and(|app_id| app_id != policy.app_id) {
        return Err(LeftReason::OtherAppId.into());
    }
    if !(1..=255).contains(&key.key_handle.len()) {
        return Err(malformed("keyHandle"));
    }
    let mut entry = read_key(key.key_handle, &key.public_key)?;
    entry.counter = key.counter;
    if holds_credential(record, &entry.key.key_handle) {
        return Err(LeftReason::AlreadyEnrolled.into());
    }
    check_limit(record, settings)?;
    record.u2f.push(about.with(entry));
    Ok(note_counter(key.counter.is_some()))
}

pub(super) fn add_yubico(
    record: &mut Record,
    settings: &Settings,
    key: &ForeignYubico,
    about: Entry<()>,
) -> Result<Vec<Note>, Refused> {
    if !settings.yubico {
        return Err(LeftReason::NotSupported.into());
    }
    // Without a public id, the key's secrets couldn't be found.
    if key.public_id.is_empty() || !is_public_id(&key.public_id) {
        return Err(malformed("publicId"));
    }
    let public_id = key.public_id.to_ascii_lowercase();
    if holds_key(record, &public_id) {
        return Err(LeftReason::AlreadyEnrolled.into());
    }
    check_limit(record, settings)?;
    let mut entry = YubicoEntry::PublicId(public_id);
    if let Some(counter) = key.counter {
        entry.count(counter);
    }
    record.yubico.push(about.with(entry));
    Ok(note_counter(key.counter.is_some()))
}

/// Checks the key like a newly registered one.
fn read_key(key_handle: Vec<u8>, public_key: &[u8]) -> Result<U2fEntry, Refused> {
    let key = match KeyMaterial::from_point(public_key) {
        Some(point) => CoseKey::new(Algorithm::Es256, point),
        None => CoseKey::parse(public_key),
    };
    let key = key.map_err(|reason| match reason {
        Reason::AlgorithmUnsupported => LeftReason::UnsupportedAlgorithm.into(),
        _ => malformed("publicKey"),
    })?;
    U2fEntry::of(key_handle, &key).ok_or_else(|| LeftReason::UnsupportedAlgorithm.into())
}

fn note_counter(recorded: bool) -> Vec<Note> {
    if recorded {
        Vec::new()
    } else {
        vec![Note::CounterNotRecorded]
    }
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    decode_base64(&text).ok_or_else(|| de::Error::custom("not base64"))
}
