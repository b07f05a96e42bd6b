//! A software U2F key and the client around it: honest by default, and every part can be bent.
#![allow(clippy::unwrap_used, dead_code)]

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use data_encoding::BASE64URL_NOPAD;
use rcgen::{CertificateParams, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};

pub const APP_ID: &str = "https://example.org/app-id.json";
pub const ORIGIN: &str = "https://example.org";

pub fn base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

/// A key with one registration, and the attestation certificate of its batch.
pub struct Key {
    pair: EcdsaKeyPair,
    pub attestation: rcgen::KeyPair,
    pub certificate: Vec<u8>,
    pub handle: Vec<u8>,
    pub counter: u32,
}

/// What a client makes a message of.
#[derive(Clone)]
pub struct Ceremony {
    pub app_id: String,
    pub client_data: String,
    pub presence: u8,
}

impl Ceremony {
    pub fn register(challenge: &str) -> Self {
        Self::of("navigator.id.finishEnrollment", challenge)
    }

    pub fn sign(challenge: &str) -> Self {
        Self::of("navigator.id.getAssertion", challenge)
    }

    fn of(typ: &str, challenge: &str) -> Self {
        Self {
            app_id: APP_ID.into(),
            client_data: json!({ "typ": typ, "challenge": challenge, "origin": ORIGIN, "cid_pubkey": "" }).to_string(),
            presence: 1,
        }
    }

    fn parameters(&self) -> (Vec<u8>, Vec<u8>) {
        (sha256(self.app_id.as_bytes()), sha256(self.client_data.as_bytes()))
    }
}

impl Key {
    pub fn new(handle: &[u8]) -> Self {
        let attestation = rcgen::KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let params = CertificateParams::new(vec![]).unwrap();
        let certificate = params.self_signed(&attestation).unwrap().der().to_vec();
        Self {
            pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            attestation,
            certificate,
            handle: handle.to_vec(),
            counter: 0,
        }
    }

    pub fn point(&self) -> Vec<u8> {
        self.pair.public_key().as_ref().to_vec()
    }

    pub fn signed(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }

    pub fn registration_message(&self, ceremony: &Ceremony) -> Vec<u8> {
        let (application, challenge) = ceremony.parameters();
        let signed = [&[0], &application[..], &challenge, &self.handle, &self.point()].concat();
        let signature = rcgen::SigningKey::sign(&self.attestation, &signed).unwrap();
        self.registration_parts(&signature)
    }

    pub fn registration_parts(&self, signature: &[u8]) -> Vec<u8> {
        let length = u8::try_from(self.handle.len()).unwrap();
        let head = [&[5], &self.point()[..], &[length], &self.handle].concat();
        [&head, &self.certificate[..], signature].concat()
    }

    pub fn register(&self, ceremony: &Ceremony) -> Value {
        json!({
            "registrationData": base64url(&self.registration_message(ceremony)),
            "clientData": base64url(ceremony.client_data.as_bytes()),
            "version": "U2F_V2",
        })
    }

    pub fn authentication_message(&mut self, ceremony: &Ceremony) -> Vec<u8> {
        self.counter += 1;
        let (application, challenge) = ceremony.parameters();
        let counter = self.counter.to_be_bytes();
        let signed = [&application, &[ceremony.presence][..], &counter, &challenge].concat();
        [&[ceremony.presence], &counter[..], &self.signed(&signed)].concat()
    }

    pub fn sign(&mut self, ceremony: &Ceremony) -> Value {
        json!({
            "keyHandle": base64url(&self.handle),
            "clientData": base64url(ceremony.client_data.as_bytes()),
            "signatureData": base64url(&self.authentication_message(ceremony)),
        })
    }

    /// What a browser makes of the key in a ceremony with the `appid` extension.
    pub fn assert(&mut self, challenge: &str, app_id: &str, flags: u8) -> Value {
        self.counter += 1;
        let client_data =
            json!({ "type": "webauthn.get", "challenge": challenge, "origin": ORIGIN, "crossOrigin": false });
        let client_data = client_data.to_string();
        let data = [&sha256(app_id.as_bytes()), &[flags][..], &self.counter.to_be_bytes()].concat();
        let signature = self.signed(&[&data[..], &sha256(client_data.as_bytes())].concat());
        let id = base64url(&self.handle);
        json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": { "appid": true },
            "response": {
                "clientDataJSON": base64url(client_data.as_bytes()),
                "authenticatorData": base64url(&data),
                "signature": base64url(&signature),
            }
        })
    }
}
