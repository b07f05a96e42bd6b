//! U2F messages: the specification's examples, and every rule of both ceremonies.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod u2f_support;

use countersign_core::u2f::{
    AuthenticationExpectation, RegistrationExpectation, U2fPolicy, peek_authentication, peek_registration,
    verify_authentication, verify_registration,
};
use countersign_core::webauthn::{
    Algorithm, Authenticated, Conveyance, CounterPolicy, Credential, Reason, RelyingParty, TrustAnchors,
    UserVerification,
};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use serde_json::{Value, json};
use u2f_support::{APP_ID, Ceremony, Key, base64url};

const CHALLENGE: [u8; 32] = [0x5a; 32];
const NOW: i64 = 1_800_000_000;

fn rp() -> RelyingParty {
    serde_json::from_value(json!({ "id": "example.org", "origins": ["https://example.org"] })).unwrap()
}

fn policy(app_id: &str) -> U2fPolicy {
    serde_json::from_value(json!({ "appId": app_id })).unwrap()
}

/// What the relying party expects: honest by default.
struct Expected {
    challenge: Vec<u8>,
    policy: U2fPolicy,
    rp: RelyingParty,
    user_verification: UserVerification,
    algorithms: Vec<Algorithm>,
    attestation: Conveyance,
    trust_anchors: TrustAnchors,
    counter: CounterPolicy,
}

impl Expected {
    fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut expected = Self {
            challenge: CHALLENGE.to_vec(),
            policy: policy(APP_ID),
            rp: rp(),
            user_verification: UserVerification::Discouraged,
            algorithms: Algorithm::OFFERED.to_vec(),
            attestation: Conveyance::None,
            trust_anchors: TrustAnchors::default(),
            counter: CounterPolicy::Refuse,
        };
        change(&mut expected);
        expected
    }
}

fn register_with(response: &Value, change: impl FnOnce(&mut Expected)) -> Result<Credential, Reason> {
    let expected = Expected::with(change);
    verify_registration(
        &response.to_string(),
        &RegistrationExpectation {
            challenge: &expected.challenge,
            policy: &expected.policy,
            rp: &expected.rp,
            user_verification: expected.user_verification,
            algorithms: &expected.algorithms,
            attestation: expected.attestation,
            trust_anchors: &expected.trust_anchors,
            now: NOW,
        },
    )
}

fn register(response: &Value) -> Result<Credential, Reason> {
    register_with(response, |_| ())
}

fn sign_in_with(
    response: &Value,
    credential: &Credential,
    change: impl FnOnce(&mut Expected),
) -> Result<Authenticated, Reason> {
    let expected = Expected::with(change);
    verify_authentication(
        &response.to_string(),
        credential,
        &AuthenticationExpectation {
            challenge: &expected.challenge,
            policy: &expected.policy,
            rp: &expected.rp,
            user_verification: expected.user_verification,
            counter: expected.counter,
        },
    )
}

fn sign_in(response: &Value, credential: &Credential) -> Result<Authenticated, Reason> {
    sign_in_with(response, credential, |_| ())
}

fn begin_registration() -> Ceremony {
    Ceremony::register(&base64url(&CHALLENGE))
}

fn begin_sign_in() -> Ceremony {
    Ceremony::sign(&base64url(&CHALLENGE))
}

fn registered() -> (Key, Credential) {
    let key = Key::new(&[7; 64]);
    let credential = register(&key.register(&begin_registration())).unwrap();
    (key, credential)
}

/// FIDO U2F Raw Message Formats, 8.1 and 8.2.
#[test]
fn the_examples_of_the_specification() {
    let cid = r#""cid_pubkey":{"kty":"EC","crv":"P-256","x":"HzQwlfXX7Q4S5MtCCnZUNBw3RMzPO9tOyWjBqRl4tJ8","y":"XVguGFLIZx1fXg3wNqfdbn75hi4-_7-BxhMljw42Ht4"},"origin":"http://example.com"}"#;
    let rp: RelyingParty =
        serde_json::from_value(json!({ "id": "example.com", "origins": ["http://example.com"] })).unwrap();

    let challenge = "vqrS6WXDe1JUs5_c3i4-LkKIHRr-3XVb3azuA5TifHo";
    let client_data = format!(r#"{{"typ":"navigator.id.finishEnrollment","challenge":"{challenge}",{cid}"#);
    let message = concat!(
        "0504b174bc49c7ca254b70d2e5c207cee9cf174820ebd77ea3c65508c26da51b657c1cc6b952f8621697936482da0a6d3d3826a59095daf6",
        "cd7c03e2e60385d2f6d9402a552dfdb7477ed65fd84133f86196010b2215b57da75d315b7b9e8fe2e3925a6019551bab61d16591659cbaf0",
        "0b4950f7abfe6660e2e006f76868b772d70c253082013c3081e4a003020102020a47901280001155957352300a06082a8648ce3d04030230",
        "17311530130603550403130c476e756262792050696c6f74301e170d3132303831343138323933325a170d3133303831343138323933325a",
        "3031312f302d0603550403132650696c6f74476e756262792d302e342e312d34373930313238303030313135353935373335323059301306",
        "072a8648ce3d020106082a8648ce3d030107034200048d617e65c9508e64bcc5673ac82a6799da3c1446682c258c463fffdf58dfd2fa3e6c",
        "378b53d795c4a4dffb4199edd7862f23abaf0203b4b8911ba0569994e101300a06082a8648ce3d0403020347003044022060cdb6061e9c22",
        "262d1aac1d96d8c70829b2366531dda268832cb836bcd30dfa0220631b1459f09e6330055722c8d89b7f48883b9089b88d60d1d9795902b3",
        "0410df304502201471899bcc3987e62e8202c9b39c33c19033f7340352dba80fcab017db9230e402210082677d673d891933ade6f617e5db",
        "de2e247e70423fd5ad7804a6d3d3961ef871",
    );
    let response = json!({
        "registrationData": base64url(&HEXLOWER.decode(message.as_bytes()).unwrap()),
        "clientData": base64url(client_data.as_bytes()),
    });
    let application = policy("http://example.com");
    let credential = register_with(&response, |expected| {
        expected.challenge = BASE64URL_NOPAD.decode(challenge.as_bytes()).unwrap();
        (expected.policy, expected.rp) = (application, rp.clone());
    })
    .unwrap();
    assert_eq!((credential.id.len(), credential.sign_count), (64, 0));
    assert_eq!(peek_registration(&response.to_string()).as_deref(), Ok(challenge));

    let challenge = "opsXqUifDriAAmWclinfbS0e-USY0CgyJHe_Otd7z8o";
    let client_data = format!(r#"{{"typ":"navigator.id.getAssertion","challenge":"{challenge}",{cid}"#);
    let message = concat!(
        "0100000001304402204b5f0cd17534cedd8c34ee09570ef542a353df4436030ce43d406de870b847780220267bb998fac9b7266eb60e7cb0",
        "b5eabdfd5ba9614f53c7b22272ec10047a923f",
    );
    let point = concat!(
        "d368f1b665bade3c33a20f1e429c7750d5033660c019119d29aa4ba7abc04aa7c80a46bbe11ca8cb5674d74f31f8a903f6bad105fb6ab74a",
        "efef4db8b0025e1d",
    );
    let cose = format!("a5010203262001215820{}225820{}", &point[..64], &point[64..]);
    let credential = Credential {
        id: vec![1],
        public_key: HEXLOWER.decode(cose.as_bytes()).unwrap(),
        ..credential
    };
    let response = json!({
        "keyHandle": "AQ",
        "clientData": base64url(client_data.as_bytes()),
        "signatureData": base64url(&HEXLOWER.decode(message.as_bytes()).unwrap()),
    });
    let application = policy("https://gstatic.com/securitykey/a/example.com");
    let authenticated = sign_in_with(&response, &credential, |expected| {
        expected.challenge = BASE64URL_NOPAD.decode(challenge.as_bytes()).unwrap();
        (expected.policy, expected.rp) = (application, rp.clone());
    })
    .unwrap();
    assert_eq!(authenticated.credential.sign_count, 1);
    assert_eq!(peek_authentication(&response.to_string()).unwrap().challenge, challenge);
}

#[test]
fn a_key_registers_and_signs_in() {
    let (mut key, credential) = registered();
    assert_eq!(credential.id, key.handle);
    assert!(credential.backup_recorded && !credential.backup_eligible && credential.user_handle.is_none());
    let once = sign_in(&key.sign(&begin_sign_in()), &credential).unwrap();
    assert!(once.counter_increased && !once.user_verified);
    assert_eq!(once.credential.sign_count, 1);
    let twice = sign_in(&key.sign(&begin_sign_in()), &once.credential).unwrap();
    assert_eq!(twice.credential.sign_count, 2);
}

#[test]
fn client_data_is_checked() {
    let (mut key, credential) = registered();
    let challenge = base64url(&CHALLENGE);
    let bent = |ceremony: Ceremony, from: &str, to: &str| {
        assert!(ceremony.client_data.contains(from), "{from}");
        let client_data = ceremony.client_data.replacen(from, to, 1);
        Ceremony {
            client_data,
            ..ceremony
        }
    };
    for (from, to, reason) in [
        ("navigator.id.", "navigator.id", Reason::TypeMismatch),
        (challenge.as_str(), &base64url(&[0; 32]), Reason::ChallengeMismatch),
        (&challenge, &format!("{challenge}="), Reason::ChallengeMismatch),
        ("https://", "http://", Reason::OriginMismatch),
        ("example.org\"", "example.org/\"", Reason::OriginMismatch),
        ("\"typ\"", "\"type\"", Reason::Malformed),
        ("\"origin\"", "\"nigiro\"", Reason::Malformed),
        ("\"challenge\"", "\"c\"", Reason::Malformed),
        ("{", "{\"typ\":\"x\",", Reason::Malformed),
        ("{", "\u{feff}{", Reason::Malformed),
        ("}", "", Reason::Malformed),
    ] {
        let registration = key.register(&bent(begin_registration(), from, to));
        assert_eq!(register(&registration), Err(reason), "{from} {to}");
        let assertion = key.sign(&bent(begin_sign_in(), from, to));
        assert_eq!(sign_in(&assertion, &credential), Err(reason), "{from} {to}");
    }
    // Each ceremony's answer is none to the other.
    assert_eq!(register(&key.register(&begin_sign_in())), Err(Reason::TypeMismatch));
    assert_eq!(
        sign_in(&key.sign(&begin_registration()), &credential),
        Err(Reason::TypeMismatch)
    );
}

#[test]
fn facets_that_are_configured_replace_the_origins() {
    let (mut key, credential) = registered();
    for (facet, answer) in [
        ("https://example.org", Ok(())),
        ("https://app.example.org", Err(Reason::OriginMismatch)),
    ] {
        let policy: U2fPolicy = serde_json::from_value(json!({ "appId": APP_ID, "facets": [facet] })).unwrap();
        let registration = register_with(&key.register(&begin_registration()), |expected| {
            expected.policy = policy.clone();
        });
        assert_eq!(registration.map(|_| ()), answer);
        let assertion = key.sign(&begin_sign_in());
        let signed = sign_in_with(&assertion, &credential, |expected| expected.policy = policy.clone());
        assert_eq!(signed.map(|_| ()), answer);
    }
}

#[test]
fn signatures_cover_every_part() {
    let (mut key, credential) = registered();
    let other = Ceremony {
        app_id: "https://example.org".into(),
        ..begin_registration()
    };
    assert_eq!(register(&key.register(&other)), Err(Reason::AttestationInvalid));
    let other = Ceremony {
        app_id: "https://example.org".into(),
        ..begin_sign_in()
    };
    assert_eq!(sign_in(&key.sign(&other), &credential), Err(Reason::SignatureInvalid));

    let message = key.registration_message(&begin_registration());
    let client_data = base64url(begin_registration().client_data.as_bytes());
    let signature = message.len() - 8;
    for (place, reason) in [
        (0, Reason::Malformed),
        (1, Reason::KeyInvalid),
        (2, Reason::KeyInvalid),
        (67, Reason::AttestationInvalid),
        (131, Reason::Malformed),
        (signature, Reason::AttestationInvalid),
    ] {
        let mut bent = message.clone();
        bent[place] ^= 1;
        let response = json!({ "registrationData": base64url(&bent), "clientData": client_data });
        assert_eq!(register(&response), Err(reason), "{place}");
    }
    let longer = [&message[..], &[0]].concat();
    let response = json!({ "registrationData": base64url(&longer), "clientData": client_data });
    assert_eq!(register(&response), Err(Reason::AttestationInvalid));

    let message = key.authentication_message(&begin_sign_in());
    let client_data = base64url(begin_sign_in().client_data.as_bytes());
    for place in [1, 4, 12, message.len() - 1] {
        let mut bent = message.clone();
        bent[place] ^= 1;
        let response = json!({
            "keyHandle": base64url(&key.handle), "signatureData": base64url(&bent), "clientData": client_data
        });
        assert_eq!(
            sign_in(&response, &credential),
            Err(Reason::SignatureInvalid),
            "{place}"
        );
    }
    let mut response = key.sign(&begin_sign_in());
    response["keyHandle"] = json!("AA");
    assert_eq!(sign_in(&response, &credential), Err(Reason::CredentialMismatch));
}

#[test]
fn presence_and_counter_are_checked() {
    let (mut key, credential) = registered();
    let with = |presence| Ceremony {
        presence,
        ..begin_sign_in()
    };
    for absent in [0, 2, 0xfe] {
        let assertion = key.sign(&with(absent));
        assert_eq!(sign_in(&assertion, &credential), Err(Reason::UserNotPresent));
    }
    assert!(sign_in(&key.sign(&with(3)), &credential).is_ok(), "reserved bits");
    let stored = Credential {
        sign_count: 10,
        ..credential.clone()
    };
    for (counter, accepted) in [(8, false), (9, false), (10, true), (u32::MAX - 1, true)] {
        key.counter = counter; // the next one is what counts
        let assertion = key.sign(&begin_sign_in());
        let answer = sign_in(&assertion, &stored);
        assert_eq!(answer.is_ok(), accepted, "{counter}");
        let reported = sign_in_with(&assertion, &stored, |expected| expected.counter = CounterPolicy::Report).unwrap();
        assert_eq!(reported.counter_increased, accepted);
        assert_eq!(reported.credential.sign_count, counter + 1);
    }
    // A key that counts nothing always says 0.
    let zero = |key: &mut Key| {
        key.counter = 0;
        let mut message = key.authentication_message(&begin_sign_in());
        message[4] = 0;
        let ceremony = begin_sign_in();
        let signed = [
            &u2f_support::sha256(APP_ID.as_bytes()),
            &message[..5],
            &u2f_support::sha256(ceremony.client_data.as_bytes()),
        ]
        .concat();
        let message = [&message[..5], &key.signed(&signed)].concat();
        json!({
            "keyHandle": base64url(&key.handle), "signatureData": base64url(&message),
            "clientData": base64url(ceremony.client_data.as_bytes())
        })
    };
    assert!(sign_in(&zero(&mut key), &credential).unwrap().counter_increased);
    assert_eq!(sign_in(&zero(&mut key), &stored), Err(Reason::CounterNotIncreased));
}

#[test]
fn the_policies_of_webauthn_hold() {
    let (mut key, credential) = registered();
    let registration = key.register(&begin_registration());
    let required = UserVerification::Required;
    let refused = register_with(&registration, |expected| expected.user_verification = required);
    assert_eq!(refused, Err(Reason::UserNotVerified));
    let refused = sign_in_with(&key.sign(&begin_sign_in()), &credential, |expected| {
        expected.user_verification = required;
    });
    assert_eq!(refused, Err(Reason::UserNotVerified));
    let refused = register_with(&registration, |expected| expected.algorithms = vec![Algorithm::EdDsa]);
    assert_eq!(refused, Err(Reason::AlgorithmNotAllowed));

    let attested = |anchors: &TrustAnchors| {
        register_with(&registration, |expected| {
            (expected.attestation, expected.trust_anchors) = (Conveyance::Direct, anchors.clone());
        })
        .map(|_| ())
    };
    assert_eq!(attested(&TrustAnchors::default()), Ok(()));
    let own = TrustAnchors::parse(&[BASE64.encode(&key.certificate)]).unwrap();
    assert_eq!(attested(&own), Ok(()));
    let foreign = TrustAnchors::parse(&[BASE64.encode(&Key::new(&[1]).certificate)]).unwrap();
    assert_eq!(attested(&foreign), Err(Reason::AttestationUntrusted));
}

#[test]
fn certificates_need_a_p_256_key() {
    let mut key = Key::new(&[7; 64]);
    key.attestation = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let params = rcgen::CertificateParams::new(vec![]).unwrap();
    key.certificate = params.self_signed(&key.attestation).unwrap().der().to_vec();
    assert_eq!(
        register(&key.register(&begin_registration())),
        Err(Reason::AttestationInvalid)
    );
    key.certificate = vec![0x30, 3, 2, 1, 5];
    assert_eq!(
        register(&key.register(&begin_registration())),
        Err(Reason::AttestationInvalid)
    );
    key.certificate = vec![];
    assert_eq!(register(&key.register(&begin_registration())), Err(Reason::Malformed));
}

#[test]
fn the_signature_of_the_certificate_itself_counts_where_attestation_is_asked_for() {
    let mut key = Key::new(&[7; 64]);
    let issuer = TrustAnchors::parse(&[BASE64.encode(&key.certificate)]).unwrap();
    let last = key.certificate.len() - 1;
    key.certificate[last] ^= 1;
    let registration = key.register(&begin_registration());
    assert!(register(&registration).is_ok());
    let attested = register_with(&registration, |expected| {
        (expected.attestation, expected.trust_anchors) = (Conveyance::Direct, issuer);
    });
    assert_eq!(attested, Err(Reason::AttestationUntrusted));
}

#[test]
fn no_bytes_make_it_panic() {
    let (mut key, credential) = registered();
    let message = key.registration_message(&begin_registration());
    let client_data = base64url(begin_registration().client_data.as_bytes());
    for length in 0..message.len() {
        let response = json!({ "registrationData": base64url(&message[..length]), "clientData": client_data });
        assert!(register(&response).is_err(), "{length}");
    }
    let answer = key.authentication_message(&begin_sign_in());
    let handle = base64url(&key.handle);
    let signed_data = base64url(begin_sign_in().client_data.as_bytes());
    for length in 0..answer.len() {
        let response = json!({
            "keyHandle": handle, "signatureData": base64url(&answer[..length]), "clientData": signed_data
        });
        assert!(sign_in(&response, &credential).is_err(), "{length}");
    }
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..20_000 {
        let mut bent = message.clone();
        for _ in 0..=random() % 4 {
            let place = usize::try_from(random()).unwrap() % bent.len();
            bent[place] = random().to_le_bytes()[0];
        }
        if bent != message {
            let response = json!({ "registrationData": base64url(&bent), "clientData": client_data });
            // Bytes of the certificate that its key does not depend on may change.
            if let Ok(credential) = register(&response) {
                assert_eq!(credential.id, key.handle);
            }
        }
        let noise: Vec<u8> = (0..random() % 300).map(|_| random().to_le_bytes()[0]).collect();
        let text = base64url(&noise);
        assert!(register(&json!({ "registrationData": text, "clientData": client_data })).is_err());
        let response = json!({ "keyHandle": handle, "signatureData": text, "clientData": signed_data });
        assert!(sign_in(&response, &credential).is_err());
        let lossy = String::from_utf8_lossy(&noise);
        assert!(peek_registration(&lossy).is_err() && peek_authentication(&lossy).is_err());
    }
}
