//! A BLOB with what the facade says about it.

use serde::Deserialize;

use super::blob::{BlobExpectation, SIGNER, verify};
use super::index::Metadata;
use super::revocation::RevocationLists;
use crate::json::failure::Failure;
use crate::json::request;
use crate::webauthn::attestation::TrustAnchors;

/// Verifies a BLOB. Request: `{roots?, crls?, anySigner?, signer?, previous?, now}`: certificates and lists as PEM, or as
/// DER in base64; the number of the last BLOB; epoch milliseconds.
///
/// Fails with `invalid-argument` (`roots`, `crls`) or `metadata-refused`.
pub fn verify_request(blob: &[u8], request: &str) -> Result<Metadata, Failure> {
    let request: Request = request::parse(request)?;
    let roots = request.roots.as_deref().map(TrustAnchors::parse).transpose();
    let roots = roots.map_err(|_| Failure::InvalidArgument("roots"))?;
    let crls = request.crls.as_deref().map(RevocationLists::parse).transpose()?;
    let signer = request.signer.as_deref().unwrap_or(SIGNER);
    let expected = BlobExpectation {
        roots: roots.as_ref(),
        signer: (!request.any_signer).then_some(signer),
        crls: crls.as_ref(),
        previous: request.previous,
        now: request::seconds(request.now),
    };
    verify(blob, &expected).map_err(|fault| Failure::MetadataRefused(fault.as_str()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    #[serde(default)]
    roots: Option<Vec<String>>,
    #[serde(default)]
    crls: Option<Vec<String>>,
    #[serde(default)]
    any_signer: bool,
    #[serde(default)]
    signer: Option<String>,
    #[serde(default)]
    previous: Option<u64>,
    now: i64,
}
