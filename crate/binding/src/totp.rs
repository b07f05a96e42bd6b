//! TOTP, key URIs and QR codes without a store: JSON text in, an envelope out, but for the check of a code, which takes
//! less time than its JSON would.

use countersign_core::Failure;
use countersign_core::migration;
use countersign_core::totp::json::{self as totp_json, CodeCheck};
use countersign_core::totp::{Algorithm, Window};
use napi_derive::napi;
use zeroize::Zeroizing;

use crate::text::Text;

/// 20 random bytes. `value`: base32.
#[napi(catch_unwind, ts_return_type = "string")]
pub fn totp_secret(random: &[u8]) -> Text {
    totp_json::secret(random).into()
}

/// `{secret, account, issuer?, algorithm?, digits?, period?}`. `value`: the URI.
#[napi(catch_unwind, ts_return_type = "string")]
pub fn totp_uri(request: String) -> Text {
    totp_json::uri(&Zeroizing::new(request)).into()
}

/// `value`: `{secret, account, issuer?, algorithm, digits, period}`.
#[napi(catch_unwind, ts_return_type = "string")]
pub fn totp_parse_uri(uri: String) -> Text {
    totp_json::parse_uri(&Zeroizing::new(uri)).into()
}

/// `{uri | secret, algorithm?, digits?, period?, at}`, `at` in epoch milliseconds. `value`: the code.
#[napi(catch_unwind, ts_return_type = "string")]
pub fn totp_code(request: String) -> Text {
    totp_json::code(&Zeroizing::new(request)).into()
}

/// `algorithm`: 0 SHA1, 1 SHA256, 2 SHA512; `at`: epoch milliseconds; `last_step`: -1 for none. The step of a code that
/// is right, -1 for another, -2 for a key that can't be used.
#[napi(catch_unwind)]
#[allow(
    clippy::too_many_arguments,
    reason = "an object would take longer to cross than all that follows"
)]
pub fn totp_verify(
    secret: String,
    algorithm: u32,
    digits: u32,
    period: u32,
    code: String,
    at: i64,
    past: u32,
    future: u32,
    last_step: i64,
) -> i64 {
    let (secret, code) = (Zeroizing::new(secret), Zeroizing::new(code));
    let algorithm = match algorithm {
        0 => Algorithm::Sha1,
        1 => Algorithm::Sha256,
        2 => Algorithm::Sha512,
        _ => return UNUSABLE,
    };
    let digits = u8::try_from(digits).unwrap_or(u8::MAX);
    code_check(&code, at, past, future, last_step).map_or(UNUSABLE, |check| {
        step(totp_json::verify(&secret, algorithm, digits, period, &check))
    })
}

/// Like `totp_verify`, for the key of a URI.
#[napi(catch_unwind)]
pub fn totp_verify_uri(uri: String, code: String, at: i64, past: u32, future: u32, last_step: i64) -> i64 {
    let (uri, code) = (Zeroizing::new(uri), Zeroizing::new(code));
    code_check(&code, at, past, future, last_step).map_or(UNUSABLE, |check| step(totp_json::verify_uri(&uri, &check)))
}

/// `{uri}` or `{secret, encoding, repeated?, algorithm?, digits?, period?, account?, issuer?}`, as another library
/// stores it. `value`: `{uri, name?, notes}` or `{name?, reason}`.
#[napi(catch_unwind, ts_return_type = "string")]
pub fn migrate_totp(request: String) -> Text {
    migration::totp(&Zeroizing::new(request)).into()
}

/// An `otpauth-migration:` URI. `value`: `{batch: {id, index, size}, entries}`, each as above, or null.
#[napi(catch_unwind, ts_return_type = "string")]
pub fn migrate_export(uri: String) -> Text {
    migration::otpauth_migration(&Zeroizing::new(uri)).into()
}

/// `value`: an `<svg>` element.
#[napi(catch_unwind, ts_return_type = "string")]
pub fn qr_svg(text: String) -> Text {
    totp_json::qr_svg(&Zeroizing::new(text)).into()
}

/// `value`: lines of half blocks.
#[napi(catch_unwind, ts_return_type = "string")]
pub fn qr_terminal(text: String) -> Text {
    totp_json::qr_terminal(&Zeroizing::new(text)).into()
}

const WRONG: i64 = -1;
const UNUSABLE: i64 = -2;

fn code_check(code: &str, at: i64, past: u32, future: u32, last_step: i64) -> Option<CodeCheck<'_>> {
    let window = Window::new(u8::try_from(past).ok()?, u8::try_from(future).ok()?)?;
    let last_step = (last_step >= 0).then_some(last_step);
    Some(CodeCheck {
        code,
        at,
        window,
        last_step,
    })
}

fn step(checked: Result<Option<i64>, Failure>) -> i64 {
    checked.map_or(UNUSABLE, |step| step.unwrap_or(WRONG))
}
