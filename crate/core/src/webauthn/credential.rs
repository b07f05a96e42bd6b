//! The credential record (4, "credential record"): what a relying party stores of one credential.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::json::distinct::Text;

/// In JSON, bytes are base64url without padding and the AAGUID is a UUID. Unknown members are ignored.
// The flags are the specification's, each on its own.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "Stored")]
pub struct Credential {
    #[serde(serialize_with = "base64url")]
    pub id: Vec<u8>,
    /// A COSE key, as CBOR.
    #[serde(serialize_with = "base64url")]
    pub public_key: Vec<u8>,
    pub sign_count: u32,
    pub transports: Vec<String>,
    /// The authenticator's model, all zeros if it does not report one.
    #[serde(serialize_with = "uuid")]
    pub aaguid: [u8; 16],
    pub backup_eligible: bool,
    pub backup_state: bool,
    /// Whether an authenticator has reported the two flags. If not, the first successful sign-in sets them.
    pub backup_recorded: bool,
    /// Whether the user was verified at registration.
    pub user_verified: bool,
    #[serde(serialize_with = "optional_base64url", skip_serializing_if = "Option::is_none")]
    pub user_handle: Option<Vec<u8>>,
}

/// The credential as it is read. Other libraries store fewer members.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    #[serde(deserialize_with = "from_base64url")]
    id: Vec<u8>,
    #[serde(deserialize_with = "from_base64url")]
    public_key: Vec<u8>,
    sign_count: u32,
    #[serde(default)]
    transports: Option<Vec<String>>,
    #[serde(default)]
    aaguid: Option<Uuid>,
    #[serde(default)]
    backup_eligible: Option<bool>,
    #[serde(default)]
    backup_state: Option<bool>,
    #[serde(default)]
    backup_recorded: Option<bool>,
    #[serde(default)]
    user_verified: Option<bool>,
    #[serde(default, deserialize_with = "from_optional_base64url")]
    user_handle: Option<Vec<u8>>,
}

impl From<Stored> for Credential {
    fn from(stored: Stored) -> Self {
        Self {
            id: stored.id,
            public_key: stored.public_key,
            sign_count: stored.sign_count,
            transports: stored.transports.unwrap_or_default(),
            aaguid: stored.aaguid.map(Uuid::into_bytes).unwrap_or_default(),
            backup_eligible: stored.backup_eligible.unwrap_or_default(),
            backup_state: stored.backup_state.unwrap_or_default(),
            // If the host has stored the flag, an authenticator reported it. If not, responses aren't compared with it.
            backup_recorded: stored.backup_recorded.unwrap_or(stored.backup_eligible.is_some()),
            user_verified: stored.user_verified.unwrap_or_default(),
            user_handle: stored.user_handle.filter(|handle| !handle.is_empty()),
        }
    }
}

/// A serde field of bytes as base64url text.
pub(super) fn base64url<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64URL_NOPAD.encode(bytes))
}

// serde hands over the field as it is.
#[allow(clippy::ref_option)]
fn optional_base64url<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    bytes
        .as_deref()
        .map(|bytes| BASE64URL_NOPAD.encode(bytes))
        .serialize(serializer)
}

fn uuid<S: Serializer>(bytes: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
    Uuid::from_bytes(*bytes).serialize(serializer)
}

/// A serde field of base64url text as bytes. The error does not contain the text.
pub(super) fn from_base64url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let Text(text) = Text::deserialize(deserializer)?;
    BASE64URL_NOPAD
        .decode(text.as_bytes())
        .map_err(|_| serde::de::Error::custom("not base64url"))
}

pub(super) fn from_optional_base64url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
    let text = Option::<Text<'de>>::deserialize(deserializer)?;
    let decode = |Text(text): Text<'de>| BASE64URL_NOPAD.decode(text.as_bytes());
    text.map(decode)
        .transpose()
        .map_err(|_| serde::de::Error::custom("not base64url"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn round_trips_as_the_public_shape() {
        let json = json!({
            "id": "AAE", "publicKey": "_-8", "signCount": 7, "transports": ["usb"],
            "aaguid": "00010203-0405-0607-0809-0a0b0c0d0e0f", "backupEligible": true, "backupState": false,
            "backupRecorded": true, "userVerified": true, "userHandle": "AQ",
        });
        let credential: Credential = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(credential.aaguid[15], 15);
        assert_eq!(serde_json::to_value(&credential).unwrap(), json);
    }

    #[test]
    fn reads_what_other_libraries_store() {
        let read = |json| serde_json::from_value::<Credential>(json);
        let least = read(json!({ "id": "AA", "publicKey": "AA", "signCount": 0, "other": 1 })).unwrap();
        assert!(!least.backup_recorded && !least.backup_eligible && least.user_handle.is_none());
        assert_eq!(least.aaguid, [0; 16]);
        let flags =
            read(json!({ "id": "AA", "publicKey": "AA", "signCount": 0, "backupEligible": false, "userHandle": "" }));
        assert!(flags.as_ref().unwrap().backup_recorded);
        assert_eq!(flags.unwrap().user_handle, None);
        assert!(read(json!({ "id": "AA==", "publicKey": "AA", "signCount": 0 })).is_err());
        assert!(read(json!({ "id": "AA", "publicKey": "AA", "signCount": -1 })).is_err());
        assert!(read(json!({ "id": "AA", "publicKey": "AA" })).is_err());
    }
}
