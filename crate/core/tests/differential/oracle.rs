//! The same questions to webauthn-rs-core, an implementation that shares nothing with this one but the parser of JSON.

use std::time::Duration;

use countersign_core::webauthn::{Conveyance, Credential};
use serde_json::{Value, json};
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::proto::{
    AuthenticationState, PublicKeyCredential, RegisterPublicKeyCredential, RegistrationState, UserVerificationPolicy,
};

use super::authenticator_data::{Attested, AuthenticatorData};
use super::client_data;
use super::oracle_state;
use super::policy::Policy;
use crate::webauthn_support::{CHALLENGE, attestation_object, base64url, sha256};

/// Why it says no.
pub type Refusal = String;

/// A credential in its form, of a COSE key; none of an algorithm that it can't register.
pub fn credential(public: &[u8]) -> Option<webauthn_rs_core::proto::Credential> {
    let attested = Attested {
        aaguid: [0; 16],
        id: vec![1],
        key: public.to_vec(),
    };
    let data = AuthenticatorData::new("example.org", 0x41, 0, Some(attested));
    let client_data = client_data::honest("webauthn.create").text();
    let response = json!({
        "id": "AQ", "rawId": "AQ", "type": "public-key",
        "response": {
            "clientDataJSON": base64url(client_data.as_bytes()),
            "attestationObject": base64url(&attestation_object("none", &data.bytes(), &[0xa0])),
        },
    });
    let response = serde_json::from_value(response).unwrap();
    let core = core("example.org", &["https://example.org".to_owned()], None, None);
    core.register_credential(&response, &registration_state(&json!("discouraged")), None)
        .ok()
}

/// `known`: the credential's key as `credential` gave it.
pub fn authenticate(
    response: &str,
    policy: &Policy,
    credential: &Credential,
    known: Option<&webauthn_rs_core::proto::Credential>,
) -> Result<(), Refusal> {
    let mut known = known.ok_or("a key that it can't register")?.clone();
    known.cred_id.clone_from(&credential.id);
    known.counter = credential.sign_count;
    known.backup_eligible = credential.backup_eligible;
    known.backup_state = credential.backup_state;
    known.registration_policy = UserVerificationPolicy::Discouraged_DO_NOT_USE;
    let state: AuthenticationState = serde_json::from_value(json!({
        "credentials": [known],
        "policy": policy.user_verification,
        "challenge": base64url(&CHALLENGE),
        "appid": null,
        "allow_backup_eligible_upgrade": !credential.backup_recorded,
    }))
    .unwrap();
    let response: PublicKeyCredential = serde_json::from_str(response).map_err(|error| error.to_string())?;
    of(policy)
        .authenticate_credential(&response, &state)
        .map(|_| ())
        .map_err(|error| format!("{error:?}"))
}

pub fn register(response: &str, policy: &Policy) -> Result<(), Refusal> {
    let response: RegisterPublicKeyCredential = serde_json::from_str(response).map_err(|error| error.to_string())?;
    let state = registration_state(&json!(policy.user_verification));
    let core = of(policy);
    let anchor = policy.anchor.filter(|_| policy.attestation != Conveyance::None);
    let registered = match anchor {
        None => core.register_credential(&response, &state, None),
        Some(anchor) => {
            let authority = json!({ "ca": base64url(&anchor.der), "aaguids": {}, "blanket_allow": true });
            let list = json!({ "cas": { base64url(&sha256(&anchor.der)): authority } });
            let list = serde_json::from_value(list).unwrap();
            core.register_credential(&response, &state, Some(&list))
        }
    };
    registered.map(|_| ()).map_err(|error| format!("{error:?}"))
}

fn of(policy: &Policy) -> WebauthnCore {
    let rp = &policy.rp;
    core(&rp.id, &rp.origins, Some(rp.allow_subdomains), Some(rp.allow_any_port))
}

fn core(rp_id: &str, origins: &[String], subdomains: Option<bool>, any_port: Option<bool>) -> WebauthnCore {
    let origins = origins.iter().map(|origin| origin.parse().unwrap()).collect();
    WebauthnCore::new_unsafe_experts_only("Example", rp_id, origins, Duration::ZERO, subdomains, any_port)
}

fn registration_state(user_verification: &Value) -> RegistrationState {
    oracle_state::registration(
        user_verification,
        &json!(base64url(&CHALLENGE)),
        &oracle_state::algorithms(),
    )
}
