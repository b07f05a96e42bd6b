//! An assertion whose members the caller has taken out of their JSON: the same steps, without writing and reading text
//! that takes longer than they do.

use data_encoding::BASE64URL_NOPAD;

use super::authentication::{Authenticated, AuthenticationExpectation, verify};
use super::cose::CoseKey;
use super::credential::Credential;
use super::json::MIN_CHALLENGE;
use super::policy::{CounterPolicy, RelyingParty, UserVerification};
use super::reason::Reason;
use super::response::Response;

/// What is stored, what was asked for, and what came back. Texts are base64url. That `id` and `rawId` of the response
/// are the stored credential's is the caller's to know.
pub struct Assertion<'a> {
    pub challenge: &'a str,
    pub credential_id: &'a str,
    pub public_key: &'a str,
    pub sign_count: u32,
    pub backup_eligible: bool,
    pub backup_state: bool,
    pub backup_recorded: bool,
    /// Empty: none is stored.
    pub user_handle: &'a str,
    pub user_verification: UserVerification,
    pub counter: CounterPolicy,
    pub client_data_json: &'a str,
    pub authenticator_data: &'a str,
    pub signature: &'a str,
    /// Empty: none was given.
    pub given_handle: &'a str,
}

impl Assertion<'_> {
    /// Verifies it (7.2). `None` where [`verify_authentication`](super::json::verify_authentication) has more to say:
    /// of what the host gave, or of a response that is malformed.
    pub fn verify(&self, rp: &RelyingParty) -> Option<Result<Authenticated, Reason>> {
        let challenge = bytes(self.challenge).filter(|challenge| challenge.len() >= MIN_CHALLENGE)?;
        let credential = Credential {
            id: bytes(self.credential_id)?,
            public_key: bytes(self.public_key)?,
            sign_count: self.sign_count,
            transports: Vec::new(),
            aaguid: [0; 16],
            backup_eligible: self.backup_eligible,
            backup_state: self.backup_state,
            backup_recorded: self.backup_recorded,
            user_verified: false,
            user_handle: Some(bytes(self.user_handle)?).filter(|handle| !handle.is_empty()),
        };
        let key = CoseKey::parse_stored(&credential.public_key);
        if matches!(key, Err(Reason::Malformed | Reason::KeyInvalid)) {
            return None;
        }
        let (client_data, data) = (self.client_data_json, self.authenticator_data);
        let response =
            Response::of_assertion(&credential.id, client_data, data, self.signature, self.given_handle).ok()?;
        let expected = AuthenticationExpectation {
            challenge: &challenge,
            rp,
            user_verification: self.user_verification,
            cross_origin: None,
            counter: self.counter,
            app_id_hash: None,
        };
        Some(verify(&response, credential, key, &expected)).filter(|verdict| *verdict != Err(Reason::Malformed))
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}
