//! Verifying a sign-in (FIDO U2F Raw Message Formats, 5.4).

use super::client_data::{Ceremony, ClientData};
use super::message::AuthenticationMessage;
use super::policy::U2fPolicy;
use super::response::SignResponse;
use crate::webauthn::client_data::sha256;
use crate::webauthn::{Authenticated, CoseKey, CounterPolicy, Credential, Reason, RelyingParty, UserVerification};

/// The values that the relying party started the ceremony with, and its policy. The types are those of WebAuthn.
#[derive(Debug, Clone, Copy)]
pub struct AuthenticationExpectation<'a> {
    pub challenge: &'a [u8],
    pub policy: &'a U2fPolicy,
    pub rp: &'a RelyingParty,
    /// U2F doesn't verify the user, so `Required` refuses it.
    pub user_verification: UserVerification,
    pub counter: CounterPolicy,
}

/// Verifies `response`, the text of a `SignResponse`, with the stored `credential`, whose id is the key handle.
///
/// The caller makes sure that the key belongs to the user who signs in.
pub fn verify_authentication(
    response: &str,
    credential: &Credential,
    expected: &AuthenticationExpectation<'_>,
) -> Result<Authenticated, Reason> {
    let response = SignResponse::parse(response)?;
    if response.key_handle != credential.id {
        return Err(Reason::CredentialMismatch);
    }
    let message = AuthenticationMessage::parse(&response.signature_data).ok_or(Reason::Malformed)?;
    let client_data = ClientData::parse(&response.client_data)?;
    client_data.check(
        Ceremony::Authentication,
        expected.challenge,
        expected.policy,
        expected.rp,
    )?;
    if !message.user_present() {
        return Err(Reason::UserNotPresent);
    }
    if expected.user_verification == UserVerification::Required {
        return Err(Reason::UserNotVerified);
    }
    let signed = message.signed_bytes(&expected.policy.hash(), &sha256(&response.client_data));
    CoseKey::parse_stored(&credential.public_key)
        .map_err(|_| Reason::KeyInvalid)?
        .verify(&signed, message.signature)?;
    let counter_increased = expected.counter.check(credential.sign_count, message.counter())?;
    Ok(Authenticated {
        credential: Credential {
            sign_count: message.counter(),
            ..credential.clone()
        },
        user_verified: false,
        counter_increased,
        extensions: None,
    })
}
