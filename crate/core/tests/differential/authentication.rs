//! Assertions, put to both sides.

use countersign_core::webauthn::{Credential, verify_authentication};
use data_encoding::{BASE64, BASE64_NOPAD};
use serde_json::{Value, json};

use super::authenticator_data::AuthenticatorData;
use super::exceptions::{self, Exception};
use super::key::{self, Key, any_key};
use super::policy::Policy;
use super::{Ceremony, Signed, Verdict, client_data, oracle};
use crate::mutants_support::from_outside::{either_base64, is_usual, readable};
use crate::mutants_support::members::{Members, Part};
use crate::mutants_support::{Random, mutate, mutate_text};
use crate::webauthn_support::{base64url, sha256};

const CHARACTERS: &str = "ABab01+/-_= \u{e9}\\";
const HANDLE: [u8; 32] = [9; 32];
/// Of `clientExtensionResults`.
const RESULTS: [&str; 8] = [
    "{}",
    r#"{"appid":true}"#,
    r#"{"appid":1}"#,
    r#"{"hmac_get_secret":{}}"#,
    r#"{"credProps":{"rk":true}}"#,
    r#"{"uvm":[[2,4,2]]}"#,
    "null",
    "[]",
];

/// A response and what it answers.
#[derive(Clone)]
pub struct Question {
    pub response: String,
    policy: Policy,
    credential: Credential,
    key: &'static Key,
    signed: Signed,
}

/// A response that was accepted, in its parts.
pub struct Assertion {
    pub policy: Policy,
    pub credential: Credential,
    pub key: &'static Key,
    pub id: Vec<u8>,
    pub raw_id: String,
    pub results: Option<Value>,
    pub client_data: Vec<u8>,
    pub data: AuthenticatorData,
    user_handle: Option<Vec<u8>>,
    /// Whether a member of bytes, besides `rawId`, was spelt as browsers do not.
    pub spelt_otherwise: bool,
}

impl Ceremony for Assertion {
    const EXCEPTIONS: &'static [Exception<Self>] = &exceptions::AUTHENTICATION;

    fn is_signed(&self) -> bool {
        true
    }

    fn ask(self) -> Result<(), oracle::Refusal> {
        let data = self.data.bytes();
        let signed = Signed::by(self.key, message(&data, &self.client_data));
        let mut response = json!({
            "id": base64url(&self.id), "rawId": self.raw_id, "type": "public-key",
            "response": {
                "clientDataJSON": base64url(&self.client_data),
                "authenticatorData": base64url(&data),
                "signature": base64url(&signed.signature),
            },
        });
        if let Some(results) = &self.results {
            response["clientExtensionResults"] = results.clone();
        }
        if let Some(handle) = &self.user_handle {
            response["response"]["userHandle"] = json!(base64url(handle));
        }
        oracle::authenticate(
            &response.to_string(),
            &self.policy,
            &self.credential,
            self.key.known.as_ref(),
        )
    }
}

impl Question {
    pub fn any(random: &mut Random) -> Self {
        let key = any_key(random);
        let policy = Policy::any(random);
        let credential = stored(random, key);
        let mut client_data = client_data::honest("webauthn.get");
        let flags = if credential.backup_eligible { 0x0d } else { 0x05 };
        let mut data = AuthenticatorData::new("example.org", flags, 4, None);
        for _ in 0..random.below(4) {
            match random.below(2) {
                0 => client_data::bend(random, &mut client_data),
                _ => data.bend(random),
            }
        }
        let mut client_data = client_data::bytes(random, &client_data);
        let mut data = data.bytes();
        if random.below(12) == 11 {
            mutate(random, &mut data);
        }
        let signed = Signed::by(key, message(&data, &client_data));
        let mut signature = signed.signature.clone();
        match random.below(24) {
            20 => signature = key::key(key.algorithm, 1).pair.sign(&signed.message),
            21 => mutate(random, &mut signature),
            22 => mutate(random, &mut data),
            23 => mutate(random, &mut client_data),
            _ => {}
        }
        let response = response(random, &credential.id, &client_data, &data, &signature);
        Self {
            response,
            policy,
            credential,
            key,
            signed,
        }
    }

    pub fn verdict(&self) -> Verdict {
        let ours = verify_authentication(&self.response, &self.credential, &self.policy.authentication());
        self.judge(ours.is_ok())
    }

    /// The same where this library is said to accept the response or not.
    pub fn judge(&self, accepted: bool) -> Verdict {
        let theirs = oracle::authenticate(&self.response, &self.policy, &self.credential, self.key.known.as_ref());
        Verdict::of(accepted, theirs, |refusal| {
            Verdict::explain(&refusal, self.read(), &self.signed, || self.describe())
        })
    }

    /// The same response with a signature that no key has made.
    pub fn unsigned(&self) -> Self {
        let mut response = readable(&self.response).unwrap();
        let mut signature = bytes(&response["response"]["signature"]).unwrap();
        let last = signature.len() - 1;
        signature[last] ^= 1;
        response["response"]["signature"] = json!(base64url(&signature));
        Self {
            response: response.to_string(),
            ..self.clone()
        }
    }

    /// The same response to a relying party that expects another challenge, origin and id.
    pub fn misdirected(&self) -> Self {
        Self {
            policy: self.policy.elsewhere(),
            ..self.clone()
        }
    }

    fn read(&self) -> Option<(Assertion, Signed)> {
        let response = readable(&self.response).ok()?;
        let inner = &response["response"];
        let (client_data, data) = (bytes(&inner["clientDataJSON"])?, bytes(&inner["authenticatorData"])?);
        let given = Signed {
            message: message(&data, &client_data),
            signature: bytes(&inner["signature"])?,
        };
        let assertion = Assertion {
            policy: self.policy.clone(),
            credential: self.credential.clone(),
            key: self.key,
            id: bytes(&response["id"])?,
            raw_id: response["rawId"].as_str()?.to_owned(),
            results: response.get("clientExtensionResults").cloned(),
            client_data,
            data: AuthenticatorData::read(&data)?,
            user_handle: bytes(&inner["userHandle"]).filter(|handle| !handle.is_empty()),
            spelt_otherwise: ["clientDataJSON", "authenticatorData", "signature", "userHandle"]
                .iter()
                .map(|name| &inner[*name])
                .chain([&response["id"]])
                .any(|value| {
                    value
                        .as_str()
                        .is_some_and(|text| !is_usual(text, &bytes(value).unwrap_or_default()))
                }),
        };
        Some((assertion, given))
    }

    /// Enough for a test of its own.
    fn describe(&self) -> String {
        format!(
            "{} for {} with {:?}",
            self.response,
            json!(self.credential),
            self.policy.authentication()
        )
    }
}

impl Signed {
    fn by(key: &Key, message: Vec<u8>) -> Self {
        let signature = key.pair.sign(&message);
        Self { message, signature }
    }
}

fn stored(random: &mut Random, key: &Key) -> Credential {
    let (backup_eligible, backup_recorded) = *random.pick(&[(false, true), (true, true), (false, false)]);
    Credential {
        id: (*random.pick(&[&[0xfb; 16][..], &[3; 64], &[0xff]])).to_vec(),
        public_key: key.public.clone(),
        sign_count: *random.pick(&[3, 0]),
        transports: vec![],
        aaguid: [0; 16],
        backup_eligible,
        backup_state: false,
        backup_recorded,
        user_verified: false,
        user_handle: Some(HANDLE.to_vec()),
    }
}

fn response(random: &mut Random, id: &[u8], client_data: &[u8], data: &[u8], signature: &[u8]) -> String {
    let text = |bytes: &[u8]| Part::Text(format!("\"{}\"", base64url(bytes)));
    let member = |(name, part): (&str, Part)| (name.to_owned(), part);
    let inner = [
        ("clientDataJSON", text(client_data)),
        ("authenticatorData", text(data)),
        ("signature", text(signature)),
        ("userHandle", text(&HANDLE)),
    ];
    let outer = [
        ("id", text(id)),
        ("rawId", text(id)),
        ("type", Part::Text(r#""public-key""#.into())),
        ("response", Part::Object(Members(inner.map(member).into()))),
        ("clientExtensionResults", Part::Text("{}".into())),
    ];
    let mut members = Members(outer.map(member).into());
    match random.below(32) {
        13 => members.set("clientExtensionResults", *random.pick(&RESULTS)),
        14 => match random.below(3) {
            0 => members.set("rawId", format!("\"{}\"", BASE64_NOPAD.encode(id))),
            1 => members.set("id", format!("\"{}\"", BASE64.encode(id))),
            _ => {
                let text = format!("\"{}\"", BASE64.encode(signature));
                members.object("response").set("signature", text);
            }
        },
        15 => members
            .object("response")
            .set("userHandle", *random.pick(&["null", r#""""#, r#""AAAA""#])),
        16 => members.set("id", r#""AAAA""#),
        17 | 18 => members.mutate(random),
        19 => return mutate_text(random, &members.text(), CHARACTERS),
        _ => {}
    }
    members.text()
}

fn message(data: &[u8], client_data: &[u8]) -> Vec<u8> {
    [data, &sha256(client_data)].concat()
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    either_base64(value.as_str()?)
}
