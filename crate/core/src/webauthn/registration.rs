//! Registering a new credential (7.1).

use serde::Serialize;

use super::attestation::{self, Attestation, SecurityLevel, Statement};
use super::authenticator_data::AuthenticatorData;
use super::authenticators::{self, Authenticators, Candidate};
use super::cbor::{self, Value};
use super::client_data::{Ceremony, ClientData, sha256};
use super::credential::Credential;
use super::expectation::RegistrationExpectation;
use super::extensions::{self, Outputs};
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
    /// The signed extension outputs that were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Outputs>,
    /// Where the key is kept: by a trusted statement or, if that says nothing, by the metadata of its model.
    #[serde(skip)]
    pub security_level: Option<SecurityLevel>,
    /// The identifiers of the keys that attest it, that of the statement first (RFC 5280, 4.2.1.2, method 1).
    #[serde(skip)]
    pub attested_by: Vec<[u8; 20]>,
}

/// Verifies `response`, the text of a `RegistrationResponseJSON`.
pub fn verify_registration(response: &str, expected: &RegistrationExpectation<'_>) -> Result<Registered, Reason> {
    verify(&Response::parse(response)?, expected, None)
}

/// The same, for the authenticators that the host accepts. What the metadata has about the model of the authenticator
/// counts, its roots as trust anchors too.
pub fn verify_registration_of(
    response: &str,
    expected: &RegistrationExpectation<'_>,
    authenticators: &Authenticators<'_>,
) -> Result<Registered, Reason> {
    verify(&Response::parse(response)?, expected, Some(authenticators))
}

/// The same, with the response already parsed.
pub(super) fn verify(
    response: &Response<'_>,
    expected: &RegistrationExpectation<'_>,
    authenticators: Option<&Authenticators<'_>>,
) -> Result<Registered, Reason> {
    // Let JSONtext be the UTF-8 decoding of clientDataJSON; let C be its parsed form; verify type, challenge, origins.
    let client_data = ClientData::parse(&response.client_data_json)?;
    client_data.check(Ceremony::Create, expected.challenge, expected.rp, expected.cross_origin)?;
    // Let hash be the result of computing a hash over response.clientDataJSON using SHA-256.
    let client_data_hash = sha256(&response.client_data_json);
    // Perform CBOR decoding on attestationObject to obtain fmt, authData and attStmt.
    let attestation_object_bytes = response.attestation_object()?;
    let object = cbor::parse(&attestation_object_bytes)?;
    let object = AttestationObject::read(&object).ok_or(Reason::Malformed)?;
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
    let statement = Statement {
        format: object.format,
        statement: object.statement,
        auth_data: object.auth_data,
        attested,
        key: &key,
        client_data: &client_data,
        client_data_json: &response.client_data_json,
        client_data_hash: &client_data_hash,
        attestation_object: &attestation_object_bytes,
    };
    let mut attested_by = attestation::keys(&statement);
    // Of a compound statement, the part with this key may be one that nothing verifies.
    let attestation_key = attested_by.first().copied().filter(|_| statement.format != "compound");
    let metadata = authenticators.and_then(|authenticators| authenticators.metadata);
    let model = metadata.and_then(|metadata| metadata.model_of(attested.aaguid, attestation_key));
    let of_model = metadata.zip(model);
    let trust_anchors = of_model.map(|(metadata, model)| expected.trust_anchors.with(metadata.roots_of(model)));
    let trust_anchors = trust_anchors.as_ref().unwrap_or(expected.trust_anchors);
    let attestation = attestation::verify(
        &statement,
        &RegistrationExpectation {
            trust_anchors,
            ..*expected
        },
    )?;
    attested_by.extend(attestation::issuer_keys(&statement, trust_anchors));
    // Verify that the credentialId is at most 1023 bytes, which parsing has done, and the one that credential.id says.
    if attested.credential_id != response.credential_id {
        return Err(Reason::CredentialMismatch);
    }
    // Process the authenticator extension outputs in authData as required.
    let extensions = extensions::judge(expected.extensions, data.extensions)?;
    // The host's own rules about authenticators.
    if let Some(authenticators) = authenticators {
        authenticators.judge(&Candidate {
            aaguid: attested.aaguid,
            key: attestation_key,
            keys: &attested_by,
            backup_eligible: data.flags.backup_eligible(),
            attestation: &attestation,
            model,
            now: expected.now,
        })?;
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
        security_level: authenticators::level(&attestation, model).filter(|_| attestation.trusted),
        attested_by: if attestation.verified { attested_by } else { Vec::new() },
        credential,
        attestation,
        user_verified,
        discoverable: response.discoverable()?,
        extensions,
    })
}

/// The three members of 6.5. Others are ignored.
struct AttestationObject<'a> {
    format: &'a str,
    auth_data: &'a [u8],
    statement: &'a Value<'a>,
}

impl<'a> AttestationObject<'a> {
    fn read(object: &'a Value<'a>) -> Option<Self> {
        let statement = object.member("attStmt")?;
        let format = object.member("fmt")?.text()?;
        // Only that of `compound` is an array.
        let whole = if format == "compound" {
            statement.array().is_some()
        } else {
            statement.map().is_some()
        };
        if !whole {
            return None;
        }
        Some(Self {
            format,
            auth_data: object.member("authData")?.bytes()?,
            statement,
        })
    }
}
