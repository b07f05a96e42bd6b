//! The ceremonies over JSON text: requests, verdicts and what is the host's fault.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod webauthn_support;

use countersign_core::webauthn::json::{authentication_options, registration_options};
use countersign_core::webauthn::prepared::{AuthenticationPolicy, RegistrationPolicy, StoredState};
use countersign_core::{Failure, envelope};
use serde_json::{Value, json};
use webauthn_support::{Authenticator, CHALLENGE, Ceremony, NOW, base64url};

/// The members of `request` that a policy has go into it, the others into the texts.
fn verify_registration(request: &Value) -> String {
    let (policy, of_call) = apart(request, &["response", "challenge", "userHandle", "now"]);
    match RegistrationPolicy::parse(&policy) {
        Ok(policy) => {
            let texts = [
                text(&of_call["challenge"]),
                text(&of_call["userHandle"]),
                of_call["response"].to_string(),
            ];
            policy.verify(&texts.join("\n"), of_call["now"].as_i64().unwrap(), None)
        }
        Err(failure) => envelope::<()>(Err(failure)),
    }
}

/// An accepted one as the facade gives it.
fn verify_authentication(request: &Value) -> String {
    let (policy, of_call) = apart(request, &["response", "challenge", "credential"]);
    let policy = match AuthenticationPolicy::parse(&policy) {
        Ok(policy) => policy,
        Err(failure) => return envelope::<()>(Err(failure)),
    };
    let credential = &of_call["credential"];
    let texts = [
        text(&of_call["challenge"]),
        text(&credential["id"]),
        text(&credential["publicKey"]),
        text(&credential["userHandle"]),
        of_call["response"].to_string(),
    ];
    let stored = StoredState {
        sign_count: u32::try_from(credential["signCount"].as_u64().unwrap()).unwrap(),
        backup_eligible: credential["backupEligible"] == true,
        backup_state: credential["backupState"] == true,
        backup_recorded: credential["backupRecorded"] == true,
    };
    match policy.verify(&texts.join("\n"), stored) {
        Ok(accepted) => {
            let counter = (!accepted.counter_increased).then_some("not-increased");
            let value = json!({
                "ok": true, "signCount": accepted.credential.sign_count, "userVerified": accepted.user_verified,
                "backupEligible": accepted.credential.backup_eligible, "counter": counter,
            });
            json!({ "value": value }).to_string()
        }
        Err(envelope) => envelope,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn apart(request: &Value, of_call: &[&str]) -> (String, Value) {
    let mut policy = request.clone();
    let members = policy.as_object_mut().unwrap();
    let taken = of_call
        .iter()
        .map(|name| ((*name).to_owned(), members.remove(*name).unwrap_or_default()))
        .collect();
    (policy.to_string(), Value::Object(taken))
}

fn parsed(envelope: &str) -> Value {
    serde_json::from_str(envelope).unwrap()
}

fn value(envelope: &str) -> Value {
    parsed(envelope)["value"].clone()
}

fn invalid(envelope: &str) -> String {
    let failure = parsed(envelope)["failure"].clone();
    assert_eq!(failure["code"], "invalid-argument", "{envelope}");
    failure["detail"].as_str().unwrap().to_owned()
}

fn rp() -> Value {
    json!({ "id": "example.org", "origins": ["https://example.org"] })
}

fn registration(key: &Authenticator) -> Value {
    json!({
        "response": key.register(&Ceremony { flags: 0x45, ..Ceremony::create() }),
        "challenge": base64url(&CHALLENGE), "rp": rp(), "now": NOW * 1000, "userHandle": "AQID",
    })
}

fn authentication(key: &Authenticator, credential: &Value, sign_count: u32) -> Value {
    let response = key.authenticate(&Ceremony {
        sign_count,
        ..Ceremony::get()
    });
    json!({ "response": response, "challenge": base64url(&CHALLENGE), "rp": rp(), "credential": credential })
}

#[test]
fn from_registration_to_authentication() {
    let key = Authenticator::new();
    let registered = value(&verify_registration(&registration(&key)));
    let attestation = json!({ "format": "none", "verified": false, "trusted": false });
    assert_eq!(
        (&registered["ok"], &registered["attestation"]),
        (&json!(true), &attestation)
    );
    assert_eq!(
        (&registered["userVerified"], &registered["discoverable"]),
        (&json!(true), &json!(false))
    );
    let credential = &registered["credential"];
    let expected = json!({
        "id": base64url(&key.id), "publicKey": base64url(&key.key().to_cbor()), "signCount": 1,
        "transports": ["usb", "nfc"], "aaguid": "07070707-0707-0707-0707-070707070707",
        "backupEligible": false, "backupState": false, "backupRecorded": true, "userVerified": true, "userHandle": "AQID",
    });
    assert_eq!(credential, &expected);

    let mut request = authentication(&key, credential, 2);
    let done = value(&verify_authentication(&request));
    assert_eq!(
        (&done["ok"], &done["userVerified"], &done["counter"]),
        (&json!(true), &json!(false), &json!(null))
    );
    assert_eq!((&done["signCount"], done.get("credential")), (&json!(2), None));

    // Again, with what is stored now.
    request["credential"]["signCount"] = done["signCount"].clone();
    let refused = value(&verify_authentication(&request));
    assert_eq!(refused, json!({ "ok": false, "reason": "counter-not-increased" }));
    request["counter"] = json!("report");
    let reported = value(&verify_authentication(&request));
    assert_eq!(
        (&reported["ok"], &reported["counter"]),
        (&json!(true), &json!("not-increased"))
    );
}

#[test]
fn what_the_client_sends_is_a_refusal() {
    let key = Authenticator::new();
    let request = registration(&key);
    for (pointer, to, reason) in [
        ("/response", json!(null), "malformed"),
        ("/response/response", json!(null), "malformed"),
        ("/response", json!("x".repeat(70_000)), "malformed"),
        ("/response/id", json!(1), "malformed"),
        ("/challenge", json!(base64url(&[1; 32])), "challenge-mismatch"),
        ("/rp/id", json!("example.com"), "rp-id-mismatch"),
        ("/rp/origins", json!(["https://example.com"]), "origin-mismatch"),
    ] {
        let mut request = request.clone();
        *request.pointer_mut(pointer).unwrap() = to;
        let refused = value(&verify_registration(&request));
        assert_eq!(refused, json!({ "ok": false, "reason": reason }));
    }
    let mut request = request;
    request["algorithms"] = json!([-8]);
    assert_eq!(value(&verify_registration(&request))["reason"], "algorithm-not-allowed");
    request["algorithms"] = json!([-8, -7]);
    request["userVerification"] = json!("required");
    assert_eq!(value(&verify_registration(&request))["ok"], true);
}

#[test]
fn what_the_host_gives_is_its_fault() {
    let key = Authenticator::new();
    let request = registration(&key);
    for (member, to, detail) in [
        ("challenge", json!("AAAA"), "challenge"),
        ("challenge", json!("="), "challenge"),
        ("challenge", json!(format!("{}=", base64url(&CHALLENGE))), "challenge"),
        ("userHandle", json!("+/8"), "userHandle"),
        ("rp", json!({ "id": "", "origins": ["https://example.org"] }), "rp.id"),
        ("rp", json!({ "id": "example.org", "origins": [] }), "rp.origins"),
        (
            "rp",
            json!({ "id": "example.org", "origins": ["https://example.org/"] }),
            "rp.origins",
        ),
        ("algorithms", json!([]), "algorithms"),
        ("algorithms", json!([-65535]), "algorithms"),
        ("trustAnchors", json!(["AAAA"]), "trustAnchors"),
        ("attestation", json!("always"), "request"),
        ("unknown", json!(1), "request"),
    ] {
        let mut request = request.clone();
        request[member] = to;
        assert_eq!(invalid(&verify_registration(&request)), detail);
    }
    let credential = json!({ "id": base64url(&key.id), "publicKey": "oA", "signCount": 0 });
    let request = authentication(&key, &credential, 1);
    assert_eq!(invalid(&verify_authentication(&request)), "credential.publicKey");
    for text in ["", "null", "{}", "[]"] {
        let failure = Failure::InvalidArgument("request");
        assert_eq!(AuthenticationPolicy::parse(text).err(), Some(failure.clone()));
        assert_eq!(RegistrationPolicy::parse(text).err(), Some(failure));
        assert_eq!(invalid(&registration_options(text, &[0; 64])), "request");
    }
}

/// Of another library: no backup flags, no model.
#[test]
fn a_credential_from_elsewhere() {
    let key = Authenticator::new();
    let credential = json!({ "id": base64url(&key.id), "publicKey": base64url(&key.key().to_cbor()), "signCount": 0 });
    let ceremony = Ceremony {
        flags: 0x19,
        ..Ceremony::get()
    };
    let mut request = authentication(&key, &credential, 1);
    request["response"] = key.authenticate(&ceremony);
    let done = value(&verify_authentication(&request));
    assert_eq!((&done["ok"], &done["backupEligible"]), (&json!(true), &json!(true)));
    // An algorithm that it knows and that is not verified here: COSE -47 on secp256k1.
    let foreign = [
        &[0xa5, 1, 2, 3, 0x38, 0x2e, 0x20, 8, 0x21, 0x58, 32][..],
        &[1; 32],
        &[0x22, 0x58, 32],
        &[1; 32],
    ];
    request["credential"]["publicKey"] = json!(base64url(&foreign.concat()));
    let refused = value(&verify_authentication(&request));
    assert_eq!(refused, json!({ "ok": false, "reason": "algorithm-unsupported" }));
}

/// In lines, as the facade picks the members of usual responses: every verdict is that of the JSON.
#[test]
fn lines_and_json_agree() {
    let key = Authenticator::new();
    let request = registration(&key);
    let (policy, _) = apart(&request, &["response", "challenge", "userHandle", "now"]);
    let policy = RegistrationPolicy::parse(&policy).unwrap();
    let response = &request["response"];
    let inner = |name: &str| text(&response["response"][name]);
    let transports = response["response"]["transports"].as_array().unwrap();
    let transports: String = transports.iter().map(|one| text(one) + ",").collect();
    let lines = [
        text(&request["challenge"]),
        text(&request["userHandle"]),
        text(&response["id"]),
        text(&response["rawId"]),
        inner("clientDataJSON"),
        inner("attestationObject"),
        transports,
        response["clientExtensionResults"].to_string(),
    ];
    let in_lines = policy.verify(&lines.join("\n"), NOW * 1000, None);
    assert_eq!(in_lines, verify_registration(&request));
    assert_eq!(value(&in_lines)["ok"], true);
    for (at, wrong) in [(2, "AAAA"), (3, "AAAA"), (4, ""), (5, "AA"), (7, "7"), (5, "A\nA")] {
        let mut lines = lines.clone();
        wrong.clone_into(&mut lines[at]);
        let refused = value(&policy.verify(&lines.join("\n"), NOW * 1000, None));
        assert_eq!(refused, json!({ "ok": false, "reason": "malformed" }), "{at}");
    }
    assert_eq!(invalid(&policy.verify(&lines[..2].join("\n"), 0, None)), "response");
}

#[test]
fn options_bring_what_the_request_leaves_out() {
    let random: Vec<u8> = (0..64).collect();
    let request =
        json!({ "rp": { "id": "example.org", "name": "Example" }, "user": { "name": "ann", "displayName": "Ann" } });
    let options = value(&registration_options(&request.to_string(), &random));
    assert_eq!(options["challenge"], base64url(random.get(..32).unwrap()));
    assert_eq!(options["user"]["id"], base64url(random.get(32..).unwrap()));
    assert_eq!(options["timeout"], 300_000);
    assert_eq!(options["attestation"], "none");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "discouraged");
    let offered: Vec<_> = options["pubKeyCredParams"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["alg"].clone())
        .collect();
    assert_eq!(offered, [-8, -7, -257]);

    let mut request = request;
    request["user"]["id"] = json!("AQ");
    request["challenge"] = json!(base64url(&CHALLENGE));
    request["algorithms"] = json!([-48, -7]);
    request["excludeCredentials"] = json!([{ "id": "AQ", "transports": ["usb"], "signCount": 1 }]);
    let options = value(&registration_options(&request.to_string(), &random));
    assert_eq!(options["user"]["id"], "AQ");
    assert_eq!(options["challenge"], base64url(&CHALLENGE));
    assert_eq!(options["pubKeyCredParams"][0]["alg"], -48);
    assert_eq!(
        options["excludeCredentials"],
        json!([{ "type": "public-key", "id": "AQ", "transports": ["usb"] }])
    );
    assert_eq!(invalid(&registration_options(&request.to_string(), &[0; 63])), "random");
    request["user"]["id"] = json!(base64url(&[0; 65]));
    assert_eq!(invalid(&registration_options(&request.to_string(), &random)), "user.id");

    let mut request = json!({ "rp": rp(), "hints": ["hybrid"] });
    let options = value(&authentication_options(&request.to_string(), &random));
    assert_eq!(
        (&options["rpId"], &options["hints"]),
        (&json!("example.org"), &json!(["hybrid"]))
    );
    assert_eq!(options["challenge"], base64url(random.get(..32).unwrap()));
    assert_eq!(options["allowCredentials"], json!([]));
    assert_eq!(invalid(&authentication_options(&request.to_string(), &[])), "random");
    request["challenge"] = json!("AA");
    assert_eq!(
        invalid(&authentication_options(&request.to_string(), &random)),
        "challenge"
    );
}
