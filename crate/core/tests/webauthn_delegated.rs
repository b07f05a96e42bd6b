//! Formats whose procedure is carried out by another library: what it finds, and what it can't be asked.
#![allow(clippy::unwrap_used)]

mod webauthn_support;

use countersign_core::webauthn::{
    Attestation, Conveyance, CrossOrigin, KeyMaterial, Reason, TrustAnchors, verify_registration,
};
use data_encoding::BASE64;
use minicbor::Encoder;
use rcgen::{CertificateParams, KeyPair, SigningKey};
use webauthn_support::{Authenticator, Ceremony, Registering, attestation_object, sha256};

/// A U2F key with its certificate, and what is to be signed (8.6).
struct U2f {
    key: Authenticator,
    certified: KeyPair,
    der: Vec<u8>,
}

impl U2f {
    fn new() -> Self {
        let certified = KeyPair::generate().unwrap();
        let der = CertificateParams::default()
            .self_signed(&certified)
            .unwrap()
            .der()
            .to_vec();
        Self {
            key: Authenticator::new(),
            certified,
            der,
        }
    }

    fn register(&self, ceremony: &Ceremony, policy: &Registering) -> Result<Attestation, Reason> {
        self.signed(ceremony, &ceremony.client_data, policy)
    }

    fn signed(&self, ceremony: &Ceremony, client_data: &str, policy: &Registering) -> Result<Attestation, Reason> {
        let key = self.key.key();
        let KeyMaterial::Ec2 { x, y } = key.material() else {
            unreachable!()
        };
        let (rp, hash) = (sha256(ceremony.rp_id.as_bytes()), sha256(client_data.as_bytes()));
        let message = [&[0], &rp[..], &hash, &self.key.id, &[4], x, y].concat();
        let mut statement = Encoder::new(Vec::new());
        statement
            .map(2)
            .unwrap()
            .str("sig")
            .unwrap()
            .bytes(&self.certified.sign(&message).unwrap())
            .unwrap();
        statement
            .str("x5c")
            .unwrap()
            .array(1)
            .unwrap()
            .bytes(&self.der)
            .unwrap();
        let object = attestation_object("fido-u2f", &self.key.auth_data(ceremony), statement.writer());
        let response = self.key.registration(ceremony, &object).to_string();
        verify_registration(&response, &policy.expectation()).map(|registered| registered.attestation)
    }

    fn anchor(&self) -> TrustAnchors {
        TrustAnchors::parse(&[BASE64.encode(&self.der)]).unwrap()
    }
}

fn found(verified: bool, trusted: bool) -> Attestation {
    Attestation {
        format: "fido-u2f".into(),
        verified,
        trusted,
    }
}

#[test]
fn an_honest_statement() {
    let (u2f, ceremony) = (U2f::new(), Ceremony::create());
    assert_eq!(u2f.register(&ceremony, &Registering::default()), Ok(found(true, false)));
    let anchored = |anchors| Registering {
        attestation: Conveyance::Direct,
        trust_anchors: anchors,
        ..Registering::default()
    };
    assert_eq!(u2f.register(&ceremony, &anchored(u2f.anchor())), Ok(found(true, true)));
    assert_eq!(
        u2f.register(&ceremony, &anchored(U2f::new().anchor())),
        Err(Reason::AttestationUntrusted)
    );
    // Certificates of U2F keys have no rule of their own, so one out of its time is valid and not trusted.
    let late = Registering {
        now: i64::from(u32::MAX) * 20,
        trust_anchors: u2f.anchor(),
        ..Registering::default()
    };
    assert_eq!(u2f.register(&ceremony, &late), Ok(found(true, false)));
}

#[test]
fn a_statement_over_something_else() {
    let (u2f, ceremony) = (U2f::new(), Ceremony::create());
    let signed = u2f.signed(&ceremony, "other client data", &Registering::default());
    assert_eq!(signed, Err(Reason::AttestationInvalid));
}

/// Each is fine for our own checks, so it registers unless attestation was asked for.
#[test]
fn what_it_cannot_be_asked_is_unverified() {
    let (u2f, honest) = (U2f::new(), Ceremony::create());
    let marked = Ceremony {
        client_data: format!("\u{feff}{}", honest.client_data),
        ..honest.clone()
    };
    let embedded = Ceremony {
        client_data: honest.client_data.replace("false", "true"),
        ..honest.clone()
    };
    let absent = Ceremony { flags: 0x40, ..honest };
    let policy = |attestation| Registering {
        cross_origin: Some(CrossOrigin {
            top_origins: vec![],
            allow_missing: true,
        }),
        attestation,
        ..Registering::default()
    };
    for ceremony in [&marked, &embedded] {
        assert_eq!(
            u2f.register(ceremony, &policy(Conveyance::None)),
            Ok(found(false, false))
        );
        let refused = u2f.register(ceremony, &policy(Conveyance::Direct));
        assert_eq!(refused, Err(Reason::AttestationUnsupported));
    }
    let conditional = Registering {
        conditional: true,
        ..Registering::default()
    };
    assert_eq!(u2f.register(&absent, &conditional), Ok(found(false, false)));
}
