//! The result of reading a secret: a factor to add, or the reason why there is none.

use serde::Serialize;
use zeroize::Zeroizing;

use crate::json::failure::Failure;
use crate::totp::foreign_uri::Fault;
use crate::totp::key_uri::OtpauthUri;
use crate::totp::{Algorithm, Totp};

/// RFC 4226, 4: the shortest secret that a server should create, in bytes.
const SHORT_SECRET: usize = 16;

/// A factor to add, or the reason why there is none.
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
        reason: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        member: Option<&'static str>,
    },
}

/// What the host should know about an added factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Note {
    /// The secret has fewer than 128 bits.
    ShortSecret,
    /// The key is the stored secret, repeated several times, as the library did.
    RepeatedSecret,
    /// The export does not say whether it is TOTP or HOTP.
    AssumedTotp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// Holds the member that can't be read.
    Malformed(&'static str),
    /// Counter-based (RFC 4226), which is not supported.
    Hotp,
    UnsupportedType,
    UnsupportedEncoder,
    UnsupportedAlgorithm,
    UnsupportedDigits,
    UnsupportedPeriod,
}

impl Reason {
    fn code(self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Hotp => "hotp",
            Self::UnsupportedType => "unsupported-type",
            Self::UnsupportedEncoder => "unsupported-encoder",
            Self::UnsupportedAlgorithm => "unsupported-algorithm",
            Self::UnsupportedDigits => "unsupported-digits",
            Self::UnsupportedPeriod => "unsupported-period",
        }
    }

    fn member(self) -> Option<&'static str> {
        match self {
            Self::Malformed(member) => Some(member),
            _ => None,
        }
    }
}

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Malformed(member) => Self::Malformed(member),
            Fault::Hotp => Self::Hotp,
            Fault::Type => Self::UnsupportedType,
            Fault::Encoder => Self::UnsupportedEncoder,
            Fault::Algorithm => Self::UnsupportedAlgorithm,
            Fault::Digits => Self::UnsupportedDigits,
            Fault::Period => Self::UnsupportedPeriod,
        }
    }
}

/// A secret that could be read.
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
            Err(Refused { name, reason }) => Self::Left {
                name,
                reason: reason.code(),
                member: reason.member(),
            },
        }
    }
}

pub(super) fn generator(
    key: &[u8],
    algorithm: Algorithm,
    digits: Option<u32>,
    period: Option<u32>,
) -> Result<Totp, Reason> {
    // More digits are only read from records.
    let digits = u8::try_from(digits.unwrap_or(6)).ok().filter(|digits| *digits <= 8);
    let digits = digits.ok_or(Reason::UnsupportedDigits)?;
    Totp::new(key, algorithm, digits, period.unwrap_or(30)).map_err(|failure| match failure {
        Failure::InvalidArgument("digits") => Reason::UnsupportedDigits,
        Failure::InvalidArgument("period") => Reason::UnsupportedPeriod,
        _ => Reason::Malformed("secret"),
    })
}

/// Makes names fit for a key URI. Nobody sees them again, so characters that don't fit are dropped.
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
        // Some readers of records don't expect an empty label.
        account: if account.is_empty() { "imported".into() } else { account },
        issuer: issuer.map(plain).filter(|issuer| !issuer.is_empty()),
    }
}

/// For reports: `issuer: account`, or the known part of it.
pub(super) fn display(account: &str, issuer: Option<&str>) -> String {
    match issuer.filter(|issuer| !issuer.is_empty()) {
        Some(issuer) if account.is_empty() => issuer.into(),
        Some(issuer) => format!("{issuer}: {account}"),
        None => account.into(),
    }
}
