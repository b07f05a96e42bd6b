//! Public keys as COSE writes them (RFC 9052, 9053, 8230), and the signatures they check (6.5.5).

use aws_lc_rs::signature::{
    self, EcdsaVerificationAlgorithm, ParsedPublicKey, PqdsaVerificationAlgorithm, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::cbor::{self, Value};
use super::ed25519;
use super::firefox_117;
use super::reason::Reason;

const KTY: i64 = 1;
const ALG: i64 = 3;
const KTY_OKP: i64 = 1;
const KTY_EC2: i64 = 2;
const KTY_RSA: i64 = 3;
const KTY_AKP: i64 = 7;
const CRV_ED25519: i64 = 6;

/// The signature algorithms that are verified, by their COSE numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum Algorithm {
    /// Only Ed25519, although -8 allows other curves.
    EdDsa = -8,
    Es256 = -7,
    Es384 = -35,
    Es512 = -36,
    Rs256 = -257,
    Rs384 = -258,
    Rs512 = -259,
    Ps256 = -37,
    Ps384 = -38,
    Ps512 = -39,
    MlDsa44 = -48,
    MlDsa65 = -49,
    MlDsa87 = -50,
}

impl Algorithm {
    /// Every algorithm there is.
    pub const ALL: [Self; 13] = [
        Self::EdDsa,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];
    /// The default offer to authenticators, the preferred algorithm first.
    pub const OFFERED: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Rs256];

    /// The algorithm of a COSE number, if it is one of these.
    pub fn from_cose(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.cose() == number)
    }

    /// The COSE number.
    pub fn cose(self) -> i64 {
        i64::from(self as i16)
    }

    /// Whether it is one of the post-quantum algorithms, which older key formats can't hold.
    pub fn is_ml_dsa(self) -> bool {
        self.ml_dsa().is_some()
    }

    /// For an elliptic curve over a prime field: its COSE number, the bytes of a coordinate, the verifier.
    fn ec2(self) -> Option<(i64, usize, &'static EcdsaVerificationAlgorithm)> {
        match self {
            Self::Es256 => Some((1, 32, &signature::ECDSA_P256_SHA256_ASN1)),
            Self::Es384 => Some((2, 48, &signature::ECDSA_P384_SHA384_ASN1)),
            Self::Es512 => Some((3, 66, &signature::ECDSA_P521_SHA512_ASN1)),
            _ => None,
        }
    }

    fn rsa(self) -> Option<&'static RsaParameters> {
        match self {
            Self::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
            Self::Ps384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
            Self::Ps512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
            _ => None,
        }
    }

    /// For ML-DSA: the bytes of a public key, the verifier.
    fn ml_dsa(self) -> Option<(usize, &'static PqdsaVerificationAlgorithm)> {
        match self {
            Self::MlDsa44 => Some((1312, &signature::ML_DSA_44)),
            Self::MlDsa65 => Some((1952, &signature::ML_DSA_65)),
            Self::MlDsa87 => Some((2592, &signature::ML_DSA_87)),
            _ => None,
        }
    }
}

/// The numbers that a public key is made of, big-endian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyMaterial {
    /// A point of the algorithm's curve. Both coordinates are as long as a field element.
    Ec2 { x: Vec<u8>, y: Vec<u8> },
    /// A compressed Ed25519 point, 32 bytes.
    Okp { x: Vec<u8> },
    /// Modulus and exponent, without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// A raw ML-DSA key.
    Akp { public: Vec<u8> },
}

impl KeyMaterial {
    /// Reads an uncompressed point (SEC 1, 2.3.4). Its length is checked later, against the algorithm.
    pub(crate) fn from_point(bytes: &[u8]) -> Option<Self> {
        let (form, coordinates) = bytes.split_first()?;
        let (x, y) = coordinates.split_at_checked(coordinates.len() / 2)?;
        (*form == 4).then(|| Self::Ec2 {
            x: x.to_vec(),
            y: y.to_vec(),
        })
    }

    /// The uncompressed point, or `None` for another kind of key.
    pub(crate) fn to_point(&self) -> Option<Vec<u8>> {
        match self {
            Self::Ec2 { x, y } => Some(Point::new(x, y).as_ref().to_vec()),
            _ => None,
        }
    }
}

/// A public key that fits its algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoseKey {
    algorithm: Algorithm,
    material: KeyMaterial,
}

impl CoseKey {
    /// Checks a new key, including that a point is on its curve.
    pub fn new(algorithm: Algorithm, material: KeyMaterial) -> Result<Self, Reason> {
        let key = Self::stored(algorithm, material)?;
        let parsed = match &key.material {
            KeyMaterial::Ec2 { x, y } => match algorithm.ec2() {
                Some((_, _, check)) => ParsedPublicKey::new(check, Point::new(x, y).as_ref()).is_ok(),
                None => false,
            },
            KeyMaterial::Akp { public } => match algorithm.ml_dsa() {
                Some((_, check)) => ParsedPublicKey::new(check, public).is_ok(),
                None => false,
            },
            KeyMaterial::Okp { x } => x.as_slice().try_into().is_ok_and(ed25519::decodes),
            // `stored` has checked its numbers, and there is nothing else to check.
            KeyMaterial::Rsa { .. } => true,
        };
        if parsed { Ok(key) } else { Err(Reason::KeyInvalid) }
    }

    /// Checks a stored key: its type, its lengths, and that it is not one for which anybody can sign. It was checked
    /// fully when it was registered, but another system may have checked less.
    pub fn stored(algorithm: Algorithm, material: KeyMaterial) -> Result<Self, Reason> {
        let fits = match &material {
            KeyMaterial::Ec2 { x, y } => algorithm
                .ec2()
                .is_some_and(|(_, length, _)| x.len() == length && y.len() == length),
            KeyMaterial::Okp { x } => {
                let x = x.as_slice().try_into();
                algorithm == Algorithm::EdDsa && x.is_ok_and(|x| !ed25519::is_small_order(x))
            }
            KeyMaterial::Rsa { n, e } => algorithm.rsa().is_some() && rsa_numbers_fit(n, e),
            KeyMaterial::Akp { public } => {
                let fits = algorithm.ml_dsa().is_some_and(|(length, _)| public.len() == length);
                fits && !is_zero_lattice(public)
            }
        };
        if fits {
            Ok(Self { algorithm, material })
        } else {
            Err(Reason::KeyInvalid)
        }
    }

    /// Parses a new COSE key, with all checks of [`CoseKey::new`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Reason> {
        let (algorithm, material) = read_bytes(bytes)?;
        Self::new(algorithm, material)
    }

    /// Parses a stored COSE key, with the checks of [`CoseKey::stored`].
    pub fn parse_stored(bytes: &[u8]) -> Result<Self, Reason> {
        let (algorithm, material) = read_bytes(bytes)?;
        Self::stored(algorithm, material)
    }

    pub(super) fn from_cbor(value: &Value<'_>) -> Result<Self, Reason> {
        let (algorithm, material) = read(value)?;
        Self::new(algorithm, material)
    }

    /// The key in CTAP2's canonical encoding.
    pub fn to_cbor(&self) -> Vec<u8> {
        let mut cbor = minicbor::Encoder::new(Vec::new());
        // Writing to a Vec can't fail.
        let _: Result<_, minicbor::encode::Error<core::convert::Infallible>> = (|| {
            let alg = self.algorithm.cose();
            match &self.material {
                KeyMaterial::Ec2 { x, y } => {
                    let curve = self.algorithm.ec2().map_or(0, |(curve, _, _)| curve);
                    cbor.map(5)?.i64(KTY)?.i64(KTY_EC2)?.i64(ALG)?.i64(alg)?;
                    cbor.i64(-1)?.i64(curve)?.i64(-2)?.bytes(x)?.i64(-3)?.bytes(y)?;
                }
                KeyMaterial::Okp { x } => {
                    cbor.map(4)?.i64(KTY)?.i64(KTY_OKP)?.i64(ALG)?.i64(alg)?;
                    cbor.i64(-1)?.i64(CRV_ED25519)?.i64(-2)?.bytes(x)?;
                }
                KeyMaterial::Rsa { n, e } => {
                    cbor.map(4)?.i64(KTY)?.i64(KTY_RSA)?.i64(ALG)?.i64(alg)?;
                    cbor.i64(-1)?.bytes(n)?.i64(-2)?.bytes(e)?;
                }
                KeyMaterial::Akp { public } => {
                    cbor.map(3)?.i64(KTY)?.i64(KTY_AKP)?.i64(ALG)?.i64(alg)?;
                    cbor.i64(-1)?.bytes(public)?;
                }
            }
            Ok(())
        })();
        cbor.into_writer()
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub fn material(&self) -> &KeyMaterial {
        &self.material
    }

    /// Checks a signature in the form that authenticators give it: ASN.1 for ECDSA, raw for all others (6.5.5).
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Reason> {
        let verified = match &self.material {
            KeyMaterial::Ec2 { x, y } => match self.algorithm.ec2() {
                Some((_, _, check)) => UnparsedPublicKey::new(check, Point::new(x, y))
                    .verify(message, signature)
                    .is_ok(),
                None => false,
            },
            KeyMaterial::Okp { x } => UnparsedPublicKey::new(&signature::ED25519, x)
                .verify(message, signature)
                .is_ok(),
            KeyMaterial::Rsa { n, e } => match self.algorithm.rsa() {
                Some(check) => RsaPublicKeyComponents { n, e }
                    .verify(check, message, signature)
                    .is_ok(),
                None => false,
            },
            KeyMaterial::Akp { public } => match self.algorithm.ml_dsa() {
                Some((_, check)) => UnparsedPublicKey::new(check, public).verify(message, signature).is_ok(),
                None => false,
            },
        };
        if verified {
            Ok(())
        } else {
            Err(Reason::SignatureInvalid)
        }
    }
}

/// An uncompressed point, on the stack.
struct Point {
    bytes: [u8; 1 + 2 * 66],
    length: usize,
}

impl Point {
    fn new(x: &[u8], y: &[u8]) -> Self {
        let mut point = Self {
            bytes: [0; 133],
            length: 1 + x.len() + y.len(),
        };
        for (to, from) in point.bytes.iter_mut().zip([4].iter().chain(x).chain(y)) {
            *to = *from;
        }
        point
    }
}

impl AsRef<[u8]> for Point {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

fn read_bytes(bytes: &[u8]) -> Result<(Algorithm, KeyMaterial), Reason> {
    match firefox_117::read_stored(bytes) {
        Some(key) => Ok((Algorithm::EdDsa, KeyMaterial::Okp { x: key.to_vec() })),
        None => read(&cbor::parse(bytes)?),
    }
}

fn read(value: &Value<'_>) -> Result<(Algorithm, KeyMaterial), Reason> {
    let number = |key| value.at(key).and_then(Value::integer);
    let bytes = |key| value.at(key).and_then(Value::bytes).map(<[u8]>::to_vec);
    let kty = number(KTY).ok_or(Reason::Malformed)?;
    let alg = number(ALG).ok_or(Reason::Malformed)?;
    if private_members(kty).any(|member| value.at(member).is_some()) {
        return Err(Reason::KeyInvalid);
    }
    let algorithm = Algorithm::from_cose(alg).ok_or(Reason::AlgorithmUnsupported)?;
    let material = match kty {
        KTY_EC2 => {
            let (curve, _, _) = algorithm.ec2().ok_or(Reason::KeyInvalid)?;
            if number(-1) != Some(curve) {
                return Err(Reason::KeyInvalid);
            }
            bytes(-2).zip(bytes(-3)).map(|(x, y)| KeyMaterial::Ec2 { x, y })
        }
        KTY_OKP if algorithm == Algorithm::EdDsa => {
            if number(-1) != Some(CRV_ED25519) {
                return Err(Reason::AlgorithmUnsupported);
            }
            bytes(-2).map(|x| KeyMaterial::Okp { x })
        }
        KTY_RSA => bytes(-1).zip(bytes(-2)).map(|(n, e)| KeyMaterial::Rsa { n, e }),
        KTY_AKP => bytes(-1).map(|public| KeyMaterial::Akp { public }),
        _ => None,
    };
    Ok((algorithm, material.ok_or(Reason::KeyInvalid)?))
}

/// The members that hold the private part of a key of this type (RFC 9053, 7.1 and 7.2; RFC 8230, 4; RFC 9964, 3). A
/// key that was sent with them is no longer secret.
fn private_members(kty: i64) -> std::ops::RangeInclusive<i64> {
    match kty {
        KTY_RSA => -12..=-3,
        KTY_AKP => -2..=-2,
        _ => -4..=-4,
    }
}

/// The key is the seed of a matrix and a vector (FIPS 204, algorithm 22). If the vector is zero, signatures can be
/// forged.
fn is_zero_lattice(public: &[u8]) -> bool {
    public
        .get(32..)
        .is_some_and(|vector| vector.iter().all(|byte| *byte == 0))
}

/// Whether the modulus has 2048 to 8192 bits, and the exponent is odd, at least 3 and at most 32 bits: what the
/// verifier accepts.
fn rsa_numbers_fit(n: &[u8], e: &[u8]) -> bool {
    let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    let minimal = |number: &[u8]| number.first().is_some_and(|first| *first != 0);
    let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
    (2048..=8192).contains(&bits) && odd(n) && minimal(n) && e.len() <= 4 && odd(e) && minimal(e) && e != [1]
}

#[cfg(test)]
#[path = "cose_tests.rs"]
mod tests;
