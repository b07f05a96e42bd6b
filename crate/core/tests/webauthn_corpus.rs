//! The corpus in `vectors`: this library agrees with every verdict, and webauthn-rs-core says what is written of it.
//!
//! `WRITE_VERDICTS=1` writes what webauthn-rs-core says, instead of comparing it: into `vectors/verdicts/webauthn-rs.json`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use countersign_core::webauthn::{
    Algorithm, AttestationPolicy, AuthenticationExpectation, Conveyance, CounterPolicy, Credential, CrossOrigin,
    Reason, RegistrationExpectation, RelyingParty, TrustAnchors, UserVerification, verify_authentication,
    verify_registration,
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[path = "differential/oracle_state.rs"]
mod oracle_state;

#[test]
fn this_library_agrees() {
    let cases = cases();
    assert!(cases.len() > 1000);
    for case in &cases {
        let verdict = case["verdict"].as_str().unwrap();
        let reason = ours(case).map_err(|reason| json!(reason));
        match (verdict, reason) {
            ("valid" | "acceptable", Ok(())) => {}
            ("invalid" | "acceptable", Err(reason)) => assert_eq!(reason, case["reason"], "{}", case["id"]),
            (_, reason) => panic!("{}: {verdict}, and here {reason:?}", case["id"]),
        }
    }
}

#[test]
fn webauthn_rs_says_what_is_written() {
    let verdicts: BTreeMap<_, _> = cases()
        .iter()
        .map(|case| (text(&case["id"]), oracle::verdict(case)))
        .collect();
    let path = vectors().join("verdicts/webauthn-rs.json");
    let found = json!({ "name": "webauthn-rs-core", "version": version(), "verdicts": verdicts });
    if std::env::var_os("WRITE_VERDICTS").is_some() {
        fs::write(path, serde_json::to_string_pretty(&found).unwrap() + "\n").unwrap();
        return;
    }
    let written: Value = read(&path);
    assert_eq!(written["version"], found["version"], "WRITE_VERDICTS=1 writes it");
    for (id, verdict) in verdicts {
        assert_eq!(written["verdicts"][&id], verdict, "{id}");
    }
}

/// That of the lockfile.
fn version() -> String {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let (_, after) = lock.split_once("name = \"webauthn-rs-core\"\nversion = \"").unwrap();
    after.split_once('"').unwrap().0.to_owned()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn vectors() -> PathBuf {
    root().join("vectors")
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Those of every file that has some.
fn cases() -> Vec<Value> {
    let mut files: Vec<_> = fs::read_dir(vectors())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|path| read(path)["cases"].as_array().cloned().unwrap_or_default())
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(text).collect()
}

fn bytes(value: &Value) -> Vec<u8> {
    BASE64URL_NOPAD.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

fn parsed<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn ours(case: &Value) -> Result<(), Reason> {
    let (expected, response) = (&case["expected"], case["response"].to_string());
    let rp: RelyingParty = parsed(&json!({ "id": expected["rpId"], "origins": expected["origins"] }));
    let challenge = bytes(&expected["challenge"]);
    let user_verification: UserVerification = parsed(&expected["userVerification"]);
    let cross_origin: Option<CrossOrigin> = parsed(&expected["crossOrigin"]);
    if case["ceremony"] == "authentication" {
        let expectation = AuthenticationExpectation {
            challenge: &challenge,
            rp: &rp,
            user_verification,
            cross_origin: cross_origin.as_ref(),
            counter: CounterPolicy::Refuse,
            app_id_hash: None,
            extensions: None,
        };
        return verify_authentication(&response, &stored(&expected["credential"]), &expectation).map(|_| ());
    }
    let anchors: Vec<_> = anchors(expected).iter().map(|der| BASE64.encode(der)).collect();
    let anchors = TrustAnchors::parse(&anchors).unwrap();
    let attestation: Conveyance = parsed(&expected["attestation"]);
    let algorithms: Vec<_> = algorithms(expected);
    let policy = AttestationPolicy {
        // Some of the registry.
        tpm_vendors: Some(["49465800", "414D4400", "53454345"].map(str::to_owned).into()),
        ..AttestationPolicy::default()
    };
    let expectation = RegistrationExpectation {
        challenge: &challenge,
        rp: &rp,
        user_verification,
        algorithms: &algorithms,
        attestation,
        trust_anchors: &anchors,
        attestation_policy: &policy,
        cross_origin: cross_origin.as_ref(),
        user_presence_optional: expected["mediation"] == "conditional",
        user_handle: None,
        extensions: None,
        now: expected["now"].as_i64().unwrap(),
    };
    verify_registration(&response, &expectation).map(|_| ())
}

fn anchors(expected: &Value) -> Vec<Vec<u8>> {
    expected["trustAnchors"].as_array().unwrap().iter().map(bytes).collect()
}

fn algorithms(expected: &Value) -> Vec<Algorithm> {
    let numbers = expected["algorithms"].as_array().unwrap().iter();
    numbers
        .map(|number| Algorithm::from_cose(number.as_i64().unwrap()).unwrap())
        .collect()
}

fn stored(credential: &Value) -> Credential {
    Credential {
        id: bytes(&credential["id"]),
        public_key: bytes(&credential["publicKey"]),
        sign_count: parsed(&credential["signCount"]),
        transports: vec![],
        aaguid: [0; 16],
        backup_eligible: parsed(&credential["backupEligible"]),
        backup_state: parsed(&credential["backupState"]),
        backup_recorded: true,
        user_verified: false,
        user_handle: Some(bytes(&credential["userHandle"])),
    }
}

/// webauthn-rs-core, by its functions for experts: its higher layers take no answer of most of these ceremonies.
mod oracle {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use data_encoding::BASE64URL_NOPAD;
    use minicbor::Encoder;
    use serde_json::{Value, json};
    use webauthn_rs_core::WebauthnCore;
    use webauthn_rs_core::proto::{
        AuthenticationState, Credential, PublicKeyCredential, RegisterPublicKeyCredential, UserVerificationPolicy,
    };

    use super::oracle_state;
    use super::{algorithms, anchors, parsed, stored, text, texts};

    /// The flags of what it lacks, or prefixes of them.
    const LACKS: [(&str, &[&str]); 2] = [
        ("no such algorithm", &["EdDSA", "RS384", "RS512", "PS", "ML-DSA"]),
        ("no such format", &["tpm", "compound"]),
    ];

    /// `accepts`, `refuses`, or what it lacks.
    pub fn verdict(case: &Value) -> Value {
        if let Some(lack) = lack(case) {
            return json!(lack);
        }
        let verified = if case["ceremony"] == "authentication" {
            authenticate(case)
        } else {
            register(case)
        };
        json!(if verified.is_some() { "accepts" } else { "refuses" })
    }

    fn lack(case: &Value) -> Option<&'static str> {
        let (expected, flags) = (&case["expected"], texts(&case["flags"]));
        for (what, names) in LACKS {
            let mut values = flags.iter().filter_map(|flag| flag.split_once(':'));
            if values.any(|(_, value)| names.iter().any(|name| value.starts_with(name))) {
                return Some(what);
            }
        }
        if !expected["crossOrigin"].is_null() {
            return Some("no option: frames of other sites");
        }
        if !expected["mediation"].is_null() {
            return Some("no option: conditional create");
        }
        let handle = flags.iter().any(|flag| flag == "user-handle") && case["verdict"] != "valid";
        handle.then_some("no option: user handles, which are left to the host")
    }

    fn register(case: &Value) -> Option<()> {
        let expected = &case["expected"];
        let response: RegisterPublicKeyCredential = serde_json::from_value(case["response"].clone()).ok()?;
        let names: Vec<_> = algorithms(expected)
            .into_iter()
            .filter_map(oracle_state::name)
            .collect();
        let state = oracle_state::registration(&expected["userVerification"], &expected["challenge"], &names);
        let anchors = anchors(expected);
        let list = (!anchors.is_empty()).then(|| {
            let cas: BTreeMap<_, _> = anchors
                .iter()
                .enumerate()
                .map(|(at, der)| {
                    let authority = json!({ "ca": BASE64URL_NOPAD.encode(der), "aaguids": {}, "blanket_allow": true });
                    (BASE64URL_NOPAD.encode(&[u8::try_from(at).unwrap(); 32]), authority)
                })
                .collect();
            parsed(&json!({ "cas": cas }))
        });
        core(expected)
            .register_credential(&response, &state, list.as_ref())
            .ok()
            .map(drop)
    }

    fn authenticate(case: &Value) -> Option<()> {
        let expected = &case["expected"];
        let stored = stored(&expected["credential"]);
        let known = Credential {
            cred_id: stored.id,
            counter: stored.sign_count,
            backup_eligible: stored.backup_eligible,
            backup_state: stored.backup_state,
            registration_policy: UserVerificationPolicy::Discouraged_DO_NOT_USE,
            ..credential(&stored.public_key)?
        };
        let state: AuthenticationState = parsed(&json!({
            "credentials": [known],
            "policy": expected["userVerification"],
            "challenge": expected["challenge"],
            "appid": null,
            "allow_backup_eligible_upgrade": false,
        }));
        let response: PublicKeyCredential = serde_json::from_value(case["response"].clone()).ok()?;
        core(expected).authenticate_credential(&response, &state).ok().map(drop)
    }

    /// Its form of a key: it has to register it first.
    fn credential(public_key: &[u8]) -> Option<Credential> {
        let challenge = json!(BASE64URL_NOPAD.encode(&[1; 32]));
        let rp = json!({ "rpId": "example.org", "origins": ["https://example.org"] });
        let client_data = json!({ "type": "webauthn.create", "challenge": challenge, "origin": "https://example.org" });
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"example.org");
        let data = [hash.as_ref(), &[0x41], &[0; 20], &[0, 1, 1], public_key].concat();
        let mut object = Encoder::new(Vec::new());
        object.map(3).unwrap().str("fmt").unwrap().str("none").unwrap();
        object.str("attStmt").unwrap().map(0).unwrap();
        object.str("authData").unwrap().bytes(&data).unwrap();
        let response = json!({
            "id": "AQ", "rawId": "AQ", "type": "public-key",
            "response": {
                "clientDataJSON": BASE64URL_NOPAD.encode(client_data.to_string().as_bytes()),
                "attestationObject": BASE64URL_NOPAD.encode(object.writer()),
            },
        });
        let state = oracle_state::registration(&json!("discouraged"), &challenge, &oracle_state::algorithms());
        core(&rp).register_credential(&parsed(&response), &state, None).ok()
    }

    fn core(expected: &Value) -> WebauthnCore {
        let origins = texts(&expected["origins"])
            .iter()
            .map(|origin| origin.parse().unwrap())
            .collect();
        let id = text(&expected["rpId"]);
        WebauthnCore::new_unsafe_experts_only("Example", &id, origins, Duration::ZERO, None, None)
    }
}
