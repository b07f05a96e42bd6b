//! The signed BLOB: a JWS in compact form (RFC 7515), and how its signature is judged (Metadata Service 3.1, 3.2).

use std::borrow::Cow;

use aws_lc_rs::signature::{self, UnparsedPublicKey};
use base64::Engine;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME;

use super::fault::MetadataFault;
use super::index::Metadata;
use super::reader;
use super::revocation::RevocationLists;
use crate::base64url::base64url;
use crate::webauthn::attestation::TrustAnchors;
use crate::webauthn::attestation::certificate::{cose_key, is_der, text};
use crate::webauthn::attestation::chain::Chain;
use crate::webauthn::cose::Algorithm;

/// The name in the certificate that signs FIDO's BLOB. Its root certifies servers of anybody.
pub const SIGNER: &str = "mds.fidoalliance.org";

/// The root of FIDO's certificate: `GlobalSign Root CA - R3`, until 18 March 2029.
const ROOT: &str = include_str!("globalsign_root_r3.pem");

/// What a BLOB is checked against.
#[derive(Debug, Clone, Copy)]
pub struct BlobExpectation<'a> {
    /// If there are none, the root of FIDO's certificate.
    pub roots: Option<&'a TrustAnchors>,
    /// The DNS name of the certificate that signs. `None` accepts every name: only for roots that certify nobody else.
    pub signer: Option<&'a str>,
    /// If there are any, they have to cover every certificate.
    pub crls: Option<&'a RevocationLists>,
    /// The number of the last BLOB, below which none is accepted.
    pub previous: Option<u64>,
    /// Seconds since the epoch.
    pub now: i64,
}

/// Verifies a BLOB, and makes its index.
pub fn verify(blob: &[u8], expected: &BlobExpectation<'_>) -> Result<Metadata, MetadataFault> {
    let malformed = MetadataFault::Malformed;
    let blob = blob.trim_ascii();
    let mut parts = blob.split(|byte| *byte == b'.');
    let (Some(header), Some(payload), Some(sig), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed);
    };
    let decode = |part: &[u8]| BASE64URL_NOPAD.decode(part).map_err(|_| malformed);
    let (header, sig) = (decode(header)?, decode(sig)?);
    let header: Header = serde_json::from_slice(&header).map_err(|_| malformed)?;
    // RFC 7515, 4.1.11: extensions that have to be understood. None are, and an empty list is forbidden there.
    if header.crit {
        return Err(malformed);
    }
    let ders: Vec<_> = header
        .x5c
        .iter()
        .map(|text| BASE64.decode(text.as_bytes()).map_err(|_| malformed))
        .collect::<Result<_, _>>()?;
    let own;
    let roots = if let Some(roots) = expected.roots {
        roots
    } else {
        own = TrustAnchors::parse(&[ROOT.to_owned()]).map_err(|_| MetadataFault::Untrusted)?;
        &own
    };
    let ders: Vec<&[u8]> = ders
        .iter()
        .map(|der| {
            roots
                .find(der)
                .or_else(|| is_der(der).then_some(der.as_slice()))
                .ok_or(malformed)
        })
        .collect::<Result<_, _>>()?;
    let chain = Chain::parse(&ders).map_err(|_| malformed)?;
    let path = chain.trusted_path(roots, expected.now).ok().flatten();
    let path = path.ok_or(MetadataFault::Untrusted)?;
    if !expected.signer.is_none_or(|signer| is_named(chain.leaf(), signer)) {
        return Err(MetadataFault::NameMismatch);
    }
    if let Some(crls) = expected.crls {
        crls.check(&path, expected.now)?;
    }
    let signed = blob.len().checked_sub(1 + BASE64URL_NOPAD.encode_len(sig.len()));
    let signed = signed.and_then(|length| blob.get(..length)).ok_or(malformed)?;
    if !is_signed_by(chain.leaf(), &header.alg, signed, &sig)? {
        return Err(MetadataFault::SignatureInvalid);
    }
    let payload = base64url().decode(payload).map_err(|_| malformed)?;
    let metadata = reader::read(&payload).ok_or(malformed)?;
    if expected.previous.is_some_and(|previous| metadata.no() < previous) {
        return Err(MetadataFault::Older);
    }
    Ok(metadata)
}

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    x5c: Vec<Cow<'a, str>>,
    /// Whether the member is there, with any value.
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
}

fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// Whether the certificate is for this DNS name: by its alternative names or, if it has none, its common name.
fn is_named(certificate: &X509Certificate<'_>, signer: &str) -> bool {
    match certificate.get_extension_unique(&OID_X509_EXT_SUBJECT_ALT_NAME) {
        Ok(Some(extension)) => match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => names
                .general_names
                .iter()
                .any(|name| matches!(name, GeneralName::DNSName(name) if name.eq_ignore_ascii_case(signer))),
            _ => false,
        },
        Ok(None) => {
            let mut names = certificate.subject().iter_common_name().filter_map(text);
            names.any(|name| name.eq_ignore_ascii_case(signer))
        }
        Err(_) => false,
    }
}

/// A signature of RFC 7518, 3.1, or RFC 8037.
fn is_signed_by(
    certificate: &X509Certificate<'_>,
    alg: &str,
    message: &[u8],
    sig: &[u8],
) -> Result<bool, MetadataFault> {
    let algorithm = match alg {
        "RS256" => Algorithm::Rs256,
        "RS384" => Algorithm::Rs384,
        "RS512" => Algorithm::Rs512,
        "PS256" => Algorithm::Ps256,
        "PS384" => Algorithm::Ps384,
        "PS512" => Algorithm::Ps512,
        "ES256" => Algorithm::Es256,
        "ES384" => Algorithm::Es384,
        "ES512" => Algorithm::Es512,
        "EdDSA" | "Ed25519" => Algorithm::EdDsa,
        _ => return Err(MetadataFault::AlgorithmUnsupported),
    };
    // The key may be used for other signatures only.
    let may_sign = certificate
        .key_usage()
        .is_ok_and(|usage| usage.is_none_or(|usage| usage.value.digital_signature()));
    let Some(key) = cose_key(certificate, algorithm).filter(|_| may_sign) else {
        return Ok(false);
    };
    // "The octet sequence representation of R and S, concatenated", where certificates and WebAuthn have DER.
    let fixed = match algorithm {
        Algorithm::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
        Algorithm::Es512 => &signature::ECDSA_P521_SHA512_FIXED,
        _ => return Ok(key.verify(message, sig).is_ok()),
    };
    let point = key.material().to_point().unwrap_or_default();
    Ok(UnparsedPublicKey::new(fixed, point).verify(message, sig).is_ok())
}
