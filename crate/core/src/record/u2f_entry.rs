//! A legacy U2F factor, in the origin's form.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::bytes::{base64_standard, base64url};

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
    /// Members that the origin ignores.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredKey {
    #[serde(with = "base64url")]
    pub key_handle: Vec<u8>,
    pub version: String,
}
