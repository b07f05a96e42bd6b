//! What the host and its pages may see of a factor: never a secret or a key.

use serde::Serialize;
use uuid::Uuid;

use crate::json::members::is_default;
use crate::record::{Entry, FactorType, Record, StoredKey, Unusable, WebauthnEntry};

/// One enrolled factor, as the public API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Factor {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: FactorType,
    pub description: String,
    /// Epoch milliseconds.
    pub created: i64,
    pub enabled: bool,
    /// It can't be used here, and can only be removed.
    #[serde(skip_serializing_if = "is_default")]
    pub unusable: bool,
    /// Epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used: Option<i64>,
    /// When an import added it to this record, in epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added: Option<i64>,
    /// Recovery codes left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<usize>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub webauthn: Option<WebauthnDetails>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebauthnDetails {
    /// Absent for a credential that can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_id: Option<String>,
    /// COSE algorithm number; absent for a key that this version can't use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aaguid: Option<Uuid>,
    pub transports: Vec<String>,
    pub backup_eligible: bool,
    pub backup_state: bool,
}

/// A user's factors: recovery codes first, then by type in Proxmox's order. Unusable factors come last.
pub fn factors(record: &Record) -> Vec<Factor> {
    let recovery = record.recovery.as_ref().map(|set| Factor {
        left: Some(set.left()),
        added: set.added.map(milliseconds),
        ..plain("recovery", FactorType::Recovery, "", set.created, true, None)
    });
    recovery
        .into_iter()
        .chain(record.totp.iter().map(|entry| entry.view(FactorType::Totp)))
        .chain(record.webauthn.iter().map(webauthn_factor))
        .chain(record.u2f.iter().map(|entry| entry.view(FactorType::U2f)))
        .chain(record.yubico.iter().map(|entry| entry.view(FactorType::Yubico)))
        .chain(record.unusable.iter().map(unusable_factor))
        .collect()
}

/// The factor with this id, if there is one.
pub fn find(record: &Record, id: &str) -> Option<Factor> {
    factors(record).into_iter().find(|factor| factor.id == id)
}

impl<T> Entry<T> {
    fn view(&self, kind: FactorType) -> Factor {
        Factor {
            added: self.added.map(milliseconds),
            ..plain(
                &self.id,
                kind,
                &self.description,
                self.created,
                self.enable,
                self.last_used,
            )
        }
    }
}

fn webauthn_factor(entry: &Entry<WebauthnEntry>) -> Factor {
    let credential = &entry.entry;
    let details = WebauthnDetails {
        credential_id: Some(data_encoding::BASE64URL_NOPAD.encode(&credential.cred_id)),
        algorithm: match &credential.cred {
            StoredKey::Known(key) => Some(key.algorithm().cose()),
            StoredKey::Other(_) => None,
        },
        aaguid: credential.aaguid,
        transports: credential.transports.clone(),
        backup_eligible: credential.backup_eligible,
        backup_state: credential.backup_state,
    };
    Factor {
        webauthn: Some(details),
        ..entry.view(FactorType::Webauthn)
    }
}

fn unusable_factor(one: &Unusable) -> Factor {
    let nothing_known = || WebauthnDetails {
        credential_id: None,
        algorithm: None,
        aaguid: None,
        transports: Vec::new(),
        backup_eligible: false,
        backup_state: false,
    };
    Factor {
        unusable: true,
        left: (one.kind == FactorType::Recovery).then_some(0),
        webauthn: (one.kind == FactorType::Webauthn).then(nothing_known),
        ..plain(&one.id, one.kind, &one.description, one.created, false, None)
    }
}

fn plain(id: &str, kind: FactorType, description: &str, created: i64, enabled: bool, used: Option<i64>) -> Factor {
    Factor {
        id: id.to_owned(),
        kind,
        description: description.to_owned(),
        created: milliseconds(created),
        enabled,
        unusable: false,
        last_used: used.map(milliseconds),
        added: None,
        left: None,
        webauthn: None,
    }
}

fn milliseconds(seconds: i64) -> i64 {
    seconds.saturating_mul(1000)
}
