//! Registration and authentication ceremonies without a store: JSON text in, an envelope out.
// N-API hands over owned text.
#![allow(clippy::needless_pass_by_value)]

use countersign_core::webauthn::json;
use napi_derive::napi;

/// `{rp: {id, name?}, user: {id?, name, displayName}, challenge?, algorithms?, timeout?, excludeCredentials?,
/// authenticatorAttachment?, residentKey?, userVerification?, hints?, attestation?}` and 64 random bytes. `value`:
/// `PublicKeyCredentialCreationOptionsJSON`.
#[napi(catch_unwind)]
pub fn webauthn_registration_options(request: String, random: &[u8]) -> String {
    json::registration_options(&request, random)
}

/// `{rp: {id}, challenge?, timeout?, allowCredentials?, userVerification?, hints?}` and 32 random bytes. `value`:
/// `PublicKeyCredentialRequestOptionsJSON`.
#[napi(catch_unwind)]
pub fn webauthn_authentication_options(request: String, random: &[u8]) -> String {
    json::authentication_options(&request, random)
}

/// `{response, challenge, rp, now, userVerification?, algorithms?, attestation?, trustAnchors?, crossOrigin?,
/// userHandle?, conditional?}`, `now` in epoch milliseconds. `value`: `{ok: true, credential, attestation,
/// userVerified, discoverable?}` or `{ok: false, reason}`.
#[napi(catch_unwind)]
pub fn webauthn_verify_registration(request: String) -> String {
    json::verify_registration(&request)
}

/// `{response, challenge, rp, credential, userVerification?, crossOrigin?, counter?}`. `value`: `{ok: true,
/// credential, userVerified, counter?: 'not-increased'}` or `{ok: false, reason}`.
#[napi(catch_unwind)]
pub fn webauthn_verify_authentication(request: String) -> String {
    json::verify_authentication(&request)
}
