//! TOTP secrets as other libraries and apps store them, turned into the key URIs that records hold. Every function
//! answers an envelope; what can't be taken is a value in it, with the reason.

mod otpauth_migration;
mod secret;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::json::envelope::envelope;
use crate::json::failure::Failure;
use crate::json::request;
use crate::totp::key_uri::OtpauthUri;
use crate::totp::{Algorithm, Totp};
use secret::Encoding;

/// RFC 4226, 4: the shortest secret that a server should make.
const SHORT_SECRET: usize = 16;

/// One secret: `value` is `{"uri", "name"?, "notes"}` or `{"name"?, "reason"}`.
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

/// A factor to add, or why there is none.
#[derive(Serialize)]
#[serde(untagged)]
enum Found {
    Taken {
        uri: Zeroizing<String>,
        #[serde(skip_serializing_if = "String::is_empty")]
        name: String,
        notes: Vec<Note>,
    },
    Left {
        #[serde(skip_serializing_if = "String::is_empty")]
        name: String,
        reason: Reason,
    },
}

/// What the host should know of a factor that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Note {
    /// Under 128 bits.
    ShortSecret,
    /// The key is the stored secret several times over, as the library made it.
    RepeatedSecret,
    /// The export does not say whether it is TOTP or HOTP.
    AssumedTotp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Reason {
    Malformed,
    /// Counter-based (RFC 4226), which is not supported.
    Hotp,
    UnsupportedAlgorithm,
    UnsupportedDigits,
    UnsupportedPeriod,
}

/// A secret that was understood.
struct Read {
    uri: OtpauthUri,
    /// For reports.
    name: String,
    notes: Vec<Note>,
}

struct Refused {
    name: String,
    reason: Reason,
}

impl From<Result<Read, Refused>> for Found {
    fn from(result: Result<Read, Refused>) -> Self {
        match result {
            Ok(Read { uri, name, mut notes }) => {
                if uri.totp.secret().len() < SHORT_SECRET {
                    notes.push(Note::ShortSecret);
                }
                Self::Taken {
                    uri: uri.to_text(),
                    name,
                    notes,
                }
            }
            Err(Refused { name, reason }) => Self::Left { name, reason },
        }
    }
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
        if uri.starts_with("otpauth://hotp/") {
            return Err(refused(Reason::Hotp));
        }
        let uri = OtpauthUri::parse(uri).ok_or_else(|| refused(Reason::Malformed))?;
        let name = display(&uri.account, uri.issuer.as_deref());
        let notes = Vec::new();
        return Ok(Read { uri, name, notes });
    }
    let text = request.secret.as_ref().ok_or_else(|| refused(Reason::Malformed))?;
    let key = secret::decode(text, request.encoding).ok_or_else(|| refused(Reason::Malformed))?;
    let algorithm = match &request.algorithm {
        Some(name) => algorithm(name).ok_or_else(|| refused(Reason::UnsupportedAlgorithm))?,
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

fn generator(key: &[u8], algorithm: Algorithm, digits: Option<u32>, period: Option<u32>) -> Result<Totp, Reason> {
    let digits = digits.unwrap_or(6).try_into().map_err(|_| Reason::UnsupportedDigits)?;
    Totp::new(key, algorithm, digits, period.unwrap_or(30)).map_err(|failure| match failure {
        Failure::InvalidArgument("digits") => Reason::UnsupportedDigits,
        Failure::InvalidArgument("period") => Reason::UnsupportedPeriod,
        _ => Reason::Malformed,
    })
}

/// `SHA1`, `sha1` and `SHA-1`, whatever the library calls it.
fn algorithm(name: &str) -> Option<Algorithm> {
    Algorithm::from_name(&name.replace('-', ""))
}

/// Names as a key URI can carry them; nobody sees them again, so what does not fit is dropped.
fn named(totp: Totp, account: &str, issuer: Option<&str>) -> OtpauthUri {
    let plain = |name: &str| -> String {
        let kept = name
            .chars()
            .filter(|character| *character != ':' && !character.is_control());
        kept.take(60).collect()
    };
    let account = plain(account);
    OtpauthUri {
        totp,
        // A label of nothing is more than some readers of records expect.
        account: if account.is_empty() { "imported".into() } else { account },
        issuer: issuer.map(plain).filter(|issuer| !issuer.is_empty()),
    }
}

/// For reports: `issuer: account`, as far as they are known.
fn display(account: &str, issuer: Option<&str>) -> String {
    match issuer.filter(|issuer| !issuer.is_empty()) {
        Some(issuer) if account.is_empty() => issuer.into(),
        Some(issuer) => format!("{issuer}: {account}"),
        None => account.into(),
    }
}

#[cfg(test)]
mod tests;
