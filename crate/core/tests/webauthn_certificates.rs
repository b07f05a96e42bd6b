//! The certificates of packed attestation (8.2.1) and the chains that they stand in, rule by rule.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

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
    conveyed(signer, alg, x5c, anchors, Conveyance::None)
}

fn conveyed(
    signer: &Party,
    alg: i64,
    x5c: &[&[u8]],
    anchors: TrustAnchors,
    attestation: Conveyance,
) -> Result<(bool, bool), Reason> {
    let (key, ceremony) = (Authenticator::new(), Ceremony::create());
    let data = key.auth_data(&ceremony);
    let message = [&data[..], &sha256(ceremony.client_data.as_bytes())].concat();
    let statement = packed(alg, &signer.key.sign(&message).unwrap(), x5c);
    let response = key.registration(&ceremony, &attestation_object("packed", &data, &statement));
    let policy = Registering {
        trust_anchors: anchors,
        attestation,
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
        UNTRUSTED,
        "expired"
    );
    assert_eq!(
        with(|leaf| leaf.not_before = date_time_ymd(2030, 1, 1)),
        UNTRUSTED,
        "not yet valid"
    );
    let unknown: fn(&mut CertificateParams) = |leaf| {
        let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
        extension.set_criticality(true);
        leaf.custom_extensions.push(extension);
    };
    assert_eq!(with(unknown), UNTRUSTED, "an unknown critical extension");
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
        UNTRUSTED,
        "not its issuer"
    );
    let impostor = Party::authority("Middle", BasicConstraints::Unconstrained, Some(&root));
    assert_eq!(
        register(&leaf, -7, &[leaf.der(), impostor.der()], root.anchor()),
        INVALID,
        "not its issuer's key"
    );
}

/// Expired, of version 1, signed by nobody: what comes after a trust anchor is not looked at.
#[test]
fn a_chain_ends_at_the_first_anchor() {
    let mut params = Party::root().params;
    params.not_after = date_time_ymd(2024, 1, 1);
    let old = Party::made(params, KeyPair::generate().unwrap(), None);
    let middle = Party::authority("Middle", BasicConstraints::Constrained(0), Some(&old));
    let leaf = Party::leaf(&middle, |_| {});
    let whole = [leaf.der(), middle.der(), old.der()];
    assert_eq!(register(&leaf, -7, &whole, middle.anchor()), TRUSTED);
    assert_eq!(register(&leaf, -7, &whole, leaf.anchor()), TRUSTED);
    assert_eq!(
        register(&leaf, -7, &whole, old.anchor()),
        UNTRUSTED,
        "an anchor that has expired"
    );
    // The same authority with a certificate of today.
    let mut params = old.params.clone();
    params.not_after = date_time_ymd(2100, 1, 1);
    let renewed = params.self_signed(&old.key).unwrap();
    let anchor = TrustAnchors::parse(&[BASE64.encode(renewed.der())]).unwrap();
    assert_eq!(register(&leaf, -7, &whole, anchor), TRUSTED);
    let stranger = Party::root();
    let odd = [leaf.der(), middle.der(), stranger.der(), leaf.der()];
    assert_eq!(register(&leaf, -7, &odd, middle.anchor()), TRUSTED);
    let impostor = Party::authority("Middle", BasicConstraints::Unconstrained, None);
    let broken = [leaf.der(), impostor.der()];
    assert_eq!(
        register(&leaf, -7, &broken, impostor.anchor()),
        INVALID,
        "a broken signature"
    );
    assert_eq!(register(&leaf, -7, &broken, middle.anchor()), TRUSTED, "after the end");
}

#[test]
fn an_unsound_chain_is_refused_where_attestation_was_asked_for() {
    let root = Party::root();
    let leaf = Party::leaf(&root, |leaf| leaf.not_after = date_time_ymd(2024, 1, 1));
    let x5c = [leaf.der()];
    assert_eq!(register(&leaf, -7, &x5c, root.anchor()), UNTRUSTED);
    for anchors in [TrustAnchors::default(), root.anchor()] {
        for conveyance in [Conveyance::Indirect, Conveyance::Direct, Conveyance::Enterprise] {
            assert_eq!(conveyed(&leaf, -7, &x5c, anchors.clone(), conveyance), INVALID);
        }
    }
    let stranger = Party::leaf(&Party::root(), |_| {});
    let refused = conveyed(&stranger, -7, &[stranger.der()], root.anchor(), Conveyance::Direct);
    assert_eq!(refused, Err(Reason::AttestationUntrusted));
}

/// What of a certificate says that it is of version 3, and all that this version brought, taken out; signed again.
fn version_1(party: &Party) -> Vec<u8> {
    let tbs_at = party
        .der()
        .windows(5)
        .position(|bytes| bytes == [0xa0, 3, 2, 1, 2])
        .unwrap();
    let (_, tbs) = der_item(der_content(party.der()));
    let mut rest = der_content(tbs);
    assert!(rest.starts_with(&[0xa0, 3, 2, 1, 2]) && tbs_at > 0);
    let mut members = Vec::new();
    while !rest.is_empty() {
        let (after, item) = der_item(rest);
        if !matches!(item.first(), Some(0xa0 | 0xa3)) {
            members.extend(item);
        }
        rest = after;
    }
    let tbs = der(0x30, &members);
    let algorithm = der(0x30, &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]);
    let signature = [&[0], &party.key.sign(&tbs).unwrap()[..]].concat();
    der(0x30, &[tbs, algorithm, der(3, &signature)].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head = match content.len() {
        0..=127 => vec![tag, length[1]],
        128..=255 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [head, content.to_vec()].concat()
}

/// What follows the first item, and the item.
fn der_item(bytes: &[u8]) -> (&[u8], &[u8]) {
    let length = bytes.len() - der_after(bytes).len();
    (&bytes[length..], &bytes[..length])
}

fn der_split(bytes: &[u8]) -> (usize, usize) {
    match bytes[1] {
        0x81 => (3, bytes[2].into()),
        0x82 => (4, u16::from_be_bytes([bytes[2], bytes[3]]).into()),
        short => (2, short.into()),
    }
}

fn der_content(bytes: &[u8]) -> &[u8] {
    let (head, length) = der_split(bytes);
    &bytes[head..head + length]
}

fn der_after(bytes: &[u8]) -> &[u8] {
    let (head, length) = der_split(bytes);
    &bytes[head + length..]
}

fn anchored_at(der: &[u8]) -> TrustAnchors {
    TrustAnchors::parse(&[BASE64.encode(der)]).unwrap()
}

#[test]
fn roots_that_say_nothing_of_authorities_are_anchors() {
    let root = Party::root();
    let leaf = Party::leaf(&root, |_| {});
    let old = version_1(&root);
    assert_eq!(
        register(&leaf, -7, &[leaf.der()], anchored_at(&old)),
        TRUSTED,
        "version 1"
    );
    assert_eq!(register(&leaf, -7, &[leaf.der(), &old], anchored_at(&old)), TRUSTED);
    assert_eq!(
        register(&leaf, -7, &[leaf.der(), &old], TrustAnchors::default()),
        UNTRUSTED,
        "no authority without the host's word"
    );
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa] {
        let mut params = Party::root().params;
        params.is_ca = is_ca;
        params.key_usages.clear();
        let own = Party::made(params, KeyPair::generate().unwrap(), None);
        let leaf = Party::leaf(&own, |_| {});
        assert_eq!(register(&leaf, -7, &[leaf.der()], own.anchor()), TRUSTED);
        assert_eq!(register(&leaf, -7, &[leaf.der(), own.der()], own.anchor()), TRUSTED);
        assert_eq!(
            register(&leaf, -7, &[leaf.der(), own.der()], TrustAnchors::default()),
            UNTRUSTED
        );
        let below = Party::authority("Below", BasicConstraints::Unconstrained, Some(&own));
        let leaf = Party::leaf(&below, |_| {});
        assert_eq!(
            register(&leaf, -7, &[leaf.der(), below.der(), own.der()], own.anchor()),
            TRUSTED
        );
        let refused = conveyed(
            &leaf,
            -7,
            &[leaf.der(), below.der(), own.der()],
            TrustAnchors::default(),
            Conveyance::Direct,
        );
        assert_eq!(refused, INVALID);
    }
}

#[test]
fn anchors_are_read_leniently() {
    let root = Party::root();
    let leaf = Party::leaf(&root, |_| {});
    let algorithm = [0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    let (_, tbs) = der_item(der_content(root.der()));
    let signature = |unused: u8| der(3, &[&[unused][..], &[0xff; 70]].concat());
    let with =
        |tbs: &[u8], algorithm: &[u8], signature: &[u8]| anchored_at(&der(0x30, &[tbs, algorithm, signature].concat()));
    let trusts = |anchor: TrustAnchors| register(&leaf, -7, &[leaf.der()], anchor);
    assert_eq!(trusts(with(tbs, &algorithm, &signature(0))), TRUSTED);
    assert_eq!(
        trusts(with(tbs, &algorithm, &signature(3))),
        TRUSTED,
        "unused bits that are used"
    );
    let null = der(0x30, &[&algorithm[2..], &[5, 0]].concat());
    assert_eq!(
        trusts(with(tbs, &null, &signature(0))),
        TRUSTED,
        "parameters that are null"
    );
    // A serial number of 0, and one below.
    for serial in [&[2, 1, 0][..], &[2, 1, 0x80], &[2, 2, 0xff, 0x7f]] {
        let members = der_content(tbs);
        let (version, rest) = members.split_at(5);
        let (rest, _) = der_item(rest);
        let tbs = der(0x30, &[version, serial, rest].concat());
        assert_eq!(trusts(with(&tbs, &algorithm, &signature(0))), TRUSTED, "{serial:?}");
    }
}

/// Attestation certificates of 2014, whose signature says that bits of it are unused.
#[test]
fn an_anchor_that_is_no_der_is_found_in_a_statement() {
    let root = Party::root();
    let leaf = Party::leaf(&root, |_| {});
    let mut der = leaf.der().to_vec();
    let at = der.len() - der_content(&der).len();
    let (after_tbs, _) = der_item(&leaf.der()[at..]);
    let (signature, _) = der_item(after_tbs);
    let unused = der.len() - signature.len() + 2;
    assert_eq!(der[unused], 0);
    der[unused] = 7;
    assert_eq!(register(&leaf, -7, &[&der], anchored_at(&der)), TRUSTED);
    assert_eq!(register(&leaf, -7, &[&der], root.anchor()), INVALID, "and nowhere else");
}

#[test]
fn purposes_of_an_issuer_count() {
    use rcgen::ExtendedKeyUsagePurpose::{Any, ClientAuth, Other, ServerAuth};
    let attestation = || Other(vec![2, 23, 133, 8, 3]);
    let trusts = |issuer: Vec<_>, leaf: Vec<_>| {
        let mut params = Party::root().params;
        params.extended_key_usages = issuer;
        let root = Party::made(params, KeyPair::generate().unwrap(), None);
        let middle = Party::authority("Middle", BasicConstraints::Unconstrained, Some(&root));
        let leaf = Party::leaf(&middle, |params| params.extended_key_usages = leaf);
        register(&leaf, -7, &[leaf.der(), middle.der()], root.anchor())
    };
    assert_eq!(trusts(vec![], vec![attestation()]), TRUSTED);
    assert_eq!(trusts(vec![attestation()], vec![attestation()]), TRUSTED);
    assert_eq!(trusts(vec![ServerAuth, ClientAuth], vec![ClientAuth]), TRUSTED);
    assert_eq!(trusts(vec![Any], vec![]), TRUSTED);
    assert_eq!(trusts(vec![Any], vec![attestation()]), TRUSTED);
    assert_eq!(trusts(vec![ServerAuth], vec![attestation()]), UNTRUSTED);
    assert_eq!(trusts(vec![ServerAuth], vec![ClientAuth]), UNTRUSTED);
    assert_eq!(trusts(vec![ServerAuth], vec![Any]), UNTRUSTED);
    assert_eq!(trusts(vec![ServerAuth], vec![]), UNTRUSTED, "no purpose is any purpose");
}

#[test]
fn name_constraints_of_an_issuer_count() {
    use rcgen::{CidrSubnet, GeneralSubtree, NameConstraints, SanType};
    let trusts = |permitted: Vec<GeneralSubtree>, excluded: Vec<GeneralSubtree>, names: Vec<SanType>| {
        let root = Party::root();
        let mut params = Party::authority("Middle", BasicConstraints::Unconstrained, None).params;
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: permitted,
            excluded_subtrees: excluded,
        });
        let middle = Party::made(params, KeyPair::generate().unwrap(), Some(&root));
        let leaf = Party::leaf(&middle, |leaf| leaf.subject_alt_names = names);
        register(&leaf, -7, &[leaf.der(), middle.der()], root.anchor())
    };
    let directory = |pairs: &[(DnType, &str)]| {
        let mut name = DistinguishedName::new();
        for (kind, value) in pairs {
            name.push(kind.clone(), *value);
        }
        GeneralSubtree::DirectoryName(name)
    };
    let sweden = || directory(&[(DnType::CountryName, "se")]);
    let maker = || directory(&[(DnType::CountryName, "SE"), (DnType::OrganizationName, "MAKER")]);
    let other = || directory(&[(DnType::CountryName, "SE"), (DnType::OrganizationName, "Other")]);
    assert_eq!(trusts(vec![sweden()], vec![], vec![]), TRUSTED);
    assert_eq!(trusts(vec![other(), maker()], vec![], vec![]), TRUSTED);
    assert_eq!(trusts(vec![other()], vec![], vec![]), UNTRUSTED);
    assert_eq!(trusts(vec![], vec![other()], vec![]), TRUSTED);
    assert_eq!(trusts(vec![], vec![maker()], vec![]), UNTRUSTED);
    assert_eq!(trusts(vec![sweden()], vec![maker()], vec![]), UNTRUSTED);

    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    let mail = |name: &str| SanType::Rfc822Name(name.try_into().unwrap());
    let uri = |name: &str| SanType::URI(name.try_into().unwrap());
    let of = |name: &str| vec![GeneralSubtree::DnsName(name.into())];
    for (base, name, within) in [
        ("example.com", "example.com", true),
        ("example.com", "A.Example.COM", true),
        ("example.com", "badexample.com", false),
        ("example.com", "example.com.org", false),
        (".example.com", "a.example.com", true),
        (".example.com", ".example.com", false),
    ] {
        let (permitted, excluded) = (
            trusts(of(base), vec![], vec![dns(name)]),
            trusts(vec![], of(base), vec![dns(name)]),
        );
        let expected = if within {
            (TRUSTED, UNTRUSTED)
        } else {
            (UNTRUSTED, TRUSTED)
        };
        assert_eq!((permitted, excluded), expected, "{base} {name}");
    }
    // A constraint of one kind says nothing of names of another.
    assert_eq!(trusts(of("example.com"), vec![], vec![mail("a@example.org")]), TRUSTED);
    let mailbox = |name: &str| vec![GeneralSubtree::Rfc822Name(name.into())];
    for (base, name, within) in [
        ("example.com", "a@example.com", true),
        ("example.com", "a@b.example.com", false),
        (".example.com", "a@b.example.com", true),
        ("a@example.com", "a@Example.com", true),
        ("b@example.com", "a@example.com", false),
    ] {
        let permitted = trusts(mailbox(base), vec![], vec![mail(name)]);
        assert_eq!(permitted, if within { TRUSTED } else { UNTRUSTED }, "{base} {name}");
    }
    let network = || vec![GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([10, 1, 0, 0], 16))];
    let address = |bytes: [u8; 4]| vec![SanType::IpAddress(std::net::Ipv4Addr::from(bytes).into())];
    assert_eq!(trusts(network(), vec![], address([10, 1, 2, 3])), TRUSTED);
    assert_eq!(trusts(network(), vec![], address([10, 2, 2, 3])), UNTRUSTED);
    let six = vec![SanType::IpAddress(std::net::Ipv6Addr::LOCALHOST.into())];
    assert_eq!(
        trusts(network(), vec![], six),
        UNTRUSTED,
        "an address of another length"
    );
    assert_eq!(
        trusts(of("example.com"), vec![], vec![uri("https://example.org/")]),
        TRUSTED
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
        UNTRUSTED,
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
        UNTRUSTED,
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
    assert_eq!(register(&leaf, -7, &[leaf.der(), old.der()], old.anchor()), UNTRUSTED);
}

/// The limit bounds the work for what is not trusted, and refuses nobody of whom no attestation was asked.
#[test]
fn longer_chains_than_are_followed() {
    let root = Party::root();
    let leaf = Party::leaf(&root, |_| {});
    let lone = Party::leaf(&root, |_| {});
    let authority = Party::authority("Above", BasicConstraints::Unconstrained, None);
    let none = TrustAnchors::default;
    let invalid = Err(Reason::AttestationInvalid);
    let follows = |x5c: &[&[u8]], anchors: TrustAnchors, attestation| conveyed(&leaf, -7, x5c, anchors, attestation);

    let equal = vec![leaf.der(); 20];
    assert_eq!(follows(&equal, none(), Conveyance::None), UNTRUSTED);
    assert_eq!(follows(&equal, none(), Conveyance::Direct), invalid);
    assert_eq!(follows(&equal, lone.anchor(), Conveyance::None), UNTRUSTED);
    // It is trusted before the others are reached.
    assert_eq!(follows(&equal, root.anchor(), Conveyance::Direct), TRUSTED);

    // Each has issued the one before: sound as far as it is followed, and not known to be sound.
    let mut chained = vec![leaf.der()];
    chained.extend(vec![root.der(); 7]);
    assert_eq!(follows(&chained, none(), Conveyance::Direct), UNTRUSTED);
    chained.push(root.der());
    assert_eq!(follows(&chained, none(), Conveyance::None), UNTRUSTED);
    assert_eq!(follows(&chained, none(), Conveyance::Direct), invalid);
    // An anchor behind the limit is not reached.
    let mut behind = vec![leaf.der(); 8];
    behind.push(authority.der());
    assert_eq!(follows(&behind, authority.anchor(), Conveyance::None), UNTRUSTED);

    // What can't be a certificate, and a broken signature, are refused still.
    assert_eq!(follows(&[leaf.der(), b"0"], none(), Conveyance::None), invalid);
    let mut many = vec![leaf.der(); 20];
    many[12] = b"0";
    assert_eq!(follows(&many, none(), Conveyance::None), invalid);
    let other = Party::root();
    let mut broken = vec![leaf.der(), other.der()];
    broken.extend(vec![leaf.der(); 18]);
    assert_eq!(follows(&broken, none(), Conveyance::None), invalid);
    assert_eq!(
        conveyed(&lone, -7, &equal, none(), Conveyance::None),
        invalid,
        "another key's signature"
    );
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
