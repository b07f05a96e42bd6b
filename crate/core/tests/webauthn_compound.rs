//! Compound statements (8.9): what holds of the parts, and what of the whole.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod webauthn_support;

use countersign_core::webauthn::{
    Attestation, AttestationPolicy, Conveyance, KeyMaterial, Reason, TrustAnchors, verify_registration,
};
use data_encoding::BASE64;
use minicbor::Encoder;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SigningKey, date_time_ymd};
use webauthn_support::{
    Authenticator, Ceremony, Registering, attestation_certificate, attestation_object, compound_item, packed, sha256,
};

const INVALID: Result<Attestation, Reason> = Err(Reason::AttestationInvalid);

/// An authority, and the attestation keys that it certifies.
struct Maker {
    root: KeyPair,
    params: CertificateParams,
}

impl Maker {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self {
            root: KeyPair::generate().unwrap(),
            params,
        }
    }

    fn der(&self) -> String {
        BASE64.encode(self.params.self_signed(&self.root).unwrap().der())
    }

    fn certificate(&self, key: &KeyPair, bend: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = attestation_certificate("Key 1");
        bend(&mut params);
        let issuer = Issuer::from_params(&self.params, &self.root);
        params.signed_by(key, &issuer).unwrap().der().to_vec()
    }
}

/// A key with several statements about it.
struct Key {
    key: Authenticator,
    ceremony: Ceremony,
}

impl Key {
    fn new() -> Self {
        Self {
            key: Authenticator::new(),
            ceremony: Ceremony::create(),
        }
    }

    fn signed(&self) -> Vec<u8> {
        let data = self.key.auth_data(&self.ceremony);
        [&data[..], &sha256(self.ceremony.client_data.as_bytes())].concat()
    }

    fn own(&self) -> Part {
        ("packed", packed(-7, &self.key.sign(&self.signed()), &[]))
    }

    fn wrong(&self) -> Part {
        ("packed", packed(-7, &self.key.sign(b"else"), &[]))
    }

    fn certified(&self, maker: &Maker) -> Part {
        self.certified_with(maker, |_| {})
    }

    fn certified_with(&self, maker: &Maker, bend: impl FnOnce(&mut CertificateParams)) -> Part {
        let pair = KeyPair::generate().unwrap();
        let certificate = maker.certificate(&pair, bend);
        let signature = pair.sign(&self.signed()).unwrap();
        ("packed", packed(-7, &signature, &[&certificate]))
    }

    fn u2f(&self, maker: &Maker) -> Part {
        let key = self.key.key();
        let KeyMaterial::Ec2 { x, y } = key.material() else {
            unreachable!()
        };
        let hash = sha256(self.ceremony.client_data.as_bytes());
        let message = [&[0], &sha256(b"example.org")[..], &hash, &self.key.id, &[4], x, y].concat();
        let pair = KeyPair::generate().unwrap();
        let certificate = maker.certificate(&pair, |_| {});
        let mut cbor = Encoder::new(Vec::new());
        cbor.map(2)
            .unwrap()
            .str("sig")
            .unwrap()
            .bytes(&pair.sign(&message).unwrap())
            .unwrap();
        cbor.str("x5c").unwrap().array(1).unwrap().bytes(&certificate).unwrap();
        ("fido-u2f", cbor.into_writer())
    }

    fn register(&self, parts: &[Part], policy: &Registering) -> Result<Attestation, Reason> {
        let mut cbor = Encoder::new(Vec::new());
        cbor.array(parts.len() as u64).unwrap();
        for (format, statement) in parts {
            cbor.map(2).unwrap().str("fmt").unwrap().str(format).unwrap();
            cbor.str("attStmt").unwrap();
            cbor.writer_mut().extend(statement);
        }
        self.register_cbor(cbor.writer(), policy)
    }

    fn register_cbor(&self, statement: &[u8], policy: &Registering) -> Result<Attestation, Reason> {
        let object = attestation_object("compound", &self.key.auth_data(&self.ceremony), statement);
        let response = self.key.registration(&self.ceremony, &object).to_string();
        verify_registration(&response, &policy.expectation()).map(|registered| registered.attestation)
    }
}

/// A format, and a statement in CBOR.
type Part = (&'static str, Vec<u8>);

fn policy(any: bool, attestation: Conveyance, anchors: &[&Maker]) -> Registering {
    let ders: Vec<_> = anchors.iter().map(|maker| maker.der()).collect();
    Registering {
        attestation,
        attestation_policy: AttestationPolicy {
            compound_any: any,
            ..AttestationPolicy::default()
        },
        trust_anchors: TrustAnchors::parse(&ders).unwrap(),
        ..Registering::default()
    }
}

fn plain(any: bool) -> Registering {
    policy(any, Conveyance::None, &[])
}

/// Verified and trusted, of the whole and of each part.
fn seen(registered: Result<Attestation, Reason>) -> Result<(Seen, Vec<Seen>), Reason> {
    registered.map(|whole| {
        assert_eq!(whole.format, "compound");
        let parts = whole
            .statements
            .iter()
            .map(|part| (part.verified, part.trusted))
            .collect();
        ((whole.verified, whole.trusted), parts)
    })
}

type Seen = (bool, bool);

#[test]
fn every_part_is_verified_by_its_own_format() {
    let (key, maker) = (Key::new(), Maker::new());
    let parts = [key.own(), key.certified(&maker), key.u2f(&maker)];
    let whole = key.register(&parts, &plain(false)).unwrap();
    let formats: Vec<_> = whole.statements.iter().map(|part| part.format.as_str()).collect();
    assert_eq!(formats, ["packed", "packed", "fido-u2f"]);
    assert_eq!(seen(Ok(whole)), Ok(((true, false), vec![(true, false); 3])));
    let other = Key::new();
    for foreign in [other.own(), other.certified(&maker), other.u2f(&maker)] {
        for at in 0..3 {
            let mut parts = parts.clone();
            parts[at] = foreign.clone();
            assert_eq!(key.register(&parts, &plain(false)), INVALID, "{at}");
        }
    }
}

#[test]
fn every_chain_is_judged_alone() {
    let (key, maker, other) = (Key::new(), Maker::new(), Maker::new());
    let parts = [key.certified(&maker), key.u2f(&other)];
    let asked = |any, anchors: &[&Maker]| seen(key.register(&parts, &policy(any, Conveyance::Direct, anchors)));
    let both = [(true, true), (true, true)].to_vec();
    let first = [(true, true), (true, false)].to_vec();
    assert_eq!(asked(false, &[&maker, &other]), Ok(((true, true), both.clone())));
    assert_eq!(asked(false, &[&maker]), Err(Reason::AttestationUntrusted));
    assert_eq!(asked(true, &[&maker]), Ok(((true, true), first.clone())));
    assert_eq!(asked(true, &[&Maker::new()]), Err(Reason::AttestationUntrusted));
    let told = |any| seen(key.register(&parts, &policy(any, Conveyance::None, &[&maker])));
    assert_eq!(
        told(false),
        Ok(((true, false), first.clone())),
        "untrusted is no refusal"
    );
    assert_eq!(told(true), Ok(((true, true), first)));
    let parts = [
        key.certified(&maker),
        key.certified_with(&maker, |leaf| leaf.not_after = date_time_ymd(2024, 1, 1)),
    ];
    let expired = seen(key.register(&parts, &policy(false, Conveyance::None, &[&maker])));
    assert_eq!(expired, Ok(((true, false), vec![(true, true), (true, false)])));
}

#[test]
fn one_is_enough_where_the_policy_says_so() {
    let (key, maker) = (Key::new(), Maker::new());
    for parts in [
        [key.wrong(), key.certified(&maker)],
        [key.certified(&maker), key.wrong()],
    ] {
        assert_eq!(key.register(&parts, &plain(false)), INVALID);
        let found = key.register(&parts, &policy(true, Conveyance::Direct, &[&maker]));
        assert_eq!(seen(found), Ok(((true, true), vec![(true, true)])));
    }
    assert_eq!(
        key.register(&[key.wrong(), key.wrong()], &plain(true)),
        INVALID,
        "none is not"
    );
    let none = ("none", vec![0xa0]);
    assert_eq!(key.register(&[none.clone(), key.wrong()], &plain(true)), INVALID);
    // A part without a statement verifies nothing.
    let found = seen(key.register(&[none.clone(), key.own()], &plain(false)));
    assert_eq!(found, Ok(((false, false), vec![(false, false), (true, false)])));
    let found = seen(key.register(&[none, key.own()], &plain(true)));
    assert_eq!(found, Ok(((true, false), vec![(false, false), (true, false)])));
}

#[test]
fn a_part_of_an_unknown_format_leaves_the_whole_unverified() {
    let (key, maker) = (Key::new(), Maker::new());
    for any in [false, true] {
        for parts in [
            [key.certified(&maker), ("unknown", vec![0xa0])],
            [("unknown", vec![0xa0]), key.certified(&maker)],
        ] {
            let found = key.register(&parts, &plain(any));
            assert_eq!(seen(found), Ok(((false, false), vec![])));
            let asked = key.register(&parts, &policy(any, Conveyance::Direct, &[&maker]));
            assert_eq!(asked, Err(Reason::AttestationUnsupported));
        }
    }
}

#[test]
fn the_syntax_of_the_statement() {
    let key = Key::new();
    assert_eq!(key.register(&[], &plain(true)), INVALID);
    assert_eq!(key.register(&[key.own()], &plain(true)), INVALID, "one alone");
    let (_, own) = key.own();
    let nested = [
        &[0x82][..],
        &compound_item("packed", &own),
        &compound_item("packed", &own),
    ]
    .concat();
    for any in [false, true] {
        assert_eq!(
            key.register(&[key.own(), ("compound", nested.clone())], &plain(any)),
            INVALID,
            "nested"
        );
        assert_eq!(
            key.register(&[key.own(), ("compound", own.clone())], &plain(any)),
            INVALID
        );
        assert_eq!(
            key.register(&[key.own(), ("packed", nested.clone())], &plain(any)),
            INVALID
        );
        for bad in [
            vec![0xa0],
            vec![0],
            compound_item("packed", &[0xf6]),
            vec![0xa1, 0x63, b'f', b'm', b't', 0x61, b'x'],
        ] {
            let statement = [&[0x82][..], &compound_item("packed", &own), &bad].concat();
            assert_eq!(key.register_cbor(&statement, &plain(any)), INVALID, "{bad:02x?}");
        }
    }
    // Only this format's statement is an array, and nothing else.
    let malformed = Err(Reason::Malformed);
    assert_eq!(key.register_cbor(&own, &plain(false)), malformed);
    let object = attestation_object("unknown", &key.key.auth_data(&key.ceremony), &nested);
    let response = key.key.registration(&key.ceremony, &object).to_string();
    let registered = verify_registration(&response, &plain(false).expectation());
    assert_eq!(registered.map(|registered| registered.attestation), malformed);
}
