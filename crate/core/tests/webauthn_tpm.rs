//! The format of TPMs (8.3): its procedure step by step, with a TPM made by hand.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod webauthn_support;

use aws_lc_rs::digest::{Algorithm as Digest, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use countersign_core::webauthn::{
    Algorithm, Attestation, AttestationPolicy, Conveyance, KeyMaterial, Reason, TrustAnchors, verify_registration,
};
use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U2048};
use data_encoding::BASE64;
use minicbor::Encoder;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, RsaKeySize, SigningKey,
};
use webauthn_support::{Authenticator, Ceremony, Registering, SoftwareKey, attestation_object, sha256};

const SHA1: u16 = 4;
const SHA_256: u16 = 0x0b;
const SHA_384: u16 = 0x0c;
const SHA_512: u16 = 0x0d;

const IFX: &[u8] = b"id:49465800";
const INVALID: Result<Attestation, Reason> = Err(Reason::AttestationInvalid);

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    match length {
        [0, short @ 0..=127] => [&[tag, short], content].concat(),
        [0, long] => [&[tag, 0x81, long], content].concat(),
        [first, second] => [&[tag, 0x82, first, second], content].concat(),
    }
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// An attribute of 2.23.133.2, as UTF-8.
fn attribute(number: u8, value: &[u8]) -> Vec<u8> {
    der(0x30, &[&[6, 5, 0x67, 0x81, 5, 2, number], &der(12, value)[..]].concat())
}

/// A subject alternative name with a directory name of these sets.
fn names(sets: &[Vec<u8>]) -> Vec<u8> {
    let sets: Vec<u8> = sets.iter().flat_map(|set| der(0x31, set)).collect();
    der(0x30, &der(0xa4, &der(0x30, &sets)))
}

/// One set for each attribute.
fn separate(attributes: &[(u8, &[u8])]) -> Vec<u8> {
    names(
        &attributes
            .iter()
            .map(|(number, value)| attribute(*number, value))
            .collect::<Vec<_>>(),
    )
}

fn device() -> Vec<u8> {
    separate(&[(1, IFX), (2, b"SLB9670"), (3, b"id:0D0B")])
}

/// `TPMT_PUBLIC`, in the order of its members.
struct Public {
    kind: u16,
    name_alg: u16,
    auth_policy: Vec<u8>,
    symmetric: Vec<u8>,
    scheme: Vec<u8>,
    /// The bits and the exponent, or the curve and the derivation.
    parameters: Vec<u8>,
    unique: Vec<u8>,
    after: Vec<u8>,
}

impl Public {
    fn of(key: &Authenticator) -> Self {
        let cose = key.key();
        let (kind, parameters, unique) = match cose.material() {
            KeyMaterial::Rsa { n, .. } => (1, words(&[2048, 0, 0]), sized(n)),
            KeyMaterial::Ec2 { x, y } => {
                let curve = match cose.algorithm() {
                    Algorithm::Es256 => 3,
                    Algorithm::Es384 => 4,
                    _ => 5,
                };
                (0x23, words(&[curve, 0x10]), [sized(x), sized(y)].concat())
            }
            _ => unreachable!(),
        };
        Self {
            kind,
            name_alg: SHA_256,
            auth_policy: vec![5; 32],
            symmetric: words(&[0x10]),
            scheme: words(&[0x10]),
            parameters,
            unique,
            after: vec![],
        }
    }

    fn bytes(&self) -> Vec<u8> {
        [
            words(&[self.kind, self.name_alg, 0x0006, 0x0472]),
            sized(&self.auth_policy),
            self.symmetric.clone(),
            self.scheme.clone(),
            self.parameters.clone(),
            self.unique.clone(),
            self.after.clone(),
        ]
        .concat()
    }
}

/// `TPMS_ATTEST`, in the order of its members.
struct Info {
    magic: u32,
    kind: u16,
    extra_data: Vec<u8>,
    clock_is_safe: u8,
    name: Vec<u8>,
    after: Vec<u8>,
}

impl Info {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.magic.to_be_bytes().to_vec();
        bytes.extend(words(&[self.kind]));
        bytes.extend(sized(&[8; 34]));
        bytes.extend(sized(&self.extra_data));
        bytes.extend([1; 16]);
        bytes.push(self.clock_is_safe);
        bytes.extend([2; 8]);
        bytes.extend(sized(&self.name));
        bytes.extend(sized(&[9; 34]));
        bytes.extend(&self.after);
        bytes
    }
}

/// A TPM with a key for a credential, one that attests it, and an authority that certifies the latter.
struct Tpm {
    key: Authenticator,
    public: Public,
    aik: KeyPair,
    alg: i64,
    params: CertificateParams,
    root: KeyPair,
    root_params: CertificateParams,
    version: &'static str,
    /// More members of the statement.
    extra: Option<&'static str>,
    /// A member that the statement lacks.
    without: &'static str,
    bend: fn(&mut Info),
    sign: fn(&KeyPair, &[u8]) -> Vec<u8>,
}

fn alternative_names(content: Vec<u8>, critical: bool) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 17], content);
    extension.set_criticality(critical);
    extension
}

impl Tpm {
    fn new() -> Self {
        Self::of(Algorithm::Es256)
    }

    fn of(algorithm: Algorithm) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.is_ca = IsCa::ExplicitNoCa;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(vec![2, 23, 133, 8, 3])];
        params.custom_extensions = vec![alternative_names(device(), true)];
        let mut root_params = CertificateParams::default();
        root_params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = Authenticator::of(SoftwareKey::generate(algorithm), &[3; 16]);
        Self {
            public: Public::of(&key),
            key,
            aik: KeyPair::generate().unwrap(),
            alg: -7,
            params,
            root: KeyPair::generate().unwrap(),
            root_params,
            version: "2.0",
            extra: None,
            without: "",
            bend: |_| {},
            sign: |aik, message| aik.sign(message).unwrap(),
        }
    }

    fn bent(bend: impl FnOnce(&mut Self)) -> Self {
        let mut tpm = Self::new();
        bend(&mut tpm);
        tpm
    }

    fn anchor(&self) -> TrustAnchors {
        let root = self.root_params.self_signed(&self.root).unwrap();
        TrustAnchors::parse(&[BASE64.encode(root.der())]).unwrap()
    }

    fn response(&self) -> String {
        let ceremony = Ceremony::create();
        let data = self.key.auth_data(&ceremony);
        let attested = [&data[..], &sha256(ceremony.client_data.as_bytes())].concat();
        let pub_area = self.public.bytes();
        let name = digest(hash_of_name(self.public.name_alg), &pub_area);
        let mut info = Info {
            magic: 0xff54_4347,
            kind: 0x8017,
            extra_data: digest(hash_of_signature(self.alg), &attested).as_ref().to_vec(),
            clock_is_safe: 1,
            name: [&self.public.name_alg.to_be_bytes(), name.as_ref()].concat(),
            after: vec![],
        };
        (self.bend)(&mut info);
        let cert_info = info.bytes();
        let issuer = Issuer::from_params(&self.root_params, &self.root);
        let certificate = self.params.signed_by(&self.aik, &issuer).unwrap();
        let members = ["ver", "alg", "sig", "x5c", "pubArea", "certInfo"];
        let members: Vec<_> = members.into_iter().filter(|name| *name != self.without).collect();
        let mut cbor = Encoder::new(Vec::new());
        cbor.map(members.len() as u64 + u64::from(self.extra.is_some()))
            .unwrap();
        for name in members {
            cbor.str(name).unwrap();
            match name {
                "ver" => cbor.str(self.version),
                "alg" => cbor.i64(self.alg),
                "sig" => cbor.bytes(&(self.sign)(&self.aik, &cert_info)),
                "x5c" => cbor.array(1).unwrap().bytes(certificate.der()),
                "pubArea" => cbor.bytes(&pub_area),
                _ => cbor.bytes(&cert_info),
            }
            .unwrap();
        }
        if let Some(name) = self.extra {
            cbor.str(name).unwrap().bytes(&[1]).unwrap();
        }
        let object = attestation_object("tpm", &data, cbor.writer());
        self.key.registration(&ceremony, &object).to_string()
    }

    fn register(&self, policy: &Registering) -> Result<Attestation, Reason> {
        let mut expected = policy.expectation();
        expected.algorithms = &Algorithm::ALL;
        verify_registration(&self.response(), &expected).map(|registered| registered.attestation)
    }

    /// Without attestation asked for.
    fn found(&self) -> Result<Attestation, Reason> {
        self.register(&Registering::default())
    }

    /// With its authority as the only one that is trusted.
    fn asked(&self) -> Registering {
        Registering {
            attestation: Conveyance::Direct,
            trust_anchors: self.anchor(),
            ..Registering::default()
        }
    }
}

fn hash_of_signature(alg: i64) -> &'static Digest {
    match alg {
        -65535 => &SHA1_FOR_LEGACY_USE_ONLY,
        -35 | -258 => &SHA384,
        _ => &SHA256,
    }
}

fn hash_of_name(name_alg: u16) -> &'static Digest {
    match name_alg {
        SHA1 => &SHA1_FOR_LEGACY_USE_ONLY,
        SHA_384 => &SHA384,
        SHA_512 => &SHA512,
        _ => &SHA256,
    }
}

/// As registrations are compared.
#[allow(clippy::unnecessary_wraps)]
fn of_tpm(trusted: bool) -> Result<Attestation, Reason> {
    Ok(Attestation {
        format: "tpm".into(),
        verified: true,
        trusted,
        model: Some("IFX SLB9670".into()),
        ..Attestation::default()
    })
}

fn rsa() -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

/// RSASSA-PKCS1-v1_5 with SHA-1 (RFC 8017, 8.2), which libraries no longer sign.
fn rs1(key: &KeyPair, message: &[u8]) -> Vec<u8> {
    let pkcs8 = key.serialize_der();
    // PrivateKeyInfo of version 0 and rsaEncryption, with an RSAPrivateKey of version 0: modulus, exponents.
    let at = pkcs8.windows(5).position(|bytes| bytes == [2, 0x82, 1, 1, 0]).unwrap() + 5;
    let n = &pkcs8[at..at + 256];
    let (head, d) = pkcs8[at + 256 + 5..].split_at(4);
    let d = match head {
        [2, 0x82, 1, 1] => &d[1..257],
        _ => &d[..256],
    };
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, message);
    let info = [0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 20];
    let padded = [&[0, 1][..], &[0xff; 218], &[0], &info, hash.as_ref()].concat();
    let modulus = FixedMontyParams::new_vartime(Odd::new(U2048::from_be_slice(n)).unwrap());
    let number = FixedMontyForm::new(&U2048::from_be_slice(&padded), &modulus);
    let signature = number.pow(&U2048::from_be_slice(d)).retrieve();
    signature.to_be_bytes().as_ref().to_vec()
}

#[test]
fn an_honest_statement_of_every_key() {
    for algorithm in [
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Es512,
        Algorithm::Rs256,
        Algorithm::Ps256,
    ] {
        let tpm = Tpm::of(algorithm);
        assert_eq!(tpm.found(), of_tpm(false), "{algorithm:?}");
        assert_eq!(tpm.register(&tpm.asked()), of_tpm(true), "{algorithm:?}");
        let stranger = Registering {
            trust_anchors: Tpm::new().anchor(),
            ..tpm.asked()
        };
        assert_eq!(tpm.register(&stranger), Err(Reason::AttestationUntrusted));
    }
}

/// The hash of `alg` is that of what is attested, the hash of `nameAlg` that of the public area.
#[test]
fn the_two_hashes_are_independent() {
    let aiks: [(i64, fn() -> KeyPair); 3] = [
        (-7, || KeyPair::generate().unwrap()),
        (-35, || KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap()),
        (-257, rsa),
    ];
    for (alg, aik) in aiks {
        for name_alg in [SHA1, SHA_256, SHA_384, SHA_512] {
            let tpm = Tpm::bent(|tpm| {
                (tpm.alg, tpm.aik, tpm.public.name_alg) = (alg, aik(), name_alg);
            });
            assert_eq!(tpm.found(), of_tpm(false), "{alg} {name_alg}");
        }
    }
    let swapped = Tpm::bent(|tpm| {
        tpm.public.name_alg = SHA_384;
        tpm.bend = |info| info.extra_data = digest(&SHA384, &info.extra_data).as_ref().to_vec();
    });
    assert_eq!(swapped.found(), INVALID);
}

#[test]
fn sha1_signs_statements_where_the_policy_allows_it() {
    let tpm = Tpm::bent(|tpm| (tpm.alg, tpm.aik, tpm.sign) = (-65535, rsa(), rs1));
    assert_eq!(tpm.found(), of_tpm(false));
    assert_eq!(tpm.register(&tpm.asked()), of_tpm(true));
    let strict = |attestation| Registering {
        attestation,
        attestation_policy: AttestationPolicy {
            tpm_without_sha1: true,
            ..AttestationPolicy::default()
        },
        ..tpm.asked()
    };
    let unverified = Ok(Attestation {
        format: "tpm".into(),
        ..Attestation::default()
    });
    assert_eq!(tpm.register(&strict(Conveyance::None)), unverified);
    let unsupported = Err(Reason::AttestationUnsupported);
    assert_eq!(tpm.register(&strict(Conveyance::Direct)), unsupported);
    let named = Tpm::bent(|tpm| tpm.public.name_alg = SHA1);
    assert_eq!(named.register(&strict(Conveyance::Direct)), unsupported);
    // Signed with SHA-256, and said to be SHA-1; and the other way round.
    let tpm = Tpm::bent(|tpm| (tpm.alg, tpm.aik) = (-65535, rsa()));
    assert_eq!(tpm.found(), INVALID);
    let tpm = Tpm::bent(|tpm| (tpm.alg, tpm.aik, tpm.sign) = (-257, rsa(), rs1));
    assert_eq!(tpm.found(), INVALID);
    let tpm = Tpm::bent(|tpm| tpm.alg = -65535);
    assert_eq!(tpm.found(), INVALID, "a key of another kind");
}

#[test]
fn what_is_unknown_is_unverified() {
    let unverified = Ok(Attestation {
        format: "tpm".into(),
        ..Attestation::default()
    });
    for bend in [
        (|tpm: &mut Tpm| tpm.alg = -47) as fn(&mut Tpm),
        // EdDSA has no hash before its own.
        |tpm| tpm.alg = -8,
        // SM3
        |tpm| tpm.public.name_alg = 0x12,
    ] {
        let tpm = Tpm::bent(bend);
        assert_eq!(tpm.found(), unverified);
        assert_eq!(tpm.register(&tpm.asked()), Err(Reason::AttestationUnsupported));
    }
}

#[test]
fn the_syntax_of_the_statement() {
    for version in ["1.2", "2", "2.0 ", ""] {
        assert_eq!(Tpm::bent(|tpm| tpm.version = version).found(), INVALID, "{version}");
    }
    for member in ["ver", "alg", "sig", "x5c", "pubArea", "certInfo"] {
        assert_eq!(Tpm::bent(|tpm| tpm.without = member).found(), INVALID, "{member}");
    }
    assert_eq!(Tpm::bent(|tpm| tpm.extra = Some("ecdaaKeyId")).found(), INVALID);
    assert_eq!(Tpm::bent(|tpm| tpm.extra = Some("more")).found(), of_tpm(false));
}

#[test]
fn the_public_area_is_the_credentials_key() {
    let with = |bend: fn(&mut Public)| Tpm::bent(|tpm| bend(&mut tpm.public)).found();
    assert_eq!(with(|_| {}), of_tpm(false));
    assert_eq!(with(|key| key.kind = 1), INVALID, "another type");
    assert_eq!(with(|key| key.kind = 8), INVALID, "a key for hashes");
    assert_eq!(with(|key| key.parameters = words(&[4, 0x10])), INVALID, "another curve");
    assert_eq!(
        with(|key| *key.unique.last_mut().unwrap() ^= 1),
        INVALID,
        "another point"
    );
    assert_eq!(with(|key| key.unique[2] ^= 1), INVALID);
    assert_eq!(with(|key| key.after.push(0)), INVALID, "more after it");
    assert_eq!(with(|key| key.unique.truncate(5)), INVALID, "less");
    // What else may stand there: a scheme with its hash, one with a count, a derivation, no policy.
    assert_eq!(with(|key| key.scheme = words(&[0x18, 0x0b])), of_tpm(false));
    assert_eq!(with(|key| key.scheme = words(&[0x1a, 0x0b, 1])), of_tpm(false));
    assert_eq!(with(|key| key.scheme = words(&[0x18])), INVALID);
    assert_eq!(with(|key| key.symmetric = words(&[6, 128, 0x43])), of_tpm(false));
    assert_eq!(with(|key| key.parameters = words(&[3, 0x20, 0x0b])), of_tpm(false));
    assert_eq!(with(|key| key.auth_policy.clear()), of_tpm(false));

    let with = |bend: fn(&mut Public)| {
        let mut tpm = Tpm::of(Algorithm::Rs256);
        bend(&mut tpm.public);
        tpm.found()
    };
    assert_eq!(
        with(|key| key.parameters = words(&[2048, 1, 1])),
        of_tpm(false),
        "65537 as it is"
    );
    assert_eq!(
        with(|key| key.parameters = words(&[2048, 0, 3])),
        INVALID,
        "another exponent"
    );
    assert_eq!(with(|key| key.unique[2] ^= 1), INVALID, "another modulus");
    assert_eq!(with(|key| key.scheme = words(&[0x14, 0x0b])), of_tpm(false));
    assert_eq!(
        with(|key| key.scheme = words(&[0x15])),
        of_tpm(false),
        "RSAES has no hash"
    );
}

/// Of 300 points, about one in 128 has a coordinate that begins with a zero.
#[test]
fn coordinates_may_be_short() {
    let begins_with_zero = |tpm: &Tpm| tpm.public.unique[2] == 0;
    let mut tpm = std::iter::repeat_with(Tpm::new).find(begins_with_zero).unwrap();
    let x = tpm.public.unique[3..34].to_vec();
    let y = tpm.public.unique.split_off(34);
    tpm.public.unique = [sized(&x), y].concat();
    assert_eq!(tpm.found(), of_tpm(false));
}

#[test]
fn what_is_signed() {
    let with = |bend: fn(&mut Info)| {
        let tpm = Tpm::bent(|tpm| tpm.bend = bend);
        tpm.found()
    };
    assert_eq!(with(|_| {}), of_tpm(false));
    assert_eq!(with(|info| info.magic ^= 1), INVALID, "made outside a TPM");
    assert_eq!(with(|info| info.kind = 0x8018), INVALID, "a quote");
    assert_eq!(with(|info| info.extra_data[0] ^= 1), INVALID, "another ceremony");
    assert_eq!(with(|info| info.extra_data.clear()), INVALID);
    assert_eq!(with(|info| info.name[1] = 4), INVALID, "another algorithm of the name");
    assert_eq!(with(|info| info.name[2] ^= 1), INVALID, "another key");
    assert_eq!(with(|info| info.name.truncate(33)), INVALID);
    assert_eq!(with(|info| info.after.push(0)), INVALID, "more after it");
    assert_eq!(with(|info| info.clock_is_safe = 0x33), of_tpm(false), "any clock");
}

#[test]
fn the_signature() {
    let with = |sign| Tpm::bent(|tpm| tpm.sign = sign).found();
    assert_eq!(
        with(|aik, message| aik.sign(&message[1..]).unwrap()),
        INVALID,
        "something else"
    );
    assert_eq!(
        with(|_, message| KeyPair::generate().unwrap().sign(message).unwrap()),
        INVALID,
        "another key"
    );
    assert_eq!(with(|_, _| vec![]), INVALID);
    assert_eq!(Tpm::bent(|tpm| tpm.alg = -35).found(), INVALID, "another algorithm");
}

#[test]
fn the_certificate() {
    let with = |bend: fn(&mut CertificateParams)| {
        let tpm = Tpm::bent(|tpm| bend(&mut tpm.params));
        tpm.register(&tpm.asked())
    };
    assert_eq!(with(|_| {}), of_tpm(true));
    assert_eq!(
        with(|aik| aik.distinguished_name.push(DnType::CommonName, "TPM")),
        INVALID,
        "a subject"
    );
    assert_eq!(with(|aik| aik.is_ca = IsCa::NoCa), INVALID, "no basic constraints");
    assert_eq!(
        with(|aik| aik.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
        INVALID,
        "an authority"
    );
    assert_eq!(with(|aik| aik.extended_key_usages.clear()), INVALID, "no purpose");
    assert_eq!(
        with(|aik| aik.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any]),
        INVALID,
        "any purpose is not that one"
    );
    assert_eq!(
        with(|aik| aik.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth)),
        of_tpm(true),
        "others beside it"
    );
    let model = |last: u8| {
        let value = [&[4, 16][..], &[7; 15], &[last]].concat();
        CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 45724, 1, 1, 4], value)
    };
    let tpm = Tpm::bent(|tpm| tpm.params.custom_extensions.push(model(7)));
    assert_eq!(tpm.register(&tpm.asked()), of_tpm(true));
    let tpm = Tpm::bent(|tpm| tpm.params.custom_extensions.push(model(8)));
    assert_eq!(tpm.found(), INVALID, "another AAGUID");
}

/// X.509 version 2, said in a certificate that is otherwise the same.
#[test]
fn the_certificate_is_of_version_3() {
    use data_encoding::BASE64URL_NOPAD;
    let tpm = Tpm::new();
    let mut response: serde_json::Value = serde_json::from_str(&tpm.response()).unwrap();
    let object = response["response"]["attestationObject"].as_str().unwrap();
    let mut object = BASE64URL_NOPAD.decode(object.as_bytes()).unwrap();
    let at = object.windows(5).position(|bytes| bytes == [0xa0, 3, 2, 1, 2]).unwrap();
    object[at + 4] = 1;
    response["response"]["attestationObject"] = BASE64URL_NOPAD.encode(&object).into();
    let registered = verify_registration(&response.to_string(), &Registering::default().expectation());
    assert_eq!(registered.err(), Some(Reason::AttestationInvalid));
}

#[test]
fn the_names_of_the_device() {
    let with = |content: Vec<u8>, critical| {
        let tpm = Tpm::bent(|tpm| tpm.params.custom_extensions = vec![alternative_names(content, critical)]);
        tpm.found()
    };
    let (ifx, model, version) = (attribute(1, IFX), attribute(2, b"SLB9670"), attribute(3, b"id:0D0B"));
    assert_eq!(with(device(), true), of_tpm(false));
    let together = names(&[[&ifx[..], &model, &version].concat()]);
    assert_eq!(with(together, true), of_tpm(false), "one set for all");
    let other_order = names(&[version.clone(), [&model[..], &ifx].concat()]);
    assert_eq!(with(other_order, true), of_tpm(false), "any order");
    assert_eq!(with(device(), false), INVALID, "not critical");
    for missing in [
        vec![ifx.clone(), model.clone()],
        vec![ifx.clone(), version.clone()],
        vec![model.clone(), version.clone()],
        vec![ifx.clone(), model.clone(), version.clone(), ifx.clone()],
        vec![],
    ] {
        assert_eq!(with(names(&missing), true), INVALID);
    }
    for manufacturer in [
        &b"49465800"[..],
        b"id:4946580",
        b"id:4946580g",
        b"IFX",
        b"id:494658000",
        b"ID:49465800",
        b"",
    ] {
        let content = separate(&[(1, manufacturer), (2, b"SLB9670"), (3, b"id:0D0B")]);
        assert_eq!(with(content, true), INVALID, "{manufacturer:?}");
    }
    let tpm = Tpm::bent(|tpm| tpm.params.custom_extensions.clear());
    assert_eq!(tpm.found(), INVALID, "no names");
    let dns = der(0x30, &der(0x82, b"tpm.test"));
    assert_eq!(with(dns, true), INVALID, "names of another kind");
}

#[test]
fn vendors_are_a_setting() {
    let of_vendor = |vendor: &[u8]| {
        let content = separate(&[(1, vendor), (2, b"X"), (3, b"id:1")]);
        Tpm::bent(|tpm| tpm.params.custom_extensions = vec![alternative_names(content, true)])
    };
    for (vendor, model) in [
        (&b"id:53544D20"[..], "STM X"),
        (b"id:53544d20", "STM X"),
        (b"id:FFFFF1D0", "FFFFF1D0 X"),
        (b"id:00000000", "00000000 X"),
        (b"id:20202020", "20202020 X"),
    ] {
        let tpm = of_vendor(vendor);
        let policy = |vendors: Option<&[&str]>, attestation| Registering {
            attestation_policy: AttestationPolicy {
                tpm_vendors: vendors.map(|vendors| vendors.iter().map(ToString::to_string).collect()),
                ..AttestationPolicy::default()
            },
            attestation,
            ..tpm.asked()
        };
        let trusted = |policy| {
            tpm.register(&policy).map(|found| {
                assert!(found.verified);
                (found.trusted, found.model.unwrap())
            })
        };
        let own = std::str::from_utf8(&vendor[3..]).unwrap();
        let (yes, no) = (Ok((true, model.to_owned())), Ok((false, model.to_owned())));
        assert_eq!(trusted(policy(None, Conveyance::Direct)), yes);
        assert_eq!(trusted(policy(Some(&["49465800", own]), Conveyance::Direct)), yes);
        let lower = own.to_lowercase();
        assert_eq!(
            trusted(policy(Some(&[&lower]), Conveyance::Direct)),
            yes,
            "without case"
        );
        let others: &[&str] = &["49465800"];
        assert_eq!(trusted(policy(Some(others), Conveyance::None)), no);
        assert_eq!(
            trusted(policy(Some(others), Conveyance::Direct)),
            Err(Reason::AttestationUntrusted)
        );
        let anywhere = Registering {
            trust_anchors: TrustAnchors::default(),
            ..policy(Some(others), Conveyance::Direct)
        };
        assert_eq!(
            trusted(anywhere),
            Err(Reason::AttestationUntrusted),
            "also without anchors"
        );
    }
}
