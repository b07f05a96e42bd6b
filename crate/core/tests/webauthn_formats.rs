//! The formats that one kind of device has: U2F keys (8.6), Android (8.4), Apple (8.8).
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod webauthn_support;

use countersign_core::webauthn::{
    Attestation, AttestationPolicy, Conveyance, CrossOrigin, KeyMaterial, Reason, SecurityLevel, TrustAnchors,
    verify_registration,
};
use data_encoding::BASE64;
use minicbor::Encoder;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PublicKeyData, SignatureAlgorithm, SigningKey,
};
use webauthn_support::{Authenticator, Ceremony, Registering, attestation_object, packed, sha256};

/// A U2F key with its certificate, and what is to be signed (8.6).
struct U2f {
    key: Authenticator,
    certified: KeyPair,
    der: Vec<u8>,
    /// What is sent as `x5c`.
    chain: Vec<Vec<u8>>,
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
            chain: vec![der.clone()],
            der,
        }
    }

    fn register(&self, ceremony: &Ceremony, policy: &Registering) -> Result<Attestation, Reason> {
        self.signed(ceremony, &ceremony.client_data, policy)
    }

    fn signed(&self, ceremony: &Ceremony, client_data: &str, policy: &Registering) -> Result<Attestation, Reason> {
        let object = attestation_object(
            "fido-u2f",
            &self.key.auth_data(ceremony),
            &self.statement(ceremony, client_data),
        );
        self.sent(ceremony, &object, policy)
    }

    fn sent(&self, ceremony: &Ceremony, object: &[u8], policy: &Registering) -> Result<Attestation, Reason> {
        let response = self.key.registration(ceremony, object).to_string();
        verify_registration(&response, &policy.expectation()).map(|registered| registered.attestation)
    }

    fn statement(&self, ceremony: &Ceremony, client_data: &str) -> Vec<u8> {
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
        statement.str("x5c").unwrap().array(self.chain.len() as u64).unwrap();
        for der in &self.chain {
            statement.bytes(der).unwrap();
        }
        statement.into_writer()
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
        ..Attestation::default()
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

#[test]
fn a_u2f_key_has_one_certificate_of_p256() {
    let (mut u2f, ceremony) = (U2f::new(), Ceremony::create());
    u2f.chain.push(u2f.der.clone());
    assert_eq!(
        u2f.register(&ceremony, &Registering::default()),
        Err(Reason::AttestationInvalid)
    );
    u2f.chain.clear();
    assert_eq!(
        u2f.register(&ceremony, &Registering::default()),
        Err(Reason::AttestationInvalid)
    );
    let other = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    u2f.chain = vec![CertificateParams::default().self_signed(&other).unwrap().der().to_vec()];
    u2f.certified = other;
    assert_eq!(
        u2f.register(&ceremony, &Registering::default()),
        Err(Reason::AttestationInvalid)
    );
}

/// FIDO's conformance tests want it, the specification does not.
#[test]
fn a_zero_aaguid_is_a_setting() {
    let u2f = U2f::new();
    let policy = |zero, attestation| Registering {
        attestation,
        attestation_policy: AttestationPolicy {
            fido_u2f_zero_aaguid: zero,
            ..AttestationPolicy::default()
        },
        trust_anchors: u2f.anchor(),
        ..Registering::default()
    };
    let zero = Ceremony {
        aaguid: [0; 16],
        ..Ceremony::create()
    };
    for (ceremony, strict, trusted) in [
        (&zero, false, true),
        (&zero, true, true),
        (&Ceremony::create(), false, true),
        (&Ceremony::create(), true, false),
    ] {
        let registered = u2f.register(ceremony, &policy(strict, Conveyance::None));
        assert_eq!(registered, Ok(found(true, trusted)));
        let registered = u2f.register(ceremony, &policy(strict, Conveyance::Direct));
        let expected = Some(found(true, true))
            .filter(|_| trusted)
            .ok_or(Reason::AttestationUntrusted);
        assert_eq!(registered, expected);
    }
}

/// The other library can't be asked about these: a byte order mark, `tokenBinding` as old browsers send it, an embedded page,
/// a ceremony without presence. Each registers unless attestation was asked for.
#[test]
fn what_can_not_be_read_is_unverified() {
    let (u2f, honest) = (U2f::new(), Ceremony::create());
    let written = |client_data: String| Ceremony {
        client_data,
        ..honest.clone()
    };
    let marked = written(format!("\u{feff}{}", honest.client_data));
    let bound = written(honest.client_data.replacen('{', r#"{"tokenBinding":"unused","#, 1));
    let embedded = written(honest.client_data.replace("false", "true"));
    let absent = Ceremony {
        flags: 0x40,
        ..honest.clone()
    };
    for ceremony in [&marked, &bound, &embedded, &absent] {
        let policy = |attestation| Registering {
            cross_origin: Some(CrossOrigin {
                top_origins: vec![],
                allow_missing: true,
            }),
            attestation,
            trust_anchors: u2f.anchor(),
            conditional: ceremony.flags == absent.flags,
            ..Registering::default()
        };
        assert_eq!(
            u2f.register(ceremony, &policy(Conveyance::None)),
            Ok(found(false, false))
        );
        assert_eq!(
            u2f.register(ceremony, &policy(Conveyance::Direct)),
            Err(Reason::AttestationUnsupported)
        );
    }
}

/// Extensions and members that the other library has other types for. Ours reads no more of them than that they are there.
#[test]
fn what_can_not_be_decoded_is_unverified() {
    let (u2f, ceremony) = (U2f::new(), Ceremony::create());
    let statement = u2f.statement(&ceremony, &ceremony.client_data);
    let extended = |extensions: &[u8]| {
        let ceremony = Ceremony {
            flags: ceremony.flags | 0x80,
            ..ceremony.clone()
        };
        let data = [&u2f.key.auth_data(&ceremony), extensions].concat();
        attestation_object("fido-u2f", &data, &statement)
    };
    let with_member = |member: &[u8]| {
        let object = attestation_object("fido-u2f", &u2f.key.auth_data(&ceremony), &statement);
        assert_eq!(object[0], 0xa3);
        [&[0xa4], &object[1..], member].concat()
    };
    let asked = Registering {
        attestation: Conveyance::Direct,
        ..Registering::default()
    };
    let protect = |level: u8| [b"\xa1\x6bcredProtect".as_slice(), &[level]].concat();
    for read in [extended(b"\xa0"), extended(&protect(2)), with_member(b"\x65epAtt\xf4")] {
        let attested = u2f.sent(&ceremony, &read, &Registering::default());
        assert_eq!(attested, Ok(found(true, false)));
    }
    for unread in [
        extended(&protect(9)),
        extended(b"\xa1\x6bhmac-secret\x01"),
        with_member(b"\x65epAtt\x01"),
        with_member(b"\x6clargeBlobKey\xf5"),
    ] {
        let attested = u2f.sent(&ceremony, &unread, &Registering::default());
        assert_eq!(attested, Ok(found(false, false)));
        let attested = u2f.sent(&ceremony, &unread, &asked);
        assert_eq!(attested, Err(Reason::AttestationUnsupported));
    }
}

/// A phone: its key, and the authority that certifies it.
struct Phone {
    key: Authenticator,
    root: KeyPair,
    root_params: CertificateParams,
}

/// The public key of an authenticator, for a certificate.
struct Certified(Vec<u8>);

impl PublicKeyData for Certified {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl Phone {
    fn new() -> Self {
        let mut root_params = CertificateParams::default();
        root_params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self {
            key: Authenticator::new(),
            root: KeyPair::generate().unwrap(),
            root_params,
        }
    }

    fn anchor(&self) -> TrustAnchors {
        let root = self.root_params.self_signed(&self.root).unwrap();
        TrustAnchors::parse(&[BASE64.encode(root.der())]).unwrap()
    }

    /// A certificate of `key` with an extension.
    fn certificate(&self, key: &Authenticator, oid: &[u64], extension: Vec<u8>) -> Vec<u8> {
        let key = key.key();
        let KeyMaterial::Ec2 { x, y } = key.material() else {
            unreachable!()
        };
        let mut params = CertificateParams::default();
        params.custom_extensions = vec![CustomExtension::from_oid_content(oid, extension)];
        let issuer = Issuer::from_params(&self.root_params, &self.root);
        let certified = Certified([&[4][..], x, y].concat());
        params.signed_by(&certified, &issuer).unwrap().der().to_vec()
    }

    fn register(
        &self,
        format: &str,
        data: &[u8],
        ceremony: &Ceremony,
        statement: &[u8],
        policy: &Registering,
    ) -> Result<Attestation, Reason> {
        let response = self
            .key
            .registration(ceremony, &attestation_object(format, data, statement));
        verify_registration(&response.to_string(), &policy.expectation()).map(|registered| registered.attestation)
    }
}

fn der(tag: &[u8], content: &[u8]) -> Vec<u8> {
    [tag, &[u8::try_from(content.len()).unwrap()], content].concat()
}

/// Android's `KeyDescription`.
#[derive(Clone)]
struct Description {
    level: Vec<u8>,
    keymint_level: Vec<u8>,
    challenge: Vec<u8>,
    software: Vec<u8>,
    hardware: Vec<u8>,
}

const PURPOSE_SIGN: &[u8] = &[0xa1, 5, 0x31, 3, 2, 1, 2];
const ORIGIN_GENERATED: &[u8] = &[0xbf, 0x85, 0x3e, 3, 2, 1, 0];
/// `[600] { NULL }`
const ALL_APPLICATIONS: &[u8] = &[0xbf, 0x84, 0x58, 2, 5, 0];
/// `[701] { INTEGER }` and `[704] { SEQUENCE }`
const UNKNOWN: &[u8] = &[
    0xbf, 0x85, 0x3d, 8, 2, 6, 1, 2, 3, 4, 5, 6, 0xbf, 0x85, 0x40, 2, 0x30, 0,
];

impl Description {
    fn of(level: u8, ceremony: &Ceremony) -> Self {
        Self {
            level: vec![10, 1, level],
            keymint_level: vec![10, 1, level],
            challenge: sha256(ceremony.client_data.as_bytes()),
            software: UNKNOWN.to_vec(),
            hardware: [PURPOSE_SIGN, ORIGIN_GENERATED].concat(),
        }
    }

    fn der(&self) -> Vec<u8> {
        let members = [
            vec![2, 2, 1, 0x2c],
            self.level.clone(),
            vec![2, 2, 1, 0x2c],
            self.keymint_level.clone(),
            der(&[4], &self.challenge),
            der(&[4], &[]),
            der(&[0x30], &self.software),
            der(&[0x30], &self.hardware),
        ];
        der(&[0x30], &members.concat())
    }
}

const NONCE: [u64; 7] = [1, 2, 840, 113_635, 100, 8, 2];
const KEY_DESCRIPTION: [u64; 10] = [1, 3, 6, 1, 4, 1, 11129, 2, 1, 17];

fn android(phone: &Phone, bend: impl FnOnce(&mut Description), policy: &Registering) -> Result<Attestation, Reason> {
    let ceremony = Ceremony::create();
    let mut description = Description::of(1, &ceremony);
    bend(&mut description);
    let certificate = phone.certificate(&phone.key, &KEY_DESCRIPTION, description.der());
    android_with(phone, &certificate, &ceremony, policy)
}

fn android_with(
    phone: &Phone,
    certificate: &[u8],
    ceremony: &Ceremony,
    policy: &Registering,
) -> Result<Attestation, Reason> {
    let data = phone.key.auth_data(ceremony);
    let signature = phone
        .key
        .sign(&[&data[..], &sha256(ceremony.client_data.as_bytes())].concat());
    let statement = packed(-7, &signature, &[certificate]);
    phone.register("android-key", &data, ceremony, &statement, policy)
}

fn of_format(format: &str, trusted: bool) -> Attestation {
    Attestation {
        format: format.into(),
        verified: true,
        trusted,
        ..Attestation::default()
    }
}

fn of_android(level: SecurityLevel, trusted: bool) -> Attestation {
    Attestation {
        security_level: Some(level),
        ..of_format("android-key", trusted)
    }
}

const LEVELS: [SecurityLevel; 3] = [
    SecurityLevel::Software,
    SecurityLevel::TrustedEnvironment,
    SecurityLevel::StrongBox,
];

#[test]
fn android_keys_of_every_level() {
    let phone = Phone::new();
    let direct = Registering {
        attestation: Conveyance::Direct,
        trust_anchors: phone.anchor(),
        ..Registering::default()
    };
    for (level, named) in (0..).zip(LEVELS) {
        for tag in [10, 2] {
            let bend = |description: &mut Description| {
                description.level = vec![tag, 1, level];
                description.keymint_level = vec![tag, 1, level];
            };
            let registered = android(&phone, bend, &Registering::default());
            assert_eq!(registered, Ok(of_android(named, false)));
            assert_eq!(android(&phone, bend, &direct), Ok(of_android(named, true)));
        }
        // The lower one of what attests the key and where it is kept.
        let registered = android(&phone, |key| key.level = vec![10, 1, level], &Registering::default());
        assert_eq!(registered, Ok(of_android(named.min(LEVELS[1]), false)));
        let registered = android(&phone, |key| key.keymint_level = vec![10, 1, level], &direct);
        assert_eq!(registered, Ok(of_android(named.min(LEVELS[1]), true)));
    }
    let invalid = Err(Reason::AttestationInvalid);
    for level in [
        vec![10, 1, 3],
        vec![10, 1, 0xff],
        vec![10, 2, 1, 0],
        vec![4, 1, 1],
        vec![10, 0],
    ] {
        let bend = |description: &mut Description| description.level = level.clone();
        assert_eq!(android(&phone, bend, &Registering::default()), invalid, "{level:?}");
        let bend = |description: &mut Description| description.keymint_level = level.clone();
        assert_eq!(android(&phone, bend, &Registering::default()), invalid, "{level:?}");
    }
}

#[test]
fn the_least_level_is_a_setting() {
    let phone = Phone::new();
    let asked = |least, attestation| Registering {
        attestation,
        attestation_policy: AttestationPolicy {
            android_key_level: Some(least),
            ..AttestationPolicy::default()
        },
        trust_anchors: phone.anchor(),
        ..Registering::default()
    };
    for (level, named) in (0..).zip(LEVELS) {
        for least in LEVELS {
            let bend = |key: &mut Description| {
                key.level = vec![10, 1, level];
                key.keymint_level = vec![10, 1, level];
            };
            let enough = named >= least;
            let expected = of_android(named, enough);
            assert_eq!(
                android(&phone, bend, &asked(least, Conveyance::None)),
                Ok(expected.clone())
            );
            let expected = Some(expected).filter(|_| enough).ok_or(Reason::AttestationUntrusted);
            assert_eq!(android(&phone, bend, &asked(least, Conveyance::Direct)), expected);
        }
    }
    // Above software, what software enforces doesn't count.
    let both = [PURPOSE_SIGN, ORIGIN_GENERATED].concat();
    for (software, hardware) in [
        (both.clone(), vec![]),
        (PURPOSE_SIGN.into(), ORIGIN_GENERATED.into()),
        (ORIGIN_GENERATED.into(), PURPOSE_SIGN.into()),
    ] {
        let bend = |key: &mut Description| (key.software, key.hardware) = (software.clone(), hardware.clone());
        let registered = |least| android(&phone, bend, &asked(least, Conveyance::Direct));
        assert_eq!(registered(LEVELS[0]), Ok(of_android(LEVELS[1], true)));
        assert_eq!(registered(LEVELS[1]), Err(Reason::AttestationUntrusted));
    }
}

#[test]
fn the_key_of_an_android_device_is_for_this_credential() {
    let phone = Phone::new();
    let with = |bend: &dyn Fn(&mut Description)| android(&phone, bend, &Registering::default());
    let (valid, invalid): (Result<_, Reason>, _) = (Ok(of_android(LEVELS[1], false)), Err(Reason::AttestationInvalid));
    assert_eq!(with(&|key| key.challenge = vec![7; 32]), invalid, "another challenge");
    assert_eq!(with(&|key| key.challenge.clear()), invalid);
    let both = [PURPOSE_SIGN, ORIGIN_GENERATED].concat();
    assert_eq!(
        with(&|key| (key.software, key.hardware) = (both.clone(), vec![])),
        valid,
        "by software"
    );
    assert_eq!(
        with(&|key| (key.software, key.hardware) = (PURPOSE_SIGN.into(), ORIGIN_GENERATED.into())),
        valid
    );
    for place in 0..2 {
        let add = |key: &mut Description, member: &[u8]| {
            let list = if place == 0 {
                &mut key.software
            } else {
                &mut key.hardware
            };
            list.extend(member);
        };
        assert_eq!(with(&|key| add(key, UNKNOWN)), valid);
        assert_eq!(with(&|key| add(key, ALL_APPLICATIONS)), invalid, "every application's");
        assert_eq!(
            with(&|key| add(key, &[0xbf, 0x85, 0x3e, 3, 2, 1, 2])),
            invalid,
            "imported"
        );
        assert_eq!(with(&|key| add(key, &[0x30, 0])), invalid, "no tagged member");
    }
    for hardware in [
        vec![],
        PURPOSE_SIGN.to_vec(),
        ORIGIN_GENERATED.to_vec(),
        [&[0xa1, 5, 0x31, 3, 2, 1, 3], ORIGIN_GENERATED].concat(),
        [&[0xa1, 2, 0x31, 0], ORIGIN_GENERATED].concat(),
        [&[0xa1, 3, 2, 1, 2], ORIGIN_GENERATED].concat(),
    ] {
        assert_eq!(
            with(&|key| key.hardware.clone_from(&hardware)),
            invalid,
            "{hardware:02x?}"
        );
    }
    let several = [&[0xa1, 11, 0x31, 9, 2, 1, 1, 2, 1, 2, 2, 1, 3], ORIGIN_GENERATED].concat();
    assert_eq!(
        with(&|key| key.hardware.clone_from(&several)),
        valid,
        "others beside it"
    );

    let ceremony = Ceremony::create();
    let description = Description::of(2, &ceremony).der();
    let register = |certificate: &[u8]| android_with(&phone, certificate, &ceremony, &Registering::default());
    let right = phone.certificate(&phone.key, &KEY_DESCRIPTION, description.clone());
    assert_eq!(register(&right), Ok(of_android(LEVELS[2], false)));
    let others = phone.certificate(&Authenticator::new(), &KEY_DESCRIPTION, description.clone());
    assert_eq!(register(&others), invalid, "another key's certificate");
    let silent = phone.certificate(&phone.key, &[1, 3, 6, 1, 4, 1, 11129, 2, 1, 18], description.clone());
    assert_eq!(register(&silent), invalid, "no description");
    let longer = phone.certificate(&phone.key, &KEY_DESCRIPTION, [&description[..], &[5, 0]].concat());
    assert_eq!(register(&longer), invalid);
    for length in 0..description.len() {
        let cut = phone.certificate(&phone.key, &KEY_DESCRIPTION, description[..length].to_vec());
        assert_eq!(register(&cut), invalid, "{length}");
    }
    let data = phone.key.auth_data(&ceremony);
    for (alg, signed) in [(-7, &b"else"[..]), (-8, &data[..])] {
        let statement = packed(alg, &phone.key.sign(signed), &[&right]);
        let registered = phone.register("android-key", &data, &ceremony, &statement, &Registering::default());
        assert_eq!(registered, invalid);
    }
}

#[test]
fn apple_certifies_a_hash() {
    let (phone, ceremony) = (Phone::new(), Ceremony::create());
    let data = phone.key.auth_data(&ceremony);
    let nonce = sha256(&[&data[..], &sha256(ceremony.client_data.as_bytes())].concat());
    let extension = |nonce: &[u8]| der(&[0x30], &der(&[0xa1], &der(&[4], nonce)));
    let register = |certificate: &[u8], policy: &Registering| {
        let mut statement = Encoder::new(Vec::new());
        statement.map(1).unwrap().str("x5c").unwrap().array(1).unwrap();
        statement.bytes(certificate).unwrap();
        phone.register("apple", &data, &ceremony, statement.writer(), policy)
    };
    let right = phone.certificate(&phone.key, &NONCE, extension(&nonce));
    let direct = Registering {
        attestation: Conveyance::Direct,
        trust_anchors: phone.anchor(),
        ..Registering::default()
    };
    assert_eq!(register(&right, &Registering::default()), Ok(of_format("apple", false)));
    assert_eq!(register(&right, &direct), Ok(of_format("apple", true)));
    for (certificate, what) in [
        (
            phone.certificate(&phone.key, &NONCE, extension(&[7; 32])),
            "another hash",
        ),
        (phone.certificate(&phone.key, &NONCE, nonce.clone()), "a bare hash"),
        (
            phone.certificate(&phone.key, &[1, 2, 840, 113_635, 100, 8, 3], extension(&nonce)),
            "no hash",
        ),
        (
            phone.certificate(&Authenticator::new(), &NONCE, extension(&nonce)),
            "another key",
        ),
    ] {
        assert_eq!(
            register(&certificate, &Registering::default()),
            Err(Reason::AttestationInvalid),
            "{what}"
        );
    }
}
