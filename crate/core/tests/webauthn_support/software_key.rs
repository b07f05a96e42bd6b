//! A key pair of any algorithm that assertions may be signed with.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, PqdsaKeyPair, RsaEncoding, RsaKeyPair};
use countersign_core::webauthn::{Algorithm, CoseKey, KeyMaterial};

pub struct SoftwareKey {
    algorithm: Algorithm,
    pair: Pair,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(&'static RsaKeyPair),
    MlDsa(PqdsaKeyPair),
}

/// Two for all, since they take long to make: keys of different owners are asked for in turn.
static RSA: LazyLock<[RsaKeyPair; 2]> =
    LazyLock::new(|| [(); 2].map(|()| RsaKeyPair::generate(KeySize::Rsa2048).unwrap()));

impl SoftwareKey {
    pub fn generate(algorithm: Algorithm) -> Self {
        Self::of_owner(algorithm, 0)
    }

    /// Keys of owners 0 and 1 differ.
    pub fn of_owner(algorithm: Algorithm, owner: usize) -> Self {
        let ecdsa = |curve| Pair::Ecdsa(EcdsaKeyPair::generate(curve).unwrap());
        let ml_dsa = |set| Pair::MlDsa(PqdsaKeyPair::generate(set).unwrap());
        let pair = match algorithm {
            Algorithm::EdDsa => Pair::Ed25519(Ed25519KeyPair::generate().unwrap()),
            Algorithm::Es256 => ecdsa(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
            Algorithm::Es384 => ecdsa(&signature::ECDSA_P384_SHA384_ASN1_SIGNING),
            Algorithm::Es512 => ecdsa(&signature::ECDSA_P521_SHA512_ASN1_SIGNING),
            Algorithm::MlDsa44 => ml_dsa(&signature::ML_DSA_44_SIGNING),
            Algorithm::MlDsa65 => ml_dsa(&signature::ML_DSA_65_SIGNING),
            Algorithm::MlDsa87 => ml_dsa(&signature::ML_DSA_87_SIGNING),
            _ => Pair::Rsa(&RSA[owner]),
        };
        Self { algorithm, pair }
    }

    pub fn public(&self) -> CoseKey {
        let material = match &self.pair {
            Pair::Ecdsa(pair) => {
                let coordinates = pair.public_key().as_ref().split_first().unwrap().1;
                let (x, y) = coordinates.split_at(coordinates.len() / 2);
                KeyMaterial::Ec2 {
                    x: x.to_vec(),
                    y: y.to_vec(),
                }
            }
            Pair::Ed25519(pair) => KeyMaterial::Okp {
                x: pair.public_key().as_ref().to_vec(),
            },
            Pair::Rsa(pair) => rsa_numbers(pair.public_key().as_ref()),
            Pair::MlDsa(pair) => KeyMaterial::Akp {
                public: pair.public_key().as_ref().to_vec(),
            },
        };
        CoseKey::new(self.algorithm, material).unwrap()
    }

    /// In the form that authenticators give it (6.5.5).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(rsa_encoding(self.algorithm), &random, message, &mut signature)
                    .unwrap();
                signature
            }
            Pair::MlDsa(pair) => {
                let mut signature = vec![0; pair.algorithm().signature_len()];
                pair.sign(message, &mut signature).unwrap();
                signature
            }
        }
    }
}

/// Of an `RSAPublicKey` (RFC 8017, A.1.1) of 2048 bits: a sequence of a modulus, after a zero, and an exponent.
fn rsa_numbers(der: &[u8]) -> KeyMaterial {
    assert_eq!(&der[..9], [0x30, 0x82, 1, 10, 2, 0x82, 1, 1, 0]);
    assert_eq!(&der[265..267], [2, 3]);
    KeyMaterial::Rsa {
        n: der[9..265].to_vec(),
        e: der[267..].to_vec(),
    }
}

fn rsa_encoding(algorithm: Algorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
        _ => panic!("not of RSA"),
    }
}
