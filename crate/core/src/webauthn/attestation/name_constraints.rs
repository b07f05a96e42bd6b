//! Name constraints (RFC 5280, 4.2.1.10): the names for which an authority may issue certificates.

use x509_cert::der::Decode;
use x509_cert::der::asn1::Ia5String;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::constraints::name::{GeneralSubtree, NameConstraints};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{OID_X509_EXT_NAME_CONSTRAINTS, OID_X509_EXT_SUBJECT_ALT_NAME};

/// Whether the constraints of `issuer`, if it has any, allow all names of all `subjects`.
pub fn allow(issuer: &X509Certificate<'_>, subjects: &[&X509Certificate<'_>]) -> bool {
    match issuer.get_extension_unique(&OID_X509_EXT_NAME_CONSTRAINTS) {
        Ok(None) => true,
        Ok(Some(extension)) => NameConstraints::from_der(extension.value).is_ok_and(|constraints| {
            let mut names = subjects.iter().map(|subject| names_of(subject));
            names.all(|names| names.is_some_and(|names| names.iter().all(|name| is_allowed(&constraints, name))))
        }),
        Err(_) => false,
    }
}

/// All names of a certificate, or `None` if they can't be read.
fn names_of(certificate: &X509Certificate<'_>) -> Option<Vec<GeneralName>> {
    let mut names = Vec::new();
    let subject = Name::from_der(certificate.subject().as_raw()).ok()?;
    if !subject.as_ref().is_empty() {
        names.push(GeneralName::DirectoryName(subject));
    }
    for email in certificate.subject().iter_email() {
        names.push(GeneralName::Rfc822Name(Ia5String::new(email.as_str().ok()?).ok()?));
    }
    if let Some(extension) = certificate.get_extension_unique(&OID_X509_EXT_SUBJECT_ALT_NAME).ok()? {
        names.extend(SubjectAltName::from_der(extension.value).ok()?.0);
    }
    Some(names)
}

fn is_allowed(constraints: &NameConstraints, name: &GeneralName) -> bool {
    let of_kind = |subtrees: &Option<Vec<GeneralSubtree>>| -> Vec<Option<bool>> {
        let all = subtrees.iter().flatten();
        let kind = std::mem::discriminant(name);
        all.filter(|subtree| std::mem::discriminant(&subtree.base) == kind)
            .map(|subtree| covers(subtree, name))
            .collect()
    };
    let permitted = of_kind(&constraints.permitted_subtrees);
    let excluded = of_kind(&constraints.excluded_subtrees);
    (permitted.is_empty() || permitted.contains(&Some(true))) && excluded.iter().all(|covers| *covers == Some(false))
}

/// Whether a subtree contains a name. `None` if that can't be determined: such a name is not permitted, and is
/// excluded.
fn covers(subtree: &GeneralSubtree, name: &GeneralName) -> Option<bool> {
    // "minimum MUST be zero, and maximum MUST be absent."
    if subtree.minimum != 0 || subtree.maximum.is_some() {
        return None;
    }
    match (&subtree.base, name) {
        (GeneralName::DirectoryName(base), GeneralName::DirectoryName(name)) => Some(begins_with(name, base)),
        (GeneralName::DnsName(base), GeneralName::DnsName(name)) => {
            let base = base.as_str();
            Some(base.is_empty() || covers_host(base, name.as_str()) || is_below(name.as_str(), base))
        }
        (GeneralName::Rfc822Name(base), GeneralName::Rfc822Name(name)) => {
            let (local, host) = name.as_str().rsplit_once('@')?;
            Some(match base.as_str().rsplit_once('@') {
                Some((mailbox, of)) => mailbox == local && is_same_host(host, of),
                None => covers_host(base.as_str(), host),
            })
        }
        (GeneralName::UniformResourceIdentifier(base), GeneralName::UniformResourceIdentifier(name)) => {
            let (_, rest) = name.as_str().split_once("://")?;
            let authority = rest.split(['/', '?', '#']).next()?;
            let host = authority.rsplit('@').next()?.split(':').next()?;
            (!host.is_empty()).then(|| covers_host(base.as_str(), host))
        }
        (GeneralName::IpAddress(base), GeneralName::IpAddress(name)) => {
            let (network, mask) = base.as_bytes().split_at_checked(name.as_bytes().len())?;
            let masked = network.iter().zip(mask).zip(name.as_bytes());
            (network.len() == mask.len()).then(|| {
                masked
                    .into_iter()
                    .all(|((network, mask), byte)| byte & mask == network & mask)
            })
        }
        _ => None,
    }
}

/// `base` is a host, or a dot and a domain, which stands for all hosts below it.
fn covers_host(base: &str, host: &str) -> bool {
    if base.starts_with('.') {
        is_below(host, base)
    } else {
        is_same_host(host, base)
    }
}

fn is_same_host(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn is_below(host: &str, base: &str) -> bool {
    let (host, base) = (host.to_ascii_lowercase(), base.to_ascii_lowercase());
    let base = base.strip_prefix('.').unwrap_or(&base);
    host.strip_suffix(base)
        .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

/// Whether a distinguished name begins with the parts of another. Case and string types are ignored.
fn begins_with(name: &Name, base: &Name) -> bool {
    let parts = |name: &Name| -> Vec<String> {
        name.as_ref()
            .iter()
            .map(|part| part.to_string().to_lowercase())
            .collect()
    };
    parts(name).starts_with(&parts(base))
}
