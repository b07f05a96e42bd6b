//! Registration and authentication ceremonies without a store: JSON text in, an envelope out.
// N-API hands over owned text.
#![allow(clippy::needless_pass_by_value)]

use countersign_core::envelope;
use countersign_core::webauthn::prepared::{AuthenticationPolicy, RegistrationPolicy, StoredState};
use countersign_core::webauthn::{Authenticated, json};
use napi::Either;
use napi_derive::napi;

use crate::metadata::BindingMetadata;
use crate::text::Text;

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

/// Reads `{rp, userVerification?, crossOrigin?, counter?, extensions?, appId?}`. Returns a failure envelope if it is wrong.
#[napi(catch_unwind)]
pub fn read_authentication_policy(json: String) -> Either<BindingAuthenticationPolicy, String> {
    match AuthenticationPolicy::parse(&json) {
        Ok(policy) => Either::A(BindingAuthenticationPolicy(policy)),
        Err(failure) => Either::B(envelope::<()>(Err(failure))),
    }
}

/// Reads `{rp, userVerification?, algorithms?, attestation?, trustAnchors?, crossOrigin?, conditional?,
/// extensions?}`; answers a failure envelope where it is wrong.
#[napi(catch_unwind)]
pub fn read_registration_policy(json: String) -> Either<BindingRegistrationPolicy, String> {
    match RegistrationPolicy::parse(&json) {
        Ok(policy) => Either::A(BindingRegistrationPolicy(policy)),
        Err(failure) => Either::B(envelope::<()>(Err(failure))),
    }
}

/// The policy of authentications.
#[napi]
pub struct BindingAuthenticationPolicy(AuthenticationPolicy);

#[napi]
impl BindingAuthenticationPolicy {
    /// Verifies an assertion. `texts` in lines: challenge, stored id, stored key, stored user handle (empty: none), then
    /// the response: JSON, or the lines `id`, `rawId`, `clientDataJSON`, `authenticatorData`, `signature`, `userHandle`
    /// (empty: none). `flags` of what is stored: 1 backup eligible, 2 backup state, 4 backup recorded.
    ///
    /// A success is the new counter, plus 2^32 times the sum of: 1 backup eligible, 2 backup state, 4 user verified,
    /// 8 counter increased. A text is an envelope: of `{ok: false, reason}`, of a failure, or of that number and the
    /// signed extension outputs that were asked for.
    #[napi(catch_unwind)]
    pub fn verify(&self, texts: String, sign_count: u32, flags: u32) -> Either<i64, String> {
        let stored = StoredState {
            sign_count,
            backup_eligible: flags & 1 != 0,
            backup_state: flags & 2 != 0,
            backup_recorded: flags & 4 != 0,
        };
        match self.0.verify(&texts, stored) {
            Ok(mut accepted) => match accepted.extensions.take() {
                None => Either::A(number(&accepted)),
                Some(outputs) => Either::B(envelope(Ok((number(&accepted), outputs)))),
            },
            Err(envelope) => Either::B(envelope),
        }
    }
}

/// The policy of registrations.
#[napi]
pub struct BindingRegistrationPolicy(RegistrationPolicy);

#[napi]
impl BindingRegistrationPolicy {
    /// Verifies a registration. `texts` in lines: challenge, user handle (empty: none), then the response: JSON, or the
    /// lines `id`, `rawId`, `clientDataJSON`, `attestationObject`, `transports` (a comma after each),
    /// `clientExtensionResults` (JSON). `now` in epoch milliseconds. `value`: `{ok: true, credential, attestation,
    /// userVerified, discoverable?, extensions?}` or `{ok: false, reason}`.
    #[napi(catch_unwind, ts_return_type = "string")]
    pub fn verify(&self, texts: String, now: i64, metadata: Option<&BindingMetadata>) -> Text {
        self.0.verify(&texts, now, metadata.map(|metadata| &*metadata.0)).into()
    }
}

fn number(accepted: &Authenticated) -> i64 {
    let flags = [
        accepted.credential.backup_eligible,
        accepted.credential.backup_state,
        accepted.user_verified,
        accepted.counter_increased,
    ];
    let bits = flags.iter().rev().fold(0, |bits, flag| bits << 1 | i64::from(*flag));
    bits << 32 | i64::from(accepted.credential.sign_count)
}
