//! The options of both ceremonies as JSON text, for servers that keep their own tables. Both functions return an
//! envelope.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::credential::{from_base64url, from_optional_base64url};
use super::options::{self, AllowedCredential, AuthenticationOptions, RegistrationOptions};
use super::options::{AuthenticatorAttachment, Hint, ResidentKey};
use super::{Algorithm, Conveyance, RelyingParty, UserVerification};
use crate::json::envelope::envelope;
use crate::json::failure::Failure;

/// How long a ceremony may take, in milliseconds.
const TIMEOUT: u32 = 300_000;
/// Fewer bytes could be guessed (13.4.3).
const MIN_CHALLENGE: usize = 16;

/// `value`: `PublicKeyCredentialCreationOptionsJSON`. `random`: 32 bytes for a challenge, then 32 for a user handle,
/// each used if the request has none.
///
/// Request: `{rp: {id, name?}, user: {id?, name, displayName}, challenge?, algorithms?, timeout?, excludeCredentials?,
/// authenticatorAttachment?, residentKey?, userVerification?, hints?, attestation?}`.
pub fn registration_options(request: &str, random: &[u8]) -> String {
    envelope(begin_registration(request, random))
}

/// `value`: `PublicKeyCredentialRequestOptionsJSON`. `random`: 32 bytes, used if the request has no challenge.
///
/// Request: `{rp: {id}, challenge?, timeout?, allowCredentials?, userVerification?, hints?}`.
pub fn authentication_options(request: &str, random: &[u8]) -> String {
    envelope(begin_authentication(request, random))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RegistrationOptionsRequest {
    rp: NamedParty,
    user: User,
    #[serde(default, deserialize_with = "from_optional_base64url")]
    challenge: Option<Vec<u8>>,
    #[serde(default)]
    algorithms: Option<Vec<i64>>,
    #[serde(default)]
    timeout: Option<u32>,
    #[serde(default)]
    exclude_credentials: Vec<Descriptor>,
    #[serde(default)]
    authenticator_attachment: Option<AuthenticatorAttachment>,
    #[serde(default)]
    resident_key: ResidentKey,
    #[serde(default)]
    user_verification: UserVerification,
    #[serde(default)]
    hints: Vec<Hint>,
    #[serde(default)]
    attestation: Conveyance,
}

/// The part of a relying party that the options contain.
#[derive(Deserialize)]
struct NamedParty {
    id: String,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct User {
    #[serde(default, deserialize_with = "from_optional_base64url")]
    id: Option<Vec<u8>>,
    name: String,
    display_name: String,
}

/// A credential of a list. A whole stored credential is accepted, too.
#[derive(Deserialize)]
struct Descriptor {
    #[serde(deserialize_with = "from_base64url")]
    id: Vec<u8>,
    #[serde(default)]
    transports: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AuthenticationOptionsRequest {
    rp: NamedParty,
    #[serde(default, deserialize_with = "from_optional_base64url")]
    challenge: Option<Vec<u8>>,
    #[serde(default)]
    timeout: Option<u32>,
    #[serde(default)]
    allow_credentials: Vec<Descriptor>,
    #[serde(default)]
    user_verification: UserVerification,
    #[serde(default)]
    hints: Vec<Hint>,
}

fn begin_registration(request: &str, random: &[u8]) -> Result<Value, Failure> {
    let request: RegistrationOptionsRequest = read(request)?;
    let (Some(fresh), Some(handle)) = (random.get(..32), random.get(32..64)) else {
        return Err(Failure::InvalidArgument("random"));
    };
    let algorithms = algorithms(request.algorithms.as_deref())?;
    let challenge = request.challenge.as_deref().unwrap_or(fresh);
    check_challenge(challenge)?;
    let user_handle = request.user.id.as_deref().unwrap_or(handle);
    if !(1..=64).contains(&user_handle.len()) {
        return Err(Failure::InvalidArgument("user.id"));
    }
    Ok(options::registration_options(&RegistrationOptions {
        challenge,
        rp: &request.rp.checked()?,
        user_handle,
        user_name: &request.user.name,
        user_display_name: &request.user.display_name,
        algorithms: &algorithms,
        exclude_credentials: &descriptors(&request.exclude_credentials),
        user_verification: request.user_verification,
        resident_key: request.resident_key,
        authenticator_attachment: request.authenticator_attachment,
        hints: &request.hints,
        attestation: request.attestation,
        app_id_exclude: None,
        timeout: request.timeout.unwrap_or(TIMEOUT),
    }))
}

fn begin_authentication(request: &str, random: &[u8]) -> Result<Value, Failure> {
    let request: AuthenticationOptionsRequest = read(request)?;
    let fresh = random.get(..32).ok_or(Failure::InvalidArgument("random"))?;
    let challenge = request.challenge.as_deref().unwrap_or(fresh);
    check_challenge(challenge)?;
    let options = AuthenticationOptions {
        challenge,
        rp_id: &request.rp.checked()?.id,
        allow_credentials: &descriptors(&request.allow_credentials),
        user_verification: request.user_verification,
        app_id: None,
        timeout: request.timeout.unwrap_or(TIMEOUT),
    };
    Ok(options::with_hints(&options, &request.hints))
}

impl NamedParty {
    fn checked(self) -> Result<RelyingParty, Failure> {
        let Self { id, name } = self;
        let rp = RelyingParty {
            id,
            name,
            origins: Vec::new(),
            allow_subdomains: false,
            allow_any_port: false,
        };
        rp.check_id().map(|()| rp)
    }
}

pub(super) fn read<T: DeserializeOwned>(request: &str) -> Result<T, Failure> {
    serde_json::from_str(request).map_err(|_| Failure::InvalidArgument("request"))
}

pub(super) fn check_challenge(challenge: &[u8]) -> Result<(), Failure> {
    if challenge.len() >= MIN_CHALLENGE {
        Ok(())
    } else {
        Err(Failure::InvalidArgument("challenge"))
    }
}

pub(super) fn algorithms(numbers: Option<&[i64]>) -> Result<Vec<Algorithm>, Failure> {
    let Some(numbers) = numbers else {
        return Ok(Algorithm::OFFERED.to_vec());
    };
    let known = numbers
        .iter()
        .map(|number| Algorithm::from_cose(*number))
        .collect::<Option<Vec<_>>>();
    known
        .filter(|known| !known.is_empty())
        .ok_or(Failure::InvalidArgument("algorithms"))
}

fn descriptors<'a>(credentials: &'a [Descriptor]) -> Vec<AllowedCredential<'a>> {
    let descriptor = |credential: &'a Descriptor| AllowedCredential {
        id: &credential.id,
        transports: &credential.transports,
    };
    credentials.iter().map(descriptor).collect()
}
