//! What was found of a secret: a factor to add, or why there is none.

use serde::Serialize;
use zeroize::Zeroizing;

use crate::json::failure::Failure;
use crate::totp::key_uri::OtpauthUri;
use crate::totp::{Algorithm, Totp};

/// RFC 4226, 4: the shortest secret that a server should make.
const SHORT_SECRET: usize = 16;

/// A factor to add, or why there is none.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Found {
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
pub(super) enum Note {
    /// Under 128 bits.
    ShortSecret,
    /// The key is the stored secret several times over, as the library made it.
    RepeatedSecret,
    /// The export does not say whether it is TOTP or HOTP.
    AssumedTotp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Reason {
    Malformed,
    /// Counter-based (RFC 4226), which is not supported.
    Hotp,
    UnsupportedAlgorithm,
    UnsupportedDigits,
    UnsupportedPeriod,
}

/// A secret that was understood.
pub(super) struct Read {
    pub(super) uri: OtpauthUri,
    /// For reports.
    pub(super) name: String,
    pub(super) notes: Vec<Note>,
}

pub(super) struct Refused {
    pub(super) name: String,
    pub(super) reason: Reason,
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

pub(super) fn generator(
    key: &[u8],
    algorithm: Algorithm,
    digits: Option<u32>,
    period: Option<u32>,
) -> Result<Totp, Reason> {
    let digits = digits.unwrap_or(6).try_into().map_err(|_| Reason::UnsupportedDigits)?;
    Totp::new(key, algorithm, digits, period.unwrap_or(30)).map_err(|failure| match failure {
        Failure::InvalidArgument("digits") => Reason::UnsupportedDigits,
        Failure::InvalidArgument("period") => Reason::UnsupportedPeriod,
        _ => Reason::Malformed,
    })
}

/// Names as a key URI can carry them; nobody sees them again, so what does not fit is dropped.
pub(super) fn named(totp: Totp, account: &str, issuer: Option<&str>) -> OtpauthUri {
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
pub(super) fn display(account: &str, issuer: Option<&str>) -> String {
    match issuer.filter(|issuer| !issuer.is_empty()) {
        Some(issuer) if account.is_empty() => issuer.into(),
        Some(issuer) => format!("{issuer}: {account}"),
        None => account.into(),
    }
}
