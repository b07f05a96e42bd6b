//! Verifying a registration (FIDO U2F Raw Message Formats, 4.3).

use super::client_data::{Ceremony, ClientData};
use super::message::RegistrationMessage;
use super::policy::U2fPolicy;
use super::response::RegistrationResponse;
use crate::webauthn::attestation::certificate::cose_key;
use crate::webauthn::attestation::chain::{Chain, Standing};
use crate::webauthn::client_data::sha256;
use crate::webauthn::{
    Algorithm, Conveyance, CoseKey, Credential, KeyMaterial, Reason, RelyingParty, TrustAnchors, UserVerification,
};

/// The values that the relying party started the ceremony with, and its policy. The types are those of WebAuthn.
#[derive(Debug, Clone, Copy)]
pub struct RegistrationExpectation<'a> {
    pub challenge: &'a [u8],
    pub policy: &'a U2fPolicy,
    pub rp: &'a RelyingParty,
    /// U2F doesn't verify the user, so `Required` refuses it.
    pub user_verification: UserVerification,
    /// U2F keys are ES256.
    pub algorithms: &'a [Algorithm],
    pub attestation: Conveyance,
    pub trust_anchors: &'a TrustAnchors,
    /// Epoch seconds.
    pub now: i64,
}

/// Verifies `response`, the text of a `RegisterResponse`, and returns the credential to store. The attestation
/// certificate is not part of it, because it isn't needed any more.
pub fn verify_registration(response: &str, expected: &RegistrationExpectation<'_>) -> Result<Credential, Reason> {
    let response = RegistrationResponse::parse(response)?;
    let message = RegistrationMessage::parse(&response.registration_data).ok_or(Reason::Malformed)?;
    let client_data = ClientData::parse(&response.client_data)?;
    client_data.check(Ceremony::Registration, expected.challenge, expected.policy, expected.rp)?;
    if expected.user_verification == UserVerification::Required {
        return Err(Reason::UserNotVerified);
    }
    if !expected.algorithms.contains(&Algorithm::Es256) {
        return Err(Reason::AlgorithmNotAllowed);
    }
    let material = KeyMaterial::from_point(message.public_key).ok_or(Reason::KeyInvalid)?;
    let key = CoseKey::new(Algorithm::Es256, material)?;
    check_attestation(&message, &sha256(&response.client_data), expected)?;
    Ok(Credential {
        id: message.key_handle.to_vec(),
        public_key: key.to_cbor(),
        sign_count: 0,
        transports: Vec::new(),
        aaguid: [0; 16],
        backup_eligible: false,
        backup_state: false,
        backup_recorded: true,
        user_verified: false,
        user_handle: None,
    })
}

/// Always checks the signature. The certificate is only checked if attestation was requested.
fn check_attestation(
    message: &RegistrationMessage<'_>,
    client_data_hash: &[u8; 32],
    expected: &RegistrationExpectation<'_>,
) -> Result<(), Reason> {
    let certificate = expected.trust_anchors.find(message.certificate);
    let chain = Chain::parse(&[certificate.unwrap_or(message.certificate)])?;
    let signed = message.signed_bytes(&expected.policy.hash(), client_data_hash);
    cose_key(chain.leaf(), Algorithm::Es256)
        .and_then(|key| key.verify(&signed, message.signature).ok())
        .ok_or(Reason::AttestationInvalid)?;
    if expected.attestation == Conveyance::None {
        return Ok(());
    }
    match chain.standing(expected.trust_anchors, expected.now)? {
        Standing::Unsound => Err(Reason::AttestationInvalid),
        Standing::Sound if !expected.trust_anchors.is_empty() => Err(Reason::AttestationUntrusted),
        Standing::Sound | Standing::Trusted => Ok(()),
    }
}
