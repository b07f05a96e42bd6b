//! The policy of both ceremonies, case by case.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod webauthn_support;

use countersign_core::webauthn::{
    Algorithm, Authenticated, Conveyance, CoseKey, CounterPolicy, Credential, CrossOrigin, KeyMaterial, Reason,
    Registered, RelyingParty, UserVerification, verify_authentication, verify_registration,
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use webauthn_support::{
    Authenticator, Ceremony, Registering, SoftwareKey, attestation_object, authenticating, base64url, rp, sha256,
};

fn register(ceremony: &Ceremony, policy: &Registering) -> Result<Registered, Reason> {
    let response = Authenticator::new().register(ceremony).to_string();
    verify_registration(&response, &policy.expectation())
}

fn authenticate(ceremony: &Ceremony) -> Result<Authenticated, Reason> {
    let key = Authenticator::new();
    verify_authentication(
        &key.authenticate(ceremony).to_string(),
        &key.credential(),
        &authenticating(&rp()),
    )
}

/// Both ceremonies with their client data changed.
fn with_client_data(change: impl Fn(&str) -> String) -> [Option<Reason>; 2] {
    let changed = |ceremony: Ceremony| Ceremony {
        client_data: change(&ceremony.client_data),
        ..ceremony
    };
    [
        register(&changed(Ceremony::create()), &Registering::default()).err(),
        authenticate(&changed(Ceremony::get())).err(),
    ]
}

/// Both ceremonies with other flags than 0x41 and 0x01.
fn with_flags(flags: u8, policy: UserVerification) -> [Option<Reason>; 2] {
    let registering = Registering {
        user_verification: policy,
        ..Registering::default()
    };
    let key = Authenticator::new();
    let response = key
        .authenticate(&Ceremony {
            flags,
            ..Ceremony::get()
        })
        .to_string();
    let rp = rp();
    let expected = countersign_core::webauthn::AuthenticationExpectation {
        user_verification: policy,
        ..authenticating(&rp)
    };
    let stored = Credential {
        backup_eligible: flags & 0x08 != 0,
        ..key.credential()
    };
    [
        register(
            &Ceremony {
                flags: flags | 0x40,
                ..Ceremony::create()
            },
            &registering,
        )
        .err(),
        verify_authentication(&response, &stored, &expected).err(),
    ]
}

const BOTH_FINE: [Option<Reason>; 2] = [None, None];

fn both(reason: Reason) -> [Option<Reason>; 2] {
    [Some(reason), Some(reason)]
}

#[test]
fn an_honest_registration() {
    let key = Authenticator::new();
    let response = key
        .register(&Ceremony {
            flags: 0x5d,
            sign_count: 5,
            ..Ceremony::create()
        })
        .to_string();
    let registered = verify_registration(&response, &Registering::default().expectation()).unwrap();
    let credential = Credential {
        sign_count: 5,
        transports: vec!["usb".into(), "nfc".into()],
        backup_eligible: true,
        backup_state: true,
        user_verified: true,
        user_handle: Some(vec![9; 32]),
        ..key.credential()
    };
    assert_eq!(registered.credential, credential);
    assert!(registered.user_verified);
    assert_eq!(registered.discoverable, Some(false));
    assert_eq!(registered.attestation.format, "none");
}

#[test]
fn an_honest_authentication() {
    let done = authenticate(&Ceremony {
        flags: 0x05,
        sign_count: 9,
        ..Ceremony::get()
    })
    .unwrap();
    assert!(done.user_verified && done.counter_increased);
    assert_eq!(done.credential.sign_count, 9);
    assert!(!authenticate(&Ceremony::get()).unwrap().user_verified);
}

#[test]
fn the_client_data() {
    assert_eq!(with_client_data(str::to_owned), BOTH_FINE);
    assert_eq!(
        with_client_data(|text| format!("\u{feff}{text}")),
        BOTH_FINE,
        "a byte order mark"
    );
    assert_eq!(with_client_data(|text| format!("{text} ")), BOTH_FINE);
    let insert = |member: &str| with_client_data(|text| text.replacen('{', &format!("{{{member},"), 1));
    assert_eq!(insert(r#""extraData":"more""#), BOTH_FINE);
    assert_eq!(
        insert(r#""origin":"https://example.org""#),
        both(Reason::Malformed),
        "a name twice"
    );
    assert_eq!(
        insert(r#""x":1,"x":1"#),
        both(Reason::Malformed),
        "an unknown name twice"
    );
    assert_eq!(with_client_data(|text| format!("{text}x")), both(Reason::Malformed));
    assert_eq!(
        with_client_data(|text| text.replace("webauthn.", "payment.")),
        both(Reason::TypeMismatch)
    );
    let swap = |text: &str| {
        if text.contains("create") {
            text.replace("create", "get")
        } else {
            text.replace("get", "create")
        }
    };
    assert_eq!(with_client_data(swap), both(Reason::TypeMismatch));
    let challenge = base64url(&webauthn_support::CHALLENGE);
    assert_eq!(
        with_client_data(|text| text.replace(&challenge, &base64url(&[0; 32]))),
        both(Reason::ChallengeMismatch)
    );
    let padded = format!("{challenge}=");
    assert_eq!(
        with_client_data(|text| text.replace(&challenge, &padded)),
        both(Reason::ChallengeMismatch),
        "padding"
    );
    assert_eq!(
        with_client_data(|text| text.replace(&challenge, "")),
        both(Reason::ChallengeMismatch)
    );
}

#[test]
fn origins() {
    for origin in [
        "https://example.org/",
        "https://EXAMPLE.org",
        "https://example.org:443",
        "https://a.example.org",
        "null",
    ] {
        let changed = with_client_data(|text| text.replace("https://example.org", origin));
        assert_eq!(changed, both(Reason::OriginMismatch), "{origin}");
    }
    let wide = RelyingParty {
        allow_subdomains: true,
        ..rp()
    };
    let ceremony = Ceremony::get();
    let client_data = ceremony
        .client_data
        .replace("https://example.org", "https://login.example.org");
    let key = Authenticator::new();
    let response = key
        .authenticate(&Ceremony {
            client_data,
            ..ceremony
        })
        .to_string();
    assert!(verify_authentication(&response, &key.credential(), &authenticating(&wide)).is_ok());
}

#[test]
fn embedded_pages() {
    assert_eq!(
        with_client_data(|text| text.replace("false", "true")),
        both(Reason::CrossOrigin)
    );
    let top = |text: &str| text.replace("false", r#"true,"topOrigin":"https://shop.test""#);
    assert_eq!(with_client_data(top), both(Reason::CrossOrigin));
    let lone = |text: &str| text.replace("false", r#"false,"topOrigin":"https://shop.test""#);
    assert_eq!(with_client_data(lone), both(Reason::CrossOrigin));
    let policy = CrossOrigin {
        top_origins: vec!["https://shop.test".into()],
        allow_missing: false,
    };
    let ceremony = Ceremony::create();
    let embedded = Ceremony {
        client_data: top(&ceremony.client_data),
        ..ceremony
    };
    let registering = Registering {
        cross_origin: Some(policy),
        ..Registering::default()
    };
    assert!(register(&embedded, &registering).is_ok());
}

#[test]
fn the_flags() {
    let discouraged = UserVerification::Discouraged;
    assert_eq!(with_flags(0x01, discouraged), BOTH_FINE);
    assert_eq!(with_flags(0x23, discouraged), BOTH_FINE, "reserved bits");
    assert_eq!(with_flags(0x00, discouraged), both(Reason::UserNotPresent));
    assert_eq!(with_flags(0x04, discouraged), both(Reason::UserNotPresent));
    assert_eq!(with_flags(0x01, UserVerification::Preferred), BOTH_FINE);
    assert_eq!(
        with_flags(0x01, UserVerification::Required),
        both(Reason::UserNotVerified)
    );
    assert_eq!(with_flags(0x05, UserVerification::Required), BOTH_FINE);
    assert_eq!(
        with_flags(0x11, discouraged),
        both(Reason::BackupFlagsInvalid),
        "BS without BE"
    );
    assert_eq!(with_flags(0x09, discouraged), BOTH_FINE);
    assert_eq!(with_flags(0x19, discouraged), BOTH_FINE);
}

#[test]
fn presence_may_miss_only_where_it_was_begun_so() {
    let absent = Ceremony {
        flags: 0x40,
        ..Ceremony::create()
    };
    assert_eq!(
        register(&absent, &Registering::default()).err(),
        Some(Reason::UserNotPresent)
    );
    assert!(
        register(
            &absent,
            &Registering {
                conditional: true,
                ..Registering::default()
            }
        )
        .is_ok()
    );
}

#[test]
fn the_authenticator_data() {
    let changed = |extra: &[u8], flags: u8| {
        let create = Ceremony {
            extra: extra.to_vec(),
            flags: 0x41 | flags,
            ..Ceremony::create()
        };
        let get = Ceremony {
            extra: extra.to_vec(),
            flags: 0x01 | flags,
            ..Ceremony::get()
        };
        [
            register(&create, &Registering::default()).err(),
            authenticate(&get).err(),
        ]
    };
    assert_eq!(changed(&[], 0), BOTH_FINE);
    assert_eq!(changed(&[0], 0), both(Reason::Malformed), "bytes left");
    assert_eq!(changed(&[], 0x80), both(Reason::Malformed), "ED without extensions");
    assert_eq!(
        changed(&[0xa1, 0x61, b'x', 0xf5], 0x80),
        BOTH_FINE,
        "extensions nobody asked for"
    );
    assert_eq!(
        changed(&[0xa1, 0x61, b'x', 0xf5], 0),
        both(Reason::Malformed),
        "extensions without ED"
    );
    assert_eq!(
        changed(&[0xbf, 0xff], 0x80),
        both(Reason::Malformed),
        "indefinite length"
    );
    assert_eq!(
        changed(&[0xa2, 0x61, b'x', 1, 0x61, b'x', 1], 0x80),
        both(Reason::Malformed),
        "a key twice"
    );
    let elsewhere = |ceremony: Ceremony| Ceremony {
        rp_id: "example.com".into(),
        ..ceremony
    };
    assert_eq!(
        register(&elsewhere(Ceremony::create()), &Registering::default()).err(),
        Some(Reason::RpIdMismatch)
    );
    assert_eq!(
        authenticate(&elsewhere(Ceremony::get())).err(),
        Some(Reason::RpIdMismatch)
    );
    assert_eq!(
        register(
            &Ceremony {
                flags: 0x01,
                ..Ceremony::create()
            },
            &Registering::default()
        )
        .err(),
        Some(Reason::Malformed),
        "no credential"
    );
    assert_eq!(
        authenticate(&Ceremony {
            flags: 0x41,
            ..Ceremony::get()
        })
        .err(),
        Some(Reason::Malformed),
        "a credential"
    );
}

#[test]
fn an_appid_counts_only_where_the_ceremony_was_begun_with_it() {
    let key = Authenticator::new();
    let app_id = "https://example.org/app-id.json";
    let response = key
        .authenticate(&Ceremony {
            rp_id: app_id.into(),
            ..Ceremony::get()
        })
        .to_string();
    let rp = rp();
    let mut expected = authenticating(&rp);
    assert_eq!(
        verify_authentication(&response, &key.credential(), &expected).err(),
        Some(Reason::RpIdMismatch)
    );
    expected.app_id_hash = Some(sha256(app_id.as_bytes()).try_into().unwrap());
    assert!(verify_authentication(&response, &key.credential(), &expected).is_ok());
}

#[test]
fn credential_ids_agree() {
    let key = Authenticator::new();
    let id = base64url(&key.id);
    let change = |from: Value, pointer: &str, to: Value| {
        let mut response = from;
        *response.pointer_mut(pointer).unwrap() = to;
        response.to_string()
    };
    let registered = |pointer: &str, to: Value| {
        let response = change(key.register(&Ceremony::create()), pointer, to);
        verify_registration(&response, &Registering::default().expectation()).err()
    };
    let authenticated = |pointer: &str, to: Value| {
        let response = change(key.authenticate(&Ceremony::get()), pointer, to);
        verify_authentication(&response, &key.credential(), &authenticating(&rp())).err()
    };
    let standard = data_encoding::BASE64.encode(&key.id);
    for (pointer, to, reason) in [
        ("/rawId", json!(standard), None),
        ("/rawId", json!(base64url(&[4; 16])), Some(Reason::Malformed)),
        ("/id", json!(base64url(&[4; 16])), Some(Reason::Malformed)),
        ("/id", json!(format!("{id}==")), None),
        ("/id", json!(standard), None),
        ("/id", json!(format!("{id}=")), Some(Reason::Malformed)),
        ("/id", json!(format!("{id}===")), Some(Reason::Malformed)),
        ("/type", json!("password"), Some(Reason::Malformed)),
        ("/response/clientDataJSON", json!("A"), Some(Reason::Malformed)),
        ("/response", json!(null), Some(Reason::Malformed)),
        (
            "/clientExtensionResults",
            json!({ "appid": true, "prf": {}, "credProps": {} }),
            None,
        ),
    ] {
        assert_eq!(registered(pointer, to.clone()), reason, "{pointer}");
        assert_eq!(authenticated(pointer, to), reason, "{pointer}");
    }
    let mut other = key.register(&Ceremony::create());
    (other["id"], other["rawId"]) = (json!(base64url(&[4; 16])), json!(base64url(&[4; 16])));
    let registered = verify_registration(&other.to_string(), &Registering::default().expectation());
    assert_eq!(
        registered.err(),
        Some(Reason::CredentialMismatch),
        "another id than the authenticator's"
    );
    let stored = Credential {
        id: vec![4; 16],
        ..key.credential()
    };
    let response = key.authenticate(&Ceremony::get()).to_string();
    assert_eq!(
        verify_authentication(&response, &stored, &authenticating(&rp())).err(),
        Some(Reason::CredentialMismatch)
    );
}

#[test]
fn credential_ids_have_a_bound() {
    for (length, accepted) in [(1, true), (1023, true), (1024, false)] {
        let mut key = Authenticator::new();
        key.id = vec![1; length];
        let response = key.register(&Ceremony::create()).to_string();
        let registered = verify_registration(&response, &Registering::default().expectation());
        assert_eq!(registered.is_ok(), accepted, "{length}");
    }
}

#[test]
fn signatures() {
    let key = Authenticator::new();
    let honest = key.authenticate(&Ceremony::get());
    let verify = |response: &Value| {
        verify_authentication(&response.to_string(), &key.credential(), &authenticating(&rp())).map(|_| ())
    };
    assert_eq!(verify(&honest), Ok(()));
    for member in ["clientDataJSON", "authenticatorData", "signature"] {
        let bytes = BASE64URL_NOPAD
            .decode(honest["response"][member].as_str().unwrap().as_bytes())
            .unwrap();
        for position in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[position] ^= 0x01;
            let mut response = honest.clone();
            response["response"][member] = json!(base64url(&changed));
            assert!(verify(&response).is_err(), "{member} {position}");
        }
        let mut response = honest.clone();
        response["response"].as_object_mut().unwrap().remove(member);
        assert_eq!(verify(&response), Err(Reason::Malformed));
    }
    let mut response = honest.clone();
    response["response"]["signature"] = key.authenticate(&Ceremony {
        sign_count: 2,
        ..Ceremony::get()
    })["response"]["signature"]
        .clone();
    assert_eq!(verify(&response), Err(Reason::SignatureInvalid));
    let stranger = Authenticator::new();
    let verified = verify_authentication(&honest.to_string(), &stranger.credential(), &authenticating(&rp()));
    assert_eq!(verified.err(), Some(Reason::SignatureInvalid));
    let broken = Credential {
        public_key: vec![0xa0, 0],
        ..key.credential()
    };
    let verified = verify_authentication(&honest.to_string(), &broken, &authenticating(&rp()));
    assert_eq!(verified.err(), Some(Reason::KeyInvalid));
}

#[test]
fn signature_counters() {
    let key = Authenticator::new();
    let rp = rp();
    for (stored, given, increased) in [
        (0, 0, true),
        (0, 1, true),
        (1, 2, true),
        (5, 5, false),
        (5, 4, false),
        (5, 0, false),
        (u32::MAX, u32::MAX, false),
    ] {
        let credential = Credential {
            sign_count: stored,
            ..key.credential()
        };
        let response = key
            .authenticate(&Ceremony {
                sign_count: given,
                ..Ceremony::get()
            })
            .to_string();
        let mut expected = authenticating(&rp);
        let refusing = verify_authentication(&response, &credential, &expected);
        assert_eq!(
            refusing.err(),
            (!increased).then_some(Reason::CounterNotIncreased),
            "{stored} {given}"
        );
        expected.counter = CounterPolicy::Report;
        let reporting = verify_authentication(&response, &credential, &expected).unwrap();
        assert_eq!(
            (reporting.counter_increased, reporting.credential.sign_count),
            (increased, given)
        );
    }
}

#[test]
fn backup_flags() {
    let key = Authenticator::new();
    // recorded, stored BE, flags given, what is stored afterwards.
    for (recorded, stored, flags, after) in [
        (true, false, 0x01, Some((false, false))),
        (true, true, 0x09, Some((true, false))),
        (true, true, 0x19, Some((true, true))),
        (true, false, 0x09, None),
        (true, false, 0x19, None),
        (true, true, 0x01, None),
        (false, false, 0x01, Some((false, false))),
        (false, false, 0x09, Some((true, false))),
        (false, false, 0x19, Some((true, true))),
        (false, true, 0x01, None),
        (false, false, 0x11, None),
    ] {
        let credential = Credential {
            backup_recorded: recorded,
            backup_eligible: stored,
            ..key.credential()
        };
        let response = key
            .authenticate(&Ceremony {
                flags,
                ..Ceremony::get()
            })
            .to_string();
        let verified = verify_authentication(&response, &credential, &authenticating(&rp()));
        match after {
            None => assert_eq!(
                verified.err(),
                Some(Reason::BackupFlagsInvalid),
                "{recorded} {stored} {flags:02x}"
            ),
            Some((eligible, state)) => {
                let credential = verified.unwrap().credential;
                assert_eq!((credential.backup_eligible, credential.backup_state), (eligible, state));
                assert!(credential.backup_recorded);
                // Settled now: no second upgrade.
                let other = key.authenticate(&Ceremony {
                    flags: (flags ^ 0x08) & !0x10,
                    sign_count: 2,
                    ..Ceremony::get()
                });
                let again = verify_authentication(&other.to_string(), &credential, &authenticating(&rp()));
                assert_eq!(again.err(), Some(Reason::BackupFlagsInvalid));
            }
        }
    }
}

#[test]
fn user_handles() {
    let key = Authenticator::new();
    for (stored, given, reason) in [
        (None, json!(null), None),
        (None, json!("AQ"), None),
        (Some(vec![1]), json!(null), None),
        (Some(vec![1]), json!(""), None),
        (Some(vec![1]), json!("AQ"), None),
        (Some(vec![1]), json!("Ag"), Some(Reason::UserHandleMismatch)),
        (Some(vec![1]), json!("AQ=="), None),
        (Some(vec![1]), json!("AQ="), Some(Reason::Malformed)),
        (None, json!(1), Some(Reason::Malformed)),
    ] {
        let mut response = key.authenticate(&Ceremony::get());
        response["response"]["userHandle"] = given;
        let credential = Credential {
            user_handle: stored,
            ..key.credential()
        };
        let verified = verify_authentication(&response.to_string(), &credential, &authenticating(&rp()));
        assert_eq!(verified.err(), reason, "{response}");
    }
}

#[test]
fn attestation_objects() {
    let key = Authenticator::new();
    let ceremony = Ceremony::create();
    let data = key.auth_data(&ceremony);
    let register = |object: &[u8], attestation| {
        let policy = Registering {
            attestation,
            ..Registering::default()
        };
        verify_registration(&key.registration(&ceremony, object).to_string(), &policy.expectation())
            .map(|registered| registered.attestation.verified)
    };
    let none = attestation_object("none", &data, &[0xa0]);
    assert_eq!(register(&none, Conveyance::None), Ok(false));
    for asked in [Conveyance::Indirect, Conveyance::Direct, Conveyance::Enterprise] {
        assert_eq!(register(&none, asked), Err(Reason::AttestationUnsupported), "{asked:?}");
    }
    assert_eq!(
        register(&[&none[..], &[0]].concat(), Conveyance::None),
        Err(Reason::Malformed),
        "bytes left"
    );
    let full = attestation_object("none", &data, &[0xa1, 0x61, b'x', 1]);
    assert_eq!(
        register(&full, Conveyance::None),
        Err(Reason::AttestationInvalid),
        "none that says something"
    );
    let array = attestation_object("none", &data, &[0x80]);
    assert_eq!(register(&array, Conveyance::None), Err(Reason::Malformed));
    let indefinite = attestation_object("none", &data, &[0xbf, 0xff]);
    assert_eq!(register(&indefinite, Conveyance::None), Err(Reason::Malformed));
    for format in ["android-safetynet", "Packed", ""] {
        let unknown = attestation_object(format, &data, &[0xa0]);
        assert_eq!(register(&unknown, Conveyance::None), Ok(false), "{format}");
        assert_eq!(
            register(&unknown, Conveyance::Indirect),
            Err(Reason::AttestationUnsupported),
            "{format}"
        );
    }
    for format in ["packed", "fido-u2f", "apple", "android-key", "tpm"] {
        let empty = attestation_object(format, &data, &[0xa0]);
        assert_eq!(
            register(&empty, Conveyance::None),
            Err(Reason::AttestationInvalid),
            "{format}"
        );
    }
}

#[test]
fn keys_are_checked_where_they_are_new() {
    let key = Authenticator::new();
    let ceremony = Ceremony::create();
    let register = |cose: &[u8]| {
        let object = attestation_object("none", &key.auth_data_with(&ceremony, cose), &[0xa0]);
        let response = key.registration(&ceremony, &object).to_string();
        verify_registration(&response, &Registering::default().expectation()).err()
    };
    let cose = key.key().to_cbor();
    assert_eq!(register(&cose), None);
    let with = |position: usize, byte: u8| {
        let mut changed = cose.clone();
        changed[position] = byte;
        register(&changed)
    };
    assert_eq!(
        with(cose.len() - 1, cose[cose.len() - 1] ^ 1),
        Some(Reason::KeyInvalid),
        "off the curve"
    );
    assert_eq!(with(6, 2), Some(Reason::KeyInvalid), "P-384 for ES256");
    assert_eq!(with(2, 1), Some(Reason::KeyInvalid), "OKP for ES256");
    assert_eq!(with(5, 3), Some(Reason::Malformed), "alg twice");
    assert_eq!(with(4, 0x2e), Some(Reason::AlgorithmUnsupported));
    let mut identity = [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32][..], &[0; 32]].concat();
    identity[10] = 1;
    assert_eq!(register(&identity), Some(Reason::KeyInvalid), "the identity of Ed25519");
    let private = [&[0xa6][..], &cose[1..], &[0x23, 0x41, 1]].concat();
    assert_eq!(register(&private), Some(Reason::KeyInvalid), "its private part");
}

/// Whatever is cut off or changed, there is an answer and no panic.
#[test]
fn any_input_has_an_answer() {
    let key = Authenticator::new();
    let registration = key.register(&Ceremony::create()).to_string();
    let authentication = key.authenticate(&Ceremony::get()).to_string();
    let (policy, rp) = (Registering::default(), rp());
    for length in 0..registration.len() {
        assert!(verify_registration(&registration[..length], &policy.expectation()).is_err());
    }
    for length in 0..authentication.len() {
        let cut = &authentication[..length];
        assert!(verify_authentication(cut, &key.credential(), &authenticating(&rp)).is_err());
    }
    let object = attestation_object("none", &key.auth_data(&Ceremony::create()), &[0xa0]);
    for position in 0..object.len() {
        for bit in 0..8 {
            let mut changed = object.clone();
            changed[position] ^= 1 << bit;
            let response = key.registration(&Ceremony::create(), &changed).to_string();
            let _ = verify_registration(&response, &policy.expectation());
        }
    }
}

/// Names where COSE has numbers, a list for the bytes, and one member fewer announced than there are.
#[test]
fn ed25519_keys_as_firefox_117_wrote_them_are_stored_as_cose() {
    let key = Authenticator::of(SoftwareKey::generate(Algorithm::EdDsa), &[3; 16]);
    let cose = key.key();
    let KeyMaterial::Okp { x } = cose.material() else {
        unreachable!()
    };
    let numbers = x
        .iter()
        .flat_map(|byte| if *byte < 24 { vec![*byte] } else { vec![0x18, *byte] });
    let mut written = b"\xa3\x01\x63OKP\x03\x27\x20\x67Ed25519\x21\x98\x20".to_vec();
    written.extend(numbers);
    let ceremony = Ceremony::create();
    let register = |written: &[u8]| {
        let object = attestation_object("none", &key.auth_data_with(&ceremony, written), &[0xa0]);
        let response = key.registration(&ceremony, &object).to_string();
        verify_registration(&response, &Registering::default().expectation())
    };
    let registered = register(&written).unwrap();
    assert_eq!(registered.credential.public_key, cose.to_cbor());
    let again = Ceremony {
        sign_count: 2,
        ..Ceremony::get()
    };
    let response = key.authenticate(&again).to_string();
    assert!(verify_authentication(&response, &registered.credential, &authenticating(&rp())).is_ok());
    // As other libraries stored it: with the head put right.
    let mut mended = written.clone();
    mended[0] = 0xa4;
    assert_eq!(CoseKey::parse(&mended).as_ref(), Ok(&cose));
    assert_eq!(CoseKey::parse_stored(&mended).as_ref(), Ok(&cose));
    // What is not that spelling to the byte is no key, and neither is a point that nobody's secret belongs to.
    assert!(register(&mended).is_err());
    for place in 0..18 {
        let mut other = written.clone();
        other[place] ^= 0x20;
        assert!(register(&other).is_err(), "{place}");
    }
    let zero = [&written[..20], &[0; 32]].concat();
    assert_eq!(register(&zero).err(), Some(Reason::KeyInvalid));
    assert!(register(&written[..written.len() - 1]).is_err() && register(&[&written[..], &[0]].concat()).is_err());
}
