//! The specification's own test vectors (Web Authentication Level 3, section 16), each pair with what is decided of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use countersign_core::webauthn::{
    Algorithm, AttestationPolicy, AuthenticationExpectation, Conveyance, CounterPolicy, Credential, CrossOrigin,
    Reason, Registered, RegistrationExpectation, RelyingParty, TrustAnchors, UserVerification, verify_authentication,
    verify_registration,
};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use serde_json::{Value, json};

const NOW: i64 = 1_750_000_000;

struct Vectors(Value);

impl Vectors {
    fn load() -> Self {
        Self(serde_json::from_str(include_str!("../../../__test__/vectors/webauthn-level-3.json")).unwrap())
    }

    fn pair(&self, name: &str) -> Pair<'_> {
        let pairs = self.0["vectors"].as_array().unwrap();
        Pair(pairs.iter().find(|pair| pair["name"] == name).unwrap())
    }

    fn names(&self) -> Vec<&str> {
        self.0["vectors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| pair["name"].as_str().unwrap())
            .collect()
    }

    fn root(&self) -> TrustAnchors {
        let der = hex(&self.0["ca"]["attestation_ca_cert"]);
        TrustAnchors::parse(&[BASE64.encode(&der)]).unwrap()
    }
}

fn hex(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

/// What the relying party decides in a test.
struct Policy {
    attestation: Conveyance,
    trust_anchors: TrustAnchors,
    cross_origin: Option<CrossOrigin>,
    algorithms: Vec<Algorithm>,
    now: i64,
}

impl Policy {
    fn new(trust_anchors: TrustAnchors) -> Self {
        let algorithms = Algorithm::ALL.to_vec();
        Self {
            attestation: Conveyance::None,
            trust_anchors,
            cross_origin: None,
            algorithms,
            now: NOW,
        }
    }
}

struct Pair<'a>(&'a Value);

impl Pair<'_> {
    fn register(&self, policy: &Policy) -> Result<Registered, Reason> {
        let reg = &self.0["reg"];
        let id = BASE64URL_NOPAD.encode(&hex(&reg["credential_id"]));
        let response = json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": BASE64URL_NOPAD.encode(&hex(&reg["clientDataJSON"])),
                "attestationObject": BASE64URL_NOPAD.encode(&hex(&reg["attestationObject"])),
                "transports": [],
            },
        });
        let expected = RegistrationExpectation {
            challenge: &hex(&reg["challenge"]),
            rp: &rp(),
            user_verification: UserVerification::Discouraged,
            algorithms: &policy.algorithms,
            attestation: policy.attestation,
            trust_anchors: &policy.trust_anchors,
            attestation_policy: &AttestationPolicy::default(),
            cross_origin: policy.cross_origin.as_ref(),
            user_presence_optional: false,
            user_handle: None,
            extensions: None,
            now: policy.now,
        };
        verify_registration(&response.to_string(), &expected)
    }

    /// The assertion, against the key in the registration's authenticator data.
    fn authenticate(&self, cross_origin: Option<&CrossOrigin>) -> Result<Credential, Reason> {
        let (auth, credential) = (&self.0["auth"], self.credential());
        let id = BASE64URL_NOPAD.encode(&credential.id);
        let response = json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": BASE64URL_NOPAD.encode(&hex(&auth["clientDataJSON"])),
                "authenticatorData": BASE64URL_NOPAD.encode(&hex(&auth["authenticatorData"])),
                "signature": BASE64URL_NOPAD.encode(&hex(&auth["signature"])),
            },
        });
        let expected = AuthenticationExpectation {
            challenge: &hex(&auth["challenge"]),
            rp: &rp(),
            user_verification: UserVerification::Discouraged,
            cross_origin,
            counter: CounterPolicy::Refuse,
            app_id_hash: None,
            extensions: None,
        };
        let response = response.to_string();
        let authenticated = verify_authentication(&response, &credential, &expected)?;
        let mut damaged = authenticated.credential.clone();
        damaged.id[0] ^= 1;
        assert_eq!(
            verify_authentication(&response, &damaged, &expected),
            Err(Reason::CredentialMismatch)
        );
        Ok(authenticated.credential)
    }

    fn credential(&self) -> Credential {
        let object = hex(&self.0["reg"]["attestationObject"]);
        let mut decoder = minicbor::Decoder::new(&object);
        let mut auth_data = &[][..];
        for _ in 0..decoder.map().unwrap().unwrap() {
            match decoder.str().unwrap() {
                "authData" => auth_data = decoder.bytes().unwrap(),
                _ => decoder.skip().unwrap(),
            }
        }
        let id_length = usize::from(u16::from_be_bytes([auth_data[53], auth_data[54]]));
        Credential {
            id: auth_data[55..55 + id_length].to_vec(),
            public_key: auth_data[55 + id_length..].to_vec(),
            sign_count: 0,
            transports: vec![],
            aaguid: auth_data[37..53].try_into().unwrap(),
            backup_eligible: auth_data[32] & 0x08 != 0,
            backup_state: auth_data[32] & 0x10 != 0,
            backup_recorded: true,
            user_verified: false,
            user_handle: None,
        }
    }
}

fn rp() -> RelyingParty {
    serde_json::from_value(json!({ "id": "example.org", "origins": ["https://example.org"] })).unwrap()
}

fn embedded(top_origins: &[&str], allow_missing: bool) -> CrossOrigin {
    CrossOrigin {
        top_origins: top_origins.iter().map(ToString::to_string).collect(),
        allow_missing,
    }
}

/// Format, verified, trusted.
type Decided = Result<(&'static str, bool, bool), Reason>;

/// The outcome of each pair that registers without attestation being asked for.
const DECIDED: [(&str, Decided); 15] = [
    ("none-es256", Ok(("none", false, false))),
    ("packed-self-es256", Ok(("packed", true, false))),
    ("none-es256-crossOrigin", Err(Reason::CrossOrigin)),
    ("none-es256-topOrigin", Err(Reason::CrossOrigin)),
    // 1023 bytes, the most there may be.
    ("none-es256-long-credential-id", Ok(("none", false, false))),
    ("packed-es256", Ok(("packed", true, true))),
    ("packed-es384", Ok(("packed", true, true))),
    ("packed-es512", Ok(("packed", true, true))),
    // A modulus of 3482 bits.
    ("packed-rs256", Ok(("packed", true, true))),
    ("packed-eddsa", Ok(("packed", true, true))),
    ("packed-ed448", Err(Reason::AlgorithmUnsupported)),
    ("tpm-es256", Ok(("tpm", true, true))),
    // Both authorization lists are empty, which the full procedure refuses.
    ("android-key-es256", Err(Reason::AttestationInvalid)),
    ("apple-es256", Ok(("apple", true, true))),
    // With an AAGUID, which the procedure allows.
    ("fido-u2f-es256", Ok(("fido-u2f", true, true))),
];

#[test]
fn every_pair_is_decided() {
    let vectors = Vectors::load();
    assert_eq!(vectors.names(), DECIDED.map(|(name, _)| name));
}

#[test]
fn registrations() {
    let vectors = Vectors::load();
    for (name, decided) in DECIDED {
        let registered = vectors.pair(name).register(&Policy::new(vectors.root()));
        let found = registered.as_ref().map(|registered| {
            let attestation = &registered.attestation;
            (attestation.format.as_str(), attestation.verified, attestation.trusted)
        });
        assert_eq!(found.map_err(|reason| *reason), decided, "{name}");
        if let Ok(registered) = registered {
            let expected = vectors.pair(name).credential();
            assert_eq!(
                (&registered.credential.id, &registered.credential.public_key),
                (&expected.id, &expected.public_key)
            );
            assert_eq!(registered.credential.aaguid, expected.aaguid);
            assert_eq!(registered.credential.backup_eligible, expected.backup_eligible);
        }
    }
}

#[test]
fn registrations_where_attestation_is_asked_for() {
    let vectors = Vectors::load();
    for (name, decided) in DECIDED {
        let strict = Policy {
            attestation: Conveyance::Direct,
            ..Policy::new(vectors.root())
        };
        let reason = match decided {
            Ok((_, true, true)) => None,
            Ok((_, true, false)) => Some(Reason::AttestationUntrusted),
            Ok((_, false, _)) => Some(Reason::AttestationUnsupported),
            Err(reason) => Some(reason),
        };
        assert_eq!(vectors.pair(name).register(&strict).err(), reason, "{name}");
        let without_anchors = Policy {
            attestation: Conveyance::Direct,
            ..Policy::new(TrustAnchors::default())
        };
        let registered = vectors.pair(name).register(&without_anchors);
        assert_eq!(
            registered.as_ref().err(),
            reason.filter(|reason| *reason != Reason::AttestationUntrusted).as_ref()
        );
        assert!(registered.is_ok_and(|registered| !registered.attestation.trusted) || reason.is_some());
    }
}

#[test]
fn certificates_are_valid_only_in_their_time() {
    let vectors = Vectors::load();
    // 2023: before any of the certificates.
    let early = Policy {
        now: 1_680_000_000,
        ..Policy::new(vectors.root())
    };
    for name in ["packed-es256", "apple-es256"] {
        let attestation = vectors.pair(name).register(&early).unwrap().attestation;
        assert!(attestation.verified && !attestation.trusted, "{name}");
    }
}

#[test]
fn algorithms_not_asked_for_are_refused() {
    let vectors = Vectors::load();
    for (name, own) in [
        ("none-es256", Algorithm::Es256),
        ("packed-rs256", Algorithm::Rs256),
        ("packed-eddsa", Algorithm::EdDsa),
    ] {
        let others = Algorithm::ALL
            .into_iter()
            .filter(|algorithm| *algorithm != own)
            .collect();
        let policy = Policy {
            algorithms: others,
            ..Policy::new(vectors.root())
        };
        assert_eq!(
            vectors.pair(name).register(&policy).err(),
            Some(Reason::AlgorithmNotAllowed),
            "{name}"
        );
        let policy = Policy {
            algorithms: vec![own],
            ..policy
        };
        assert!(vectors.pair(name).register(&policy).is_ok(), "{name}");
    }
}

#[test]
fn embedded_pages_where_the_policy_allows_them() {
    let vectors = Vectors::load();
    for (name, policy, accepted) in [
        ("none-es256-crossOrigin", embedded(&[], true), true),
        (
            "none-es256-crossOrigin",
            embedded(&["https://example.com"], false),
            false,
        ),
        ("none-es256-topOrigin", embedded(&["https://example.com"], false), true),
        ("none-es256-topOrigin", embedded(&["https://example.net"], true), false),
    ] {
        let pair = vectors.pair(name);
        assert_eq!(pair.authenticate(Some(&policy)).is_ok(), accepted, "{name}");
        let registration = Policy {
            cross_origin: Some(policy),
            ..Policy::new(vectors.root())
        };
        assert_eq!(pair.register(&registration).is_ok(), accepted, "{name}");
    }
}

#[test]
fn authentications() {
    let vectors = Vectors::load();
    for name in vectors.names() {
        let expected = match name {
            "none-es256-crossOrigin" | "none-es256-topOrigin" => Err(Reason::CrossOrigin),
            "packed-ed448" => Err(Reason::AlgorithmUnsupported),
            _ => Ok(()),
        };
        assert_eq!(vectors.pair(name).authenticate(None).map(|_| ()), expected, "{name}");
    }
}
