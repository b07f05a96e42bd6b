//! The format of TPMs (8.3), which Windows Hello uses. The structures are those of TPM 2.0, part 2.

use aws_lc_rs::digest::{self, digest};
use aws_lc_rs::signature::{self, RsaPublicKeyComponents};
use data_encoding::HEXUPPER_PERMISSIVE;
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::oid;
use x509_parser::der_parser::oid::Oid;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME;
use x509_parser::x509::X509Version;

use super::certificate::{cose_key, is_of_model, text};
use super::statement::{Finding, Statement};
use crate::webauthn::cbor::Value;
use crate::webauthn::cose::{Algorithm, CoseKey, KeyMaterial};
use crate::webauthn::expectation::RegistrationExpectation;
use crate::webauthn::reason::Reason;

/// RSASSA-PKCS1-v1_5 with SHA-1: older TPMs sign statements with it. No credential may use it.
const RS1: i64 = -65535;

const GENERATED_VALUE: u32 = 0xff54_4347;
const ATTEST_CERTIFY: u16 = 0x8017;
const RSA: u16 = 0x0001;
const ECC: u16 = 0x0023;
const NULL: u16 = 0x0010;

const AIK_CERTIFICATE: Oid<'static> = oid!(2.23.133.8.3);
const MANUFACTURER: Oid<'static> = oid!(2.23.133.2.1);
const MODEL: Oid<'static> = oid!(2.23.133.2.2);
const VERSION: Oid<'static> = oid!(2.23.133.2.3);

/// 8.3, "verification procedure".
pub fn verify(statement: &Statement<'_>, expected: &RegistrationExpectation<'_>) -> Result<Finding, Reason> {
    let invalid = Reason::AttestationInvalid;
    let policy = expected.attestation_policy;
    // Verify that attStmt conforms to the syntax. Level 1 also had ecdaaKeyId.
    let member = |name| statement.statement.member(name);
    let bytes = |name| member(name).and_then(Value::bytes).ok_or(invalid);
    if member("ver").and_then(Value::text) != Some("2.0") || member("ecdaaKeyId").is_some() {
        return Err(invalid);
    }
    let (alg, sig) = (statement.algorithm()?, statement.signature()?);
    let (pub_area, cert_info) = (bytes("pubArea")?, bytes("certInfo")?);
    // Verify that the key of pubArea is the credentialPublicKey.
    let public = PublicArea::parse(pub_area).ok_or(invalid)?;
    if !public.is_key(statement.key) {
        return Err(invalid);
    }
    // Verify that x5c is present.
    let chain = statement.certificates(expected.trust_anchors)?.ok_or(invalid)?;
    let (Some(hash), Some(name_hash)) = (hash_of_signature(alg), hash_of_name(public.name_alg)) else {
        return Ok(Finding::default());
    };
    let sha1 = &digest::SHA1_FOR_LEGACY_USE_ONLY;
    if policy.tpm_without_sha1 && (hash == sha1 || name_hash == sha1) {
        return Ok(Finding::default());
    }
    // Verify that sig is a valid signature over certInfo by aikCert.
    let leaf = chain.leaf();
    if !is_signed_by(leaf, alg, cert_info, sig) {
        return Err(invalid);
    }
    // Verify that aikCert meets the requirements of 8.3.1, with the AAGUID of the authenticator data.
    let device = Device::of(leaf).filter(|_| meets_requirements(leaf) && is_of_model(leaf, &statement.attested.aaguid));
    let device = device.ok_or(invalid)?;
    // Verify the magic, type and extraData of certInfo: the hash, by that of alg, of what is attested.
    let info = CertInfo::parse(cert_info).ok_or(invalid)?;
    if info.extra_data != digest(hash, &statement.signed_bytes()).as_ref() {
        return Err(invalid);
    }
    // Verify that attested is the Name of pubArea: its own algorithm, and its hash by that.
    let name = [&public.name_alg.to_be_bytes(), digest(name_hash, pub_area).as_ref()].concat();
    if info.name != name {
        return Err(invalid);
    }
    let known = |vendors: &Vec<String>| vendors.iter().any(|id| id.eq_ignore_ascii_case(device.manufacturer));
    Ok(Finding {
        refused: !policy.tpm_vendors.as_ref().is_none_or(known),
        model: Some(device.to_string()),
        ..Finding::certified(chain.standing(expected.trust_anchors, expected.now)?)
    })
}

/// The hash that a signature algorithm begins with.
fn hash_of_signature(alg: i64) -> Option<&'static digest::Algorithm> {
    Some(match alg {
        RS1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        -7 | -257 | -37 => &digest::SHA256,
        -35 | -258 | -38 => &digest::SHA384,
        -36 | -259 | -39 => &digest::SHA512,
        _ => return None,
    })
}

/// The hash of a `TPMI_ALG_HASH`.
fn hash_of_name(name_alg: u16) -> Option<&'static digest::Algorithm> {
    Some(match name_alg {
        0x04 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        0x0b => &digest::SHA256,
        0x0c => &digest::SHA384,
        0x0d => &digest::SHA512,
        _ => return None,
    })
}

fn is_signed_by(certificate: &X509Certificate<'_>, alg: i64, message: &[u8], sig: &[u8]) -> bool {
    // Its numbers are the same for every algorithm of RSA.
    let algorithm = Algorithm::from_cose(alg).unwrap_or(Algorithm::Rs256);
    cose_key(certificate, algorithm).is_some_and(|key| match key.material() {
        KeyMaterial::Rsa { n, e } if alg == RS1 => RsaPublicKeyComponents { n, e }
            .verify(&signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, message, sig)
            .is_ok(),
        _ => key.verify(message, sig).is_ok(),
    })
}

/// 8.3.1, "certificate requirements", but for the names of the device.
fn meets_requirements(certificate: &X509Certificate<'_>) -> bool {
    // Version must be 3, and subject must be empty.
    let nobody = certificate.subject().iter_rdn().next().is_none();
    // The Extended Key Usage extension must contain tcg-kp-AIKCertificate.
    let usage = certificate.extended_key_usage().ok().flatten();
    let usage = usage.is_some_and(|usage| usage.value.other.contains(&AIK_CERTIFICATE));
    // The Basic Constraints extension must have the CA component set to false.
    let leaf = matches!(certificate.basic_constraints(), Ok(Some(constraints)) if !constraints.value.ca);
    certificate.version() == X509Version::V3 && nobody && usage && leaf
}

/// The Subject Alternative Name of a TPM (`TPMv2-EK-Profile`, 3.2.9).
struct Device<'a> {
    /// The 8 digits of TCG's registry.
    manufacturer: &'a str,
    model: &'a str,
}

impl<'a> Device<'a> {
    fn of(certificate: &'a X509Certificate<'_>) -> Option<Self> {
        let names = certificate
            .get_extension_unique(&OID_X509_EXT_SUBJECT_ALT_NAME)
            .ok()??;
        if !names.critical {
            return None;
        }
        let ParsedExtension::SubjectAlternativeName(names) = names.parsed_extension() else {
            return None;
        };
        // Makers write one set for each attribute, or one for all.
        let attribute = |oid: &Oid<'_>| {
            let attributes = names.general_names.iter().filter_map(|name| match name {
                GeneralName::DirectoryName(name) => Some(name.iter_attributes()),
                _ => None,
            });
            let mut wanted = attributes.flatten().filter(|attribute| attribute.attr_type() == oid);
            text(wanted.next()?).filter(|text| !text.is_empty() && wanted.next().is_none())
        };
        attribute(&VERSION)?;
        let manufacturer = attribute(&MANUFACTURER)?.strip_prefix("id:")?;
        let digits = manufacturer.len() == 8 && manufacturer.bytes().all(|digit| digit.is_ascii_hexdigit());
        Some(Self {
            manufacturer: Some(manufacturer).filter(|_| digits)?,
            model: attribute(&MODEL)?,
        })
    }
}

/// Such as `IFX SLB9670`: the digits are those of ASCII, filled up with zeros or spaces.
impl std::fmt::Display for Device<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ascii = HEXUPPER_PERMISSIVE
            .decode(self.manufacturer.as_bytes())
            .unwrap_or_default();
        let ascii = String::from_utf8(ascii).unwrap_or_default();
        match ascii.trim_end_matches(['\0', ' ']) {
            name if name.bytes().all(|byte| byte.is_ascii_graphic()) && !name.is_empty() => formatter.write_str(name),
            _ => formatter.write_str(self.manufacturer),
        }?;
        write!(formatter, " {}", self.model)
    }
}

/// `TPMT_PUBLIC`.
struct PublicArea<'a> {
    name_alg: u16,
    key: PublicKey<'a>,
}

enum PublicKey<'a> {
    Rsa { exponent: u32, n: &'a [u8] },
    Ecc { curve: u16, x: &'a [u8], y: &'a [u8] },
}

impl<'a> PublicArea<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let (kind, name_alg) = (reader.u16()?, reader.u16()?);
        let _attributes = reader.take(4)?;
        let _auth_policy = reader.sized()?;
        // symmetric: an algorithm, the bits of its key, its mode
        if !matches!(kind, RSA | ECC) || (reader.u16()? != NULL && reader.take(4).is_none()) {
            return None;
        }
        reader.scheme()?;
        let key = if kind == RSA {
            let _key_bits = reader.u16()?;
            PublicKey::Rsa {
                exponent: reader.u32()?,
                n: reader.sized()?,
            }
        } else {
            let curve = reader.u16()?;
            // the derivation
            reader.scheme()?;
            PublicKey::Ecc {
                curve,
                x: reader.sized()?,
                y: reader.sized()?,
            }
        };
        reader.0.is_empty().then_some(Self { name_alg, key })
    }

    fn is_key(&self, key: &CoseKey) -> bool {
        match (&self.key, key.material()) {
            (PublicKey::Rsa { exponent, n }, KeyMaterial::Rsa { n: modulus, e }) => {
                // "An exponent of zero indicates that the exponent is the default of 2^16 + 1."
                let exponent = if *exponent == 0 { 65537 } else { *exponent };
                is_same_number(n, modulus) && is_same_number(&exponent.to_be_bytes(), e)
            }
            (PublicKey::Ecc { curve, x, y }, KeyMaterial::Ec2 { x: of_x, y: of_y }) => {
                let named = match key.algorithm() {
                    Algorithm::Es256 => 3,
                    Algorithm::Es384 => 4,
                    _ => 5,
                };
                *curve == named && is_same_number(x, of_x) && is_same_number(y, of_y)
            }
            _ => false,
        }
    }
}

/// Without leading zeros: coordinates of a TPM may be shorter than their field.
fn is_same_number(one: &[u8], other: &[u8]) -> bool {
    let is_zero = |byte: &&u8| **byte == 0;
    one.iter().skip_while(is_zero).eq(other.iter().skip_while(is_zero))
}

/// `TPMS_ATTEST` of a `TPMS_CERTIFY_INFO`.
struct CertInfo<'a> {
    extra_data: &'a [u8],
    name: &'a [u8],
}

impl<'a> CertInfo<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.u32()? != GENERATED_VALUE || reader.u16()? != ATTEST_CERTIFY {
            return None;
        }
        let _qualified_signer = reader.sized()?;
        let extra_data = reader.sized()?;
        // The clock and the firmware's version: for risk engines, not for this procedure.
        reader.take(17 + 8)?;
        let name = reader.sized()?;
        let _qualified_name = reader.sized()?;
        reader.0.is_empty().then_some(Self { extra_data, name })
    }
}

/// The bytes that are still to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// Bytes after their length.
    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(length.into())
    }

    /// The scheme of a signature, an encryption or a derivation, with its own words.
    fn scheme(&mut self) -> Option<()> {
        let words = match self.u16()? {
            // NULL, and RSAES
            NULL | 0x15 => 0,
            // ECDAA: a hash and a count
            0x1a => 2,
            _ => 1,
        };
        self.take(2 * words).map(drop)
    }
}
