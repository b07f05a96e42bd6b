//! Registrations in the tests of other packages: what is decided of each, and where that is not what they expect.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod webauthn_support;

use countersign_core::webauthn::{Algorithm, Conveyance, Reason, RelyingParty, verify_registration};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use webauthn_support::Registering;

struct Registration(Value);

impl Registration {
    fn load() -> Vec<Self> {
        let file: Value =
            serde_json::from_str(include_str!("../../../__test__/vectors/public-registrations.json")).unwrap();
        file["registrations"]
            .as_array()
            .unwrap()
            .iter()
            .cloned()
            .map(Self)
            .collect()
    }

    fn verify(&self, attestation: Conveyance) -> Result<Value, Reason> {
        let Self(given) = self;
        let response = json!({
            "id": given["id"], "rawId": given["id"], "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": given["clientDataJSON"], "attestationObject": given["attestationObject"],
                "transports": [],
            },
        });
        let rp = json!({ "id": given["rpId"], "origins": [given["origin"]] });
        let rp: RelyingParty = serde_json::from_value(rp).unwrap();
        let challenge = BASE64URL_NOPAD
            .decode(given["challenge"].as_str().unwrap().as_bytes())
            .unwrap();
        let policy = Registering {
            rp,
            attestation,
            ..Registering::default()
        };
        let mut expected = policy.expectation();
        (expected.challenge, expected.algorithms) = (&challenge, &Algorithm::ALL);
        verify_registration(&response.to_string(), &expected)
            .map(|registered| serde_json::to_value(registered.attestation).unwrap())
    }

    fn name(&self) -> String {
        format!("{} {}", self.0["packages"], self.0["name"])
    }
}

#[test]
fn each_is_decided_as_its_package_expects_or_says_why_not() {
    let registrations = Registration::load();
    assert_eq!(registrations.len(), 21);
    for registration in registrations {
        let (name, Registration(given)) = (registration.name(), &registration);
        let decided = match registration.verify(Conveyance::None) {
            Ok(attestation) => attestation,
            Err(reason) => reason.as_str().into(),
        };
        assert_eq!(decided, given["decided"], "{name}");
        let verified = decided["verified"] == true;
        let as_expected = match given["expected"].as_str().unwrap() {
            "accepted" => verified,
            _ => decided.is_string(),
        };
        assert_eq!(as_expected, given["why"].is_null(), "{name}");
        assert_eq!(registration.verify(Conveyance::Direct).is_ok(), verified, "{name}");
    }
}
