//! Verifies the certificate chains of attestation (RFC 5280).

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::BitString;
use x509_parser::der_parser::oid::Oid;
use x509_parser::extensions::{ExtendedKeyUsage, ParsedExtension};
use x509_parser::oid_registry::{
    OID_PKCS1_SHA256WITHRSA, OID_PKCS1_SHA384WITHRSA, OID_PKCS1_SHA512WITHRSA, OID_SIG_ECDSA_WITH_SHA256,
    OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ECDSA_WITH_SHA512, OID_SIG_ED25519,
};
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Version;

use super::certificate::parse;
use super::name_constraints;
use super::trust::TrustAnchors;
use crate::webauthn::reason::Reason;

/// More than any attestation chain in use. What comes after these is not looked at: each costs a signature.
const MAX_CERTIFICATES: usize = 8;

/// `x5c`: the attestation certificate, then each issuer of the one before; at least one.
pub struct Chain<'a> {
    leaf: X509Certificate<'a>,
    issuers: Vec<X509Certificate<'a>>,
    /// Whether there are more certificates than are followed. Then it reaches a trust anchor before, or it is unsound.
    cut: bool,
}

/// The result of following a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It reaches a trust anchor.
    Trusted,
    /// All of it is valid, but it reaches no trust anchor.
    Sound,
    /// A certificate has expired or can't be used, or its issuer isn't allowed to issue it.
    Unsound,
}

impl<'a> Chain<'a> {
    pub fn parse(ders: &[&'a [u8]]) -> Result<Self, Reason> {
        let followed = ders.iter().take(MAX_CERTIFICATES);
        let mut certificates = followed.map(|der| parse(der).ok_or(Reason::AttestationInvalid));
        let leaf = certificates.next().ok_or(Reason::AttestationInvalid)??;
        Ok(Self {
            leaf,
            issuers: certificates.collect::<Result<_, _>>()?,
            cut: ders.len() > MAX_CERTIFICATES,
        })
    }

    pub fn leaf(&self) -> &X509Certificate<'a> {
        &self.leaf
    }

    /// Whether the chain is only one certificate.
    pub fn is_single(&self) -> bool {
        self.issuers.is_empty()
    }

    /// Follows the chain from the leaf to the first certificate that is a trust anchor or was issued by one. The
    /// certificates after it are ignored. A broken signature before that is an error.
    ///
    /// `now`: seconds since the epoch.
    pub fn standing(&self, anchors: &TrustAnchors, now: i64) -> Result<Standing, Reason> {
        let anchors: Vec<_> = anchors.ders().filter_map(parse).collect();
        self.follow(&anchors, now).map(|followed| match followed {
            Followed::To { .. } => Standing::Trusted,
            Followed::Sound => Standing::Sound,
            Followed::Unsound => Standing::Unsound,
        })
    }

    /// The certificates from the leaf to the trust anchor where the chain ends, and with it. `None` if it ends in none.
    pub fn trusted_path<'b>(
        &'b self,
        anchors: &'b TrustAnchors,
        now: i64,
    ) -> Result<Option<Vec<X509Certificate<'b>>>, Reason> {
        let anchors: Vec<_> = anchors.ders().filter_map(parse).collect();
        let Followed::To { length, anchor } = self.follow(&anchors, now)? else {
            return Ok(None);
        };
        let mut path: Vec<X509Certificate<'b>> = Vec::with_capacity(length + 1);
        for certificate in self.all().take(length) {
            path.push(certificate.clone());
        }
        path.extend(anchors.into_iter().nth(anchor));
        Ok(Some(path))
    }

    fn follow(&self, anchors: &[X509Certificate<'_>], now: i64) -> Result<Followed, Reason> {
        let mut below = Vec::new();
        let mut sound = true;
        for certificate in self.all() {
            let own = anchor_that_is(certificate, anchors).filter(|_| sound && is_valid_at(certificate, now));
            if let Some(anchor) = own {
                let length = below.len();
                return Ok(Followed::To { length, anchor });
            }
            sound = sound && is_valid_at(certificate, now) && extensions_are_known(certificate);
            below.push(certificate);
            if let Some(anchor) = anchor_above(&below, anchors, now).filter(|_| sound) {
                let length = below.len();
                return Ok(Followed::To { length, anchor });
            }
            if let Some(issuer) = self.issuers.get(below.len() - 1) {
                match signature(certificate, issuer) {
                    Signature::Right => sound = sound && may_issue(issuer, &below, Role::Authority),
                    Signature::Unknown => sound = false,
                    Signature::Broken => return Err(Reason::AttestationInvalid),
                }
            }
        }
        Ok(if sound && !self.cut {
            Followed::Sound
        } else {
            Followed::Unsound
        })
    }

    fn all(&self) -> impl Iterator<Item = &X509Certificate<'a>> {
        std::iter::once(&self.leaf).chain(&self.issuers)
    }
}

/// How following a chain ended.
enum Followed {
    /// At the trust anchor with this place, above so many certificates.
    To {
        length: usize,
        anchor: usize,
    },
    Sound,
    Unsound,
}

fn anchor_that_is(certificate: &X509Certificate<'_>, anchors: &[X509Certificate<'_>]) -> Option<usize> {
    anchors
        .iter()
        .position(|anchor| anchor.as_raw() == certificate.as_raw())
}

/// The anchor that has issued the last of `below`.
fn anchor_above(below: &[&X509Certificate<'_>], anchors: &[X509Certificate<'_>], now: i64) -> Option<usize> {
    let subject = below.last()?;
    anchors.iter().position(|anchor| {
        is_valid_at(anchor, now)
            && matches!(signature(subject, anchor), Signature::Right)
            && may_issue(anchor, below, Role::Anchor)
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Its own certificate must say that it is an authority.
    Authority,
    /// The host trusts it.
    Anchor,
}

/// `below`: the certificates from the leaf to the one that `issuer` has issued.
fn may_issue(issuer: &X509Certificate<'_>, below: &[&X509Certificate<'_>], role: Role) -> bool {
    let usage = issuer
        .key_usage()
        .is_ok_and(|usage| usage.is_none_or(|usage| usage.value.key_cert_sign()));
    // A path length counts the authorities between the issuer and the leaf.
    let is_authority = is_authority(issuer, below.len().saturating_sub(1)) || (role == Role::Anchor && is_root(issuer));
    let leaf_purposes = below.first().is_some_and(|leaf| has_purposes_of(leaf, issuer));
    usage && is_authority && leaf_purposes && name_constraints::allow(issuer, below)
}

fn is_authority(issuer: &X509Certificate<'_>, between: usize) -> bool {
    let Ok(Some(constraints)) = issuer.basic_constraints() else {
        return false;
    };
    let length = constraints.value.path_len_constraint;
    let short = length
        .and_then(|length| usize::try_from(length).ok())
        .is_none_or(|length| between <= length);
    constraints.value.ca && short
}

/// Whether it is a root that isn't marked as an authority: self-issued, or of a version before 3.
fn is_root(certificate: &X509Certificate<'_>) -> bool {
    let silent = certificate
        .basic_constraints()
        .is_ok_and(|constraints| constraints.is_none_or(|constraints| !constraints.value.ca));
    let own = certificate.issuer().as_raw() == certificate.subject().as_raw();
    silent && (own || certificate.version() != X509Version::V3)
}

/// Whether all purposes of the leaf are among the issuer's. An issuer without purposes allows all.
fn has_purposes_of(leaf: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    match (issuer.extended_key_usage(), leaf.extended_key_usage()) {
        (Ok(None), Ok(_)) => true,
        (Ok(Some(issuer)), Ok(_)) if issuer.value.any => true,
        (Ok(Some(issuer)), Ok(Some(leaf))) => is_within(leaf.value, issuer.value),
        _ => false,
    }
}

fn is_within(some: &ExtendedKeyUsage<'_>, all: &ExtendedKeyUsage<'_>) -> bool {
    let named = |usage: &ExtendedKeyUsage<'_>| {
        [
            usage.any,
            usage.server_auth,
            usage.client_auth,
            usage.code_signing,
            usage.email_protection,
            usage.time_stamping,
            usage.ocsp_signing,
        ]
    };
    let pairs = named(some).into_iter().zip(named(all));
    pairs.into_iter().all(|(wanted, given)| !wanted || given) && some.other.iter().all(|oid| all.other.contains(oid))
}

enum Signature {
    /// It was made by the key of the issuer that the certificate names.
    Right,
    /// The certificate names another issuer, or its algorithm isn't verified.
    Unknown,
    /// The certificate names this issuer, but its key did not make the signature.
    Broken,
}

fn signature(subject: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> Signature {
    let algorithm = &subject.signature_algorithm;
    if subject.issuer().as_raw() != issuer.subject().as_raw() || checks_of(&algorithm.algorithm).is_empty() {
        return Signature::Unknown;
    }
    let agreed = *algorithm == subject.tbs_certificate.signature;
    let message = subject.tbs_certificate.as_ref();
    if agreed && is_signed_by(issuer, &algorithm.algorithm, message, &subject.signature_value) {
        Signature::Right
    } else {
        Signature::Broken
    }
}

/// Whether an authority has issued a certificate, by name and signature.
pub(super) fn has_issued(issuer: &X509Certificate<'_>, certificate: &X509Certificate<'_>) -> bool {
    matches!(signature(certificate, issuer), Signature::Right)
}

/// Whether the key of a certificate has signed what an authority signs: a certificate or a revocation list.
pub(crate) fn is_signed_by(
    issuer: &X509Certificate<'_>,
    algorithm: &Oid<'_>,
    message: &[u8],
    signature: &BitString<'_>,
) -> bool {
    let key = issuer.public_key().raw;
    // A key of another curve does not parse, so at most one of the checks can succeed.
    let mut checks = checks_of(algorithm).iter();
    signature.unused_bits == 0
        && checks.any(|check| {
            UnparsedPublicKey::new(*check, key)
                .verify(message, &signature.data)
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

/// An unknown critical extension makes a certificate unusable (RFC 5280, 4.2).
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
                        | ParsedExtension::NameConstraints(_)
                )
            })
}
