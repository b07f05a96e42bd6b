//! A software authenticator and the browser around it: honest by default, and every part can be bent.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, dead_code)]

mod software_key;

use aws_lc_rs::digest::{SHA256, digest};
use countersign_core::webauthn::{
    Algorithm, AttestationPolicy, AuthenticationExpectation, Conveyance, CoseKey, CounterPolicy, Credential,
    CrossOrigin, RegistrationExpectation, RelyingParty, TrustAnchors, UserVerification,
};
use data_encoding::BASE64URL_NOPAD;
use minicbor::Encoder;
use rcgen::{CertificateParams, DistinguishedName, DnType, IsCa};
use serde_json::{Value, json};
pub use software_key::SoftwareKey;

pub const CHALLENGE: [u8; 32] = [0x5a; 32];
pub const NOW: i64 = 1_750_000_000;

pub fn base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

pub fn rp() -> RelyingParty {
    serde_json::from_value(json!({ "id": "example.org", "origins": ["https://example.org"] })).unwrap()
}

/// A security key with one credential.
pub struct Authenticator {
    pair: SoftwareKey,
    pub id: Vec<u8>,
}

/// What it makes a response of.
#[derive(Clone)]
pub struct Ceremony {
    pub client_data: String,
    pub rp_id: String,
    pub flags: u8,
    pub sign_count: u32,
    pub aaguid: [u8; 16],
    /// Follows the authenticator data.
    pub extra: Vec<u8>,
}

impl Ceremony {
    pub fn create() -> Self {
        Self::of("webauthn.create", 0x41)
    }

    pub fn get() -> Self {
        Self::of("webauthn.get", 0x01)
    }

    fn of(kind: &str, flags: u8) -> Self {
        let challenge = base64url(&CHALLENGE);
        let client_data =
            json!({ "type": kind, "challenge": challenge, "origin": "https://example.org", "crossOrigin": false });
        let client_data = client_data.to_string();
        Self {
            client_data,
            rp_id: "example.org".into(),
            flags,
            sign_count: 1,
            aaguid: [7; 16],
            extra: vec![],
        }
    }
}

impl Authenticator {
    /// ES256.
    pub fn new() -> Self {
        Self::of(SoftwareKey::generate(Algorithm::Es256), &[3; 16])
    }

    pub fn of(pair: SoftwareKey, id: &[u8]) -> Self {
        Self { pair, id: id.to_vec() }
    }

    pub fn key(&self) -> CoseKey {
        self.pair.public()
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message)
    }

    pub fn credential(&self) -> Credential {
        Credential {
            id: self.id.clone(),
            public_key: self.key().to_cbor(),
            sign_count: 0,
            transports: vec!["usb".into()],
            aaguid: [7; 16],
            backup_eligible: false,
            backup_state: false,
            backup_recorded: true,
            user_verified: false,
            user_handle: None,
        }
    }

    pub fn auth_data(&self, ceremony: &Ceremony) -> Vec<u8> {
        self.auth_data_with(ceremony, &self.key().to_cbor())
    }

    pub fn auth_data_with(&self, ceremony: &Ceremony, key: &[u8]) -> Vec<u8> {
        let mut data = sha256(ceremony.rp_id.as_bytes());
        data.push(ceremony.flags);
        data.extend(ceremony.sign_count.to_be_bytes());
        if ceremony.flags & 0x40 != 0 {
            data.extend(ceremony.aaguid);
            data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
            data.extend(&self.id);
            data.extend(key);
        }
        data.extend(&ceremony.extra);
        data
    }

    /// A registration without attestation.
    pub fn register(&self, ceremony: &Ceremony) -> Value {
        self.registration(
            ceremony,
            &attestation_object("none", &self.auth_data(ceremony), &[0xa0]),
        )
    }

    pub fn registration(&self, ceremony: &Ceremony, attestation_object: &[u8]) -> Value {
        let id = base64url(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": { "credProps": { "rk": false } },
            "response": {
                "clientDataJSON": base64url(ceremony.client_data.as_bytes()),
                "attestationObject": base64url(attestation_object),
                "transports": ["usb", "nfc"],
            },
        })
    }

    pub fn authenticate(&self, ceremony: &Ceremony) -> Value {
        let data = self.auth_data(ceremony);
        let id = base64url(&self.id);
        let signature = self.sign(&[&data[..], &sha256(ceremony.client_data.as_bytes())].concat());
        json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url(ceremony.client_data.as_bytes()),
                "authenticatorData": base64url(&data),
                "signature": base64url(&signature),
            },
        })
    }
}

/// `statement`: CBOR.
pub fn attestation_object(format: &str, auth_data: &[u8], statement: &[u8]) -> Vec<u8> {
    let mut cbor = attested(3, format, statement);
    cbor.str("authData").unwrap().bytes(auth_data).unwrap();
    cbor.into_writer()
}

/// One of the statements of a compound one. `statement`: CBOR.
pub fn compound_item(format: &str, statement: &[u8]) -> Vec<u8> {
    attested(2, format, statement).into_writer()
}

/// A map of so many entries, the first two of which say what the statement is.
fn attested(entries: u64, format: &str, statement: &[u8]) -> Encoder<Vec<u8>> {
    let mut cbor = Encoder::new(Vec::new());
    cbor.map(entries)
        .unwrap()
        .str("fmt")
        .unwrap()
        .str(format)
        .unwrap()
        .str("attStmt")
        .unwrap();
    cbor.writer_mut().extend(statement);
    cbor
}

/// The certificate of an attestation key, as `packed` wants it (8.2.1), but for the extension that names the model.
pub fn attestation_certificate(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    for (kind, value) in [
        (DnType::CountryName, "SE"),
        (DnType::OrganizationName, "Maker"),
        (DnType::OrganizationalUnitName, "Authenticator Attestation"),
        (DnType::CommonName, common_name),
    ] {
        params.distinguished_name.push(kind, value);
    }
    params.is_ca = IsCa::ExplicitNoCa;
    params
}

pub fn packed(alg: i64, signature: &[u8], x5c: &[&[u8]]) -> Vec<u8> {
    let mut cbor = Encoder::new(Vec::new());
    cbor.map(if x5c.is_empty() { 2 } else { 3 }).unwrap();
    cbor.str("alg")
        .unwrap()
        .i64(alg)
        .unwrap()
        .str("sig")
        .unwrap()
        .bytes(signature)
        .unwrap();
    if !x5c.is_empty() {
        cbor.str("x5c").unwrap().array(x5c.len() as u64).unwrap();
        for der in x5c {
            cbor.bytes(der).unwrap();
        }
    }
    cbor.into_writer()
}

/// What a relying party expects by default, with room for changes.
pub struct Registering {
    pub rp: RelyingParty,
    pub user_verification: UserVerification,
    pub attestation: Conveyance,
    pub trust_anchors: TrustAnchors,
    pub attestation_policy: AttestationPolicy,
    pub cross_origin: Option<CrossOrigin>,
    pub conditional: bool,
    pub now: i64,
}

impl Default for Registering {
    fn default() -> Self {
        Self {
            rp: rp(),
            user_verification: UserVerification::Discouraged,
            attestation: Conveyance::None,
            trust_anchors: TrustAnchors::default(),
            attestation_policy: AttestationPolicy::default(),
            cross_origin: None,
            conditional: false,
            now: NOW,
        }
    }
}

impl Registering {
    pub fn expectation(&self) -> RegistrationExpectation<'_> {
        RegistrationExpectation {
            challenge: &CHALLENGE,
            rp: &self.rp,
            user_verification: self.user_verification,
            algorithms: &Algorithm::OFFERED,
            attestation: self.attestation,
            trust_anchors: &self.trust_anchors,
            attestation_policy: &self.attestation_policy,
            cross_origin: self.cross_origin.as_ref(),
            user_presence_optional: self.conditional,
            user_handle: Some(&[9; 32]),
            extensions: None,
            now: self.now,
        }
    }
}

pub fn authenticating(rp: &RelyingParty) -> AuthenticationExpectation<'_> {
    AuthenticationExpectation {
        challenge: &CHALLENGE,
        rp,
        user_verification: UserVerification::Discouraged,
        cross_origin: None,
        counter: CounterPolicy::Refuse,
        app_id_hash: None,
        extensions: None,
    }
}
