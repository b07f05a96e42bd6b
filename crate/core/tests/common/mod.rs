//! One user's record in memory, and the calls that the facade makes.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::missing_panics_doc)]

use countersign_core::totp::key_uri::OtpauthUri;
use countersign_core::{Action, Change, Settings, enrol, manage, sign_in};
use serde_json::{Value, json};

/// 15 January 2027, at the start of a step.
pub const NOW: i64 = 1_800_000_000_000;
pub const STEP: i64 = 30_000;

pub struct User {
    pub record: Option<String>,
    pub settings: Settings,
    pub now: i64,
    /// Every event so far.
    pub events: Vec<Value>,
    counter: u8,
}

/// What the facade passes when the host sets nothing.
pub fn settings() -> Value {
    json!({
        "rp": { "id": "example.org", "name": "Example", "origins": ["https://example.org"] },
        "totp": { "window": { "past": 1, "future": 1 }, "algorithm": "SHA1", "digits": 6, "period": 30 },
        "webauthn": {
            "userVerification": "discouraged", "algorithms": [-8, -7, -257], "attestation": "none",
            "trustAnchors": [], "counter": "refuse"
        },
        "recovery": { "codes": 10 },
        "limits": { "totpFailures": 8, "failures": 100, "lockSeconds": 3600, "hardLock": "hour", "factors": 32 },
        "timeouts": { "signIn": 300, "webauthnEnrolment": 300, "totpEnrolment": 900 }
    })
}

impl User {
    pub fn new() -> Self {
        Self::with(&settings())
    }

    pub fn with(settings: &Value) -> Self {
        let settings = Settings::parse(&settings.to_string()).unwrap();
        Self {
            record: None,
            settings,
            now: NOW,
            events: Vec::new(),
            counter: 0,
        }
    }

    /// Bytes that differ at every call.
    pub fn random<const N: usize>(&mut self) -> [u8; N] {
        self.counter += 1;
        std::array::from_fn(|index| self.counter ^ u8::try_from(index * 7 % 251).unwrap())
    }

    /// Stores what the change says and gives back its envelope.
    pub fn apply(&mut self, change: Change) -> Value {
        match change.action {
            Action::Leave => {}
            Action::Write => self.record = Some(change.record.unwrap()),
            Action::Delete => self.record = None,
        }
        self.envelope(&change.value)
    }

    pub fn envelope(&mut self, text: &str) -> Value {
        let envelope: Value = serde_json::from_str(text).unwrap();
        self.events
            .extend(envelope["events"].as_array().cloned().unwrap_or_default());
        envelope
    }

    pub fn begin_totp(&mut self) -> Value {
        let random = self.random::<52>();
        let request = json!({ "user": "ann", "account": "ann@example.org", "now": self.now }).to_string();
        let text = enrol::begin_totp(&self.record.as_deref().into(), &random, &self.settings, &request);
        self.envelope(&text)
    }

    pub fn finish_totp(&mut self, data: &str, enrolment: &str, code: &str) -> Value {
        let random = self.random::<16>();
        let request = json!({
            "user": "ann", "enrolment": enrolment, "code": code, "description": "phone", "now": self.now
        });
        let change = enrol::finish_totp(
            &self.record.as_deref().into(),
            data,
            &random,
            &self.settings,
            &request.to_string(),
        );
        self.apply(change)
    }

    /// Enrols a phone app and gives back its URI and its factor's id.
    pub fn enrol_totp(&mut self) -> (String, String) {
        let begun = self.begin_totp();
        let uri = begun["value"]["uri"].as_str().unwrap().to_owned();
        let code = code(&uri, self.now);
        let enrolled = self.finish_totp(
            begun["challenge"]["data"].as_str().unwrap(),
            begun["value"]["enrolment"].as_str().unwrap(),
            &code,
        );
        assert_eq!(enrolled["value"]["ok"], true, "{enrolled}");
        (uri, enrolled["value"]["factor"]["id"].as_str().unwrap().to_owned())
    }

    pub fn recovery_codes(&mut self) -> Vec<String> {
        let random = self.random::<88>();
        let request = json!({ "now": self.now }).to_string();
        let change = enrol::create_recovery_codes(self.record.as_deref(), &random, &self.settings, &request);
        let envelope = self.apply(change);
        serde_json::from_value(envelope["value"].clone()).unwrap()
    }

    /// The outcome of a typed code.
    pub fn verify(&mut self, kind: &str, code: &str) -> Value {
        let request = json!({ "answer": { "type": kind, "code": code }, "now": self.now }).to_string();
        let change = sign_in::verify_code(self.record.as_deref(), &self.settings, &request);
        self.apply(change)["value"].clone()
    }

    pub fn challenge(&mut self, enrolled: bool) -> Value {
        let random = self.random::<32>();
        let request = json!({ "user": "ann", "purpose": "sign-in", "enrolled": enrolled, "now": self.now });
        let text = sign_in::begin_challenge(
            &self.record.as_deref().into(),
            &random,
            &self.settings,
            &request.to_string(),
        );
        self.envelope(&text)
    }

    pub fn update(&mut self, request: &Value) -> Value {
        let change = manage::update_factor(self.record.as_deref(), &request.to_string());
        self.apply(change)["value"].clone()
    }

    pub fn remove(&mut self, id: &str) -> Value {
        let change = manage::remove_factor(
            self.record.as_deref(),
            &json!({ "id": id, "by": "root", "now": self.now }).to_string(),
        );
        self.apply(change)["value"].clone()
    }

    pub fn remove_all(&mut self, by: &str, enrol: bool) -> Value {
        let request = json!({ "by": by, "enrol": enrol, "now": self.now }).to_string();
        let change = manage::remove_factors(self.record.as_deref(), &request);
        self.apply(change)["value"].clone()
    }

    pub fn unlock(&mut self) -> bool {
        let change = manage::unlock(self.record.as_deref(), &json!({ "now": self.now }).to_string());
        self.apply(change)["value"]["unlocked"].as_bool().unwrap()
    }

    pub fn status(&mut self) -> Value {
        let text = manage::status(self.record.as_deref(), &json!({ "now": self.now }).to_string());
        self.envelope(&text)["value"].clone()
    }
}

/// The code that a phone shows at this time.
pub fn code(uri: &str, now: i64) -> String {
    OtpauthUri::parse(uri).unwrap().totp.code(now / 1000).to_string()
}

/// A well-formed code that is not right anywhere near this time.
pub fn wrong_code(uri: &str, now: i64) -> String {
    let right: Vec<_> = (-3..=3).map(|step| code(uri, now + step * STEP)).collect();
    (0..1_000_000)
        .map(|number| format!("{number:06}"))
        .find(|code| !right.contains(code))
        .unwrap()
}
