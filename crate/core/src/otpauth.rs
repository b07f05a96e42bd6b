//! Key URIs (`otpauth://totp/...`): what a phone scans and what a record stores.

use std::fmt::Write;

use zeroize::Zeroizing;

use crate::{
    Failure, base32,
    totp::{Algorithm, Totp},
};

/// A generator with the names that a phone app shows beside its codes.
#[derive(Debug, Clone)]
pub struct OtpauthUri {
    pub totp: Totp,
    pub account: String,
    pub issuer: Option<String>,
}

impl OtpauthUri {
    /// Names as a URI can carry them: an account, neither name with a colon or a control character, neither over 255
    /// bytes. An empty issuer is none.
    pub fn new(totp: Totp, account: &str, issuer: Option<&str>) -> Result<Self, Failure> {
        if account.is_empty() || account.len() > 255 || !is_plain(account) {
            return Err(Failure::InvalidArgument("account"));
        }
        let issuer = issuer.filter(|issuer| !issuer.is_empty());
        if issuer.is_some_and(|issuer| issuer.len() > 255 || !is_plain(issuer)) {
            return Err(Failure::InvalidArgument("issuer"));
        }
        Ok(Self {
            totp,
            account: account.into(),
            issuer: issuer.map(Into::into),
        })
    }

    /// Reads a URI that comes from elsewhere. Refused: anything but `totp`, unknown or repeated parameters, a missing
    /// or empty secret or one that is not base32, `digits` outside 6 to 8, `period=0`, unknown algorithms.
    /// An `issuer` parameter wins over the label's.
    pub fn parse(uri: &str) -> Option<Self> {
        let parsed = Parts::read(uri)?;
        // The label's colon may be encoded, and spaces may follow it.
        let (prefix, account) = match parsed.label.split_once(':') {
            Some((prefix, account)) => (Some(unescape(prefix)?), unescape(account)?),
            None => match unescape(parsed.label)?.split_once(':') {
                Some((prefix, account)) => (Some(prefix.into()), account.into()),
                None => (None, unescape(parsed.label)?),
            },
        };
        let account = account.trim_start_matches(' ').to_owned();
        let issuer = parsed.issuer()?.or(prefix).filter(|issuer| !issuer.is_empty());
        let totp = parsed.totp(base32::decode)?;
        let plain = is_plain(&account) && issuer.as_deref().is_none_or(is_plain);
        (totp.digits() <= 8 && plain).then_some(Self { totp, account, issuer })
    }

    /// Reads a URI out of a record: as [`parse`](Self::parse), with up to 10 digits, any length of base32, any
    /// character in the names, and no colon in the label but a bare one.
    pub fn parse_stored(uri: &str) -> Option<Self> {
        let parsed = Parts::read(uri)?;
        let (prefix, account) = match parsed.label.split_once(':') {
            Some((prefix, account)) => (Some(unescape(prefix)?), unescape(account)?),
            None => (None, unescape(parsed.label)?),
        };
        let issuer = parsed.issuer()?.or(prefix).filter(|issuer| !issuer.is_empty());
        Some(Self {
            totp: parsed.totp(base32::decode_any_length)?,
            account,
            issuer,
        })
    }

    /// The form that records store: parameters in a fixed order, every byte of a name but ASCII letters and digits
    /// percent-encoded, no padding.
    pub fn to_text(&self) -> Zeroizing<String> {
        let secret = base32::encode(self.totp.secret());
        let account = escape(&self.account);
        let issuer = self.issuer.as_deref().map(escape);
        let names = account.len() + 2 * issuer.as_ref().map_or(0, String::len);
        // Sized beforehand: growing would leave unwiped copies of the secret behind.
        let mut uri = Zeroizing::new(String::with_capacity(secret.len() + names + 100));
        uri.push_str("otpauth://totp/");
        if let Some(issuer) = &issuer {
            uri.push_str(issuer);
            uri.push(':');
        }
        uri.push_str(&account);
        uri.push_str("?secret=");
        uri.push_str(&secret);
        let (digits, algorithm, period) = (self.totp.digits(), self.totp.algorithm().name(), self.totp.period());
        // Writing to a String can't fail.
        let _ = write!(uri, "&digits={digits}&algorithm={algorithm}&period={period}");
        if let Some(issuer) = &issuer {
            uri.push_str("&issuer=");
            uri.push_str(issuer);
        }
        uri
    }
}

/// The pieces of a URI, still percent-encoded.
#[derive(Default)]
struct Parts<'uri> {
    label: &'uri str,
    secret: Option<&'uri str>,
    digits: Option<&'uri str>,
    algorithm: Option<&'uri str>,
    period: Option<&'uri str>,
    issuer: Option<&'uri str>,
}

impl<'uri> Parts<'uri> {
    fn read(uri: &'uri str) -> Option<Self> {
        let (label, query) = uri.strip_prefix("otpauth://totp/")?.split_once('?')?;
        if uri.contains('#') || label.contains('/') {
            return None;
        }
        let mut parts = Self {
            label,
            ..Self::default()
        };
        for parameter in query.split('&') {
            let (name, value) = parameter.split_once('=')?;
            let slot = match name {
                "secret" => &mut parts.secret,
                "digits" => &mut parts.digits,
                "algorithm" => &mut parts.algorithm,
                "period" => &mut parts.period,
                "issuer" => &mut parts.issuer,
                _ => return None,
            };
            if slot.replace(value).is_some() {
                return None;
            }
        }
        Some(parts)
    }

    fn issuer(&self) -> Option<Option<String>> {
        match self.issuer {
            Some(issuer) => unescape(issuer).map(Some),
            None => Some(None),
        }
    }

    fn totp(&self, decode: fn(&str) -> Option<Zeroizing<Vec<u8>>>) -> Option<Totp> {
        let secret = decode(&Zeroizing::new(unescape(self.secret?)?))?;
        let algorithm = self.algorithm.map_or(Some(Algorithm::Sha1), Algorithm::from_name)?;
        let digits = self.digits.map_or(Some(6), |digits| number(digits)?.try_into().ok())?;
        let period = self.period.map_or(Some(30), number)?;
        Totp::new(&secret, algorithm, digits, period).ok()
    }
}

fn is_plain(name: &str) -> bool {
    !name.chars().any(|character| character == ':' || character.is_control())
}

/// `str::parse` alone would take a sign.
fn number(text: &str) -> Option<u32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// A `+` stays one: this is RFC 3986, not a form.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let (high, low) = (hex(rest.next()?)?, hex(rest.next()?)?);
            bytes.push(high << 4 | low);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16)?.try_into().ok()
}
