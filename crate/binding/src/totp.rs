//! TOTP, key URIs and QR codes without a store: JSON text in, an envelope out.

use countersign_core::totp_json;
use napi_derive::napi;
use zeroize::Zeroizing;

/// 20 random bytes. `value`: base32.
#[napi(catch_unwind)]
pub fn totp_secret(random: &[u8]) -> String {
    totp_json::secret(random)
}

/// `{secret, account, issuer?, algorithm?, digits?, period?}`. `value`: the URI.
#[napi(catch_unwind)]
pub fn totp_uri(request: String) -> String {
    totp_json::uri(&Zeroizing::new(request))
}

/// `value`: `{secret, account, issuer?, algorithm, digits, period}`.
#[napi(catch_unwind)]
pub fn totp_parse_uri(uri: String) -> String {
    totp_json::parse_uri(&Zeroizing::new(uri))
}

/// `{uri | secret, algorithm?, digits?, period?, at}`, `at` in epoch milliseconds. `value`: the code.
#[napi(catch_unwind)]
pub fn totp_code(request: String) -> String {
    totp_json::code(&Zeroizing::new(request))
}

/// `{uri | secret, algorithm?, digits?, period?, code, at, window?: {past, future}, lastStep?}`. `value`: `{step}` or
/// null.
#[napi(catch_unwind)]
pub fn totp_verify(request: String) -> String {
    totp_json::verify(&Zeroizing::new(request))
}

/// `value`: an `<svg>` element.
#[napi(catch_unwind)]
pub fn qr_svg(text: String) -> String {
    totp_json::qr_svg(&Zeroizing::new(text))
}

/// `value`: lines of half blocks.
#[napi(catch_unwind)]
pub fn qr_terminal(text: String) -> String {
    totp_json::qr_terminal(&Zeroizing::new(text))
}
