//! A WebAuthn factor: Proxmox's credential, with the additions that the specification's verification steps need.

use data_encoding::BASE64URL_NOPAD;
use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::bytes::{Bytes, Handle, KeyIds, base64url, key_ids};
use super::entry::{FactorType, SigningEntry};
use super::webauthn_key::StoredKey;
use crate::json::members::is_default;
use crate::json::members::{Known, once, required, with_others};
use crate::webauthn::metadata::Undesired;
use crate::webauthn::{CoseKey, Credential, Metadata, Proofs};

/// The credential record of WebAuthn Level 3, section 4, as this format holds it.
// The flags come from the specification and from this format, and are independent.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Serialize)]
pub struct WebauthnEntry {
    #[serde(serialize_with = "base64url::serialize")]
    pub cred_id: Vec<u8>,
    pub cred: StoredKey,
    /// The spec's signCount.
    pub counter: u32,
    pub backup_eligible: bool,
    pub backup_state: bool,
    /// Ours: whether the backup flags come from the authenticator. Proxmox writes `false` if it didn't look at them.
    #[serde(skip_serializing_if = "is_default")]
    pub backup_recorded: bool,
    /// Ours: whether the user was verified at registration or at a later sign-in.
    #[serde(skip_serializing_if = "is_default")]
    pub user_verified: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transports: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aaguid: Option<Uuid>,
    /// Ours: the handle this credential was made for, in base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_handle: Option<String>,
    /// Ours: the handle comes from a sign-in's answer, where nothing signs it. It is compared, and leads to nobody:
    /// else a user could take the handle of another one, whose passkeys would then lead to the wrong user.
    #[serde(skip_serializing_if = "is_default")]
    pub handle_learned: bool,
    /// Ours: the relying party that this credential was made for. Without it, the credential's id doesn't lead to this
    /// user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rp_id: Option<String>,
    /// Ours: another user has a credential with the same id. Neither credential can sign in without a user name.
    #[serde(skip_serializing_if = "is_default")]
    pub shared: bool,
    /// Ours: a trusted attestation said at registration that the key is in hardware.
    #[serde(skip_serializing_if = "is_default")]
    pub attested: bool,
    /// Ours: the identifiers of the keys in the attestation, that of its statement first. FIDO's metadata names models
    /// of U2F and batches by them.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "key_ids::serialize")]
    pub attested_by: Vec<[u8; 20]>,
    /// Members that Proxmox ignores.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl WebauthnEntry {
    /// The entry of a newly registered credential, or `None` if its key can't be read back.
    pub fn new(credential: &Credential) -> Option<Self> {
        let key = CoseKey::parse(&credential.public_key).ok()?;
        let mut entry = Self {
            cred_id: credential.id.clone(),
            cred: StoredKey::Known(key),
            counter: 0,
            backup_eligible: false,
            backup_state: false,
            backup_recorded: false,
            user_verified: false,
            transports: credential.transports.clone(),
            aaguid: Some(Uuid::from_bytes(credential.aaguid)),
            user_handle: credential
                .user_handle
                .as_ref()
                .map(|handle| BASE64URL_NOPAD.encode(handle)),
            handle_learned: false,
            rp_id: None,
            shared: false,
            attested: false,
            attested_by: Vec::new(),
            other: Map::new(),
        };
        entry.update(credential);
        Some(entry)
    }

    /// The status by which the metadata forbids the model, or the batch, of this key. `now`: epoch seconds.
    pub fn undesired(&self, metadata: &Metadata, now: i64) -> Option<Undesired> {
        let aaguid = self.aaguid.map(Uuid::into_bytes).unwrap_or_default();
        let model = metadata.model_of(aaguid, self.attested_by.first().copied())?;
        model.undesired(now, &self.attested_by)
    }
}

impl SigningEntry for WebauthnEntry {
    const TYPE: FactorType = FactorType::Webauthn;

    fn credential_id(&self) -> &[u8] {
        &self.cred_id
    }

    fn credential(&self) -> Option<Credential> {
        let StoredKey::Known(key) = &self.cred else { return None };
        Some(Credential {
            id: self.cred_id.clone(),
            public_key: key.to_cbor(),
            sign_count: self.counter,
            transports: self.transports.clone(),
            aaguid: self.aaguid.map(Uuid::into_bytes).unwrap_or_default(),
            backup_eligible: self.backup_eligible,
            backup_state: self.backup_state,
            backup_recorded: self.backup_recorded,
            user_verified: self.user_verified,
            user_handle: self
                .user_handle
                .as_ref()
                .and_then(|handle| BASE64URL_NOPAD.decode(handle.as_bytes()).ok()),
        })
    }

    fn can_verify(&self) -> bool {
        matches!(self.cred, StoredKey::Known(_))
    }

    fn proofs(&self, user_verified: bool, backup_eligible: bool) -> Proofs {
        let device_bound = !backup_eligible && !self.backup_eligible;
        Proofs::PHISHING_RESISTANT
            .and_if(user_verified && self.user_verified, Proofs::USER_VERIFIED)
            .and_if(device_bound, Proofs::DEVICE_BOUND)
            .and_if(device_bound && self.attested, Proofs::HARDWARE_BOUND)
    }

    fn update(&mut self, credential: &Credential) {
        self.counter = credential.sign_count;
        self.backup_eligible = credential.backup_eligible;
        self.backup_state = credential.backup_state;
        self.backup_recorded = credential.backup_recorded;
        self.user_verified = credential.user_verified;
    }

    fn learn(&mut self, rp_id: &str, user_handle: Option<&str>) {
        if self.shared {
            return;
        }
        if self.rp_id.as_deref() != Some(rp_id) {
            self.rp_id = Some(rp_id.to_owned());
        }
        if self.user_handle.is_none() {
            // The length of 1 to 64 bytes in base64url. A handle of another length couldn't be read again.
            let handle = user_handle.filter(|handle| (2..=86).contains(&handle.len()));
            self.user_handle = handle.map(str::to_owned);
            self.handle_learned = self.user_handle.is_some();
        }
    }
}

/// The known members while they are read. Each may occur once.
#[derive(Default)]
#[allow(clippy::option_option, reason = "null is a value")]
struct Members {
    cred_id: Option<Bytes>,
    cred: Option<StoredKey>,
    counter: Option<u32>,
    backup_eligible: Option<bool>,
    backup_state: Option<bool>,
    backup_recorded: Option<bool>,
    user_verified: Option<bool>,
    transports: Option<Vec<String>>,
    aaguid: Option<Option<Uuid>>,
    user_handle: Option<Option<Handle>>,
    handle_learned: Option<bool>,
    rp_id: Option<Option<String>>,
    shared: Option<bool>,
    attested: Option<bool>,
    attested_by: Option<KeyIds>,
}

impl<'de> Known<'de> for Members {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "cred_id" => once(&mut self.cred_id, map),
            "cred" => once(&mut self.cred, map),
            "counter" => once(&mut self.counter, map),
            "backup_eligible" => once(&mut self.backup_eligible, map),
            "backup_state" => once(&mut self.backup_state, map),
            "backup_recorded" => once(&mut self.backup_recorded, map),
            "user_verified" => once(&mut self.user_verified, map),
            "transports" => once(&mut self.transports, map),
            "aaguid" => once(&mut self.aaguid, map),
            "user_handle" => once(&mut self.user_handle, map),
            "handle_learned" => once(&mut self.handle_learned, map),
            "rp_id" => once(&mut self.rp_id, map),
            "shared" => once(&mut self.shared, map),
            "attested" => once(&mut self.attested, map),
            "attested_by" => once(&mut self.attested_by, map),
            _ => Ok(false),
        }
    }
}

impl<'de> Deserialize<'de> for WebauthnEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (members, other) = with_others::<Members, D>(deserializer)?;
        let Bytes(cred_id) = required(members.cred_id, "cred_id")?;
        Ok(Self {
            cred_id,
            cred: required(members.cred, "cred")?,
            counter: required(members.counter, "counter")?,
            backup_eligible: members.backup_eligible.unwrap_or_default(),
            backup_state: members.backup_state.unwrap_or_default(),
            backup_recorded: members.backup_recorded.unwrap_or_default(),
            user_verified: members.user_verified.unwrap_or_default(),
            transports: members.transports.unwrap_or_default(),
            aaguid: members.aaguid.flatten(),
            user_handle: members.user_handle.flatten().map(|Handle(text)| text),
            handle_learned: members.handle_learned.unwrap_or_default(),
            rp_id: members.rp_id.flatten(),
            shared: members.shared.unwrap_or_default(),
            attested: members.attested.unwrap_or_default(),
            attested_by: members.attested_by.map(|KeyIds(ids)| ids).unwrap_or_default(),
            other,
        })
    }
}
