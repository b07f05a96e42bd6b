//! A legacy U2F factor, in Proxmox's form.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::bytes::{base64_standard, base64url};
use super::entry::{FactorType, SigningEntry};
use crate::u2f;
use crate::webauthn::{Algorithm, CoseKey, Credential, KeyMaterial, Proofs};

/// A registered U2F key (FIDO U2F Raw Message Formats).
#[derive(Debug, Serialize, Deserialize)]
pub struct U2fEntry {
    pub key: RegisteredKey,
    /// The 65-byte P-256 point.
    #[serde(rename = "public-key", with = "base64_standard")]
    pub public_key: Vec<u8>,
    /// Ours: the last accepted counter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<u32>,
    /// Members that Proxmox ignores.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredKey {
    #[serde(with = "base64url")]
    pub key_handle: Vec<u8>,
    pub version: String,
    /// Members that Proxmox ignores.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl U2fEntry {
    /// The entry of a newly registered key, or `None` if the key is not ES256.
    pub fn new(credential: &Credential) -> Option<Self> {
        let key = CoseKey::parse(&credential.public_key).ok()?;
        Self::of(credential.id.clone(), &key)
    }

    /// The entry of a key that was never used here, or `None` if the key is not ES256.
    pub fn of(key_handle: Vec<u8>, key: &CoseKey) -> Option<Self> {
        let public_key = key.material().to_point()?;
        (key.algorithm() == Algorithm::Es256).then(|| Self {
            key: RegisteredKey {
                key_handle,
                version: u2f::VERSION.to_owned(),
                other: Map::new(),
            },
            public_key,
            counter: None,
            other: Map::new(),
        })
    }
}

impl SigningEntry for U2fEntry {
    const TYPE: FactorType = FactorType::U2f;

    fn credential_id(&self) -> &[u8] {
        &self.key.key_handle
    }

    /// U2F has no backup. A key that says it is eligible for backup is therefore a different one.
    fn credential(&self) -> Option<Credential> {
        let material = KeyMaterial::from_point(&self.public_key)?;
        let key = CoseKey::stored(Algorithm::Es256, material).ok()?;
        (self.key.version == u2f::VERSION).then(|| Credential {
            id: self.key.key_handle.clone(),
            public_key: key.to_cbor(),
            sign_count: self.counter.unwrap_or_default(),
            transports: Vec::new(),
            aaguid: [0; 16],
            backup_eligible: false,
            backup_state: false,
            backup_recorded: true,
            user_verified: false,
            user_handle: None,
        })
    }

    /// U2F verifies nobody, and has no flag for backups.
    fn proofs(&self, _user_verified: bool, _backup_eligible: bool) -> Proofs {
        Proofs::PHISHING_RESISTANT
    }

    fn update(&mut self, credential: &Credential) {
        self.counter = Some(credential.sign_count);
    }
}
