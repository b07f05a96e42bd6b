//! Registering a new credential (7.1).

use serde::Serialize;

use super::attestation::{self, Attestation, Statement};
use super::authenticator_data::AuthenticatorData;
use super::cbor::{self, Value};
use super::client_data::{Ceremony, ClientData, sha256};
use super::credential::Credential;
use super::expectation::RegistrationExpectation;
use super::reason::Reason;
use super::response::Response;

/// A verified registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// The credential to store. The caller checks that its id is not stored yet.
    pub credential: Credential,
    pub attestation: Attestation,
    /// Whether the user was verified in this ceremony.
    pub user_verified: bool,
    /// Whether the authenticator can offer the credential without being given its id. `None` if the browser does not
    /// say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discoverable: Option<bool>,
}

/// Verifies `response`, the text of a `RegistrationResponseJSON`.
pub fn verify_registration(response: &str, expected: &RegistrationExpectation<'_>) -> Result<Registered, Reason> {
    verify(&Response::parse(response)?, expected)
}

/// The same as [`verify_registration`], with the response already parsed.
pub(super) fn verify(response: &Response<'_>, expected: &RegistrationExpectation<'_>) -> Result<Registered, Reason> {
    // Let JSONtext be the UTF-8 decoding of clientDataJSON; let C be its parsed form; verify type, challenge, origins.
    let client_data = ClientData::parse(&response.client_data_json)?;
    client_data.check(Ceremony::Create, expected.challenge, expected.rp, expected.cross_origin)?;
    // Let hash be the result of computing a hash over response.clientDataJSON using SHA-256.
    let client_data_hash = sha256(&response.client_data_json);
    // Perform CBOR decoding on attestationObject to obtain fmt, authData and attStmt.
    let attestation_object_bytes = response.attestation_object()?;
    let object = AttestationObject::parse(&attestation_object_bytes)?;
    let data = AuthenticatorData::parse(object.auth_data)?;
    let attested = data.attested.as_ref().ok_or(Reason::Malformed)?;
    // Verify that the rpIdHash in authData is the SHA-256 hash of the RP ID.
    data.check_rp_id(&expected.rp.id, None)?;
    // Verify UP (unless conditional), UV and BS.
    data.check_flags(expected.user_presence_optional, expected.user_verification)?;
    // Verify that the alg of the credential public key is one of options.pubKeyCredParams.
    let key = attested.public_key.parse()?;
    if !expected.algorithms.contains(&key.algorithm()) {
        return Err(Reason::AlgorithmNotAllowed);
    }
    // Verify attStmt by the procedure of its format, and assess whether it can be trusted.
    let attestation = attestation::verify(
        &Statement {
            format: object.format,
            statement: object.statement,
            auth_data: object.auth_data,
            attested,
            key: &key,
            client_data: &client_data,
            client_data_json: &response.client_data_json,
            client_data_hash: &client_data_hash,
            attestation_object: &attestation_object_bytes,
        },
        expected,
    )?;
    // Verify that the credentialId is at most 1023 bytes, which parsing has done, and the one that credential.id says.
    if attested.credential_id != response.credential_id {
        return Err(Reason::CredentialMismatch);
    }
    // Create the credential record.
    let credential = Credential {
        public_key: attested.public_key.to_cose(&key),
        sign_count: data.sign_count,
        transports: response.transports()?,
        aaguid: attested.aaguid,
        backup_eligible: data.flags.backup_eligible(),
        backup_state: data.flags.backup_state(),
        backup_recorded: true,
        user_verified: data.flags.user_verified(),
        user_handle: expected.user_handle.map(<[u8]>::to_vec),
        id: attested.credential_id.to_vec(),
    };
    let user_verified = credential.user_verified;
    Ok(Registered {
        credential,
        attestation,
        user_verified,
        discoverable: response.discoverable()?,
    })
}

/// The three members of 6.5. Others are ignored.
struct AttestationObject<'a> {
    format: &'a str,
    auth_data: &'a [u8],
    statement: Value<'a>,
}

impl<'a> AttestationObject<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, Reason> {
        let object = cbor::parse(bytes)?;
        Self::read(&object).ok_or(Reason::Malformed)
    }

    fn read(object: &Value<'a>) -> Option<Self> {
        let statement = object.member("attStmt")?;
        statement.map()?;
        Some(Self {
            format: object.member("fmt")?.text()?,
            auth_data: object.member("authData")?.bytes()?,
            statement: statement.clone(),
        })
    }
}
