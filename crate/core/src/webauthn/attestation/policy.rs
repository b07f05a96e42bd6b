//! What the host accepts of single formats, beyond a valid statement.

use serde::{Deserialize, Serialize};

/// Where Android keeps a key (8.4; `SecurityLevel` of its key attestation), the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecurityLevel {
    Software,
    TrustedEnvironment,
    /// `StrongBox`: a chip of its own.
    #[serde(rename = "strongbox")]
    StrongBox,
}

/// The rules of single formats. A statement that breaks one is not trusted. Without any, all of them are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AttestationPolicy {
    /// The makers of TPMs, each as the 8 hexadecimal digits of TCG's registry.
    pub tpm_vendors: Option<Vec<String>>,
    /// Doesn't verify TPM statements that use SHA-1.
    pub tpm_without_sha1: bool,
    /// The least level of an Android key.
    pub android_key_level: Option<SecurityLevel>,
    /// Demands of U2F keys that their AAGUID is zero, as FIDO's conformance tests do.
    pub fido_u2f_zero_aaguid: bool,
    /// Of a compound statement, one that verifies is enough.
    pub compound_any: bool,
}
