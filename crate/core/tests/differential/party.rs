//! Authorities and the attestation certificates that they issue.

use std::sync::LazyLock;

use countersign_core::webauthn::Algorithm;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_ED25519,
    PKCS_RSA_SHA256, RsaKeySize, SigningKey,
};

use crate::webauthn_support::attestation_certificate;

pub const AAGUID: [u8; 16] = [7; 16];
/// id-fido-gen-ce-aaguid
const AAGUID_EXTENSION: [u64; 10] = [1, 3, 6, 1, 4, 1, 45724, 1, 1, 4];

/// A certificate and its key.
pub struct Party {
    pub algorithm: Algorithm,
    pub der: Vec<u8>,
    params: CertificateParams,
    key: KeyPair,
}

pub struct Parties {
    pub root: Party,
    pub middle: Party,
    /// Issued by `middle` for the same device: ES256 first.
    pub leaves: [Party; 8],
}

/// The same ones for a whole process.
pub fn parties() -> &'static Parties {
    static PARTIES: LazyLock<Parties> = LazyLock::new(Parties::new);
    &PARTIES
}

impl Party {
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.key.sign(message).unwrap()
    }

    /// Whether a certificate is for this key, whatever else it says.
    pub fn is_key_of(&self, der: &[u8]) -> bool {
        let key = self.key.public_key_raw();
        der.windows(key.len()).any(|window| window == key)
    }

    fn new(algorithm: Algorithm, params: CertificateParams, issuer: Option<&Self>) -> Self {
        let key = match algorithm {
            Algorithm::Es384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
            Algorithm::Es512 => KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512),
            Algorithm::EdDsa => KeyPair::generate_for(&PKCS_ED25519),
            Algorithm::Rs256 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
            _ => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
        }
        .unwrap();
        let certificate = match issuer {
            None => params.self_signed(&key),
            Some(issuer) => params.signed_by(&key, &Issuer::from_params(&issuer.params, &issuer.key)),
        };
        Self {
            algorithm,
            der: certificate.unwrap().der().to_vec(),
            params,
            key,
        }
    }
}

impl Parties {
    fn new() -> Self {
        let root = Party::new(Algorithm::Es256, authority("Root"), None);
        let middle = Party::new(Algorithm::Es384, authority("Middle"), Some(&root));
        let leaves = [
            Algorithm::Es256,
            Algorithm::Es256,
            Algorithm::Es256,
            Algorithm::Es256,
            Algorithm::Es384,
            Algorithm::Rs256,
            Algorithm::Es512,
            Algorithm::EdDsa,
        ]
        .map(|algorithm| Party::new(algorithm, attestation(), Some(&middle)));
        Self { root, middle, leaves }
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// 8.2.1
fn attestation() -> CertificateParams {
    let mut params = attestation_certificate("Key");
    let model = [&[4, 16][..], &AAGUID].concat();
    params.custom_extensions = vec![CustomExtension::from_oid_content(&AAGUID_EXTENSION, model)];
    params
}
