//! Verifying an authentication assertion (7.2).

use serde::Serialize;

use super::authenticator_data::{AuthenticatorData, Flags};
use super::client_data::{Ceremony, ClientData, sha256};
use super::cose::CoseKey;
use super::credential::Credential;
use super::extensions::{self, ExtensionRules, Outputs};
use super::policy::{CounterPolicy, CrossOrigin, RelyingParty, UserVerification};
use super::reason::Reason;
use super::response::Response;

/// The values that the relying party began the ceremony with, and its policy.
#[derive(Debug, Clone, Copy)]
pub struct AuthenticationExpectation<'a> {
    pub challenge: &'a [u8],
    pub rp: &'a RelyingParty,
    pub user_verification: UserVerification,
    pub cross_origin: Option<&'a CrossOrigin>,
    pub counter: CounterPolicy,
    /// SHA-256 of the ceremony's `appid`, which U2F keys may sign instead of the hash of the RP id.
    pub app_id_hash: Option<[u8; 32]>,
    pub extensions: Option<&'a ExtensionRules>,
}

/// A verified assertion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Authenticated {
    /// The credential to store from now on.
    pub credential: Credential,
    /// Whether the user was verified in this ceremony.
    pub user_verified: bool,
    /// False if the signature counter did not grow although it should have: the authenticator may have been cloned.
    pub counter_increased: bool,
    /// The signed extension outputs that were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Outputs>,
}

/// Verifies `response`, the text of an `AuthenticationResponseJSON`, for the stored `credential`.
///
/// The caller makes sure that the credential belongs to the user who signs in (7.2, "identify the user").
pub fn verify_authentication(
    response: &str,
    credential: &Credential,
    expected: &AuthenticationExpectation<'_>,
) -> Result<Authenticated, Reason> {
    let key = CoseKey::parse_stored(&credential.public_key);
    verify(&Response::parse(response)?, credential.clone(), key, expected)
}

/// The same as [`verify_authentication`], with the response and the key already parsed.
pub(super) fn verify(
    response: &Response<'_>,
    credential: Credential,
    key: Result<CoseKey, Reason>,
    expected: &AuthenticationExpectation<'_>,
) -> Result<Authenticated, Reason> {
    // If options.allowCredentials is not empty, verify that credential.id identifies one of them.
    if response.credential_id != credential.id {
        return Err(Reason::CredentialMismatch);
    }
    // Identify the user and verify that the user is the owner: a stored handle must not differ from that of the
    // response.
    check_user_handle(response, &credential)?;
    let signature = response.signature()?;
    // Let cData, authData and sig denote the values of the response's members.
    let mut signed = response.authenticator_data()?;
    let authenticator_data = AuthenticatorData::parse(&signed)?;
    // 6.1: for assertions the AT flag must not be set.
    if authenticator_data.attested.is_some() {
        return Err(Reason::Malformed);
    }
    // Let JSONtext be the UTF-8 decoding of cData; let C be its parsed form; verify type, challenge and origins.
    let client_data = ClientData::parse(&response.client_data_json)?;
    client_data.check(Ceremony::Get, expected.challenge, expected.rp, expected.cross_origin)?;
    // Verify that the rpIdHash in authData is the SHA-256 hash of the RP ID, or of the appid where one was given.
    authenticator_data.check_rp_id(&expected.rp.id, expected.app_id_hash.as_ref())?;
    // Verify UP, UV and BS.
    authenticator_data.check_flags(false, expected.user_verification)?;
    // Verify that the BE bit equals credentialRecord.backupEligible.
    let flags = authenticator_data.flags;
    check_backup_eligible(flags, &credential)?;
    // Let hash be the SHA-256 of cData; verify that sig is valid over the concatenation of authData and hash.
    let sign_count = authenticator_data.sign_count;
    let extensions = extensions::judge(expected.extensions, authenticator_data.extensions);
    signed.extend_from_slice(&sha256(&response.client_data_json));
    let key = key.map_err(|reason| match reason {
        // The stored key is malformed, not the response.
        Reason::Malformed => Reason::KeyInvalid,
        other => other,
    })?;
    key.verify(&signed, &signature)?;
    // If authData.signCount or the stored signCount is nonzero, it must be greater than the stored one.
    let counter_increased = expected.counter.check(credential.sign_count, sign_count)?;
    // Process the authenticator extension outputs in authData as required.
    let extensions = extensions?;
    // Update credentialRecord with new state values.
    let credential = Credential {
        sign_count,
        backup_eligible: flags.backup_eligible(),
        backup_state: flags.backup_state(),
        backup_recorded: true,
        ..credential
    };
    Ok(Authenticated {
        credential,
        user_verified: flags.user_verified(),
        counter_increased,
        extensions,
    })
}

fn check_user_handle(response: &Response<'_>, credential: &Credential) -> Result<(), Reason> {
    match (response.user_handle()?, &credential.user_handle) {
        (Some(given), Some(stored)) if given != *stored => Err(Reason::UserHandleMismatch),
        _ => Ok(()),
    }
}

/// The one exception: if the flags were never recorded, the response may set them.
fn check_backup_eligible(flags: Flags, credential: &Credential) -> Result<(), Reason> {
    let upgrade = !credential.backup_recorded && !credential.backup_eligible;
    if flags.backup_eligible() == credential.backup_eligible || upgrade {
        Ok(())
    } else {
        Err(Reason::BackupFlagsInvalid)
    }
}
