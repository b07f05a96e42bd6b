//! Turns TOTP secrets from other libraries and apps into the key URIs that records store. Every function returns an
//! envelope. A secret that can't be used is a value in it, with the reason.

mod found;
mod otpauth_migration;
mod secret;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::json::envelope::envelope;
use crate::json::request;
use crate::totp::Algorithm;
use crate::totp::key_uri::OtpauthUri;
use found::{Found, Note, Read, Reason, Refused, display, generator, named};
use secret::Encoding;

/// Reads one secret. `value`: `{"uri", "name"?, "notes"}` or `{"name"?, "reason", "member"?}`.
///
/// Request: `{uri}` or `{secret, encoding, repeated?, algorithm?, digits?, period?, account?, issuer?}`. The encoding
/// is `base32`, `hex`, `base64`, `ascii`, `latin1` or `utf8`. `repeated`: the library repeats a key that is too short
/// for its hash, as otplib did before version 13.
pub fn totp(request: &str) -> String {
    envelope(request::parse::<Request>(request).map(|request| Found::from(read(&request))))
}

/// Reads an export of Google Authenticator (`otpauth-migration://offline?data=...`). `value`: `{"batch": {"id",
/// "index", "size"}, "entries": [...]}`, where each entry has the form of [`totp`], or null if the text is not such an
/// export.
pub fn otpauth_migration(uri: &str) -> String {
    envelope(Ok(otpauth_migration::read(uri)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    #[serde(default)]
    uri: Option<Zeroizing<String>>,
    #[serde(default)]
    secret: Option<Zeroizing<String>>,
    #[serde(default)]
    encoding: Encoding,
    #[serde(default)]
    repeated: bool,
    #[serde(default)]
    algorithm: Option<String>,
    #[serde(default)]
    digits: Option<u32>,
    #[serde(default)]
    period: Option<u32>,
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    issuer: Option<String>,
}

fn read(request: &Request) -> Result<Read, Refused> {
    let (account, issuer) = (
        request.account.as_deref().unwrap_or_default(),
        request.issuer.as_deref(),
    );
    let refused = |reason| Refused {
        name: display(account, issuer),
        reason,
    };
    if let Some(uri) = &request.uri {
        let uri = OtpauthUri::parse(uri).map_err(|other| {
            let told = display(&other.account, other.issuer.as_deref());
            Refused {
                // A row may name the owner if the URI doesn't.
                name: if told.is_empty() {
                    display(account, issuer)
                } else {
                    told
                },
                reason: other.fault.into(),
            }
        })?;
        let name = display(&uri.account, uri.issuer.as_deref());
        let notes = Vec::new();
        // Some readers of records don't expect an empty label.
        let account = if uri.account.is_empty() {
            "imported".into()
        } else {
            uri.account
        };
        let uri = OtpauthUri { account, ..uri };
        return Ok(Read { uri, name, notes });
    }
    let text = request
        .secret
        .as_ref()
        .ok_or_else(|| refused(Reason::Malformed("secret")))?;
    let key = secret::decode(text, request.encoding).ok_or_else(|| refused(Reason::Malformed("secret")))?;
    let algorithm = match &request.algorithm {
        Some(name) => Algorithm::from_spelling(name).ok_or_else(|| refused(Reason::UnsupportedAlgorithm))?,
        None => Algorithm::Sha1,
    };
    let repeated = request
        .repeated
        .then(|| secret::repeat(&key, text, request.encoding, algorithm))
        .flatten();
    let notes = repeated.iter().map(|_| Note::RepeatedSecret).collect();
    let key = repeated.unwrap_or(key);
    let totp = generator(&key, algorithm, request.digits, request.period).map_err(refused)?;
    Ok(Read {
        uri: named(totp, account, issuer),
        name: display(account, issuer),
        notes,
    })
}

#[cfg(test)]
mod tests;
