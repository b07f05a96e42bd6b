//! TOTP secrets as other libraries and apps store them, turned into the key URIs that records hold. Every function
//! answers an envelope; what can't be taken is a value in it, with the reason.

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

/// One secret: `value` is `{"uri", "name"?, "notes"}` or `{"name"?, "reason", "member"?}`.
///
/// Request: `{uri}` or `{secret, encoding, repeated?, algorithm?, digits?, period?, account?, issuer?}`. The encoding
/// is `base32`, `hex`, `base64`, `ascii`, `latin1` or `utf8`. `repeated`: the library repeats a key that it finds too
/// short for its hash, as otplib did before version 13.
pub fn totp(request: &str) -> String {
    envelope(request::parse::<Request>(request).map(|request| Found::from(read(&request))))
}

/// What Google Authenticator exports (`otpauth-migration://offline?data=...`): `value` is `{"batch": {"id", "index",
/// "size"}, "entries": [...]}`, each entry as [`totp`] answers it, or null for text that is no such export.
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
                // A row may say whose it is where the URI does not.
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
        // A label of nothing is more than some readers of records expect.
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
