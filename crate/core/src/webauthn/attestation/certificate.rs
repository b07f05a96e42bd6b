//! Reads what attestation needs of a certificate (RFC 5280).

use aws_lc_rs::digest::{self, digest};
use aws_lc_rs::signature::{self, ParsedPublicKey};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::{Any, Class, FromDer, Tag, oid};
use x509_parser::der_parser::oid::Oid;
use x509_parser::oid_registry::{OID_EC_P256, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_SIG_ED25519};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::AttributeTypeAndValue;

use crate::webauthn::cose::{Algorithm, CoseKey, KeyMaterial};

/// id-fido-gen-ce-aaguid
const AAGUID: Oid<'static> = oid!(1.3.6.1.4.1.45724.1.1.4);

/// Parses one certificate, with nothing after it.
pub fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Some(certificate),
        _ => None,
    }
}

/// Whether the certificate is strict DER. The parser above also accepts tags of other classes, which certificates of
/// old U2F keys may need.
pub fn is_der(bytes: &[u8]) -> bool {
    Certificate::from_der(bytes).is_ok_and(|certificate| {
        let certificate = certificate.tbs_certificate();
        // The extensions that are read. To the parser of certificates they are only bytes.
        certificate.get_extension::<BasicConstraints>().is_ok() && certificate.get_extension::<KeyUsage>().is_ok()
    })
}

/// Mends a certificate whose signature claims to have unused bits, as some of 2014 do. `None` if it is not built like a
/// certificate.
pub fn with_whole_signature(der: &[u8]) -> Option<Vec<u8>> {
    let (rest, certificate) = Any::from_der(der).ok()?;
    let (signature, _) = Any::from_der(certificate.data)
        .and_then(|(rest, _)| Any::from_der(rest))
        .ok()?;
    let (end, signature) = Any::from_der(signature).ok()?;
    if !rest.is_empty() || !end.is_empty() || signature.tag() != Tag::BitString {
        return None;
    }
    let mut whole = der.to_vec();
    *whole.get_mut(der.len() - signature.data.len())? = 0;
    Some(whole)
}

/// The public key of a certificate, for signatures of a COSE algorithm.
pub fn cose_key(certificate: &X509Certificate<'_>, algorithm: Algorithm) -> Option<CoseKey> {
    let minimal = |number: &[u8]| {
        number
            .iter()
            .skip_while(|byte| **byte == 0)
            .copied()
            .collect::<Vec<u8>>()
    };
    let bits = &certificate.public_key().subject_public_key;
    if !is_for(certificate, algorithm) || bits.unused_bits != 0 {
        return None;
    }
    let material = match certificate.public_key().parsed().ok()? {
        PublicKey::EC(point) => KeyMaterial::from_point(point.data())?,
        PublicKey::RSA(key) if is_rsa_key(&bits.data) => KeyMaterial::Rsa {
            n: minimal(key.modulus),
            e: minimal(key.exponent),
        },
        PublicKey::Unknown(bytes) if algorithm == Algorithm::EdDsa => KeyMaterial::Okp { x: bytes.to_vec() },
        PublicKey::Unknown(bytes) => KeyMaterial::Akp { public: bytes.to_vec() },
        _ => return None,
    };
    CoseKey::new(algorithm, material).ok()
}

/// The identifier of a certificate's key: the SHA-1 of its bits (RFC 5280, 4.2.1.2, method 1).
pub fn key_identifier(certificate: &X509Certificate<'_>) -> [u8; 20] {
    let bits = &certificate.public_key().subject_public_key.data;
    let hash = digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bits);
    // SHA-1 has 20 bytes.
    hash.as_ref().try_into().unwrap_or_default()
}

/// Whether the extension id-fido-gen-ce-aaguid, where it is present, equals the AAGUID and is not critical.
pub fn is_of_model(certificate: &X509Certificate<'_>, aaguid: &[u8; 16]) -> bool {
    match certificate.get_extension_unique(&AAGUID) {
        Ok(None) => true,
        Ok(Some(extension)) => {
            // An OCTET STRING of 16 bytes, in DER.
            !extension.critical && extension.value.strip_prefix(&[4, 16]) == Some(aaguid.as_slice())
        }
        Err(_) => false,
    }
}

/// The text of an attribute of a name. `as_str` alone looks only at the number of its type.
pub fn text<'a>(attribute: &'a AttributeTypeAndValue<'_>) -> Option<&'a str> {
    let universal = attribute.attr_value().class() == Class::Universal;
    attribute.as_str().ok().filter(|_| universal)
}

/// Whether it is an `RSAPublicKey` in DER (RFC 8017, A.1.1). The parser of certificates also accepts its numbers with
/// other tags.
fn is_rsa_key(der: &[u8]) -> bool {
    ParsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, der).is_ok()
}

/// Whether the certificate says that its key is for this algorithm. The same bytes may be a key of another curve or
/// kind.
fn is_for(certificate: &X509Certificate<'_>, algorithm: Algorithm) -> bool {
    let named = &certificate.public_key().algorithm;
    let parameters = named.parameters.as_ref();
    let of_type = |tag| parameters.filter(|given| (given.class(), given.tag()) == (Class::Universal, tag));
    // `as_oid` would also read the bytes of another type.
    let curve = |wanted: Oid<'static>| of_type(Tag::Oid).and_then(|given| given.as_oid().ok()) == Some(wanted);
    let kind = |wanted: Oid<'static>| named.algorithm == wanted && parameters.is_none();
    match algorithm {
        Algorithm::Es256 => curve(OID_EC_P256),
        Algorithm::Es384 => curve(OID_NIST_EC_P384),
        Algorithm::Es512 => curve(OID_NIST_EC_P521),
        Algorithm::EdDsa => kind(OID_SIG_ED25519),
        Algorithm::MlDsa44 => kind(oid!(2.16.840.1.101.3.4.3.17)),
        Algorithm::MlDsa65 => kind(oid!(2.16.840.1.101.3.4.3.18)),
        Algorithm::MlDsa87 => kind(oid!(2.16.840.1.101.3.4.3.19)),
        // One identifier stands for all of them.
        Algorithm::Rs256
        | Algorithm::Rs384
        | Algorithm::Rs512
        | Algorithm::Ps256
        | Algorithm::Ps384
        | Algorithm::Ps512 => parameters.is_none() || of_type(Tag::Null).is_some(),
    }
}
