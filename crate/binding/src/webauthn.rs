//! Registration and authentication ceremonies without a store: JSON text in, an envelope out.
// N-API hands over owned text.
#![allow(clippy::needless_pass_by_value)]

use countersign_core::webauthn::assertion::Assertion;
use countersign_core::webauthn::{Authenticated, CounterPolicy, RelyingParty, UserVerification, json};
use napi::Either;
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

/// `{challenge, rp, now, userVerification?, algorithms?, attestation?, trustAnchors?, crossOrigin?, userHandle?,
/// conditional?}`, `now` in epoch milliseconds, and the text of a `RegistrationResponseJSON`. `value`: `{ok: true,
/// credential, attestation, userVerified, discoverable?}` or `{ok: false, reason}`.
#[napi(catch_unwind)]
pub fn webauthn_verify_registration(request: String, response: String) -> String {
    json::verify_registration(&request, &response)
}

/// `{challenge, rp, credential, userVerification?, crossOrigin?, counter?}` and the text of an
/// `AuthenticationResponseJSON`. `value`: `{ok: true, signCount, backupEligible, backupState, userVerified, counter?:
/// 'not-increased'}` or `{ok: false, reason}`.
#[napi(catch_unwind)]
pub fn webauthn_verify_authentication(request: String, response: String) -> String {
    json::verify_authentication(&request, &response)
}

/// A relying party that was read once.
#[napi]
pub struct BindingRelyingParty(RelyingParty);

/// Reads a relying party's JSON; null where it can't be used, which the functions above explain.
#[napi(catch_unwind)]
pub fn read_relying_party(json: String) -> Option<BindingRelyingParty> {
    RelyingParty::parse(&json).map(BindingRelyingParty)
}

#[napi]
impl BindingRelyingParty {
    /// Verifies an assertion whose members are in hand. `texts`, base64url in lines, empty where absent: challenge,
    /// stored id, stored key, stored user handle, client data, authenticator data, signature, given user handle.
    /// `flags`: 1 backup eligible, 2 backup state, 4 backup recorded, 8 user verification required, 16 report the
    /// counter.
    ///
    /// A success is the new counter, plus 2^32 times the sum of: 1 backup eligible, 2 backup state, 4 user verified,
    /// 8 counter increased. A text is the reason of a refusal; null: ask `webauthnVerifyAuthentication`.
    #[napi(catch_unwind)]
    pub fn verify_assertion(&self, texts: String, sign_count: u32, flags: u32) -> Option<Either<i64, String>> {
        let texts: [&str; 8] = texts.split('\n').collect::<Vec<_>>().try_into().ok()?;
        let [
            challenge,
            credential_id,
            public_key,
            user_handle,
            client_data_json,
            authenticator_data,
            signature,
            given_handle,
        ] = texts;
        let has = |bit: u32| flags & bit != 0;
        let assertion = Assertion {
            challenge,
            credential_id,
            public_key,
            sign_count,
            backup_eligible: has(1),
            backup_state: has(2),
            backup_recorded: has(4),
            user_handle,
            user_verification: if has(8) {
                UserVerification::Required
            } else {
                UserVerification::Discouraged
            },
            counter: if has(16) {
                CounterPolicy::Report
            } else {
                CounterPolicy::Refuse
            },
            client_data_json,
            authenticator_data,
            signature,
            given_handle,
        };
        Some(match assertion.verify(&self.0)? {
            Ok(accepted) => Either::A(number(&accepted)),
            Err(reason) => Either::B(reason.to_string()),
        })
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
