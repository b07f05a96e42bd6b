//! Trust anchors: the certificates in which chains of attestation may end.

use data_encoding::BASE64;
use serde::Deserialize;
use x509_parser::pem::Pem;

use super::certificate;
use crate::json::failure::Failure;

/// Root certificates, or attestation certificates themselves, each in DER.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct TrustAnchors(Vec<Anchor>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Anchor {
    given: Vec<u8>,
    /// The certificate after mending, if it had to be mended to be parsed.
    mended: Option<Vec<u8>>,
}

impl TrustAnchors {
    /// Each text holds one or more certificates in PEM, or one as DER in base64.
    pub fn parse(texts: &[String]) -> Result<Self, Failure> {
        let mut ders = Vec::new();
        for text in texts {
            ders.extend(read(text).ok_or(Failure::InvalidArgument("trustAnchors"))?);
        }
        Ok(Self(ders))
    }

    /// The same and these, in DER. What isn't a certificate is left out.
    pub(crate) fn with<'a>(&self, ders: impl Iterator<Item = &'a [u8]>) -> Self {
        let more = ders.filter_map(|der| Anchor::parse(der.to_vec()));
        Self(self.0.iter().cloned().chain(more).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each certificate in a form that can be parsed.
    pub(super) fn ders(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Anchor::readable)
    }

    /// The anchor that is exactly this certificate, in a form that can be parsed.
    pub(crate) fn find(&self, der: &[u8]) -> Option<&[u8]> {
        self.0.iter().find(|anchor| anchor.given == der).map(Anchor::readable)
    }
}

impl Anchor {
    fn parse(given: Vec<u8>) -> Option<Self> {
        let mended = match certificate::parse(&given) {
            Some(_) => None,
            None => Some(certificate::with_whole_signature(&given).filter(|der| certificate::parse(der).is_some())?),
        };
        Some(Self { given, mended })
    }

    fn readable(&self) -> &[u8] {
        self.mended.as_deref().unwrap_or(&self.given)
    }
}

impl TryFrom<Vec<String>> for TrustAnchors {
    type Error = &'static str;

    fn try_from(texts: Vec<String>) -> Result<Self, Self::Error> {
        Self::parse(&texts).map_err(|_| "not a certificate")
    }
}

fn read(text: &str) -> Option<Vec<Anchor>> {
    let ders = if text.contains("-----BEGIN") {
        let pems = Pem::iter_from_buffer(text.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .ok()?;
        if pems.iter().any(|pem| pem.label != "CERTIFICATE") {
            return None;
        }
        pems.into_iter().map(|pem| pem.contents).collect()
    } else {
        let base64: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        vec![BASE64.decode(&base64).ok()?]
    };
    let anchors: Vec<_> = ders.into_iter().map(Anchor::parse).collect::<Option<_>>()?;
    (!anchors.is_empty()).then_some(anchors)
}
