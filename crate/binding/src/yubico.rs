//! Yubico OTPs without a store: JSON text in, an envelope out.

use countersign_core::yubico::json;
use napi_derive::napi;
use zeroize::Zeroizing;

/// `value`: the public id, or null if the text is not an OTP.
#[napi(catch_unwind)]
pub fn yubico_public_id(otp: String) -> String {
    json::public_id(&Zeroizing::new(otp))
}

/// `{otp, key: {key, uid?}, lastCounter?: {use, session}}`, key and private id in hexadecimal. `value`: `{publicId,
/// counter: {use, session}}`, or null.
#[napi(catch_unwind)]
pub fn yubico_verify(request: String) -> String {
    json::verify(&Zeroizing::new(request))
}
