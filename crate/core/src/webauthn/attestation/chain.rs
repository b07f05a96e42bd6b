//! Chains of certificates (RFC 5280), as far as attestation needs them.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::oid::Oid;
use x509_parser::extensions::ParsedExtension;
use x509_parser::oid_registry::{
    OID_PKCS1_SHA256WITHRSA, OID_PKCS1_SHA384WITHRSA, OID_PKCS1_SHA512WITHRSA, OID_SIG_ECDSA_WITH_SHA256,
    OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ECDSA_WITH_SHA512, OID_SIG_ED25519,
};
use x509_parser::time::ASN1Time;

use super::certificate::parse;
use super::trust::TrustAnchors;
use crate::webauthn::reason::Reason;

/// More than any attestation chain in use.
const MAX_CERTIFICATES: usize = 8;

/// `x5c`: the attestation certificate, then each issuer of the one before; at least one.
pub struct Chain<'a> {
    leaf: X509Certificate<'a>,
    issuers: Vec<X509Certificate<'a>>,
}

impl<'a> Chain<'a> {
    pub fn parse(ders: &[&'a [u8]]) -> Result<Self, Reason> {
        if ders.len() > MAX_CERTIFICATES {
            return Err(Reason::AttestationInvalid);
        }
        let mut certificates = ders.iter().map(|der| parse(der).ok_or(Reason::AttestationInvalid));
        let leaf = certificates.next().ok_or(Reason::AttestationInvalid)??;
        Ok(Self {
            leaf,
            issuers: certificates.collect::<Result<_, _>>()?,
        })
    }

    pub fn leaf(&self) -> &X509Certificate<'a> {
        &self.leaf
    }

    /// Every certificate is valid at `now`, seconds since the epoch, and signed by the next one, which may sign.
    pub fn check(&self, now: i64) -> Result<(), Reason> {
        let links = self.all().zip(&self.issuers);
        let signed = links
            .enumerate()
            .all(|(below, (subject, issuer))| is_issued_by(subject, issuer, Some(below)));
        let sound = self
            .all()
            .all(|certificate| is_valid_at(certificate, now) && extensions_are_known(certificate));
        if signed && sound {
            Ok(())
        } else {
            Err(Reason::AttestationInvalid)
        }
    }

    /// Whether a certificate of the chain is a trust anchor, or the last one is signed by one. Call `check` first.
    pub fn is_trusted(&self, anchors: &TrustAnchors, now: i64) -> bool {
        let last = self.issuers.last().unwrap_or(&self.leaf);
        anchors.ders().any(|der| {
            self.all().any(|certificate| certificate.as_raw() == der)
                || parse(der).is_some_and(|anchor| {
                    is_valid_at(&anchor, now) && is_issued_by(last, &anchor, Some(self.issuers.len()))
                })
        })
    }

    fn all(&self) -> impl Iterator<Item = &X509Certificate<'a>> {
        std::iter::once(&self.leaf).chain(&self.issuers)
    }
}

/// `below`: how many certificates of authorities stand between the issuer and the leaf.
fn is_issued_by(subject: &X509Certificate<'_>, issuer: &X509Certificate<'_>, below: Option<usize>) -> bool {
    subject.issuer().as_raw() == issuer.subject().as_raw() && may_sign(issuer, below) && is_signed_by(subject, issuer)
}

fn may_sign(issuer: &X509Certificate<'_>, below: Option<usize>) -> bool {
    let Ok(Some(constraints)) = issuer.basic_constraints() else {
        return false;
    };
    let length = constraints
        .value
        .path_len_constraint
        .and_then(|length| usize::try_from(length).ok());
    let short = length.zip(below).is_none_or(|(length, below)| below <= length);
    let usage = issuer
        .key_usage()
        .is_ok_and(|usage| usage.is_none_or(|usage| usage.value.key_cert_sign()));
    constraints.value.ca && short && usage
}

fn is_signed_by(subject: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    let whole = subject.signature_value.unused_bits == 0;
    if subject.signature_algorithm != subject.tbs_certificate.signature || !whole {
        return false;
    }
    let (message, key) = (subject.tbs_certificate.as_ref(), issuer.public_key().raw);
    // A key of another curve does not parse for a check, so at most one of them can say yes.
    checks_of(&subject.signature_algorithm.algorithm).iter().any(|check| {
        UnparsedPublicKey::new(*check, key)
            .verify(message, &subject.signature_value.data)
            .is_ok()
    })
}

fn checks_of(algorithm: &Oid<'_>) -> &'static [&'static dyn VerificationAlgorithm] {
    let known: [(Oid<'static>, &'static [&'static dyn VerificationAlgorithm]); 7] = [
        (
            OID_SIG_ECDSA_WITH_SHA256,
            &[
                &signature::ECDSA_P256_SHA256_ASN1,
                &signature::ECDSA_P384_SHA256_ASN1,
                &signature::ECDSA_P521_SHA256_ASN1,
            ],
        ),
        (
            OID_SIG_ECDSA_WITH_SHA384,
            &[
                &signature::ECDSA_P256_SHA384_ASN1,
                &signature::ECDSA_P384_SHA384_ASN1,
                &signature::ECDSA_P521_SHA384_ASN1,
            ],
        ),
        (
            OID_SIG_ECDSA_WITH_SHA512,
            &[
                &signature::ECDSA_P256_SHA512_ASN1,
                &signature::ECDSA_P384_SHA512_ASN1,
                &signature::ECDSA_P521_SHA512_ASN1,
            ],
        ),
        (OID_PKCS1_SHA256WITHRSA, &[&signature::RSA_PKCS1_2048_8192_SHA256]),
        (OID_PKCS1_SHA384WITHRSA, &[&signature::RSA_PKCS1_2048_8192_SHA384]),
        (OID_PKCS1_SHA512WITHRSA, &[&signature::RSA_PKCS1_2048_8192_SHA512]),
        (OID_SIG_ED25519, &[&signature::ED25519]),
    ];
    known
        .into_iter()
        .find(|(oid, _)| oid == algorithm)
        .map(|(_, checks)| checks)
        .unwrap_or_default()
}

fn is_valid_at(certificate: &X509Certificate<'_>, now: i64) -> bool {
    ASN1Time::from_timestamp(now).is_ok_and(|now| certificate.validity().is_valid_at(now))
}

/// RFC 5280, 4.2: a critical extension that is not understood makes the certificate unusable.
fn extensions_are_known(certificate: &X509Certificate<'_>) -> bool {
    certificate.extensions_map().is_ok()
        && certificate
            .extensions()
            .iter()
            .filter(|extension| extension.critical)
            .all(|extension| {
                matches!(
                    extension.parsed_extension(),
                    ParsedExtension::BasicConstraints(_)
                        | ParsedExtension::KeyUsage(_)
                        | ParsedExtension::ExtendedKeyUsage(_)
                        | ParsedExtension::SubjectAlternativeName(_)
                )
            })
}
