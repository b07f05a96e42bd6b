//! Which authenticators a host accepts: the rules for new keys, and for keys whose model was revoked later.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;
mod metadata_support;
mod webauthn_support;

use std::sync::Arc;

use common::{User, settings};
use countersign_core::webauthn::metadata::{Certification, Metadata, ModelId};
use countersign_core::webauthn::{
    AuthenticatorPolicy, Authenticators, Conveyance, Reason, Registered, SecurityLevel, verify_registration_of,
};
use countersign_core::{enrol, revoked, sign_in};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use metadata_support::{NOW, Party, Service, entry};
use minicbor::Encoder;
use rcgen::{CustomExtension, KeyPair, SigningKey};
use serde_json::{Value, json};
use webauthn_support::{
    Authenticator, CHALLENGE, Ceremony, Registering, attestation_certificate, attestation_object, base64url, packed,
    sha256,
};

/// The AAGUID that the software authenticator has by default: bytes of 7.
const MODEL: &str = "07070707-0707-0707-0707-070707070707";
const OTHER: &str = "08080808-0808-0808-0808-080808080808";

/// A maker of authenticators, whose root certifies a batch of them.
struct Maker {
    root: Party,
    batch: Party,
}

impl Maker {
    fn new() -> Self {
        let root = Party::authority("Maker", None);
        let mut params = attestation_certificate("Key 1");
        let oid = [1, 3, 6, 1, 4, 1, 45724, 1, 1, 4];
        params.custom_extensions = vec![CustomExtension::from_oid_content(
            &oid,
            [&[4, 16][..], &[7; 16]].concat(),
        )];
        let batch = Party::made(params, KeyPair::generate().unwrap(), Some(&root));
        Self { root, batch }
    }

    /// A registration with a packed statement.
    fn register(&self, key: &Authenticator, ceremony: &Ceremony) -> Value {
        let data = key.auth_data(ceremony);
        let message = [&data[..], &sha256(ceremony.client_data.as_bytes())].concat();
        let statement = packed(-7, &self.batch.key.sign(&message).unwrap(), &[self.batch.der()]);
        key.registration(ceremony, &attestation_object("packed", &data, &statement))
    }

    /// The metadata of its model with these reports.
    fn metadata(&self, reports: &Value) -> Metadata {
        Service::new().metadata(&json!([entry(MODEL, "Key 1", &[self.root.base64()], reports)]))
    }
}

fn key_of(party: &Party) -> [u8; 20] {
    let (_, certificate) = x509_parser::parse_x509_certificate(party.der()).unwrap();
    let bits = &certificate.public_key().subject_public_key.data;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, bits);
    hash.as_ref().try_into().unwrap()
}

fn id(text: &str) -> ModelId {
    ModelId::parse(text).unwrap()
}

fn judged(
    response: &Value,
    policy: &AuthenticatorPolicy,
    metadata: Option<&Metadata>,
    registering: &Registering,
) -> Result<Registered, Reason> {
    let authenticators = Authenticators { policy, metadata };
    verify_registration_of(&response.to_string(), &registering.expectation(), &authenticators)
}

fn direct() -> Registering {
    Registering {
        attestation: Conveyance::Direct,
        ..Registering::default()
    }
}

#[test]
fn roots_of_the_metadata_are_trust_anchors_of_their_model_alone() {
    let (maker, key) = (Maker::new(), Authenticator::new());
    let response = maker.register(&key, &Ceremony::create());
    let policy = AuthenticatorPolicy::default();
    let with = |metadata: &Metadata| judged(&response, &policy, Some(metadata), &direct());
    let own = with(&maker.metadata(&json!([]))).unwrap();
    assert!(own.attestation.trusted);
    assert_eq!(
        own.security_level,
        Some(SecurityLevel::StrongBox),
        "as the metadata says"
    );
    assert_eq!(own.attested_by, [key_of(&maker.batch), key_of(&maker.root)]);
    let stranger = Service::new().metadata(&json!([entry(
        MODEL,
        "Key 1",
        &[Maker::new().root.base64()],
        &json!([])
    )]));
    assert_eq!(
        with(&stranger).err(),
        Some(Reason::AttestationUntrusted),
        "of another maker"
    );
    let other = Service::new().metadata(&json!([entry(OTHER, "Key 2", &[maker.root.base64()], &json!([]))]));
    assert!(!with(&other).unwrap().attestation.trusted, "of another model");
    let none = judged(&response, &policy, Some(&stranger), &Registering::default()).unwrap();
    assert!(
        !none.attestation.trusted && none.security_level.is_none(),
        "never a refusal where none was asked for"
    );
}

#[test]
fn models_that_are_allowed_need_proof() {
    let (maker, key) = (Maker::new(), Authenticator::new());
    let metadata = maker.metadata(&json!([]));
    let (attested, bare) = (
        maker.register(&key, &Ceremony::create()),
        key.register(&Ceremony::create()),
    );
    let allow = |ids: &[&str]| AuthenticatorPolicy {
        allow: Some(ids.iter().map(|text| id(text)).collect()),
        ..AuthenticatorPolicy::default()
    };
    let with = |response: &Value, policy: &AuthenticatorPolicy| {
        judged(response, policy, Some(&metadata), &Registering::default()).err()
    };
    let refused = Some(Reason::AuthenticatorNotAllowed);
    assert_eq!(with(&attested, &allow(&[OTHER, MODEL])), None);
    assert_eq!(with(&attested, &allow(&[OTHER])), refused);
    assert_eq!(with(&attested, &allow(&[])), refused);
    assert_eq!(with(&bare, &allow(&[MODEL])), refused, "an AAGUID proves nothing");
    assert_eq!(
        judged(&attested, &allow(&[MODEL]), None, &Registering::default()).err(),
        refused,
        "nor untrusted"
    );
    let by_anchor = Registering {
        trust_anchors: maker.root.anchor(),
        ..Registering::default()
    };
    assert!(
        judged(&attested, &allow(&[MODEL]), None, &by_anchor).is_ok(),
        "the host's own anchors do"
    );
    assert_eq!(
        with(&attested, &allow(&[&HEXLOWER.encode(&key_of(&maker.batch))])),
        None,
        "by the attestation's key"
    );
    assert_eq!(
        with(&attested, &allow(&[&HEXLOWER.encode(&key_of(&maker.root))])),
        refused,
        "not by the root's"
    );
}

#[test]
fn models_that_are_denied_need_none() {
    let (maker, key) = (Maker::new(), Authenticator::new());
    let (attested, bare) = (
        maker.register(&key, &Ceremony::create()),
        key.register(&Ceremony::create()),
    );
    let deny = |text: &str| AuthenticatorPolicy {
        deny: vec![id(text)],
        ..AuthenticatorPolicy::default()
    };
    for response in [&attested, &bare] {
        let with = |policy: &AuthenticatorPolicy| judged(response, policy, None, &Registering::default()).err();
        assert_eq!(with(&deny(MODEL)), Some(Reason::AuthenticatorNotAllowed));
        assert_eq!(with(&deny(OTHER)), None);
    }
    let by_key = deny(&HEXLOWER.encode(&key_of(&maker.batch)));
    let refused = judged(&attested, &by_key, None, &Registering::default()).err();
    assert_eq!(refused, Some(Reason::AuthenticatorNotAllowed));
}

#[test]
fn revoked_models_are_refused_with_proof_or_without() {
    let (maker, key) = (Maker::new(), Authenticator::new());
    let (attested, bare) = (
        maker.register(&key, &Ceremony::create()),
        key.register(&Ceremony::create()),
    );
    let policy = AuthenticatorPolicy::default();
    let with = |reports: &Value, response: &Value| {
        judged(
            response,
            &policy,
            Some(&maker.metadata(reports)),
            &Registering::default(),
        )
        .err()
    };
    let revoked = json!([
        { "status": "REVOKED", "effectiveDate": "2022-01-01" },
        { "status": "NOT_FIDO_CERTIFIED", "effectiveDate": "2023-01-01" },
    ]);
    assert_eq!(with(&revoked, &attested), Some(Reason::AuthenticatorRevoked));
    assert_eq!(with(&revoked, &bare), Some(Reason::AuthenticatorRevoked));
    let old = json!([{ "status": "UPDATE_AVAILABLE", "effectiveDate": "2022-01-01" }]);
    assert_eq!(with(&old, &attested), None);
    for party in [&maker.batch, &maker.root] {
        let mut batch = json!([{ "status": "ATTESTATION_KEY_COMPROMISE", "effectiveDate": "2022-01-01" }]);
        batch[0]["certificate"] = json!(party.base64());
        assert_eq!(
            with(&batch, &attested),
            Some(Reason::AuthenticatorRevoked),
            "its batch, or all of its root"
        );
        assert_eq!(with(&batch, &bare), None);
        batch[0]["certificate"] = json!(Maker::new().batch.base64());
        assert_eq!(with(&batch, &attested), None, "another batch");
    }
}

#[test]
fn unknown_models() {
    let (maker, key) = (Maker::new(), Authenticator::new());
    let (attested, bare) = (
        maker.register(&key, &Ceremony::create()),
        key.register(&Ceremony::create()),
    );
    let policy = AuthenticatorPolicy {
        refuse_unknown: true,
        ..AuthenticatorPolicy::default()
    };
    let metadata = maker.metadata(&json!([]));
    let empty = Service::new().metadata(&json!([]));
    let with = |response: &Value, metadata: Option<&Metadata>| {
        judged(response, &policy, metadata, &Registering::default()).err()
    };
    let unknown = Some(Reason::AuthenticatorUnknown);
    assert_eq!(with(&attested, Some(&metadata)), None);
    assert_eq!(with(&bare, Some(&metadata)), unknown, "nothing proves it");
    assert_eq!(with(&attested, Some(&empty)), unknown);
    assert_eq!(with(&attested, None), unknown);
}

#[test]
fn certified_models() {
    let (maker, key) = (Maker::new(), Authenticator::new());
    let (attested, bare) = (
        maker.register(&key, &Ceremony::create()),
        key.register(&Ceremony::create()),
    );
    let with = |response: &Value, status: &str, least| {
        let policy = AuthenticatorPolicy {
            certified: Some(least),
            ..AuthenticatorPolicy::default()
        };
        let metadata = maker.metadata(&json!([{ "status": status, "effectiveDate": "2022-01-01" }]));
        judged(response, &policy, Some(&metadata), &Registering::default()).err()
    };
    let refused = Some(Reason::AuthenticatorNotCertified);
    assert_eq!(with(&attested, "FIDO_CERTIFIED_L2", Certification::L2), None);
    assert_eq!(with(&attested, "FIDO_CERTIFIED_L3", Certification::L2), None);
    assert_eq!(with(&attested, "FIDO_CERTIFIED_L1plus", Certification::L2), refused);
    assert_eq!(with(&attested, "NOT_FIDO_CERTIFIED", Certification::L1), refused);
    assert_eq!(
        with(&bare, "FIDO_CERTIFIED_L2", Certification::L2),
        refused,
        "nothing proves it"
    );
}

#[test]
fn keys_that_stay_on_their_device() {
    let policy = AuthenticatorPolicy {
        device_bound_only: true,
        ..AuthenticatorPolicy::default()
    };
    let with = |flags| {
        let ceremony = Ceremony {
            flags,
            ..Ceremony::create()
        };
        judged(
            &Authenticator::new().register(&ceremony),
            &policy,
            None,
            &Registering::default(),
        )
        .err()
    };
    assert_eq!(with(0x41), None);
    assert_eq!(
        with(0x49),
        Some(Reason::AuthenticatorNotDeviceBound),
        "eligible for backup"
    );
    assert_eq!(with(0x59), Some(Reason::AuthenticatorNotDeviceBound));
}

#[test]
fn where_keys_are_kept() {
    let (maker, key) = (Maker::new(), Authenticator::new());
    let (attested, bare) = (
        maker.register(&key, &Ceremony::create()),
        key.register(&Ceremony::create()),
    );
    let with = |response: &Value, protection: Value, least| {
        let mut entry = entry(MODEL, "Key 1", &[maker.root.base64()], &json!([]));
        entry["metadataStatement"]["keyProtection"] = protection;
        let policy = AuthenticatorPolicy {
            security_level: Some(least),
            ..AuthenticatorPolicy::default()
        };
        judged(
            response,
            &policy,
            Some(&Service::new().metadata(&json!([entry]))),
            &Registering::default(),
        )
        .err()
    };
    let refused = Some(Reason::AuthenticatorSecurityLevel);
    assert_eq!(
        with(&attested, json!(["secure_element"]), SecurityLevel::StrongBox),
        None
    );
    assert_eq!(with(&attested, json!(["tee"]), SecurityLevel::TrustedEnvironment), None);
    assert_eq!(with(&attested, json!(["tee"]), SecurityLevel::StrongBox), refused);
    assert_eq!(
        with(&attested, json!([]), SecurityLevel::Software),
        refused,
        "it doesn't say"
    );
    assert_eq!(
        with(&bare, json!(["secure_element"]), SecurityLevel::Software),
        refused,
        "nothing proves it"
    );
}

/// A key of U2F has no AAGUID: its model is found by the key of its certificate.
#[test]
fn models_of_u2f() {
    let maker = Maker::new();
    let key = Authenticator::new();
    let ceremony = Ceremony {
        aaguid: [0; 16],
        ..Ceremony::create()
    };
    let data = key.auth_data(&ceremony);
    let point = {
        let cose = key.key().to_cbor();
        // The coordinates are the two strings of 32 bytes.
        [
            &[4][..],
            &cose[cose.len() - 67..cose.len() - 35],
            &cose[cose.len() - 32..],
        ]
        .concat()
    };
    let message = [
        &[0][..],
        &data[..32],
        &sha256(ceremony.client_data.as_bytes()),
        &key.id,
        &point,
    ]
    .concat();
    let mut statement = Encoder::new(Vec::new());
    statement
        .map(2)
        .unwrap()
        .str("sig")
        .unwrap()
        .bytes(&maker.batch.key.sign(&message).unwrap())
        .unwrap();
    statement
        .str("x5c")
        .unwrap()
        .array(1)
        .unwrap()
        .bytes(maker.batch.der())
        .unwrap();
    let response = key.registration(
        &ceremony,
        &attestation_object("fido-u2f", &data, &statement.into_writer()),
    );
    let batch_key = HEXLOWER.encode(&key_of(&maker.batch));
    let entry = |reports: Value| {
        json!([{
            "attestationCertificateKeyIdentifiers": [batch_key],
            "metadataStatement": { "description": "U2F 1", "attestationRootCertificates": [maker.root.base64()] },
            "statusReports": reports,
        }])
    };
    let policy = AuthenticatorPolicy {
        refuse_unknown: true,
        allow: Some(vec![id(&batch_key)]),
        ..AuthenticatorPolicy::default()
    };
    let with = |reports| {
        judged(
            &response,
            &policy,
            Some(&Service::new().metadata(&entry(reports))),
            &direct(),
        )
    };
    let registered = with(json!([])).unwrap();
    assert!(registered.attestation.trusted);
    assert_eq!(registered.attestation.format, "fido-u2f");
    let revoked = json!([{ "status": "USER_KEY_REMOTE_COMPROMISE", "effectiveDate": "2022-01-01" }]);
    assert_eq!(with(revoked).err(), Some(Reason::AuthenticatorRevoked));
}

/// A user of a service whose settings have this `authenticators`.
fn user(authenticators: &Value, attestation: &str) -> User {
    let mut settings = settings();
    settings["webauthn"]["authenticators"] = authenticators.clone();
    settings["webauthn"]["attestation"] = json!(attestation);
    let mut user = User::with(&settings);
    user.now = NOW * 1000;
    user
}

fn enrol_key(user: &mut User, maker: &Maker, key: &Authenticator) -> Value {
    let random = user.random::<64>();
    let request = json!({ "user": "ann", "name": "ann", "displayName": "Ann", "now": user.now }).to_string();
    let begun = enrol::begin_webauthn(&user.record.as_deref().into(), &random, &user.settings, &request);
    let begun = user.envelope(&begun.value);
    let challenge = begun["value"]["challenge"].as_str().unwrap();
    let ceremony = Ceremony::create();
    let client_data = ceremony.client_data.replace(&base64url(&CHALLENGE), challenge);
    let response = maker.register(
        key,
        &Ceremony {
            client_data,
            ..ceremony
        },
    );
    let random = user.random::<16>();
    let request = json!({ "user": "ann", "response": response, "description": "key", "now": user.now }).to_string();
    let data = begun["challenge"]["data"].as_str().unwrap();
    let change = enrol::finish_webauthn(user.record.as_deref(), data, &random, &user.settings, &request);
    user.apply(change)["value"].clone()
}

#[test]
fn the_client_learns_that_the_authenticator_is_not_accepted() {
    let (maker, key) = (Maker::new(), Authenticator::new());
    let refused = json!({ "ok": false, "reason": "authenticator-refused" });
    let mut ann = user(&json!({ "deny": [MODEL] }), "none");
    assert_eq!(enrol_key(&mut ann, &maker, &key), refused);
    assert_eq!(ann.events.last().unwrap()["reason"], "authenticator-not-allowed");
    assert_eq!(ann.record, None);
    let mut ann = user(&json!({ "allow": [MODEL] }), "direct");
    ann.settings.metadata = Some(Arc::new(Maker::new().metadata(&json!([]))));
    assert_eq!(
        enrol_key(&mut ann, &maker, &key),
        refused,
        "where proof is needed, its lack is the authenticator's"
    );
    assert_eq!(ann.events.last().unwrap()["reason"], "attestation-untrusted");
    ann.settings.metadata = Some(Arc::new(maker.metadata(&json!([]))));
    assert_eq!(enrol_key(&mut ann, &maker, &key)["ok"], true);
    let record: Value = serde_json::from_str(ann.record.as_deref().unwrap()).unwrap();
    let stored = &record["webauthn"][0]["entry"];
    assert_eq!(stored["attested"], true);
    let keys = [key_of(&maker.batch), key_of(&maker.root)].map(|key| BASE64URL_NOPAD.encode(&key));
    assert_eq!(stored["attested_by"], json!(keys));
}

#[test]
fn a_key_in_software_is_not_noted_as_hardware() {
    let (maker, key) = (Maker::new(), Authenticator::new());
    let mut entry = entry(MODEL, "Key 1", &[maker.root.base64()], &json!([]));
    entry["metadataStatement"]["keyProtection"] = json!(["software"]);
    let mut ann = user(&json!({}), "direct");
    ann.settings.metadata = Some(Arc::new(Service::new().metadata(&json!([entry]))));
    assert_eq!(enrol_key(&mut ann, &maker, &key)["ok"], true);
    let record: Value = serde_json::from_str(ann.record.as_deref().unwrap()).unwrap();
    assert_eq!(record["webauthn"][0]["entry"]["attested"], Value::Null);
}

#[test]
fn identifiers_that_cannot_be_read_make_an_entry_unusable() {
    let (maker, key) = (Maker::new(), Authenticator::new());
    let mut ann = user(&json!({}), "direct");
    enrol_key(&mut ann, &maker, &key);
    let mut record: Value = serde_json::from_str(ann.record.as_deref().unwrap()).unwrap();
    record["webauthn"][0]["entry"]["attested_by"] = json!(["AAAA"]);
    let listed: Value = serde_json::from_str(&countersign_core::manage::factors(Some(&record.to_string()))).unwrap();
    assert_eq!(listed["value"][0]["unusable"], true);
}

fn audited(user: &User) -> Value {
    let request = json!({ "now": user.now }).to_string();
    serde_json::from_str(&revoked::revoked_keys(user.record.as_deref(), &user.settings, &request)).unwrap()
}

#[test]
fn enrolled_keys_that_are_revoked_later() {
    let (maker, key) = (Maker::new(), Authenticator::new());
    let mut ann = user(&json!({ "rejectRevoked": true }), "direct");
    assert_eq!(
        audited(&ann)["failure"]["code"],
        "invalid-argument",
        "without metadata nothing is known"
    );
    ann.settings.metadata = Some(Arc::new(maker.metadata(&json!([]))));
    let enrolled = enrol_key(&mut ann, &maker, &key);
    assert_eq!(audited(&ann), json!({ "value": [] }));
    let challenge = ann.challenge(true);
    assert_eq!(
        challenge["value"]["webauthn"]["allowCredentials"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );

    let mut batch = json!([{ "status": "ATTESTATION_KEY_COMPROMISE", "effectiveDate": "2025-01-01" }]);
    batch[0]["certificate"] = json!(maker.batch.base64());
    let whole = json!([{ "status": "REVOKED", "effectiveDate": "2025-01-01" }]);
    for (reports, status) in [(batch, "ATTESTATION_KEY_COMPROMISE"), (whole, "REVOKED")] {
        ann.settings.metadata = Some(Arc::new(maker.metadata(&reports)));
        let found = json!({ "factor": enrolled["factor"], "status": status, "since": "2025-01-01" });
        assert_eq!(audited(&ann), json!({ "value": [found] }));
    }
    // It is not offered any more, and an answer that was begun before is refused, at both steps.
    assert_eq!(ann.challenge(true)["value"]["webauthn"], Value::Null);
    let ceremony = Ceremony::get();
    let issued = challenge["challenge"]["id"].as_str().unwrap();
    let client_data = ceremony.client_data.replace(&base64url(&CHALLENGE), issued);
    let response = key.authenticate(&Ceremony {
        client_data,
        sign_count: 2,
        ..ceremony
    });
    let answer = json!({ "type": "webauthn", "response": response });
    let refused = json!({ "ok": false, "reason": "rejected" });
    let before = ann.record.clone();
    let open = |ann: &mut User| {
        let request = json!({ "answer": answer, "now": ann.now }).to_string();
        ann.envelope(&sign_in::open_response(ann.record.as_deref(), &ann.settings, &request))["value"].clone()
    };
    let verify = |ann: &mut User| {
        let data = challenge["challenge"]["data"].as_str().unwrap();
        let request = json!({ "user": "ann", "answer": answer, "purpose": "sign-in", "now": ann.now }).to_string();
        let change = sign_in::verify_response(ann.record.as_deref(), data, &ann.settings, &request);
        ann.apply(change)["value"].clone()
    };
    assert_eq!(open(&mut ann), refused);
    assert_eq!(ann.events.last().unwrap()["reason"], "authenticator-revoked");
    assert_eq!(verify(&mut ann), refused);
    assert_eq!(ann.events.last().unwrap()["reason"], "authenticator-revoked");
    assert_eq!(ann.record, before, "nothing was counted");
    // Without the rule, the same answer signs in.
    ann.settings.webauthn.authenticators.reject_revoked = false;
    assert_eq!(open(&mut ann), json!({ "challenge": issued }));
    assert_eq!(verify(&mut ann)["ok"], true);
}
