//! Key URIs (`otpauth://totp/...`), which phones scan and records store.

use std::fmt::Write;

use memchr::{memchr, memchr2_iter};
use zeroize::Zeroizing;

use super::base32;
use super::{Algorithm, Totp};
use crate::json::failure::Failure;

/// A generator, and the names that a phone app shows next to its codes.
#[derive(Debug, Clone)]
pub struct OtpauthUri {
    pub totp: Totp,
    pub account: String,
    pub issuer: Option<String>,
}

impl OtpauthUri {
    /// Checks the names for use in a URI. The account is required. Neither name may have a colon, a control character
    /// or more than 255 bytes. An empty issuer counts as absent.
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

    /// Reads a URI from a record, as Proxmox does. An `issuer` parameter takes precedence over the label's.
    ///
    /// Refused: any type but `totp`, unknown or repeated parameters, a secret that is missing, empty or not base32,
    /// `digits` outside 6 to 10, `period=0`, and unknown algorithms.
    pub fn parse_stored(uri: &str) -> Option<Self> {
        let parts = Parts::read(uri)?;
        let (prefix, account) = parts.label.split_once(':').unwrap_or(("", parts.label));
        let (prefix, account) = (unescape(prefix)?, unescape(account)?);
        Some(Self {
            totp: parts.totp(base32::decode_any_length)?,
            account,
            issuer: parts.issuer_or(prefix).ok()?,
        })
    }

    /// The generator of a URI that [`parse_stored`](Self::parse_stored) accepts, and whether Proxmox can read the
    /// secret's spelling.
    pub fn stored_totp(uri: &str) -> Option<(Totp, bool)> {
        let parts = Parts::read(uri)?;
        let totp = parts
            .totp(base32::decode_any_length)
            .filter(|_| parts.has_readable_names())?;
        Some((totp, parts.secret.is_some_and(is_origin_base32)))
    }

    /// The form that records store. Parameters are in a fixed order, and there is no padding. In names, every byte that
    /// is not an ASCII letter or digit is percent-encoded.
    pub fn to_text(&self) -> Zeroizing<String> {
        let secret = base32::encode(self.totp.secret());
        let account = escape(&self.account);
        let issuer = self.issuer.as_deref().map(escape);
        let names = account.len() + 2 * issuer.as_ref().map_or(0, String::len);
        // Allocated in full: growing would leave unwiped copies of the secret behind.
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

/// The percent-encoding is broken or not UTF-8.
struct NotText;

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
        let (label, query) = cut(uri.strip_prefix("otpauth://totp/")?, b'?')?;
        if memchr(b'#', uri.as_bytes()).is_some() || memchr(b'/', label.as_bytes()).is_some() {
            return None;
        }
        let mut parts = Self {
            label,
            ..Self::default()
        };
        let (mut begin, mut equals) = (0, None);
        for place in memchr2_iter(b'=', b'&', query.as_bytes()).chain([query.len()]) {
            if query.as_bytes().get(place) == Some(&b'=') {
                equals = equals.or(Some(place));
                continue;
            }
            let equals = equals.take()?;
            parts.set(query.get(begin..equals)?, query.get(equals + 1..place)?)?;
            begin = place + 1;
        }
        Some(parts)
    }

    /// `None` for a parameter that is unknown or occurs twice.
    fn set(&mut self, name: &str, value: &'uri str) -> Option<()> {
        let slot = match name {
            "secret" => &mut self.secret,
            "digits" => &mut self.digits,
            "algorithm" => &mut self.algorithm,
            "period" => &mut self.period,
            "issuer" => &mut self.issuer,
            _ => return None,
        };
        slot.replace(value).is_none().then_some(())
    }

    fn has_readable_names(&self) -> bool {
        let (prefix, account) = cut(self.label, b':').unwrap_or(("", self.label));
        is_escaped(prefix) && is_escaped(account) && self.issuer.is_none_or(is_escaped)
    }

    /// The issuer of the parameter, or of the label if there is none. An empty one counts as absent.
    fn issuer_or(&self, prefix: String) -> Result<Option<String>, NotText> {
        let issuer = match self.issuer {
            Some(issuer) => unescape(issuer).ok_or(NotText)?,
            None => prefix,
        };
        Ok(Some(issuer).filter(|issuer| !issuer.is_empty()))
    }

    fn totp(&self, decode: fn(&str) -> Option<Zeroizing<Vec<u8>>>) -> Option<Totp> {
        let secret = self.secret?;
        let secret = if memchr(b'%', secret.as_bytes()).is_some() {
            decode(&Zeroizing::new(unescape(secret)?))?
        } else {
            decode(secret)?
        };
        let algorithm = self.algorithm.map_or(Some(Algorithm::Sha1), Algorithm::from_name)?;
        let digits = self.digits.map_or(Some(6), |digits| number(digits)?.try_into().ok())?;
        let period = self.period.map_or(Some(30), number)?;
        Totp::new(&secret, algorithm, digits, period).ok()
    }
}

/// Whether Proxmox can read this URI, even if it can't be used here. Proxmox accepts any number of digits and any
/// period, but no secret with blanks or dashes.
pub(crate) fn is_read_by_origin(uri: &str) -> bool {
    let Some(parts) = Parts::read(uri) else { return false };
    let secret = parts.secret.filter(|secret| is_origin_base32(secret));
    let secret = secret.and_then(base32::decode_any_length);
    parts.has_readable_names()
        && secret.is_some_and(|secret| !secret.is_empty())
        && parts.digits.is_none_or(|digits| digits.parse::<u8>().is_ok())
        && parts.period.is_none_or(|period| period.parse::<u64>().is_ok())
        && parts.algorithm.is_none_or(|name| Algorithm::from_name(name).is_some())
}

/// Only letters, digits and padding.
fn is_origin_base32(secret: &str) -> bool {
    secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'=')
}

fn is_plain(name: &str) -> bool {
    !name.chars().any(|character| character == ':' || character.is_control())
}

/// Splits at the first such ASCII character. For short texts, the search of `str` takes longer than this.
pub(super) fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let place = memchr(at, text.as_bytes())?;
    text.get(..place).zip(text.get(place + 1..))
}

/// Parses digits only. `str::parse` would also accept a sign.
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

/// Whether [`unescape`] succeeds.
fn is_escaped(text: &str) -> bool {
    if memchr(b'%', text.as_bytes()).is_none() {
        return true;
    }
    let mut pieces = text.split('%').skip(1);
    // ASCII characters are UTF-8 by themselves. Other characters have to be put together first.
    let ascii = |piece: &str| matches!(piece.as_bytes(), [b'0'..=b'7', low, ..] if low.is_ascii_hexdigit());
    pieces.all(ascii) || unescape(text).is_some()
}

/// Decodes percent-encoding. A `+` stays a plus, because this is RFC 3986 and not a form.
pub(crate) fn unescape(text: &str) -> Option<String> {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const STORED: &str = "otpauth://totp/Proxmox%20%2D%20pve%2Eexample%2Ecom:alice%40pve?secret=Q4SZVJSVB4CZXSUM\
        &digits=6&algorithm=SHA1&period=30&issuer=Proxmox%20%2D%20pve%2Eexample%2Ecom";

    fn stored(parameters: &str) -> Option<OtpauthUri> {
        OtpauthUri::parse_stored(&format!("otpauth://totp/ann?{parameters}"))
    }

    fn outside(uri: &str) -> Option<OtpauthUri> {
        OtpauthUri::parse(uri).ok()
    }

    #[test]
    fn stored_form_comes_back_byte_for_byte() {
        for read in [outside, OtpauthUri::parse_stored] {
            let uri = read(STORED).unwrap();
            assert_eq!(uri.account, "alice@pve");
            assert_eq!(uri.issuer.as_deref(), Some("Proxmox - pve.example.com"));
            assert_eq!(uri.to_text().as_str(), STORED);
        }
        let bare = "otpauth://totp/?secret=GEZDGNBVGY3TQOJQ&digits=10&algorithm=SHA512&period=4294967295";
        assert_eq!(OtpauthUri::parse_stored(bare).unwrap().to_text().as_str(), bare);
    }

    proptest::proptest! {
        #[test]
        fn the_stored_generator_is_that_of_the_whole(
            label in "(%[0-9a-fA-F]{2}|[a-c:/#%é]){0,8}",
            issuer in proptest::option::of("(%[0-9a-fA-F]{2}|[a-c:%é]){0,6}"),
            rest in "(&digits=[0-9]{1,2}|&period=30|&algorithm=SHA1|&|=){0,2}",
            secret in "[A-B2-3%]{0,9}",
        ) {
            let issuer = issuer.map(|issuer| format!("&issuer={issuer}")).unwrap_or_default();
            let uri = format!("otpauth://totp/{label}?secret={secret}{rest}{issuer}");
            let whole = OtpauthUri::parse_stored(&uri).map(|whole| whole.totp);
            let told = |totp: Option<Totp>| totp.map(|totp| (totp.secret().to_vec(), format!("{totp:?}")));
            proptest::prop_assert_eq!(told(OtpauthUri::stored_totp(&uri).map(|(totp, _)| totp)), told(whole));
        }
    }

    #[test]
    fn every_parameter_set_comes_back() {
        for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512] {
            for digits in 6..=8 {
                for (account, issuer) in [
                    ("ann", None),
                    ("ann@example.com", Some("A & B = C?#/%+")),
                    ("-._~ !\"'", Some("Ünï ✓ 𝔘")),
                ] {
                    let totp = Totp::new(&[digits; 33], algorithm, digits, 1 + u32::from(digits)).unwrap();
                    let text = OtpauthUri::new(totp, account, issuer).unwrap().to_text();
                    for read in [outside, OtpauthUri::parse_stored] {
                        let uri = read(&text).unwrap();
                        assert_eq!((uri.account.as_str(), uri.issuer.as_deref()), (account, issuer));
                        assert_eq!(uri.totp.secret(), &[digits; 33]);
                        assert_eq!(uri.totp.algorithm(), algorithm);
                        assert_eq!((uri.totp.digits(), uri.totp.period()), (digits, 1 + u32::from(digits)));
                        assert_eq!(*uri.to_text(), *text);
                    }
                }
            }
        }
    }

    #[test]
    fn defaults_and_lenient_forms() {
        let uri = stored("secret=gezd-gnbv%20gy3tqojq%3D%3D").unwrap();
        assert_eq!(uri.totp.secret(), b"1234567890");
        assert_eq!(uri.totp.algorithm(), Algorithm::Sha1);
        assert_eq!((uri.totp.digits(), uri.totp.period(), uri.issuer), (6, 30, None));
        let lower = stored("secret=GEZDGNBVGY3TQOJQ==&algorithm=sha256").unwrap();
        assert_eq!(lower.totp.algorithm(), Algorithm::Sha256);
        let plus = stored("secret=GEZDGNBVGY3TQOJQ&issuer=a+b").unwrap();
        assert_eq!(plus.issuer.as_deref(), Some("a+b"));
    }

    #[test]
    fn refused_parameters() {
        let secret = "secret=GEZDGNBVGY3TQOJQ";
        assert!(stored(secret).is_some());
        for extra in [
            "period=0",
            "period=",
            "period=-1",
            "period=+30",
            "period=30.0",
            "period=4294967296",
            "digits=5",
            "digits=11",
            "digits=0",
            "digits=262",
            "digits=",
            "digits=six",
            "algorithm=MD5",
            "algorithm=",
            "algorithm=SHA-1",
            "image=x",
            "counter=0",
            "Digits=6",
            "",
            "&period=30",
            "period",
            "issuer=%",
            "issuer=%4",
            "issuer=%zz",
            "issuer=%ff",
            "secret=GEZDGNBVGY3TQOJQ",
            "period=30&period=30",
            "issuer=a#b",
        ] {
            assert!(stored(&format!("{secret}&{extra}")).is_none(), "{extra}");
            assert!(stored(&format!("{extra}&{secret}")).is_none(), "{extra}");
        }
        for secret in [
            "", "=", "A", "GEZDGNB0", "GEZDGNB1", "GEZDGNB8", "GEZDGNB9", "GEZD=GNB", "GEZD+GNB",
        ] {
            assert!(stored(&format!("secret={secret}")).is_none(), "{secret}");
        }
        assert!(stored("issuer=a").is_none());
    }

    #[test]
    fn refused_shapes() {
        for uri in [
            "",
            "otpauth:",
            "otpauth://totp/",
            "otpauth://totp/ann",
            "otpauth://totp?secret=GEZDGNBVGY3TQOJQ",
            "otpauth://hotp/ann?secret=GEZDGNBVGY3TQOJQ&counter=0",
            "OTPAUTH://totp/ann?secret=GEZDGNBVGY3TQOJQ",
            "otpauth://TOTP/ann?secret=GEZDGNBVGY3TQOJQ",
            " otpauth://totp/ann?secret=GEZDGNBVGY3TQOJQ",
            "otpauth://totp/a/b?secret=GEZDGNBVGY3TQOJQ",
            "otpauth://totp/%ff?secret=GEZDGNBVGY3TQOJQ",
            "otpauth://totp/ann?secret=GEZDGNBVGY3TQOJQ#x",
        ] {
            assert!(OtpauthUri::parse_stored(uri).is_none(), "{uri}");
        }
    }

    #[test]
    fn labels() {
        let names = |label: &str, extra: &str| {
            let uri = stored_label(label, extra).unwrap();
            (uri.issuer.unwrap_or_default(), uri.account)
        };
        let pair = |issuer: &str, account: &str| (issuer.to_owned(), account.to_owned());
        assert_eq!(names("Iss:ann", "&issuer=Other"), pair("Other", "ann"));
        assert_eq!(names(":ann", "&issuer="), pair("", "ann"));
        assert_eq!(names("Iss%3Aann", ""), pair("", "Iss:ann"));
        assert_eq!(names("a%3Ab:c:d", ""), pair("a:b", "c:d"));
    }

    fn stored_label(label: &str, extra: &str) -> Option<OtpauthUri> {
        OtpauthUri::parse_stored(&format!("otpauth://totp/{label}?secret=GEZDGNBVGY3TQOJQ{extra}"))
    }

    #[test]
    fn names_that_a_uri_cannot_carry() {
        let totp = Totp::new(b"1234567890", Algorithm::Sha1, 6, 30).unwrap();
        let new = |account: &str, issuer| OtpauthUri::new(totp.clone(), account, issuer).map(|uri| uri.issuer);
        let long = "x".repeat(256);
        for account in ["", "a:b", "a\nb", long.as_str()] {
            assert_eq!(new(account, None), Err(Failure::InvalidArgument("account")));
        }
        for issuer in ["a:b", "a\0", long.as_str()] {
            assert_eq!(new("ann", Some(issuer)), Err(Failure::InvalidArgument("issuer")));
        }
        assert_eq!(new("ann", Some("")), Ok(None));
    }

    #[test]
    fn debug_hides_the_secret() {
        let shown = format!("{:?}", OtpauthUri::parse_stored(STORED).unwrap());
        assert!(!shown.contains("Q4SZ") && !shown.contains("135, 37"), "{shown}");
    }

    #[test]
    fn no_cut_or_changed_byte_panics() {
        for length in 0..STORED.len() {
            let (head, tail) = STORED.split_at(length);
            let _ = OtpauthUri::parse(head);
            for byte in ["%", "&", "=", ":", "\u{fffd}", "\0"] {
                let _ = OtpauthUri::parse(&format!("{head}{byte}{tail}"));
                OtpauthUri::parse_stored(&format!("{head}{byte}{}", tail.get(1..).unwrap_or_default()));
            }
        }
    }
}
