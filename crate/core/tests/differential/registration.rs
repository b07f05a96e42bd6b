//! Registrations, put to both sides.

use countersign_core::webauthn::verify_registration;
use data_encoding::{BASE64, BASE64_NOPAD};
use minicbor::Decoder;
use serde_json::{Value, json};

use super::authenticator_data::{Attested, AuthenticatorData};
use super::cbor::{self, Entries};
use super::exceptions::{self, Exception};
use super::key::{Key, any_key};
use super::party::{AAGUID, Party, parties};
use super::policy::Policy;
use super::statement::{self, FORMATS};
use super::{Ceremony, Signed, Verdict, client_data, oracle};
use crate::mutants_support::from_outside::{either_base64, is_usual, readable};
use crate::mutants_support::members::{Members, Part};
use crate::mutants_support::{Random, mutate, mutate_text};
use crate::webauthn_support::base64url;

const CHARACTERS: &str = "ABab01+/-_= \u{e9}\\";
/// How many parts are bent.
const BENDS: [usize; 6] = [0, 0, 0, 1, 1, 2];
/// Of `clientExtensionResults`.
const RESULTS: [&str; 8] = [
    "{}",
    r#"{"credProps":{"rk":true}}"#,
    r#"{"credProps":{}}"#,
    r#"{"appid":1}"#,
    r#"{"hmacSecret":"x"}"#,
    r#"{"credProtect":2}"#,
    "null",
    "[]",
];

/// A response and what it answers.
#[derive(Clone)]
pub struct Question {
    pub response: String,
    policy: Policy,
    key: &'static Key,
    party: Option<&'static Party>,
    signed: Signed,
}

/// A response that was accepted, in its parts.
pub struct Registration {
    pub policy: Policy,
    pub id: Vec<u8>,
    pub raw_id: String,
    pub results: Option<Value>,
    pub client_data: Vec<u8>,
    pub data: AuthenticatorData,
    pub format: String,
    /// `attStmt`
    pub statement: Entries,
    /// Members of the attestation object that are none of its three.
    pub object: Entries,
    /// Whose certificate it came with, before anything was bent.
    pub party: Option<&'static Party>,
    key: &'static Key,
    /// Whether a member of bytes, besides `rawId`, was spelt as browsers do not.
    pub spelt_otherwise: bool,
}

impl Ceremony for Registration {
    const EXCEPTIONS: &'static [Exception<Self>] = &exceptions::REGISTRATION;

    fn is_signed(&self) -> bool {
        self.signature().is_some()
    }

    fn ask(mut self) -> Result<(), oracle::Refusal> {
        if self.signature().is_some() {
            let party = self.party.filter(|_| self.is_certified());
            let auth_data = self.data.bytes();
            let signed = Signed::of_statement(&self.format, &self.data, &auth_data, &self.client_data, self.key, party);
            self.set_signature(&signed.signature);
        }
        oracle::register(&self.text(), &self.policy)
    }
}

impl Question {
    pub fn any(random: &mut Random) -> Self {
        let key = any_key(random);
        let mut policy = Policy::any(random);
        let (format, certified) = *random.pick(&FORMATS);
        // Without certificates nothing is trusted.
        policy.anchor = policy.anchor.filter(|_| certified || random.one_in(4));
        // Only one kind of certificate is any of a U2F key's.
        let own = format == "fido-u2f" && !random.one_in(4);
        let leaves = &parties().leaves[..if own { 1 } else { parties().leaves.len() }];
        let party = certified.then(|| random.pick(leaves));
        let mut client_data = client_data::honest("webauthn.create");
        let attested = Attested {
            aaguid: AAGUID,
            id: vec![0xfb; 16],
            key: key.public.clone(),
        };
        let mut data = AuthenticatorData::new("example.org", 0x45, 1, Some(attested));
        for _ in 0..*random.pick(&BENDS) {
            match random.below(2) {
                0 => client_data::bend(random, &mut client_data),
                _ => data.bend(random),
            }
        }
        if policy.conditional && random.one_in(2) {
            data.flags &= 0xfe;
        }
        let client_data = client_data::bytes(random, &client_data);
        let id = data.attested.as_ref().unwrap().id.clone();
        let signed = Signed::of_statement(format, &data, &data.bytes(), &client_data, key, party);
        let mut statement = statement::members(random, format, key, party, &signed.signature);
        if random.below(12) == 11 {
            cbor::bend(random, &mut statement);
        }
        let mut bytes = data.bytes();
        if random.below(24) == 23 {
            mutate(random, &mut bytes);
        }
        let object = object(random, format, &statement, &bytes);
        Self {
            response: response(random, &id, &client_data, &object),
            policy,
            key,
            party,
            signed,
        }
    }

    pub fn verdict(&self) -> Verdict {
        let anchors = self.policy.anchors();
        let ours = verify_registration(&self.response, &self.policy.registration(&anchors));
        self.judge(ours.is_ok())
    }

    /// The same where this library is said to accept the response or not.
    pub fn judge(&self, accepted: bool) -> Verdict {
        Verdict::of(accepted, oracle::register(&self.response, &self.policy), |refusal| {
            Verdict::explain(&refusal, self.read(), &self.signed, || self.describe())
        })
    }

    /// The same response to a relying party that expects another origin and id.
    pub fn misdirected(&self) -> Self {
        Self {
            policy: self.policy.elsewhere(),
            ..self.clone()
        }
    }

    /// The same response with a statement that no key has signed; none where nothing is signed.
    pub fn unsigned(&self) -> Option<Self> {
        let (mut registration, _) = self.read()?;
        let mut signature = registration.signature()?;
        *signature.last_mut()? ^= 1;
        registration.set_signature(&signature);
        Some(Self {
            response: registration.text(),
            ..self.clone()
        })
    }

    fn read(&self) -> Option<(Registration, Signed)> {
        let response = readable(&self.response).ok()?;
        let inner = &response["response"];
        let client_data = bytes(&inner["clientDataJSON"])?;
        let (mut object, _) =
            cbor::entries(&bytes(&inner["attestationObject"])?).map(|(entries, rest)| (entries, rest.len()))?;
        let mut take = |name: &str| {
            let place = object.iter().position(|(key, _)| cbor::is(key, name))?;
            Some(object.remove(place).1)
        };
        let (format, statement, auth_data) = (take("fmt")?, take("attStmt")?, take("authData")?);
        let auth_data = Decoder::new(&auth_data).bytes().ok()?.to_vec();
        let registration = Registration {
            policy: self.policy.clone(),
            id: bytes(&response["id"])?,
            raw_id: response["rawId"].as_str()?.to_owned(),
            results: response.get("clientExtensionResults").cloned(),
            data: AuthenticatorData::read(&auth_data)?,
            format: Decoder::new(&format).str().ok()?.to_owned(),
            statement: cbor::entries(&statement)?.0,
            object,
            party: self.party,
            key: self.key,
            spelt_otherwise: [&response["id"], &inner["clientDataJSON"], &inner["attestationObject"]]
                .iter()
                .any(|value| {
                    value
                        .as_str()
                        .is_some_and(|text| !is_usual(text, &bytes(value).unwrap_or_default()))
                }),
            client_data,
        };
        let given = Signed {
            message: registration.message(&auth_data),
            signature: registration.signature().unwrap_or_default(),
        };
        Some((registration, given))
    }

    /// Enough for a test of its own.
    fn describe(&self) -> String {
        let anchors = self.policy.anchors();
        format!("{} with {:?}", self.response, self.policy.registration(&anchors))
    }
}

impl Registration {
    pub fn is_certified(&self) -> bool {
        cbor::at(&self.statement, "x5c").is_some()
    }

    pub fn certificates(&self) -> Vec<Vec<u8>> {
        let read = |x5c: &[u8]| {
            let mut decoder = Decoder::new(x5c);
            let length = decoder.array().ok()??;
            (0..length).map(|_| decoder.bytes().ok().map(<[u8]>::to_vec)).collect()
        };
        cbor::at(&self.statement, "x5c").and_then(read).unwrap_or_default()
    }

    /// Puts another certificate of the same issuer in the place of the first, and signs with its key.
    pub fn certify(&mut self, party: &'static Party) {
        let mut certificates = self.certificates();
        certificates[0].clone_from(&party.der);
        self.set_certificates(&certificates);
        cbor::set(&mut self.statement, "alg", cbor::integer(party.algorithm.cose()));
        self.party = Some(party);
    }

    pub fn key_bytes(&self) -> Vec<u8> {
        self.data
            .attested
            .as_ref()
            .map(|attested| attested.key.clone())
            .unwrap_or_default()
    }

    pub fn keep_in_key(&mut self, wanted: impl Fn(&[u8], &[u8]) -> bool) -> bool {
        let Some((mut entries, _)) = cbor::entries(&self.key_bytes()).map(|(entries, rest)| (entries, rest.len()))
        else {
            return false;
        };
        let before = entries.len();
        entries.retain(|(key, value)| wanted(key, value));
        let changed = entries.len() < before;
        if let Some(attested) = self.data.attested.as_mut().filter(|_| changed) {
            attested.key = cbor::map(&entries);
        }
        changed
    }

    /// Registers another key; self attestation is signed with it.
    pub fn replace_key(&mut self, key: &'static Key) {
        self.key = key;
        if let Some(attested) = &mut self.data.attested {
            attested.key.clone_from(&key.public);
        }
        if self.format == "packed" && !self.is_certified() {
            cbor::set(&mut self.statement, "alg", cbor::integer(key.algorithm.cose()));
        }
    }

    pub fn set_certificates(&mut self, certificates: &[Vec<u8>]) {
        let certificates: Vec<_> = certificates.iter().map(|der| cbor::bytes(der)).collect();
        cbor::set(&mut self.statement, "x5c", cbor::array(&certificates));
    }

    fn signature(&self) -> Option<Vec<u8>> {
        let signature = cbor::at(&self.statement, "sig")?;
        Decoder::new(signature).bytes().ok().map(<[u8]>::to_vec)
    }

    fn message(&self, auth_data: &[u8]) -> Vec<u8> {
        statement::message(&self.format, &self.data, auth_data, &self.client_data)
    }

    fn set_signature(&mut self, signature: &[u8]) {
        cbor::set(&mut self.statement, "sig", cbor::bytes(signature));
    }

    fn text(&self) -> String {
        let mut object = vec![
            (cbor::text("fmt"), cbor::text(&self.format)),
            (cbor::text("attStmt"), cbor::map(&self.statement)),
            (cbor::text("authData"), cbor::bytes(&self.data.bytes())),
        ];
        object.extend(self.object.clone());
        let mut response = json!({
            "id": base64url(&self.id), "rawId": self.raw_id, "type": "public-key",
            "response": {
                "clientDataJSON": base64url(&self.client_data),
                "attestationObject": base64url(&cbor::map(&object)),
            },
        });
        if let Some(results) = &self.results {
            response["clientExtensionResults"] = results.clone();
        }
        response.to_string()
    }
}

fn object(random: &mut Random, format: &str, statement: &Entries, auth_data: &[u8]) -> Vec<u8> {
    let mut object = vec![
        (cbor::text("fmt"), cbor::text(format)),
        (cbor::text("attStmt"), cbor::map(statement)),
        (cbor::text("authData"), cbor::bytes(auth_data)),
    ];
    if random.below(12) == 11 {
        cbor::bend(random, &mut object);
    }
    let mut object = cbor::map(&object);
    if random.below(24) == 23 {
        mutate(random, &mut object);
    }
    object
}

fn response(random: &mut Random, id: &[u8], client_data: &[u8], object: &[u8]) -> String {
    let text = |bytes: &[u8]| Part::Text(format!("\"{}\"", base64url(bytes)));
    let member = |(name, part): (&str, Part)| (name.to_owned(), part);
    let inner = [
        ("clientDataJSON", text(client_data)),
        ("attestationObject", text(object)),
        ("transports", Part::Text(r#"["usb"]"#.into())),
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
                let text = format!("\"{}\"", BASE64.encode(object));
                members.object("response").set("attestationObject", text);
            }
        },
        15 => {
            let transports = [r#"["new","usb","usb"]"#, "[]", "null", "[1]"];
            members.object("response").set("transports", *random.pick(&transports));
        }
        16 => members.set("id", r#""AAAA""#),
        17 | 18 => members.mutate(random),
        19 => return mutate_text(random, &members.text(), CHARACTERS),
        _ => {}
    }
    members.text()
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    either_base64(value.as_str()?)
}
