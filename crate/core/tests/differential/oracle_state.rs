//! What webauthn-rs-core is told of a registration that has begun.

use countersign_core::webauthn::Algorithm;
use serde_json::{Value, json};
use webauthn_rs_core::proto::RegistrationState;

/// Its states have private fields, but they are plain serde.
pub fn registration(user_verification: &Value, challenge: &Value, algorithms: &[&str]) -> RegistrationState {
    serde_json::from_value(json!({
        "policy": user_verification,
        "exclude_credentials": [],
        "challenge": challenge,
        "credential_algorithms": algorithms,
        "require_resident_key": false,
        "authenticator_attachment": null,
        "extensions": {},
        "allow_synchronised_authenticators": true,
    }))
    .unwrap()
}

/// All that it has.
pub fn algorithms() -> Vec<&'static str> {
    Algorithm::ALL.into_iter().filter_map(name).collect()
}

/// Its name of an algorithm, where it knows it at all.
pub fn name(algorithm: Algorithm) -> Option<&'static str> {
    Some(match algorithm {
        Algorithm::EdDsa => "EDDSA",
        Algorithm::Es256 => "ES256",
        Algorithm::Es384 => "ES384",
        Algorithm::Es512 => "ES521",
        Algorithm::Rs256 => "RS256",
        Algorithm::Rs384 => "RS384",
        Algorithm::Rs512 => "RS512",
        Algorithm::Ps256 => "PS256",
        Algorithm::Ps384 => "PS384",
        Algorithm::Ps512 => "PS512",
        Algorithm::MlDsa44 | Algorithm::MlDsa65 | Algorithm::MlDsa87 => return None,
    })
}
