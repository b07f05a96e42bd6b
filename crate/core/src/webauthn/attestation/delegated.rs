//! Formats whose procedure webauthn-rs-core carries out (8.6, 8.8), after all checks of our own.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{AuthenticatorAttestationResponseRaw, RegisterPublicKeyCredential, RegistrationState};

use super::statement::{Finding, Statement};
use crate::webauthn::cose::{Algorithm, CoseKey, KeyMaterial};
use crate::webauthn::expectation::RegistrationExpectation;
use crate::webauthn::reason::Reason;

/// Its only entry is the whole ceremony, so it gets the challenge and the origin that have been verified already. A
/// statement that it can't read is unverified, and no reason to refuse the key: real keys send such ones.
pub fn verify(statement: &Statement<'_>, expected: &RegistrationExpectation<'_>) -> Result<Finding, Reason> {
    let Some(algorithm) = judged(statement.key) else {
        return Ok(Finding::default());
    };
    // It refuses every embedded page, reads no byte order mark, and knows no ceremony without presence.
    let unread = statement.client_data.is_cross_origin()
        || statement.client_data_json.starts_with(b"\xef\xbb\xbf")
        || expected.user_presence_optional;
    if unread {
        return Ok(Finding::default());
    }
    let chain = statement
        .certificates(expected.trust_anchors)?
        .ok_or(Reason::AttestationInvalid)?;
    match ceremony(statement, expected, algorithm) {
        None => Ok(Finding::default()),
        Some(Err(error)) if is_unread(&error) => Ok(Finding::default()),
        Some(Err(_)) => Err(Reason::AttestationInvalid),
        Some(Ok(())) => Ok(Finding::certified(
            chain.standing(expected.trust_anchors, expected.now)?,
        )),
    }
}

/// Whether it stopped before it judged the statement: what our own reader took, its own did not.
fn is_unread(error: &WebauthnError) -> bool {
    matches!(
        error,
        WebauthnError::AttestationNotSupported
            | WebauthnError::InvalidRPOrigin
            | WebauthnError::ParseCBORFailure(_)
            | WebauthnError::ParseJSONFailure(_)
            | WebauthnError::ParseNOMFailure
            | WebauthnError::X509DerInvalid
    )
}

/// Its name of the algorithm, for the keys that it can read.
fn judged(key: &CoseKey) -> Option<&'static str> {
    match (key.algorithm(), key.material()) {
        (Algorithm::Es256, _) => Some("ES256"),
        (Algorithm::Es384, _) => Some("ES384"),
        (Algorithm::Rs256, KeyMaterial::Rsa { n, e }) if n.len() == 256 && e.len() == 3 => Some("RS256"),
        _ => None,
    }
}

/// None where the ceremony can't be put to it.
fn ceremony(
    statement: &Statement<'_>,
    expected: &RegistrationExpectation<'_>,
    algorithm: &str,
) -> Option<Result<(), WebauthnError>> {
    // The state has private fields, but it is plain serde.
    let state: RegistrationState = serde_json::from_value(json!({
        "policy": "discouraged",
        "exclude_credentials": [],
        "challenge": BASE64URL_NOPAD.encode(expected.challenge),
        "credential_algorithms": [algorithm],
        "require_resident_key": false,
        "authenticator_attachment": null,
        "extensions": {},
        "allow_synchronised_authenticators": true,
    }))
    .ok()?;
    let origin = statement.client_data.origin().parse().ok()?;
    let core = WebauthnCore::new_unsafe_experts_only(
        expected.rp.display_name(),
        &expected.rp.id,
        vec![origin],
        Duration::ZERO,
        None,
        None,
    );
    let response = RegisterPublicKeyCredential {
        id: BASE64URL_NOPAD.encode(statement.attested.credential_id),
        raw_id: statement.attested.credential_id.to_vec(),
        response: AuthenticatorAttestationResponseRaw {
            attestation_object: statement.attestation_object.to_vec(),
            client_data_json: statement.client_data_json.to_vec(),
            transports: None,
        },
        type_: "public-key".to_owned(),
        extensions: webauthn_rs_core::proto::RegistrationExtensionsClientOutputs::default(),
    };
    Some(core.register_credential(&response, &state, None).map(|_| ()))
}
