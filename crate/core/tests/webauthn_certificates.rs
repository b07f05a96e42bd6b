//! The certificates of packed attestation (8.2.1) and the chains that they stand in, rule by rule.
#![allow(clippy::unwrap_used)]

mod webauthn_support;

use countersign_core::Failure;
use countersign_core::webauthn::{Conveyance, Reason, TrustAnchors, verify_registration};
use data_encoding::{BASE64, BASE64_MIME};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_ED25519,
    PKCS_RSA_SHA256, RsaKeySize, SigningKey, date_time_ymd,
};
use webauthn_support::{Authenticator, Ceremony, Registering, attestation_object, packed, sha256};

const AAGUID: [u64; 11] = [1, 3, 6, 1, 4, 1, 45724, 1, 1, 4, 0];

/// A certificate and the key that it is for.
struct Party {
    params: CertificateParams,
    key: KeyPair,
    certificate: Certificate,
}

impl Party {
    fn root() -> Self {
        Self::authority("Root", BasicConstraints::Unconstrained, None)
    }

    fn authority(name: &str, constraints: BasicConstraints, issuer: Option<&Self>) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(constraints);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self::made(params, KeyPair::generate().unwrap(), issuer)
    }

    fn made(params: CertificateParams, key: KeyPair, issuer: Option<&Self>) -> Self {
        let certificate = match issuer {
            None => params.self_signed(&key).unwrap(),
            Some(issuer) => params
                .signed_by(&key, &Issuer::from_params(&issuer.params, &issuer.key))
                .unwrap(),
        };
        Self {
            params,
            key,
            certificate,
        }
    }

    /// An attestation certificate that meets every rule, but for what `bend` does to it.
    fn leaf(issuer: &Self, bend: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = subject("SE", "Maker", "Authenticator Attestation", "Key 1");
        params.is_ca = IsCa::ExplicitNoCa;
        params.custom_extensions = vec![aaguid([7; 16], false)];
        bend(&mut params);
        Self::made(params, KeyPair::generate().unwrap(), Some(issuer))
    }

    fn der(&self) -> &[u8] {
        self.certificate.der()
    }

    fn anchor(&self) -> TrustAnchors {
        TrustAnchors::parse(&[BASE64.encode(self.der())]).unwrap()
    }
}

fn subject(country: &str, organization: &str, unit: &str, common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (kind, value) in [
        (DnType::CountryName, country),
        (DnType::OrganizationName, organization),
        (DnType::OrganizationalUnitName, unit),
        (DnType::CommonName, common),
    ] {
        if !value.is_empty() {
            name.push(kind, value);
        }
    }
    name
}

fn aaguid(model: [u8; 16], critical: bool) -> CustomExtension {
    let oid = AAGUID.split_last().unwrap().1;
    let mut extension = CustomExtension::from_oid_content(oid, [&[4, 16][..], &model].concat());
    extension.set_criticality(critical);
    extension
}

/// Registers with a statement signed by `signer`; verified and trusted.
fn register(signer: &Party, alg: i64, x5c: &[&[u8]], anchors: TrustAnchors) -> Result<(bool, bool), Reason> {
    let (key, ceremony) = (Authenticator::new(), Ceremony::create());
    let data = key.auth_data(&ceremony);
    let message = [&data[..], &sha256(ceremony.client_data.as_bytes())].concat();
    let statement = packed(alg, &signer.key.sign(&message).unwrap(), x5c);
    let response = key.registration(&ceremony, &attestation_object("packed", &data, &statement));
    let policy = Registering {
        trust_anchors: anchors,
        ..Registering::default()
    };
    verify_registration(&response.to_string(), &policy.expectation())
        .map(|registered| (registered.attestation.verified, registered.attestation.trusted))
}

const TRUSTED: Result<(bool, bool), Reason> = Ok((true, true));
const UNTRUSTED: Result<(bool, bool), Reason> = Ok((true, false));
const INVALID: Result<(bool, bool), Reason> = Err(Reason::AttestationInvalid);

#[test]
fn the_rules_of_the_certificate() {
    let root = Party::root();
    let with = |bend: fn(&mut CertificateParams)| {
        let leaf = Party::leaf(&root, bend);
        register(&leaf, -7, &[leaf.der()], root.anchor())
    };
    assert_eq!(with(|_| {}), TRUSTED);
    assert_eq!(
        with(|leaf| leaf.custom_extensions.clear()),
        TRUSTED,
        "the AAGUID is optional"
    );
    assert_eq!(
        with(|leaf| leaf.custom_extensions = vec![aaguid([8; 16], false)]),
        INVALID,
        "another AAGUID"
    );
    assert_eq!(
        with(|leaf| leaf.custom_extensions = vec![aaguid([7; 16], true)]),
        INVALID,
        "a critical AAGUID"
    );
    let subjects: [fn(&mut CertificateParams); 7] = [
        |leaf| leaf.distinguished_name = subject("", "Maker", "Authenticator Attestation", "Key"),
        |leaf| leaf.distinguished_name = subject("SWE", "Maker", "Authenticator Attestation", "Key"),
        |leaf| leaf.distinguished_name = subject("S1", "Maker", "Authenticator Attestation", "Key"),
        |leaf| leaf.distinguished_name = subject("SE", "", "Authenticator Attestation", "Key"),
        |leaf| leaf.distinguished_name = subject("SE", "Maker", "", "Key"),
        |leaf| leaf.distinguished_name = subject("SE", "Maker", "Authenticator attestation", "Key"),
        |leaf| leaf.distinguished_name = subject("SE", "Maker", "Authenticator Attestation", ""),
    ];
    for (number, bend) in subjects.into_iter().enumerate() {
        assert_eq!(with(bend), INVALID, "subject {number}");
    }
    assert_eq!(with(|leaf| leaf.is_ca = IsCa::NoCa), INVALID, "no basic constraints");
    assert_eq!(
        with(|leaf| leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
        INVALID,
        "an authority"
    );
    assert_eq!(
        with(|leaf| leaf.not_after = date_time_ymd(2024, 1, 1)),
        INVALID,
        "expired"
    );
    assert_eq!(
        with(|leaf| leaf.not_before = date_time_ymd(2030, 1, 1)),
        INVALID,
        "not yet valid"
    );
    let unknown: fn(&mut CertificateParams) = |leaf| {
        let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
        extension.set_criticality(true);
        leaf.custom_extensions.push(extension);
    };
    assert_eq!(with(unknown), INVALID, "an unknown critical extension");
}

#[test]
fn the_version_is_3() {
    let root = Party::root();
    let leaf = Party::leaf(&root, |_| {});
    let (marker, mut der) = ([0xa0, 3, 2, 1, 2], leaf.der().to_vec());
    let at = der.windows(5).position(|window| window == marker).unwrap() + 4;
    *der.get_mut(at).unwrap() = 1;
    assert_eq!(register(&leaf, -7, &[&der], TrustAnchors::default()), INVALID);
}

#[test]
fn signatures_of_the_statement() {
    let root = Party::root();
    let leaf = Party::leaf(&root, |_| {});
    let stranger = Party::leaf(&root, |_| {});
    assert_eq!(
        register(&stranger, -7, &[leaf.der()], root.anchor()),
        INVALID,
        "another key"
    );
    assert_eq!(
        register(&leaf, -35, &[leaf.der()], root.anchor()),
        INVALID,
        "another algorithm"
    );
    assert_eq!(register(&leaf, -8, &[leaf.der()], root.anchor()), INVALID);
    assert_eq!(
        register(&leaf, -47, &[leaf.der()], root.anchor()),
        Ok((false, false)),
        "an algorithm that is unknown"
    );
    let trailing = [leaf.der(), &[0]].concat();
    assert_eq!(register(&leaf, -7, &[&trailing], root.anchor()), INVALID);
    assert_eq!(register(&leaf, -7, &[&[]], root.anchor()), INVALID);
    assert_eq!(
        register(&leaf, -7, &[leaf.der(); 9], root.anchor()),
        INVALID,
        "too many"
    );
}

#[test]
fn attestation_keys_of_other_algorithms() {
    let root = Party::root();
    for (algorithm, alg) in [
        (&PKCS_ECDSA_P256_SHA256, -7),
        (&PKCS_ECDSA_P384_SHA384, -35),
        (&PKCS_ECDSA_P521_SHA512, -36),
        (&PKCS_ED25519, -8),
    ] {
        let params = Party::leaf(&root, |_| {}).params;
        let leaf = Party::made(params, KeyPair::generate_for(algorithm).unwrap(), Some(&root));
        assert_eq!(register(&leaf, alg, &[leaf.der()], root.anchor()), TRUSTED, "{alg}");
        // And as the authority's.
        let params = Party::root().params;
        let authority = Party::made(params, KeyPair::generate_for(algorithm).unwrap(), None);
        let leaf = Party::leaf(&authority, |_| {});
        assert_eq!(register(&leaf, -7, &[leaf.der()], authority.anchor()), TRUSTED, "{alg}");
    }
}

#[test]
fn chains() {
    let root = Party::root();
    let middle = Party::authority("Middle", BasicConstraints::Constrained(0), Some(&root));
    let leaf = Party::leaf(&middle, |_| {});
    let whole = [leaf.der(), middle.der(), root.der()];
    assert_eq!(register(&leaf, -7, &whole, root.anchor()), TRUSTED);
    assert_eq!(
        register(&leaf, -7, &whole[..2], root.anchor()),
        TRUSTED,
        "the root need not be sent"
    );
    assert_eq!(register(&leaf, -7, &whole[..2], middle.anchor()), TRUSTED);
    assert_eq!(register(&leaf, -7, &whole[..1], middle.anchor()), TRUSTED);
    assert_eq!(
        register(&leaf, -7, &whole[..1], leaf.anchor()),
        TRUSTED,
        "trusted itself"
    );
    assert_eq!(register(&leaf, -7, &whole[..1], root.anchor()), UNTRUSTED, "a gap");
    assert_eq!(register(&leaf, -7, &whole, TrustAnchors::default()), UNTRUSTED);
    assert_eq!(
        register(&leaf, -7, &whole, Party::root().anchor()),
        UNTRUSTED,
        "a root of the same name"
    );
    assert_eq!(
        register(&leaf, -7, &[leaf.der(), root.der()], root.anchor()),
        INVALID,
        "not its issuer"
    );
    let impostor = Party::authority("Middle", BasicConstraints::Unconstrained, Some(&root));
    assert_eq!(
        register(&leaf, -7, &[leaf.der(), impostor.der()], root.anchor()),
        INVALID,
        "not its issuer's key"
    );
}

#[test]
fn who_may_issue() {
    let root = Party::root();
    let narrow = Party::authority("Narrow", BasicConstraints::Constrained(0), Some(&root));
    let below = Party::authority("Below", BasicConstraints::Unconstrained, Some(&narrow));
    let leaf = Party::leaf(&below, |_| {});
    let x5c = [leaf.der(), below.der(), narrow.der()];
    assert_eq!(
        register(&leaf, -7, &x5c, root.anchor()),
        INVALID,
        "a path that is too long"
    );
    assert_eq!(
        register(&leaf, -7, &x5c[..2], narrow.anchor()),
        UNTRUSTED,
        "too long for the anchor"
    );
    let person = Party::leaf(&root, |_| {});
    let leaf = Party::leaf(&person, |_| {});
    assert_eq!(
        register(&leaf, -7, &[leaf.der(), person.der()], root.anchor()),
        INVALID,
        "issued by no authority"
    );
    assert_eq!(
        register(&leaf, -7, &[leaf.der()], person.anchor()),
        UNTRUSTED,
        "anchored at no authority"
    );
    let mut params = Party::root().params;
    params.key_usages = vec![KeyUsagePurpose::CrlSign];
    let other = Party::made(params, KeyPair::generate().unwrap(), None);
    let leaf = Party::leaf(&other, |_| {});
    assert_eq!(
        register(&leaf, -7, &[leaf.der()], other.anchor()),
        UNTRUSTED,
        "a key for something else"
    );
    let mut params = Party::root().params;
    params.not_after = date_time_ymd(2024, 1, 1);
    let old = Party::made(params, KeyPair::generate().unwrap(), None);
    let leaf = Party::leaf(&old, |_| {});
    assert_eq!(
        register(&leaf, -7, &[leaf.der()], old.anchor()),
        UNTRUSTED,
        "an anchor that has expired"
    );
    assert_eq!(register(&leaf, -7, &[leaf.der(), old.der()], old.anchor()), INVALID);
}

#[test]
fn self_attestation() {
    let (key, ceremony) = (Authenticator::new(), Ceremony::create());
    let data = key.auth_data(&ceremony);
    let signed = [&data[..], &sha256(ceremony.client_data.as_bytes())].concat();
    let root = Party::root();
    let register = |alg, signature: &[u8], attestation, trust_anchors| {
        let object = attestation_object("packed", &data, &packed(alg, signature, &[]));
        let policy = Registering {
            attestation,
            trust_anchors,
            ..Registering::default()
        };
        verify_registration(&key.registration(&ceremony, &object).to_string(), &policy.expectation())
            .map(|registered| (registered.attestation.verified, registered.attestation.trusted))
    };
    let (signature, none) = (key.sign(&signed), TrustAnchors::default);
    assert_eq!(register(-7, &signature, Conveyance::None, none()), UNTRUSTED);
    assert_eq!(register(-7, &signature, Conveyance::Direct, none()), UNTRUSTED);
    let refused = Err(Reason::AttestationUntrusted);
    assert_eq!(register(-7, &signature, Conveyance::Direct, root.anchor()), refused);
    assert_eq!(
        register(-8, &signature, Conveyance::None, none()),
        INVALID,
        "another algorithm"
    );
    assert_eq!(register(-7, &key.sign(b"else"), Conveyance::None, none()), INVALID);
}

#[test]
fn trust_anchors_are_pem_or_der() {
    let (one, two) = (Party::root(), Party::root());
    let pem = |party: &Party| {
        let body = BASE64_MIME.encode(party.der());
        format!("-----BEGIN CERTIFICATE-----\r\n{body}-----END CERTIFICATE-----\r\n")
    };
    let der = |party: &Party| BASE64.encode(party.der());
    let both = TrustAnchors::parse(&[der(&one), der(&two)]).unwrap();
    assert_eq!(TrustAnchors::parse(&[pem(&one) + &pem(&two)]).unwrap(), both);
    assert_eq!(
        TrustAnchors::parse(&[pem(&one), BASE64_MIME.encode(two.der())]).unwrap(),
        both
    );
    assert!(TrustAnchors::parse(&[]).unwrap().is_empty());
    for text in [
        String::new(),
        "AAAA".into(),
        pem(&one).replace("CERTIFICATE", "PUBLIC KEY"),
        der(&one) + "AAAA",
    ] {
        assert_eq!(
            TrustAnchors::parse(&[text]),
            Err(Failure::InvalidArgument("trustAnchors"))
        );
    }
}

#[test]
fn a_key_is_only_taken_for_what_its_certificate_says() {
    let root = Party::root();
    let mut params = Party::leaf(&root, |_| {}).params;
    params.custom_extensions.clear();
    let leaf = Party::made(params, KeyPair::generate_for(&PKCS_ED25519).unwrap(), Some(&root));
    assert_eq!(register(&leaf, -8, &[leaf.der()], TrustAnchors::default()), UNTRUSTED);
    // The same 32 bytes, said to be for X25519: its identifier is 1.3.101.110 where Ed25519's is 1.3.101.112.
    let at = leaf
        .der()
        .windows(5)
        .position(|bytes| bytes == [6, 3, 0x2b, 0x65, 0x70])
        .unwrap();
    let mut other = leaf.der().to_vec();
    *other.get_mut(at + 4).unwrap() = 0x6e;
    assert_eq!(register(&leaf, -8, &[&other], TrustAnchors::default()), INVALID);

    let leaf = Party::leaf(&root, |_| {});
    assert_eq!(register(&leaf, -7, &[leaf.der()], TrustAnchors::default()), UNTRUSTED);
    // P-256 is 1.2.840.10045.3.1.7; the same point on another curve of that family.
    let p256 = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    let at = leaf.der().windows(10).position(|bytes| bytes == p256).unwrap();
    let mut other = leaf.der().to_vec();
    *other.get_mut(at + 9).unwrap() = 1;
    assert_eq!(register(&leaf, -7, &[&other], TrustAnchors::default()), INVALID);
    // The bytes of the right curve, said to be an octet string.
    let mut other = leaf.der().to_vec();
    *other.get_mut(at).unwrap() = 4;
    assert_eq!(register(&leaf, -7, &[&other], TrustAnchors::default()), INVALID);
}

#[test]
fn rsa_keys_are_der() {
    let root = Party::root();
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let leaf = Party::made(Party::leaf(&root, |_| {}).params, key, Some(&root));
    let bent = |pattern: &[u8], place: usize, to: u8| {
        let mut der = leaf.der().to_vec();
        let at = der.windows(pattern.len()).position(|window| window == pattern).unwrap();
        *der.get_mut(at + place).unwrap() = to;
        register(&leaf, -257, &[&der], TrustAnchors::default())
    };
    // Its parameters and the bits of the key; its exponent.
    let (head, exponent) = ([1, 1, 1, 5, 0, 3, 0x82, 1, 0x0f, 0], [2, 3, 1, 0, 1]);
    assert_eq!(bent(&head, 0, 1), UNTRUSTED);
    assert_eq!(bent(&head, 3, 6), INVALID, "parameters of another type");
    assert_eq!(bent(&head, 9, 1), INVALID, "a key that is no whole bytes");
    assert_eq!(bent(&exponent, 0, 0x42), INVALID, "an exponent of another class");
}

#[test]
fn signatures_are_whole_bytes() {
    let root = Party::root();
    let with_unused_bits = |count: u8| {
        // The last bit of a signature has to be 0 for that.
        let mut leaves = std::iter::repeat_with(|| Party::leaf(&root, |_| {}));
        let leaf = leaves.find(|leaf| leaf.der().last().unwrap() & 1 == 0).unwrap();
        let mut der = leaf.der().to_vec();
        let at = der
            .windows(5)
            .rposition(|bytes| matches!(bytes, [3, _, 0, 0x30, _]))
            .unwrap()
            + 2;
        *der.get_mut(at).unwrap() = count;
        register(&leaf, -7, &[&der], root.anchor())
    };
    assert_eq!(with_unused_bits(0), TRUSTED);
    assert_eq!(with_unused_bits(1), UNTRUSTED);
}

#[test]
fn certificates_are_der() {
    let root = Party::root();
    let leaf = Party::leaf(&root, |_| {});
    let x5c = |place: usize, from: u8, to: u8| {
        let mut ders = [leaf.der().to_vec(), root.der().to_vec()];
        let [_, authority] = &mut ders;
        let byte = authority.get_mut(place).unwrap();
        assert_eq!(*byte, from);
        *byte = to;
        register(&leaf, -7, &[&ders[0], &ders[1]], TrustAnchors::default())
    };
    assert_eq!(x5c(0, 0x30, 0x30), UNTRUSTED);
    // Nobody has signed the last certificate of a chain that ends nowhere, and even so it is one or none.
    assert_eq!(x5c(0, 0x30, 0x70), INVALID, "a sequence of the application's");
    assert_eq!(x5c(0, 0x30, 0x10), INVALID, "a sequence that is primitive");
    assert_eq!(x5c(13, 0x02, 0x06), INVALID, "a serial number that is no number");
}

#[test]
fn what_is_read_of_a_certificate_is_der_too() {
    let root = Party::root();
    let leaf = Party::leaf(&root, |_| {});
    let bent = |pattern: &[u8], place: usize, to: u8| {
        let mut der = leaf.der().to_vec();
        let at = der.windows(pattern.len()).position(|window| window == pattern).unwrap();
        *der.get_mut(at + place).unwrap() = to;
        register(&leaf, -7, &[&der], TrustAnchors::default())
    };
    let constraints = [0x55, 0x1d, 0x13, 1, 1, 0xff, 4, 2, 0x30, 0];
    assert_eq!(bent(&constraints, 8, 0x30), UNTRUSTED);
    assert_eq!(bent(&constraints, 8, 0xb0), INVALID, "constraints of another class");
    let country = [0x55, 4, 6, 0x0c, 2];
    assert_eq!(bent(&country, 3, 0x0c), UNTRUSTED);
    assert_eq!(bent(&country, 3, 0x8c), INVALID, "a country of another class");
    let model = [4, 18, 4, 16];
    assert_eq!(bent(&model, 2, 4), UNTRUSTED);
    assert_eq!(bent(&model, 2, 0x44), INVALID, "a model of another class");
}
