//! Reads key URIs as apps, servers and password managers write them. Parts without effect on the codes are ignored.
//! Parts that change the codes are read, or refused with their name. Records have a stricter reader
//! ([`OtpauthUri::parse_stored`]).

use zeroize::Zeroizing;

use super::key_uri::{OtpauthUri, cut, unescape};
use super::{Algorithm, Totp, base32};
use crate::typed_code::is_filler;

/// Why a URI was refused, and the names in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Empty if the label has none.
    pub account: String,
    pub issuer: Option<String>,
    pub fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This part can't be read or occurs twice. `uri` if the text is not a key URI at all.
    Malformed(&'static str),
    /// Counter-based (RFC 4226).
    Hotp,
    /// Another type than `totp`.
    Type,
    /// It uses Steam's letters, or another encoder.
    Encoder,
    Algorithm,
    Digits,
    Period,
}

impl Fault {
    /// The name of the URI argument of a call, with the part that is wrong.
    pub fn argument(self) -> &'static str {
        match self {
            Self::Malformed("secret") => "uri.secret",
            Self::Malformed("label") => "uri.label",
            Self::Malformed("issuer") => "uri.issuer",
            Self::Malformed("digits") | Self::Digits => "uri.digits",
            Self::Malformed("period") | Self::Period => "uri.period",
            Self::Malformed("algorithm") | Self::Algorithm => "uri.algorithm",
            Self::Malformed("encoder") | Self::Encoder => "uri.encoder",
            Self::Malformed("fragment") => "uri.fragment",
            Self::Malformed(_) => "uri",
            Self::Hotp | Self::Type => "uri.type",
        }
    }
}

impl OtpauthUri {
    /// Reads a URI from elsewhere. Scheme, type and parameter names may be in any case. Parameters may be empty or
    /// unknown. The label is split at its first colon, encoded or not. An `issuer` parameter takes precedence over the
    /// label's. Anything after a `#` in the query is ignored, as in phone apps.
    ///
    /// Refused, with the name of the part: any type but `totp`, an encoder, a known parameter that occurs twice or after
    /// a `#`, a secret that is not base32, `digits` outside 6 to 8, `period=0`, unknown algorithms, and names that are
    /// not text.
    pub fn parse(uri: &str) -> Result<Self, Refused> {
        // A file of Windows may begin with a byte order mark.
        let is_around = |character: char| character.is_whitespace() || character == '\u{feff}';
        let parts = Parts::read(uri.trim_matches(is_around)).map_err(|fault| Refused {
            account: String::new(),
            issuer: None,
            fault,
        })?;
        let label = parts.label();
        let (prefix, account) = label.clone().unwrap_or_default();
        let given = parts.get("issuer").map(readable);
        let issuer = given.clone().flatten().filter(|issuer| !issuer.trim().is_empty());
        let issuer = issuer.unwrap_or(prefix);
        let issuer = Some(issuer).filter(|issuer| !issuer.is_empty());
        let names = match (label, given) {
            (None, _) => Err(Fault::Malformed("label")),
            (_, Some(None)) => Err(Fault::Malformed("issuer")),
            _ => Ok(()),
        };
        match parts.totp().and_then(|totp| names.map(|()| totp)) {
            Ok(totp) => Ok(Self { totp, account, issuer }),
            Err(fault) => Err(Refused {
                account: without_secret(&account),
                issuer: issuer.map(|issuer| without_secret(&issuer)),
                fault,
            }),
        }
    }
}

const KNOWN: [&str; 6] = ["secret", "digits", "algorithm", "period", "issuer", "encoder"];

/// The pieces of a URI, still percent-encoded.
struct Parts<'uri> {
    /// In the order of [`KNOWN`]. An empty value counts as absent.
    values: [Option<&'uri str>; KNOWN.len()],
    label: &'uri str,
    /// A fault that takes precedence over all others.
    fault: Option<Fault>,
}

impl<'uri> Parts<'uri> {
    fn read(uri: &'uri str) -> Result<Self, Fault> {
        if strip(uri, "steam://").is_some() {
            return Err(Fault::Encoder);
        }
        // Apple's password manager uses links of its own.
        let uri = strip(uri, "apple-").unwrap_or(uri);
        let rest = strip(uri, "otpauth://").ok_or(Fault::Malformed("uri"))?;
        let (head, query) = cut(rest, b'?').unwrap_or((rest, ""));
        let (kind, label) = cut(head, b'/').unwrap_or((head, ""));
        let mut parts = Self {
            values: [None; KNOWN.len()],
            label,
            fault: match kind.to_ascii_lowercase().as_str() {
                "totp" => None,
                "hotp" => Some(Fault::Hotp),
                "steam" => Some(Fault::Encoder),
                "" => Some(Fault::Malformed("uri")),
                _ => Some(Fault::Type),
            },
        };
        let (query, fragment) = cut(query, b'#').unwrap_or((query, ""));
        // Some readers treat a known parameter after the `#` as a parameter, and others don't. Their codes would differ.
        if parameters(fragment).any(|(name, value)| place_of(name).is_some() && !value.trim().is_empty()) {
            parts.fault = parts.fault.or(Some(Fault::Malformed("fragment")));
        }
        let mut seen = [false; KNOWN.len()];
        for (name, value) in parameters(query) {
            let Some(place) = place_of(name) else { continue };
            let (Some(slot), Some(seen)) = (parts.values.get_mut(place), seen.get_mut(place)) else {
                continue;
            };
            if std::mem::replace(seen, true) {
                let name = KNOWN.get(place).copied().unwrap_or("uri");
                parts.fault = parts.fault.or(Some(Fault::Malformed(name)));
            }
            *slot = Some(value).filter(|value| !value.trim().is_empty());
        }
        Ok(parts)
    }

    fn get(&self, name: &str) -> Option<&'uri str> {
        let place = KNOWN.iter().position(|known| *known == name)?;
        self.values.get(place).copied().flatten()
    }

    /// The text before the first colon, and the account.
    fn label(&self) -> Option<(String, String)> {
        let label = readable(self.label)?;
        let (prefix, account) = label.split_once(':').unwrap_or(("", &label));
        Some((prefix.into(), account.trim_start_matches(' ').into()))
    }

    fn totp(&self) -> Result<Totp, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if self.get("encoder").is_some() {
            return Err(Fault::Encoder);
        }
        let secret = self.get("secret").and_then(secret).ok_or(Fault::Malformed("secret"))?;
        let algorithm = match self.get("algorithm") {
            None => Algorithm::Sha1,
            Some(name) => {
                let name = unescape(name).ok_or(Fault::Malformed("algorithm"))?;
                Algorithm::from_spelling(&name).ok_or(Fault::Algorithm)?
            }
        };
        let digits = self.number("digits", 6, Fault::Digits)?;
        let period = self.number("period", 30, Fault::Period)?;
        let digits = u8::try_from(digits).ok().filter(|digits| (6..=8).contains(digits));
        let digits = digits.ok_or(Fault::Digits)?;
        if period == 0 {
            return Err(Fault::Period);
        }
        Totp::new(&secret, algorithm, digits, period).map_err(|_| Fault::Malformed("secret"))
    }

    /// Fails with `outside` if the number is too large.
    fn number(&self, name: &'static str, otherwise: u32, outside: Fault) -> Result<u32, Fault> {
        let Some(value) = self.get(name) else {
            return Ok(otherwise);
        };
        let value = unescape(value).ok_or(Fault::Malformed(name))?;
        let value = value.trim();
        if value.is_empty() {
            return Ok(otherwise);
        }
        if !value.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Fault::Malformed(name));
        }
        value.parse().map_err(|_| outside)
    }
}

/// The names and values of the parameters in a query.
fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').map(|parameter| {
        // `&amp;` is copied from the source of a page.
        let parameter = strip(parameter, "amp;").unwrap_or(parameter);
        cut(parameter, b'=').unwrap_or((parameter, ""))
    })
}

/// The position in [`KNOWN`], however the name is written. A parameter that is overlooked would lead to different
/// codes.
fn place_of(name: &str) -> Option<usize> {
    let plain = if name.contains('%') { unescape(name) } else { None };
    let name = plain.as_deref().unwrap_or(name).trim();
    KNOWN.iter().position(|known| name.eq_ignore_ascii_case(known))
}

/// Drops blanks and dashes of every kind. `+` counts as a blank, because some programs write the query as a form.
fn secret(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text = Zeroizing::new(unescape(text)?);
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    plain.extend(text.chars().filter(|one| !is_filler(*one) && *one != '+'));
    base32::decode(&plain)
}

/// Decodes a name that is text without control characters.
fn readable(name: &str) -> Option<String> {
    unescape(name).filter(|name| !name.chars().any(char::is_control))
}

/// Cuts off the secret, so that it is never reported. It is part of a name if the marks of the query are missing or
/// encoded.
fn without_secret(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let end = lower.find("secret").unwrap_or(name.len());
    let kept = name.get(..end).unwrap_or_default();
    kept.trim_end_matches(['?', '&', ' ']).into()
}

/// Removes a prefix in upper or lower case.
fn strip<'text>(text: &'text str, prefix: &str) -> Option<&'text str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    const KEY: &[u8] = b"12345678901234567890";

    /// `issuer`, `account`, algorithm, digits and period.
    fn read(uri: &str) -> (String, String, &'static str, u8, u32) {
        let OtpauthUri { totp, account, issuer } = OtpauthUri::parse(uri).unwrap();
        assert_eq!(totp.secret(), KEY, "{uri}");
        // An accepted URI is stored, and read from a record as the same.
        let uri = OtpauthUri { totp, account, issuer };
        let again = OtpauthUri::parse_stored(&uri.to_text()).unwrap();
        assert_eq!((&again.account, &again.issuer), (&uri.account, &uri.issuer));
        let (algorithm, digits, period) = (again.totp.algorithm().name(), again.totp.digits(), again.totp.period());
        (
            again.issuer.unwrap_or_default(),
            again.account,
            algorithm,
            digits,
            period,
        )
    }

    fn names(uri: &str) -> (String, String) {
        let (issuer, account, ..) = read(uri);
        (issuer, account)
    }

    fn refused(parameters: &str) -> Option<Fault> {
        fault(&format!("otpauth://totp/Shop:ann?{parameters}"))
    }

    fn fault(uri: &str) -> Option<Fault> {
        OtpauthUri::parse(uri).err().map(|refused| refused.fault)
    }

    fn pair(issuer: &str, account: &str) -> (String, String) {
        (issuer.into(), account.into())
    }

    #[test]
    fn as_apps_write_them() {
        for (rest, issuer, account) in [
            (
                "totp/Microsoft:Company:user?secret=KEY&issuer=Microsoft",
                "Microsoft",
                "Company:user",
            ),
            (
                "totp/Nextcloud%3Aann%40cloud.example?secret=KEY&issuer=Nextcloud",
                "Nextcloud",
                "ann@cloud.example",
            ),
            (
                "totp/Battle.net:US-1234-5678?secret=KEY&digits=6",
                "Battle.net",
                "US-1234-5678",
            ),
            (
                "totp/ann?secret=KEY&algorithm=SHA1&digits=6&period=30&lock=false",
                "",
                "ann",
            ),
            (
                "totp/GitHub:ann?secret=KEY&tags=work&thumbnail=GitHub&",
                "GitHub",
                "ann",
            ),
            (
                "totp/Shop:ann?secret=KEY&issuer=Shop&icon=Shop&group=a%20b&counter=0",
                "Shop",
                "ann",
            ),
            ("totp/Shop%3A%20ann?secret=KEY", "Shop", "ann"),
            ("TOTP/Shop:ann?SECRET=KEY&Digits=6&Issuer=Shop", "Shop", "ann"),
            ("totp/github.com/ann?secret=KEY", "", "github.com/ann"),
            ("totp//ann?secret=KEY", "", "/ann"),
            ("totp/A%2FB:ann?secret=KEY", "A/B", "ann"),
            ("totp/Shop #1:ann?secret=KEY", "Shop #1", "ann"),
            (
                "totp/Shop:ann?&&secret=KEY&&digits=&period=&algorithm=&issuer=&encoder=&image&=&",
                "Shop",
                "ann",
            ),
            ("totp/ann?secret=KEY&amp;issuer=Shop&amp;digits=6", "Shop", "ann"),
            ("totp/ann?secret=KEY&issuer=A%3A%20B", "A: B", "ann"),
            ("totp/ann?secret=KEY&issuer=a+b#c", "a+b", "ann"),
            ("totp/ann?issuer=a%23b&secret=KEY#", "a#b", "ann"),
            ("totp/ann?secret=KEY#issuer", "", "ann"),
            (
                "totp/Shop #1:ann?secret=KEY&digits=6&period=30#/a?b=c&d",
                "Shop #1",
                "ann",
            ),
            ("totp/?secret=KEY", "", ""),
            ("totp?secret=KEY", "", ""),
            ("totp/:ann?secret=KEY", "", "ann"),
            ("totp/ann:?secret=KEY", "ann", ""),
        ] {
            for scheme in ["otpauth", "OTPAUTH", "OtpAuth", "apple-otpauth"] {
                let uri = format!("{scheme}://{}", rest.replace("=KEY", &format!("={SECRET}")));
                assert_eq!(names(&uri), pair(issuer, account), "{uri}");
                assert_eq!(names(&format!("\u{feff} {uri}\r\n")), pair(issuer, account));
            }
        }
        let all = format!("otpauth://totp/ann?secret={SECRET}&digits=8&period=60&algorithm=HmacSHA256");
        assert_eq!(read(&all), (String::new(), "ann".into(), "SHA256", 8, 60));
        let encoded = format!("otpauth://totp/ann?%73ecret={SECRET}&digits=%38&period=%2060&algorithm=SHA%2D512");
        assert_eq!(read(&encoded), (String::new(), "ann".into(), "SHA512", 8, 60));
    }

    #[test]
    fn secrets_as_they_are_written() {
        for secret in [
            "gezdgnbvgy3tqojqgezdgnbvgy3tqojq",
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ====",
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ%3D%3D",
            "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
            "gezd%20gnbv%20gy3t%20qojq%20gezd%20gnbv%20gy3t%20qojq",
            "gezd+gnbv+gy3t+qojq+gezd+gnbv+gy3t+qojq",
            "gezd-gnbv-gy3t-qojq-gezd-gnbv-gy3t-qojq",
            "GEZD%C2%A0GNBV\u{2013}GY3T\u{200b}QOJQGEZDGNBVGY3TQOJQ%0A",
        ] {
            assert_eq!(names(&format!("otpauth://totp/ann?secret={secret}")), pair("", "ann"));
        }
    }

    #[test]
    fn algorithms_as_they_are_spelt() {
        for (algorithm, spellings) in [
            (
                Algorithm::Sha1,
                "SHA1 sha1 Sha-1 SHA_1 HMACSHA1 HmacSHA1 hmac-sha1 HMAC-SHA-1 HMAC_SHA_1 hmac/sha1",
            ),
            (
                Algorithm::Sha256,
                "SHA256 sha256 SHA-256 sha_256 HmacSHA256 HMAC-SHA-256 SHA2-256 HMAC_SHA256",
            ),
            (
                Algorithm::Sha512,
                "SHA512 sha512 SHA-512 HmacSHA512 HMAC-SHA-512 SHA-2-512",
            ),
        ] {
            for spelling in spellings.split(' ') {
                assert_eq!(Algorithm::from_spelling(spelling), Some(algorithm), "{spelling}");
                let parsed = OtpauthUri::parse(&format!("otpauth://totp/a?secret={SECRET}&algorithm={spelling}"));
                assert_eq!(parsed.unwrap().totp.algorithm(), algorithm, "{spelling}");
            }
        }
        for other in [
            "MD5",
            "HmacMD5",
            "SHA",
            "SHA224",
            "SHA384",
            "SHA3-256",
            "SHA512/256",
            "SHA11",
            "HMAC",
            "1",
            "",
        ] {
            assert_eq!(Algorithm::from_spelling(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_refused_is_named() {
        let with = |parameters: &str| refused(&format!("secret={SECRET}&{parameters}"));
        assert_eq!(with(""), None);
        for (parameters, fault) in [
            ("digits=5", Fault::Digits),
            ("digits=9", Fault::Digits),
            ("digits=10", Fault::Digits),
            ("digits=0", Fault::Digits),
            ("digits=262", Fault::Digits),
            ("digits=99999999999", Fault::Digits),
            ("digits=six", Fault::Malformed("digits")),
            ("digits=-6", Fault::Malformed("digits")),
            ("digits=%2B6", Fault::Malformed("digits")),
            ("digits=6.0", Fault::Malformed("digits")),
            ("digits=%", Fault::Malformed("digits")),
            ("period=0", Fault::Period),
            ("period=4294967296", Fault::Period),
            ("period=30s", Fault::Malformed("period")),
            ("period=-1", Fault::Malformed("period")),
            ("algorithm=MD5", Fault::Algorithm),
            ("algorithm=SHA384", Fault::Algorithm),
            ("algorithm=%zz", Fault::Malformed("algorithm")),
            ("encoder=steam", Fault::Encoder),
            ("Encoder=other", Fault::Encoder),
            ("issuer=%ff", Fault::Malformed("issuer")),
            ("issuer=%", Fault::Malformed("issuer")),
            ("issuer=a%00", Fault::Malformed("issuer")),
            ("digits=6&digits=6", Fault::Malformed("digits")),
            ("digits=&Digits=8", Fault::Malformed("digits")),
            ("period=30&period=30", Fault::Malformed("period")),
            ("algorithm=SHA1&algorithm=SHA256", Fault::Malformed("algorithm")),
            ("issuer=a&issuer=a", Fault::Malformed("issuer")),
            ("secret=GEZDGNBVGY3TQOJQ", Fault::Malformed("secret")),
            ("amp;secret=GEZDGNBVGY3TQOJQ", Fault::Malformed("secret")),
        ] {
            assert_eq!(with(parameters), Some(fault), "{parameters}");
            let before = refused(&format!("{parameters}&secret={SECRET}"));
            assert_eq!(before, Some(fault), "{parameters}");
        }
        for (parameters, fault) in [
            ("issuer=Shop #1&digits=8", Fault::Malformed("fragment")),
            ("x#Period=60", Fault::Malformed("fragment")),
            ("#&%73ecret=GEZDGNBVGY3TQOJQ", Fault::Malformed("fragment")),
            ("period=30#x&amp;algorithm=SHA1", Fault::Malformed("fragment")),
            ("digits=5#digits=6", Fault::Malformed("fragment")),
            ("digits=5#x", Fault::Digits),
            ("period=x#x", Fault::Malformed("period")),
        ] {
            assert_eq!(with(parameters), Some(fault), "{parameters}");
        }
        for secret in [
            "", "=", "A", "ABC", "GEZDGNB0", "GEZDGNB1", "GEZDGNB8", "GEZDGNB9", "GEZD=GNB", "%zz", "%ff",
        ] {
            let secret = refused(&format!("secret={secret}"));
            assert_eq!(secret, Some(Fault::Malformed("secret")));
        }
        for (uri, expected) in [
            ("", Fault::Malformed("uri")),
            ("otpauth:", Fault::Malformed("uri")),
            ("otpauth://", Fault::Malformed("uri")),
            ("https://example.com/?secret=S", Fault::Malformed("uri")),
            ("otpauth-migration://offline?data=S", Fault::Malformed("uri")),
            ("otpauth://totp/ann", Fault::Malformed("secret")),
            ("otpauth://totp/%ff?secret=S", Fault::Malformed("label")),
            ("otpauth://totp/a%0Ab?secret=S", Fault::Malformed("label")),
            ("otpauth://hotp/ann?secret=S&counter=0", Fault::Hotp),
            ("OTPAUTH://HOTP/ann?secret=S&counter=0", Fault::Hotp),
            ("otpauth://steam/Steam:ann?secret=S", Fault::Encoder),
            ("steam://S", Fault::Encoder),
            ("otpauth://motp/ann?secret=S&pin=1234", Fault::Type),
            ("otpauth://yaotp/ann?secret=S", Fault::Type),
        ] {
            assert_eq!(
                fault(&uri.replace("=S", &format!("={SECRET}"))),
                Some(expected),
                "{uri}"
            );
        }
    }

    #[test]
    fn the_account_is_told_and_the_secret_never() {
        let told = |uri: &str| {
            let refused = OtpauthUri::parse(uri).unwrap_err();
            assert!(!format!("{refused:?}").contains("GEZ"), "{refused:?}");
            (refused.issuer.unwrap_or_default(), refused.account)
        };
        for kind in ["totp", "hotp", "steam"] {
            let uri = format!("otpauth://{kind}/Shop:ann?secret={SECRET}&digits=5");
            assert_eq!(told(&uri), pair("Shop", "ann"), "{kind}");
        }
        assert_eq!(told("otpauth://totp/Shop:ann?secret=0"), pair("Shop", "ann"));
        assert_eq!(
            told("otpauth://totp/Shop:ann?secret=0&issuer=Other"),
            pair("Other", "ann")
        );
        assert_eq!(told("otpauth://totp/Shop:ann?issuer=%ff"), pair("Shop", "ann"));
        assert_eq!(
            told(&format!("otpauth://totp/Shop:ann%3Fsecret%3D{SECRET}")),
            pair("Shop", "ann")
        );
        assert_eq!(told(&format!("otpauth://totp/ann&Secret={SECRET}")), pair("", "ann"));
        assert_eq!(
            told(&format!("otpauth://totp/ann?issuer=Shop%26secret%3D{SECRET}")),
            pair("Shop", "ann")
        );
        assert_eq!(told(&format!("otpauth:totp/ann?secret={SECRET}")), pair("", ""));
    }
}
