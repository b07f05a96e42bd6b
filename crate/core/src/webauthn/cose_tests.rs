#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, ML_DSA_44_SIGNING, ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, PqdsaKeyPair, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair,
};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::RSAPublicKey;

use super::*;

const MESSAGE: &[u8] = b"authenticator data and hash";

fn ec2(point: &[u8]) -> KeyMaterial {
    let (x, y) = point[1..].split_at(point.len() / 2);
    KeyMaterial::Ec2 {
        x: x.to_vec(),
        y: y.to_vec(),
    }
}

/// A fresh key of the algorithm and its signature over the message.
fn signed(algorithm: Algorithm) -> (KeyMaterial, Vec<u8>) {
    let random = SystemRandom::new();
    let ecdsa = |signing| {
        let pair = EcdsaKeyPair::generate(signing).unwrap();
        (
            ec2(pair.public_key().as_ref()),
            pair.sign(&random, MESSAGE).unwrap().as_ref().to_vec(),
        )
    };
    let rsa = |encoding: &'static dyn signature::RsaEncoding| {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &random, MESSAGE, &mut signature).unwrap();
        let (_, key) = RSAPublicKey::from_der(pair.public_key().as_ref()).unwrap();
        // DER puts a zero before a number whose first bit is set.
        let n = key.modulus[1..].to_vec();
        let e = key.exponent.to_vec();
        (KeyMaterial::Rsa { n, e }, signature)
    };
    let ml_dsa = |signing| {
        let pair = PqdsaKeyPair::generate(signing).unwrap();
        let mut signature = vec![0; signing.signature_len()];
        let length = pair.sign(MESSAGE, &mut signature).unwrap();
        signature.truncate(length);
        (
            KeyMaterial::Akp {
                public: pair.public_key().as_ref().to_vec(),
            },
            signature,
        )
    };
    match algorithm {
        Algorithm::EdDsa => {
            let pair = Ed25519KeyPair::generate().unwrap();
            let material = KeyMaterial::Okp {
                x: pair.public_key().as_ref().to_vec(),
            };
            (material, pair.sign(MESSAGE).as_ref().to_vec())
        }
        Algorithm::Es256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
        Algorithm::Es384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
        Algorithm::Es512 => ecdsa(&ECDSA_P521_SHA512_ASN1_SIGNING),
        Algorithm::Rs256 => rsa(&RSA_PKCS1_SHA256),
        Algorithm::Rs384 => rsa(&RSA_PKCS1_SHA384),
        Algorithm::Rs512 => rsa(&RSA_PKCS1_SHA512),
        Algorithm::Ps256 => rsa(&RSA_PSS_SHA256),
        Algorithm::Ps384 => rsa(&RSA_PSS_SHA384),
        Algorithm::Ps512 => rsa(&RSA_PSS_SHA512),
        Algorithm::MlDsa44 => ml_dsa(&ML_DSA_44_SIGNING),
        Algorithm::MlDsa65 => ml_dsa(&ML_DSA_65_SIGNING),
        Algorithm::MlDsa87 => ml_dsa(&ML_DSA_87_SIGNING),
    }
}

#[test]
fn every_algorithm_encodes_parses_and_verifies() {
    for algorithm in Algorithm::ALL {
        assert_eq!(Algorithm::from_cose(algorithm.cose()), Some(algorithm));
        let (material, mut signature) = signed(algorithm);
        let key = CoseKey::new(algorithm, material).unwrap();
        let cbor = key.to_cbor();
        assert_eq!(CoseKey::parse(&cbor), Ok(key.clone()), "{algorithm:?}");
        assert_eq!(CoseKey::parse_stored(&cbor), Ok(key.clone()), "{algorithm:?}");
        assert_eq!(key.verify(MESSAGE, &signature), Ok(()), "{algorithm:?}");
        assert_eq!(
            key.verify(b"another message", &signature),
            Err(Reason::SignatureInvalid),
            "{algorithm:?}"
        );
        *signature.last_mut().unwrap() ^= 1;
        assert_eq!(
            key.verify(MESSAGE, &signature),
            Err(Reason::SignatureInvalid),
            "{algorithm:?}"
        );
        assert_eq!(key.verify(MESSAGE, &[]), Err(Reason::SignatureInvalid), "{algorithm:?}");
    }
    assert_eq!(Algorithm::from_cose(-65535), None);
}

#[test]
fn a_key_of_another_algorithm_is_refused() {
    let keys: Vec<_> = Algorithm::ALL
        .into_iter()
        .map(|algorithm| (algorithm, signed(algorithm).0))
        .collect();
    for (own, material) in &keys {
        for other in Algorithm::ALL {
            let both_rsa = own.rsa().is_some() && other.rsa().is_some();
            let accepted = CoseKey::new(other, material.clone());
            assert_eq!(accepted.is_ok(), *own == other || both_rsa, "{own:?} as {other:?}");
        }
    }
}

#[test]
fn a_point_off_the_curve_is_refused_where_it_is_new() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512] {
        let (material, _) = signed(algorithm);
        let KeyMaterial::Ec2 { x, mut y } = material else {
            panic!("not EC2")
        };
        *y.last_mut().unwrap() ^= 1;
        let off = KeyMaterial::Ec2 { x, y };
        assert_eq!(CoseKey::new(algorithm, off.clone()), Err(Reason::KeyInvalid));
        let stored = CoseKey::stored(algorithm, off).unwrap();
        assert_eq!(CoseKey::parse(&stored.to_cbor()), Err(Reason::KeyInvalid));
        assert_eq!(stored.verify(MESSAGE, &[0x30, 0]), Err(Reason::SignatureInvalid));
        let zero = KeyMaterial::Ec2 {
            x: vec![0; 32],
            y: vec![0; 32],
        };
        assert_eq!(CoseKey::new(algorithm, zero), Err(Reason::KeyInvalid));
    }
}

#[test]
fn rsa_numbers_have_bounds() {
    let modulus = |bytes: usize, first: u8| {
        let mut n = vec![0xff; bytes];
        n[0] = first;
        n
    };
    let key = |n: Vec<u8>, e: &[u8]| CoseKey::new(Algorithm::Rs256, KeyMaterial::Rsa { n, e: e.to_vec() }).is_ok();
    assert!(key(modulus(256, 0x80), &[1, 0, 1]));
    assert!(key(modulus(436, 0x02), &[1, 0, 1]));
    assert!(key(modulus(1024, 0xff), &[3]));
    assert!(!key(modulus(256, 0x7f), &[1, 0, 1]));
    assert!(!key(modulus(1025, 0x01), &[1, 0, 1]));
    assert!(!key(modulus(257, 0x00), &[1, 0, 1]));
    for exponent in [
        &[][..],
        &[1],
        &[2],
        &[0, 3],
        &[0, 1, 0, 1],
        &[1, 0, 0],
        &[1, 0, 0, 0, 1],
    ] {
        assert!(!key(modulus(256, 0x80), exponent), "{exponent:?}");
    }
    let mut even = modulus(256, 0x80);
    even[255] = 0;
    assert!(!key(even, &[1, 0, 1]));
}

#[test]
fn malformed_keys_are_told_from_unsupported_ones() {
    let es256 = CoseKey::new(Algorithm::Es256, signed(Algorithm::Es256).0)
        .unwrap()
        .to_cbor();
    let with = |at: usize, byte: u8| {
        let mut changed = es256.clone();
        changed[at] = byte;
        CoseKey::parse(&changed)
    };
    // a5, kty 01 02, alg 03 26, crv 20 01, x 21 58 20 …
    assert_eq!(with(2, 0x03), Err(Reason::KeyInvalid), "kty RSA");
    assert_eq!(with(2, 0x01), Err(Reason::KeyInvalid), "kty OKP");
    assert_eq!(with(4, 0x2e), Err(Reason::AlgorithmUnsupported), "alg -15");
    assert_eq!(with(6, 0x02), Err(Reason::KeyInvalid), "curve P-384");
    assert_eq!(with(5, 0x03), Err(Reason::Malformed), "alg twice");
    assert_eq!(with(1, 0x04), Err(Reason::Malformed), "no kty");
    assert_eq!(with(3, 0x04), Err(Reason::Malformed), "no alg");
    assert_eq!(CoseKey::parse(&[&es256[..], &[0]].concat()), Err(Reason::Malformed));
    let other_curve = [
        &[0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x07, 0x21, 0x58, 57][..],
        &[1; 57],
    ]
    .concat();
    assert_eq!(CoseKey::parse(&other_curve), Err(Reason::AlgorithmUnsupported));
    // A compressed point: y is a boolean.
    let compressed = [
        &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 32][..],
        &[1; 32],
        &[0x22, 0xf5],
    ]
    .concat();
    assert_eq!(CoseKey::parse(&compressed), Err(Reason::KeyInvalid));
}

/// What a key of each kind may be, beside its length: where it is new, and where it was stored by whom we do not know.
#[test]
#[allow(clippy::too_many_lines)] // One table.
fn keys_that_anybody_can_sign_for_or_nobody() {
    struct Row {
        what: &'static str,
        algorithm: Algorithm,
        material: KeyMaterial,
        stored: bool,
    }
    let ec2 = |algorithm, x: Vec<u8>, y: Vec<u8>, what| Row {
        what,
        algorithm,
        material: KeyMaterial::Ec2 { x, y },
        // Its signatures are refused one by one, by a verifier that looks at the point each time.
        stored: true,
    };
    let okp = |x: [u8; 32], stored, what| Row {
        what,
        algorithm: Algorithm::EdDsa,
        material: KeyMaterial::Okp { x: x.to_vec() },
        stored,
    };
    let starts = |first: u8| {
        let mut bytes = [0; 32];
        bytes[0] = first;
        bytes
    };
    let mut rows = vec![
        okp(starts(1), false, "the identity: one signature answers everything"),
        okp(starts(0), false, "order 4"),
        okp(starts(2), true, "no point, so no signature is right"),
        okp([0xff; 32], true, "not below the prime, and no point"),
    ];
    for (algorithm, length) in [(Algorithm::Es256, 32), (Algorithm::Es384, 48), (Algorithm::Es512, 66)] {
        rows.push(ec2(
            algorithm,
            vec![0; length],
            vec![0; length],
            "the origin is no point",
        ));
        rows.push(ec2(
            algorithm,
            vec![0xff; length],
            vec![0xff; length],
            "not below the prime",
        ));
    }
    for (algorithm, length) in [
        (Algorithm::MlDsa44, 1312),
        (Algorithm::MlDsa65, 1952),
        (Algorithm::MlDsa87, 2592),
    ] {
        let mut public = vec![0; length];
        public[..32].fill(7);
        rows.push(Row {
            what: "a vector of zeros: every short vector answers",
            algorithm,
            material: KeyMaterial::Akp { public },
            stored: false,
        });
    }
    for algorithm in [
        Algorithm::Rs256,
        Algorithm::Rs384,
        Algorithm::Rs512,
        Algorithm::Ps256,
        Algorithm::Ps512,
    ] {
        let mut n = vec![0xff; 256];
        n[255] = 0xfd;
        rows.push(Row {
            what: "exponent 1: the message is its signature",
            algorithm,
            material: KeyMaterial::Rsa { n, e: vec![1] },
            stored: false,
        });
    }
    for Row {
        what,
        algorithm,
        material,
        stored,
    } in rows
    {
        assert_eq!(
            CoseKey::new(algorithm, material.clone()),
            Err(Reason::KeyInvalid),
            "{algorithm:?}: {what}"
        );
        let kept = CoseKey::stored(algorithm, material);
        assert_eq!(kept.is_ok(), stored, "{algorithm:?}, stored: {what}");
        if let Ok(key) = kept {
            assert_eq!(
                CoseKey::parse(&key.to_cbor()),
                Err(Reason::KeyInvalid),
                "{algorithm:?}: {what}"
            );
            let (_, signature) = signed(algorithm);
            assert_eq!(
                key.verify(MESSAGE, &signature),
                Err(Reason::SignatureInvalid),
                "{algorithm:?}: {what}"
            );
        }
    }
}

#[test]
fn a_key_with_its_private_part_is_refused() {
    for algorithm in Algorithm::ALL {
        let cbor = CoseKey::new(algorithm, signed(algorithm).0).unwrap().to_cbor();
        let members: Vec<i64> = match algorithm {
            Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 | Algorithm::EdDsa => vec![-4],
            Algorithm::MlDsa44 | Algorithm::MlDsa65 | Algorithm::MlDsa87 => vec![-2],
            _ => (-12..=-3).collect(),
        };
        let with = |member: i64, value: &[u8]| {
            let mut encoded = cbor.clone();
            encoded[0] += 1;
            encoded.extend(minicbor::to_vec(member).unwrap());
            encoded.extend(value);
            (CoseKey::parse(&encoded), CoseKey::parse_stored(&encoded))
        };
        for member in members {
            for value in [&[0x41, 1][..], &[0xf6]] {
                let refused = (Err(Reason::KeyInvalid), Err(Reason::KeyInvalid));
                assert_eq!(with(member, value), refused, "{algorithm:?}: {member}");
            }
        }
        assert!(
            with(-70_000, &[0x41, 1]).0.is_ok(),
            "{algorithm:?}: a member that says nothing"
        );
    }
}
