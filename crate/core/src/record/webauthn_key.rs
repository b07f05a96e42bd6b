//! A credential's public key in Proxmox's form: `{"type_": …, "key": {…}}`.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use serde_json::value::RawValue;

use super::bytes::{base64url, integers};
use crate::json::distinct::{Distinct, Nothing};
use crate::webauthn::{Algorithm, CoseKey, KeyMaterial};

/// A key that can verify, or one that only another version understands. The latter is kept unchanged.
#[derive(Debug, Clone, PartialEq)]
pub enum StoredKey {
    Known(CoseKey),
    Other(Value),
}

impl StoredKey {
    /// Whether Proxmox can read the key. Its format has no place for ML-DSA keys, or for an RSA exponent that isn't
    /// three bytes long.
    pub(crate) fn fits_origin(&self) -> bool {
        match self {
            Self::Known(key) => match key.material() {
                KeyMaterial::Akp { .. } => false,
                KeyMaterial::Rsa { e, .. } => e.len() == 3,
                KeyMaterial::Ec2 { .. } | KeyMaterial::Okp { .. } => true,
            },
            Self::Other(_) => true,
        }
    }
}

impl Serialize for StoredKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(key) => Wire::from(key).serialize(serializer),
            Self::Other(value) => value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for StoredKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let not_a_key = || de::Error::custom("not a key");
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        if !raw.starts_with('{') {
            return Err(not_a_key());
        }
        if let Some(key) = serde_json::from_str(raw).ok().and_then(Wire::into_key) {
            return Ok(Self::Known(key));
        }
        // If a name occurs twice, writing the key would keep only the last value.
        serde_json::from_str::<Distinct<Nothing>>(raw)
            .and_then(|_| serde_json::from_str(raw).map(Self::Other))
            .map_err(|_| not_a_key())
    }
}

#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    type_: Cow<'a, str>,
    #[serde(borrow)]
    key: WireKey<'a>,
}

#[derive(Serialize, Deserialize)]
#[allow(
    non_camel_case_types,
    clippy::upper_case_acronyms,
    reason = "the format's own spelling"
)]
enum WireKey<'a> {
    EC_EC2 {
        #[serde(borrow)]
        curve: Cow<'a, str>,
        #[serde(with = "base64url")]
        x: Cow<'a, [u8]>,
        #[serde(with = "base64url")]
        y: Cow<'a, [u8]>,
    },
    EC_OKP {
        #[serde(borrow)]
        curve: Cow<'a, str>,
        #[serde(with = "base64url")]
        x: Cow<'a, [u8]>,
    },
    RSA {
        #[serde(with = "base64url")]
        n: Cow<'a, [u8]>,
        #[serde(with = "integers")]
        e: Cow<'a, [u8]>,
    },
    /// Ours: RFC 9964 algorithm key pairs, which Proxmox doesn't know.
    AKP {
        #[serde(rename = "pub", with = "base64url")]
        public: Cow<'a, [u8]>,
    },
}

/// The names that the format uses. The first is written. The others are older or different spellings that are read too.
const NAMES: [(Algorithm, &[&str]); 13] = [
    (Algorithm::Es256, &["ES256", "ECDSA_SHA256"]),
    (Algorithm::Es384, &["ES384", "ECDSA_SHA384"]),
    (Algorithm::Es512, &["ES512", "ECDSA_SHA512", "ES521"]),
    (Algorithm::EdDsa, &["EDDSA"]),
    (Algorithm::Rs256, &["RS256"]),
    (Algorithm::Rs384, &["RS384"]),
    (Algorithm::Rs512, &["RS512"]),
    (Algorithm::Ps256, &["PS256"]),
    (Algorithm::Ps384, &["PS384"]),
    (Algorithm::Ps512, &["PS512"]),
    (Algorithm::MlDsa44, &["ML-DSA-44"]),
    (Algorithm::MlDsa65, &["ML-DSA-65"]),
    (Algorithm::MlDsa87, &["ML-DSA-87"]),
];

fn name(algorithm: Algorithm) -> &'static str {
    let found = NAMES.iter().find(|(named, _)| *named == algorithm);
    found.and_then(|(_, names)| names.first()).copied().unwrap_or_default()
}

fn curve(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Es384 => "SECP384R1",
        Algorithm::Es512 => "SECP521R1",
        Algorithm::EdDsa => "ED25519",
        _ => "SECP256R1",
    }
}

impl<'a> From<&'a CoseKey> for Wire<'a> {
    fn from(key: &'a CoseKey) -> Self {
        let algorithm = key.algorithm();
        let curve = curve(algorithm).into();
        let key = match key.material() {
            KeyMaterial::Ec2 { x, y } => WireKey::EC_EC2 {
                curve,
                x: x.into(),
                y: y.into(),
            },
            KeyMaterial::Okp { x } => WireKey::EC_OKP { curve, x: x.into() },
            KeyMaterial::Rsa { n, e } => WireKey::RSA {
                n: n.into(),
                e: e.into(),
            },
            KeyMaterial::Akp { public } => WireKey::AKP { public: public.into() },
        };
        Self {
            type_: name(algorithm).into(),
            key,
        }
    }
}

impl Wire<'_> {
    fn into_key(self) -> Option<CoseKey> {
        let (algorithm, _) = NAMES.iter().find(|(_, names)| names.contains(&&*self.type_))?;
        let (named_curve, material) = match self.key {
            WireKey::EC_EC2 { curve, x, y } => {
                let (x, y) = (x.into_owned(), y.into_owned());
                (Some(curve), KeyMaterial::Ec2 { x, y })
            }
            WireKey::EC_OKP { curve, x } => (Some(curve), KeyMaterial::Okp { x: x.into_owned() }),
            WireKey::RSA { n, e } => {
                let (n, e) = (n.into_owned(), e.into_owned());
                (None, KeyMaterial::Rsa { n, e })
            }
            WireKey::AKP { public } => {
                let public = public.into_owned();
                (None, KeyMaterial::Akp { public })
            }
        };
        if named_curve.is_some_and(|named| named != curve(*algorithm)) {
            return None;
        }
        CoseKey::stored(*algorithm, material).ok()
    }
}
