//! TOTP over JSON text, for servers that keep their own tables. Every function returns an envelope, except the check of
//! a code: that is faster than writing its JSON.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::key_uri::OtpauthUri;
use super::{Algorithm, Checked, Totp, TypedCode, Window, base32, qr};
use crate::json::envelope::envelope;
use crate::json::failure::Failure;

/// Makes a secret of 160 bits from 20 random bytes, as base32.
pub fn secret(random: &[u8]) -> String {
    envelope(match random.len() {
        20 => Ok(base32::encode(random)),
        _ => Err(Failure::InvalidArgument("random")),
    })
}

/// `{secret, account, issuer?, algorithm?, digits?, period?}` to a URI.
pub fn uri(request: &str) -> String {
    envelope(read::<UriRequest>(request).and_then(|request| {
        let totp = totp(
            Some(request.secret.as_str()),
            request.algorithm,
            request.digits,
            request.period,
        )?;
        Ok(OtpauthUri::new(totp, &request.account, request.issuer.as_deref())?.to_text())
    }))
}

/// A URI to `{secret, account, issuer?, algorithm, digits, period}`.
pub fn parse_uri(uri: &str) -> String {
    envelope(from_outside(uri).map(|OtpauthUri { totp, account, issuer }| ParsedUri {
        secret: base32::encode(totp.secret()),
        account,
        issuer,
        algorithm: totp.algorithm(),
        digits: totp.digits(),
        period: totp.period(),
    }))
}

/// `{uri | secret, algorithm?, digits?, period?, at}` to the code at epoch millisecond `at`.
pub fn code(request: &str) -> String {
    envelope(read::<CodeRequest>(request).and_then(|request| Ok(request.totp()?.code(seconds(request.at)))))
}

/// A typed code, and what it is checked against.
pub struct CodeCheck<'a> {
    pub code: &'a str,
    /// Epoch milliseconds.
    pub at: i64,
    pub window: Window,
    /// The step of the last success.
    pub last_step: Option<i64>,
}

/// Returns the step of a code that is right and later than the last success; `None` if it is wrong, used or malformed.
/// `secret` is base32 text; the failure names the parameter.
pub fn verify(
    secret: &str,
    algorithm: Algorithm,
    digits: u8,
    period: u32,
    check: &CodeCheck<'_>,
) -> Result<Option<i64>, Failure> {
    totp(Some(secret), Some(algorithm), Some(digits), Some(period)).map(|totp| check.step(&totp))
}

/// Like [`verify`], for the key of a URI.
pub fn verify_uri(uri: &str, check: &CodeCheck<'_>) -> Result<Option<i64>, Failure> {
    Ok(check.step(&from_outside(uri)?.totp))
}

/// Reads a URI. The failure names the part that is wrong.
fn from_outside(uri: &str) -> Result<OtpauthUri, Failure> {
    OtpauthUri::parse(uri).map_err(|refused| Failure::InvalidArgument(refused.fault.argument()))
}

/// A QR code of `text` as an `<svg>` element.
pub fn qr_svg(text: &str) -> String {
    envelope(qr::svg(text).ok_or(Failure::InvalidArgument("text")))
}

/// A QR code of `text` as lines for a terminal.
pub fn qr_terminal(text: &str) -> String {
    envelope(qr::terminal(text).ok_or(Failure::InvalidArgument("text")))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UriRequest {
    secret: Zeroizing<String>,
    account: String,
    issuer: Option<String>,
    algorithm: Option<Algorithm>,
    digits: Option<u8>,
    period: Option<u32>,
}

#[derive(Serialize)]
struct ParsedUri {
    secret: Zeroizing<String>,
    account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    algorithm: Algorithm,
    digits: u8,
    period: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CodeRequest {
    uri: Option<Zeroizing<String>>,
    secret: Option<Zeroizing<String>>,
    algorithm: Option<Algorithm>,
    digits: Option<u8>,
    period: Option<u32>,
    at: i64,
}

impl CodeRequest {
    /// Made from a URI, or from a secret and the parameters that differ from the defaults.
    fn totp(&self) -> Result<Totp, Failure> {
        let Some(uri) = &self.uri else {
            let secret = self.secret.as_ref().map(|secret| secret.as_str());
            return totp(secret, self.algorithm, self.digits, self.period);
        };
        let parameters = self.algorithm.is_some() || self.digits.is_some() || self.period.is_some();
        let alone = self.secret.is_none() && !parameters;
        if !alone {
            return Err(Failure::InvalidArgument("uri"));
        }
        Ok(from_outside(uri)?.totp)
    }
}

impl CodeCheck<'_> {
    fn step(&self, totp: &Totp) -> Option<i64> {
        let code = TypedCode::parse(self.code)?;
        match totp.check(&code, seconds(self.at), self.window, self.last_step) {
            Checked::Accepted(step) => Some(step),
            Checked::Reused | Checked::Wrong => None,
        }
    }
}

fn totp(
    secret: Option<&str>,
    algorithm: Option<Algorithm>,
    digits: Option<u8>,
    period: Option<u32>,
) -> Result<Totp, Failure> {
    // More digits are only read from records.
    if digits.is_some_and(|digits| digits > 8) {
        return Err(Failure::InvalidArgument("digits"));
    }
    let secret = secret
        .and_then(base32::decode)
        .ok_or(Failure::InvalidArgument("secret"))?;
    Totp::new(
        &secret,
        algorithm.unwrap_or_default(),
        digits.unwrap_or(6),
        period.unwrap_or(30),
    )
}

/// Reads a request. The failure names the member that can't be read, never its value.
fn read<T: DeserializeOwned>(request: &str) -> Result<T, Failure> {
    const MEMBERS: [&str; 8] = [
        "uri",
        "secret",
        "account",
        "issuer",
        "algorithm",
        "digits",
        "period",
        "at",
    ];
    let mut json = serde_json::Deserializer::from_str(request);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let member = error.path().iter().next().map(ToString::to_string);
        let known = MEMBERS.into_iter().find(|known| member.as_deref() == Some(known));
        Failure::InvalidArgument(known.unwrap_or("request"))
    })?;
    json.end().map_err(|_| Failure::InvalidArgument("request"))?;
    Ok(parsed)
}

fn seconds(milliseconds: i64) -> i64 {
    milliseconds.div_euclid(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn invalid(name: &str) -> String {
        format!(r#"{{"failure":{{"code":"invalid-argument","detail":"{name}"}}}}"#)
    }

    fn with_secret(members: &str) -> String {
        format!(r#"{{"secret":"{SECRET}",{members}}}"#)
    }

    #[test]
    fn secrets() {
        assert_eq!(secret(b"12345678901234567890"), format!(r#"{{"value":"{SECRET}"}}"#));
        for length in [0, 15, 19, 21] {
            assert_eq!(secret(&vec![1; length]), invalid("random"));
        }
    }

    #[test]
    fn uris_both_ways() {
        let text = format!("otpauth://totp/Acme:ann?secret={SECRET}&digits=8&algorithm=SHA256&period=60&issuer=Acme");
        let request = with_secret(r#""account":"ann","issuer":"Acme","algorithm":"SHA256","digits":8,"period":60"#);
        assert_eq!(uri(&request), format!(r#"{{"value":"{text}"}}"#));
        let parsed: serde_json::Value = serde_json::from_str(&parse_uri(&text)).unwrap_or_default();
        assert_eq!(
            parsed,
            serde_json::json!({ "value": {
                "secret": SECRET, "account": "ann", "issuer": "Acme", "algorithm": "SHA256", "digits": 8, "period": 60,
            }})
        );
        assert_eq!(uri(&with_secret(r#""account":"a:b""#)), invalid("account"));
        assert_eq!(uri(&with_secret(r#""account":"ann","digits":9"#)), invalid("digits"));
        assert_eq!(uri(r#"{"secret":"","account":"ann"}"#), invalid("secret"));
        assert_eq!(parse_uri("otpauth://totp/ann?secret=0"), invalid("uri.secret"));
        assert_eq!(parse_uri("otpauth://hotp/ann?secret=0"), invalid("uri.type"));
        let with = |rest: &str| parse_uri(&format!("otpauth://totp/ann?secret={SECRET}&{rest}"));
        assert_eq!(with("digits=5"), invalid("uri.digits"));
        assert_eq!(with("period=0"), invalid("uri.period"));
        assert_eq!(with("algorithm=MD5"), invalid("uri.algorithm"));
        assert_eq!(with("encoder=steam"), invalid("uri.encoder"));
        assert!(with("lock=false&").starts_with(r#"{"value":"#));
    }

    #[test]
    fn codes() {
        assert_eq!(
            code(&with_secret(r#""at":59999,"digits":8"#)),
            r#"{"value":"94287082"}"#
        );
        assert_eq!(
            code(&with_secret(r#""at":60000,"digits":8"#)),
            r#"{"value":"37359152"}"#
        );
        assert_eq!(
            code(&format!(r#"{{"uri":"otpauth://totp/a?secret={SECRET}","at":59000}}"#)),
            r#"{"value":"287082"}"#
        );
        for at in ["-9223372036854775808", "-1", "0", "9223372036854775807"] {
            assert!(code(&with_secret(&format!(r#""at":{at}"#))).starts_with(r#"{"value":""#));
        }
    }

    #[test]
    fn verified_codes() {
        let check = |code, at, window, last_step| CodeCheck {
            code,
            at,
            window,
            last_step,
        };
        let verify = |check: &CodeCheck<'_>| verify(SECRET, Algorithm::Sha1, 6, 30, check);
        let (wide, none) = (Window::default(), Window::new(0, 0).unwrap_or_default());
        assert_eq!(verify(&check("287 082", 59_000, wide, None)), Ok(Some(1)));
        assert_eq!(verify(&check("287\n082", 89_000, wide, None)), Ok(Some(1)));
        assert_eq!(verify(&check("287082", 60_000, none, None)), Ok(None));
        assert_eq!(verify(&check("287082", 59_000, wide, Some(0))), Ok(Some(1)));
        assert_eq!(verify(&check("287082", 59_000, wide, Some(1))), Ok(None));
        let long = "2".repeat(100_000);
        for code in ["", "28708", "287083", "0287082", "152abc", "\0", &long] {
            assert_eq!(verify(&check(code, 59_000, wide, None)), Ok(None));
        }
        for at in [i64::MIN, -1, 0, i64::MAX] {
            assert!(verify(&check("287082", at, wide, None)).is_ok());
        }
        let uri = format!("otpauth://totp/a?secret={SECRET}");
        assert_eq!(verify_uri(&uri, &check("287082", 59_000, wide, None)), Ok(Some(1)));
        assert_eq!(verify_uri(&uri, &check("287083", 59_000, wide, None)), Ok(None));
    }

    #[test]
    fn unusable_keys_are_named() {
        let check = CodeCheck {
            code: "287082",
            at: 0,
            window: Window::default(),
            last_step: None,
        };
        let failed = |name| Err(Failure::InvalidArgument(name));
        assert_eq!(verify("0", Algorithm::Sha1, 6, 30, &check), failed("secret"));
        assert_eq!(verify("", Algorithm::Sha1, 6, 30, &check), failed("secret"));
        assert_eq!(verify(SECRET, Algorithm::Sha1, 5, 30, &check), failed("digits"));
        assert_eq!(verify(SECRET, Algorithm::Sha1, 9, 30, &check), failed("digits"));
        assert_eq!(verify(SECRET, Algorithm::Sha1, 6, 0, &check), failed("period"));
        assert_eq!(verify_uri("otpauth://totp/a?secret=0", &check), failed("uri.secret"));
    }

    #[test]
    fn broken_requests_name_the_argument_alone() {
        for (members, name) in [
            (r#""at":"hunter2""#, "at"),
            (r#""at":1.5"#, "at"),
            (r#""at":1,"digits":5"#, "digits"),
            (r#""at":1,"digits":9"#, "digits"),
            (r#""at":1,"digits":-1"#, "digits"),
            (r#""at":1,"period":0"#, "period"),
            (r#""at":1,"algorithm":"MD5""#, "algorithm"),
            (r#""at":1,"uri":"otpauth://totp/a?secret=GEZDGNBV""#, "uri"),
        ] {
            assert_eq!(code(&with_secret(members)), invalid(name), "{members}");
        }
        assert_eq!(code(r#"{"at":1}"#), invalid("secret"));
        for request in [
            "",
            "null",
            "[]",
            "{}",
            "{",
            r#"{"hunter2":1}"#,
            r#"{"secret":"GEZDGNBV","at":1} x"#,
        ] {
            let answer = code(request);
            assert!(
                answer.starts_with(r#"{"failure":{"code":"invalid-argument","#),
                "{answer}"
            );
            assert!(!answer.contains("hunter2") && !answer.contains("GEZ"), "{answer}");
        }
    }

    #[test]
    fn qr_codes() {
        assert!(qr_svg("x").starts_with(r#"{"value":"<svg "#));
        assert!(qr_terminal("x").starts_with(r#"{"value":""#));
        assert_eq!(qr_svg(&"x".repeat(5000)), invalid("text"));
        assert_eq!(qr_terminal(&"x".repeat(5000)), invalid("text"));
    }
}
