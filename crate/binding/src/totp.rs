//! TOTP, key URIs and QR codes without a store: JSON text in, an envelope out.

use countersign_core::{migration, totp_json};
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

/// `{uri | secret, algorithm?, digits?, period?, code, at, window?: {past, future}, lastStep?}`. `value`: `{step}` or
/// null.
#[napi(catch_unwind, ts_return_type = "string")]
pub fn totp_verify(request: String) -> Text {
    totp_json::verify(&Zeroizing::new(request)).into()
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
