//! Certificate revocation lists (RFC 5280, 5), as the host passes them.

use data_encoding::BASE64;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{DistributionPointName, GeneralName, IssuingDistributionPoint, ParsedExtension};
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::time::ASN1Time;

use super::fault::MetadataFault;
use crate::json::failure::Failure;
use crate::webauthn::attestation::chain::is_signed_by;

/// Lists in DER.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RevocationLists(Vec<Vec<u8>>);

impl RevocationLists {
    /// Each text holds one or more lists in PEM, or one as DER in base64.
    pub fn parse(texts: &[String]) -> Result<Self, Failure> {
        let mut lists = Vec::new();
        for text in texts {
            lists.extend(read(text).ok_or(Failure::InvalidArgument("crls"))?);
        }
        Ok(Self(lists))
    }

    /// Checks every certificate of a path, from the leaf to the trust anchor, but for the anchor itself. Each has to be
    /// covered by a current list of its issuer.
    pub(super) fn check(&self, path: &[X509Certificate<'_>], now: i64) -> Result<(), MetadataFault> {
        let now = ASN1Time::from_timestamp(now).map_err(|_| MetadataFault::NotCovered)?;
        let lists: Vec<_> = self.0.iter().filter_map(|der| list(der)).collect();
        let mut covered = true;
        for pair in path.windows(2) {
            let [subject, issuer] = pair else { continue };
            let mut current = false;
            for list in lists
                .iter()
                .filter(|list| is_of(list, issuer) && is_about(list, subject))
            {
                let mut revoked = list.iter_revoked_certificates();
                if revoked.any(|revoked| *revoked.serial() == subject.serial) {
                    return Err(MetadataFault::Revoked);
                }
                current |= list.last_update() <= now && list.next_update().is_some_and(|next| now <= next);
            }
            covered &= current;
        }
        if covered {
            Ok(())
        } else {
            Err(MetadataFault::NotCovered)
        }
    }
}

fn read(text: &str) -> Option<Vec<Vec<u8>>> {
    let ders: Vec<Vec<u8>> = if text.contains("-----BEGIN") {
        let pems = Pem::iter_from_buffer(text.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .ok()?;
        if pems.iter().any(|pem| pem.label != "X509 CRL") {
            return None;
        }
        pems.into_iter().map(|pem| pem.contents).collect()
    } else {
        let base64: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        vec![BASE64.decode(&base64).ok()?]
    };
    (!ders.is_empty() && ders.iter().all(|der| list(der).is_some())).then_some(ders)
}

fn list(der: &[u8]) -> Option<CertificateRevocationList<'_>> {
    match CertificateRevocationList::from_der(der) {
        Ok(([], list)) => Some(list),
        _ => None,
    }
}

/// Whether the issuer of a certificate has signed the list, and may.
fn is_of(list: &CertificateRevocationList<'_>, issuer: &X509Certificate<'_>) -> bool {
    let may_sign = issuer
        .key_usage()
        .is_ok_and(|usage| usage.is_none_or(|usage| usage.value.crl_sign()));
    let tbs = &list.tbs_cert_list;
    may_sign
        && tbs.issuer.as_raw() == issuer.subject().as_raw()
        && tbs.signature == list.signature_algorithm
        && is_signed_by(
            issuer,
            &list.signature_algorithm.algorithm,
            tbs.as_ref(),
            &list.signature_value,
        )
}

/// Whether the list would name the certificate if it were revoked.
fn is_about(list: &CertificateRevocationList<'_>, subject: &X509Certificate<'_>) -> bool {
    list.extensions()
        .iter()
        .all(|extension| match extension.parsed_extension() {
            ParsedExtension::IssuingDistributionPoint(scope) => is_in(scope, subject),
            // A list of changes alone says so in a critical extension.
            _ => !extension.critical,
        })
}

fn is_in(scope: &IssuingDistributionPoint<'_>, subject: &X509Certificate<'_>) -> bool {
    let partial = scope.indirect_crl || scope.only_some_reasons.is_some() || scope.only_contains_attribute_certs;
    let of_kind = if subject.is_ca() {
        !scope.only_contains_user_certs
    } else {
        !scope.only_contains_ca_certs
    };
    !partial
        && of_kind
        && scope
            .distribution_point
            .as_ref()
            .is_none_or(|point| is_at(point, subject))
}

/// Whether the certificate names the same place of publication.
fn is_at(point: &DistributionPointName<'_>, subject: &X509Certificate<'_>) -> bool {
    let own = uris(point);
    subject
        .extensions()
        .iter()
        .any(|extension| match extension.parsed_extension() {
            ParsedExtension::CRLDistributionPoints(points) => points
                .iter()
                .filter_map(|point| point.distribution_point.as_ref())
                .any(|point| uris(point).iter().any(|uri| own.contains(uri))),
            _ => false,
        })
}

fn uris<'a>(point: &DistributionPointName<'a>) -> Vec<&'a str> {
    match point {
        DistributionPointName::FullName(names) => names
            .iter()
            .filter_map(|name| match name {
                GeneralName::URI(uri) => Some(*uri),
                _ => None,
            })
            .collect(),
        DistributionPointName::NameRelativeToCRLIssuer(_) => Vec::new(),
    }
}
