//! Which enrolled keys are of models that FIDO's metadata forbids by now.

use serde::{Deserialize, Serialize};

use crate::json::envelope::envelope;
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::Record;
use crate::record::factor::{self, Factor};
use crate::service::settings::Settings;
use crate::webauthn::metadata::Undesired;

/// The user's keys that the metadata of the settings forbids, disabled ones too: `[{factor, status, since?}]`. Reports
/// about a batch count for keys whose attestation was verified when they were enrolled.
///
/// Request: `{now}`. Fails with `invalid-argument` (`metadata`) if there is none.
pub fn revoked_keys(record: Option<&str>, settings: &Settings, request: &str) -> String {
    envelope(find(record, settings, request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokedRequest {
    now: i64,
}

#[derive(Serialize)]
struct RevokedKey {
    factor: Factor,
    #[serde(flatten)]
    undesired: Undesired,
}

fn find(record: Option<&str>, settings: &Settings, request: &str) -> Result<Vec<RevokedKey>, Failure> {
    let RevokedRequest { now } = request::parse(request)?;
    let metadata = settings.metadata.as_ref().ok_or(Failure::InvalidArgument("metadata"))?;
    let record = Record::parse(record)?;
    let found = record.webauthn.iter().filter_map(|entry| {
        let undesired = entry.entry.undesired(metadata, request::seconds(now))?;
        factor::find(&record, &entry.id).map(|factor| RevokedKey { factor, undesired })
    });
    Ok(found.collect())
}
