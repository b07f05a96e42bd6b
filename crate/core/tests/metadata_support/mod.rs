//! A metadata service of our own: authorities, a certificate that signs, and BLOBs of any content.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, dead_code)]

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair, RsaEncoding, RsaKeyPair,
};
use countersign_core::webauthn::TrustAnchors;
use countersign_core::webauthn::metadata::{BlobExpectation, Metadata, MetadataFault, RevocationLists, SIGNER, verify};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, SignatureAlgorithm,
};
use serde_json::{Value, json};

/// 15 June 2025.
pub const NOW: i64 = 1_750_000_000;

/// A certificate and the key that it is for.
pub struct Party {
    pub params: CertificateParams,
    pub key: KeyPair,
    pub certificate: Certificate,
}

impl Party {
    pub fn made(params: CertificateParams, key: KeyPair, issuer: Option<&Self>) -> Self {
        let certificate = match issuer {
            None => params.self_signed(&key).unwrap(),
            Some(issuer) => params.signed_by(&key, &issuer.issuer()).unwrap(),
        };
        Self {
            params,
            key,
            certificate,
        }
    }

    pub fn authority(name: &str, issuer: Option<&Self>) -> Self {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self::made(params, KeyPair::generate().unwrap(), issuer)
    }

    pub fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }

    pub fn der(&self) -> &[u8] {
        self.certificate.der()
    }

    pub fn base64(&self) -> String {
        BASE64.encode(self.der())
    }

    pub fn anchor(&self) -> TrustAnchors {
        TrustAnchors::parse(&[self.base64()]).unwrap()
    }
}

pub fn named(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

/// A root, an authority below it, and the certificate that signs.
pub struct Service {
    pub root: Party,
    pub middle: Party,
    pub leaf: Party,
    pub alg: &'static str,
}

impl Service {
    /// ES256.
    pub fn new() -> Self {
        Self::bent(|_| {})
    }

    /// The same with another certificate that signs.
    pub fn bent(bend: impl FnOnce(&mut CertificateParams)) -> Self {
        Self::of(&rcgen::PKCS_ECDSA_P256_SHA256, "ES256", bend)
    }

    pub fn of(
        algorithm: &'static SignatureAlgorithm,
        alg: &'static str,
        bend: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let root = Party::authority("Root", None);
        let middle = Party::authority("Middle", Some(&root));
        let mut params = named("FIDO");
        params.subject_alt_names = vec![SanType::DnsName(SIGNER.try_into().unwrap())];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        bend(&mut params);
        let leaf = Party::made(params, KeyPair::generate_for(algorithm).unwrap(), Some(&middle));
        Self {
            root,
            middle,
            leaf,
            alg,
        }
    }

    pub fn header(&self) -> Value {
        json!({ "alg": self.alg, "typ": "JWT", "x5c": [self.leaf.base64(), self.middle.base64()] })
    }

    /// A BLOB of these entries.
    pub fn blob(&self, entries: &Value) -> String {
        self.numbered(12, "2025-07-01", entries)
    }

    pub fn numbered(&self, no: u64, next_update: &str, entries: &Value) -> String {
        let payload = json!({ "legalHeader": "…", "no": no, "nextUpdate": next_update, "entries": entries });
        self.signed(&self.header(), payload.to_string().as_bytes())
    }

    pub fn signed(&self, header: &Value, payload: &[u8]) -> String {
        let header = BASE64URL_NOPAD.encode(header.to_string().as_bytes());
        let message = format!("{header}.{}", BASE64URL_NOPAD.encode(payload));
        let signature = BASE64URL_NOPAD.encode(&self.signature(message.as_bytes()));
        format!("{message}.{signature}")
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let (pkcs8, random) = (self.leaf.key.serialize_der(), SystemRandom::new());
        let rsa = |padding: &'static dyn RsaEncoding| {
            let pair = RsaKeyPair::from_pkcs8(&pkcs8).unwrap();
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(padding, &random, message, &mut signature).unwrap();
            signature
        };
        let ec = |algorithm| {
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, &pkcs8).unwrap();
            pair.sign(&random, message).unwrap().as_ref().to_vec()
        };
        match self.alg {
            "RS256" => rsa(&signature::RSA_PKCS1_SHA256),
            "RS384" => rsa(&signature::RSA_PKCS1_SHA384),
            "RS512" => rsa(&signature::RSA_PKCS1_SHA512),
            "PS256" => rsa(&signature::RSA_PSS_SHA256),
            "PS384" => rsa(&signature::RSA_PSS_SHA384),
            "PS512" => rsa(&signature::RSA_PSS_SHA512),
            "ES384" => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
            "ES512" => ec(&ECDSA_P521_SHA512_FIXED_SIGNING),
            "EdDSA" | "Ed25519" => Ed25519KeyPair::from_pkcs8(&pkcs8)
                .unwrap()
                .sign(message)
                .as_ref()
                .to_vec(),
            _ => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
        }
    }

    /// Verifies a BLOB with this service's root.
    pub fn verify(&self, blob: &str) -> Result<Metadata, MetadataFault> {
        self.expecting(blob, |_| {})
    }

    pub fn expecting(
        &self,
        blob: &str,
        bend: impl FnOnce(&mut BlobExpectation<'_>),
    ) -> Result<Metadata, MetadataFault> {
        let roots = self.root.anchor();
        let mut expected = BlobExpectation {
            roots: Some(&roots),
            ..expectation()
        };
        bend(&mut expected);
        verify(blob.as_bytes(), &expected)
    }

    pub fn with_crls(&self, blob: &str, crls: &[String]) -> Result<Metadata, MetadataFault> {
        let lists = RevocationLists::parse(crls).unwrap();
        let roots = self.root.anchor();
        let expected = BlobExpectation {
            roots: Some(&roots),
            crls: Some(&lists),
            ..expectation()
        };
        verify(blob.as_bytes(), &expected)
    }

    /// The index of these entries.
    pub fn metadata(&self, entries: &Value) -> Metadata {
        self.verify(&self.blob(entries)).unwrap()
    }
}

/// FIDO's own root and name.
pub fn expectation() -> BlobExpectation<'static> {
    BlobExpectation {
        roots: None,
        signer: Some(SIGNER),
        crls: None,
        previous: None,
        now: NOW,
    }
}

/// An entry of a FIDO2 model.
pub fn entry(aaguid: &str, name: &str, roots: &[String], reports: &Value) -> Value {
    json!({
        "aaguid": aaguid,
        "metadataStatement": {
            "aaguid": aaguid,
            "description": name,
            "attestationRootCertificates": roots,
            "keyProtection": ["hardware", "secure_element"],
            "icon": "data:image/png;base64,AAAA",
        },
        "statusReports": reports,
        "timeOfLastStatusChange": "2025-01-01",
    })
}
