//! Registrations of every algorithm, bent in every field: what nobody signed may change, and the result says so.
//!
//! `COUNTERSIGN_MUTANTS=all` makes 200,000 of them; an ordinary run a slice of that.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod mutants_support;
mod webauthn_support;

use std::collections::BTreeSet;

use countersign_core::webauthn::{
    Algorithm, Attestation, CoseKey, Credential, Registered, RegistrationExpectation, verify_registration,
};
use data_encoding::BASE64_NOPAD;
use minicbor::Decoder;
use mutants_support::from_outside::{either_base64, readable};
use mutants_support::members::{Members, Part};
use mutants_support::{Random, mutate, mutate_text, share, try_mutants};
use serde_json::Value;
use webauthn_support::{
    Authenticator, CHALLENGE, Ceremony, Registering, SoftwareKey, attestation_object, base64url, packed, sha256,
};

const BASE64: &str = "ABab01+/-_= \u{e9}\\";
const HANDLE: [u8; 32] = [9; 32];

/// What a registration without attestation may change and still be accepted; the result reports each as it stands there.
const UNSIGNED: [&str; 9] = [
    "signCount",
    "aaguid",
    "credential id",
    "credentialPublicKey",
    "flags",
    "extension data",
    "clientDataJSON",
    "fmt",
    "attestationObject",
];
/// The browser's, signed by nobody. The first two are reported.
const OUTSIDE: [&str; 4] = [
    "transports",
    "credProps.rk",
    "rawId: in standard base64",
    "members nobody reads",
];
/// A statement of self attestation signs the authenticator data and the client data.
const UNSIGNED_BY_PACKED: [&str; 1] = ["attestationObject"];

/// The parts of a registration, as bytes.
#[derive(Clone, PartialEq)]
struct Parts {
    id: Vec<u8>,
    client_data: Vec<u8>,
    auth_data: Vec<u8>,
    format: &'static str,
    alg: i64,
    /// Of self attestation; empty for format none.
    signature: Vec<u8>,
}

struct Subject {
    algorithm: Algorithm,
    original: Parts,
    stranger: Parts,
}

#[test]
fn ecdsa_and_eddsa() {
    run(&[Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa]);
}

#[test]
fn rsa() {
    run(&[Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512]);
}

#[test]
fn rsa_pss() {
    run(&[Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512]);
}

#[test]
fn ml_dsa() {
    run(&[Algorithm::MlDsa44, Algorithm::MlDsa65, Algorithm::MlDsa87]);
}

fn run(algorithms: &[Algorithm]) {
    let mutants = share(3_000, 15_385);
    let policy = Registering::default();
    let expected = RegistrationExpectation {
        algorithms: &Algorithm::ALL,
        user_handle: Some(&HANDLE),
        extensions: None,
        ..policy.expectation()
    };
    for (format, unsigned) in [("none", &UNSIGNED[..]), ("packed", &UNSIGNED_BY_PACKED[..])] {
        let mut seen = BTreeSet::new();
        for algorithm in algorithms {
            let mut random = Random::new(algorithm.cose().cast_unsigned() ^ format.len() as u64);
            let subject = Subject::of(*algorithm, format);
            let honest = members(&subject.original).text();
            verify_registration(&honest, &expected).unwrap();
            let mutant = || subject.mutant(&mut random);
            try_mutants(mutants / 2, &honest, mutant, |mutant| {
                if let Ok(result) = verify_registration(mutant, &expected) {
                    seen.extend(subject.judge(mutant, &result));
                }
            });
        }
        let listed: BTreeSet<_> = unsigned.iter().chain(&OUTSIDE).copied().collect();
        assert_eq!(seen, listed, "{format}");
    }
}

impl Subject {
    fn of(algorithm: Algorithm, format: &'static str) -> Self {
        let ceremony = Ceremony {
            // With extension data.
            flags: 0xdd,
            sign_count: 7,
            extra: vec![
                0xa1, 0x6b, b'c', b'r', b'e', b'd', b'P', b'r', b'o', b't', b'e', b'c', b't', 2,
            ],
            ..Ceremony::create()
        };
        let [original, stranger] = [(0, [0xfb; 16]), (1, [4; 16])].map(|(owner, id)| {
            let key = Authenticator::of(SoftwareKey::of_owner(algorithm, owner), &id);
            parts(&key, &ceremony, format)
        });
        Self {
            algorithm,
            original,
            stranger,
        }
    }

    fn mutant(&self, random: &mut Random) -> String {
        let mut parts = self.original.clone();
        for _ in 0..=usize::from(random.one_in(4)) {
            match random.below(12) {
                0..=4 => self.bend_auth_data(random, &mut parts),
                5 if random.one_in(4) => parts.alg = *random.pick(&[-7, -8, -257, -65535, 7, 0]),
                5 => mutate(random, &mut parts.client_data),
                6 => mutate(random, &mut parts.signature),
                7 => parts.id.clone_from(&self.stranger.id),
                8 => parts.auth_data.clone_from(&self.stranger.auth_data),
                9 if random.one_in(2) => parts.client_data.splice(1..1, *b"\"x\":1, ").for_each(drop),
                9 => parts.signature.clone_from(&self.stranger.signature),
                10 => parts.format = *random.pick(&["none", "packed", "tpm", "compound", "new", "fido-u2f", "apple"]),
                _ => {}
            }
        }
        let mut members = members(&parts);
        match random.below(8) {
            0 => {
                let mut object = object(&parts);
                if random.one_in(4) {
                    // A member that nobody reads.
                    object[0] += 1;
                    object.extend([0x61, b'x', random.byte() % 24]);
                } else {
                    mutate(random, &mut object);
                }
                members.object("response").set("attestationObject", text(&object));
            }
            1 => {
                let name = *random.pick(&["clientDataJSON", "attestationObject"]);
                let response = members.object("response");
                let honest = response.get(name).text();
                response.set(
                    name,
                    format!("\"{}\"", mutate_text(random, honest.trim_matches('"'), BASE64)),
                );
            }
            2 if random.one_in(4) => members.set("rawId", format!("\"{}\"", BASE64_NOPAD.encode(&parts.id))),
            3 if random.one_in(4) => {
                let listed = *random.pick(&["[]", r#"["usb","usb","new"]"#, r#"["<",""]"#, r#"["internal"]"#, "null"]);
                members.object("response").set("transports", listed);
            }
            2 | 3 => members.mutate(random),
            5 if random.one_in(4) => {
                let results = ["{}", "null", r#"{"credProps":{}}"#, r#"{"credProps":{"rk":false}}"#];
                members.set("clientExtensionResults", *random.pick(&results));
            }
            4 => return mutate_text(random, &members.text(), BASE64),
            _ => {}
        }
        members.text()
    }

    fn bend_auth_data(&self, random: &mut Random, parts: &mut Parts) {
        let id = 55 + parts.id.len();
        match random.below(8) {
            // Flags, counter, model.
            0 => parts.auth_data[32] ^= 1 << random.below(8),
            1 => parts.auth_data[33 + random.below(4)] = random.byte(),
            2 => parts.auth_data[37 + random.below(16)] = random.byte(),
            // The credential id, here and in the response.
            3 => {
                parts.id = (0..=random.below(40)).map(|_| random.byte()).collect();
                let length = u16::try_from(parts.id.len()).unwrap().to_be_bytes();
                parts.auth_data.splice(53..id, [&length[..], &parts.id].concat());
            }
            // Another key of the same algorithm, with the rest as it was.
            4 if parts.auth_data.len() > id + 14 => {
                let key = SoftwareKey::of_owner(self.algorithm, 1).public().to_cbor();
                parts.auth_data.splice(id..parts.auth_data.len() - 14, key);
            }
            // The extension data.
            5 => {
                parts.auth_data.truncate(parts.auth_data.len() - 14);
                parts
                    .auth_data
                    .extend([0xa1, 0x61, random.byte() & 0x7f, random.byte() & 0x17]);
            }
            _ => mutate(random, &mut parts.auth_data),
        }
        // The ways above need the parts that they bend.
        if parts.auth_data.len() < 100 {
            parts.auth_data.clone_from(&self.original.auth_data);
            parts.id.clone_from(&self.original.id);
        }
    }

    /// Panics unless the result says what the mutant says; names what differs from the original.
    fn judge(&self, mutant: &str, result: &Registered) -> BTreeSet<&'static str> {
        let honest: Value = serde_json::from_str(&members(&self.original).text()).unwrap();
        let read = readable(mutant).unwrap();
        let bytes = |value: &Value| either_base64(value.as_str().unwrap()).unwrap();
        let client_data = bytes(&read["response"]["clientDataJSON"]);
        let object = Object::read(&bytes(&read["response"]["attestationObject"]));
        let data = AuthData::read(&object.auth_data);
        let rk = read
            .pointer("/clientExtensionResults/credProps/rk")
            .and_then(Value::as_bool);
        let verified = object.format == "packed";
        let reported = Registered {
            credential: Credential {
                id: data.id.clone(),
                public_key: data.public_key.clone(),
                sign_count: data.sign_count,
                transports: transports(&read),
                aaguid: data.aaguid,
                backup_eligible: data.flags & 0x08 != 0,
                backup_state: data.flags & 0x10 != 0,
                backup_recorded: true,
                user_verified: data.flags & 0x04 != 0,
                user_handle: Some(HANDLE.to_vec()),
            },
            attestation: Attestation {
                format: object.format.clone(),
                verified,
                trusted: false,
                ..Attestation::default()
            },
            user_verified: data.flags & 0x04 != 0,
            discoverable: rk,
            extensions: None,
            security_level: None,
            attested_by: Vec::new(),
        };
        assert_eq!(result, &reported, "{mutant}");
        CoseKey::parse(&data.public_key).unwrap();
        assert_eq!(data.rp_id_hash, sha256(b"example.org"), "{mutant}");
        assert!(data.flags & 0x41 == 0x41 && data.flags & 0x18 != 0x10, "{mutant}");
        assert_eq!(bytes(&read["id"]), data.id, "{mutant}");
        check_client_data(&client_data, mutant);
        let honest_data = AuthData::read(&self.original.auth_data);
        if object.format == "packed" {
            // Self attestation: everything is signed.
            assert_eq!(client_data, self.original.client_data, "{mutant}");
            assert_eq!(object.auth_data, self.original.auth_data, "{mutant}");
            assert_eq!(object.alg, Some(self.algorithm.cose()), "{mutant}");
            let key = CoseKey::parse(&data.public_key).unwrap();
            let signed = [&object.auth_data[..], &sha256(&client_data)].concat();
            assert_eq!(
                key.verify(&signed, &object.signature.clone().unwrap()),
                Ok(()),
                "{mutant}"
            );
        }
        let raw_id = read["rawId"].as_str().unwrap();
        if raw_id != read["id"] {
            assert_eq!(either_base64(raw_id), Some(data.id.clone()), "{mutant}");
        }
        let same_object = object.bytes == crate::object(&self.original);
        let [count, model, id, key, flags, extensions, client, format, encoding] = UNSIGNED;
        let [listed, discoverable, raw, others] = OUTSIDE;
        let differences = [
            (count, data.sign_count != honest_data.sign_count),
            (model, data.aaguid != honest_data.aaguid),
            (id, data.id != honest_data.id),
            (key, data.public_key != honest_data.public_key),
            (flags, data.flags != honest_data.flags),
            (extensions, data.extensions != honest_data.extensions),
            (client, client_data != self.original.client_data),
            (format, object.format != self.original.format),
            (encoding, object.auth_data == self.original.auth_data && !same_object),
            (listed, transports(&read) != transports(&honest)),
            (discoverable, rk != Some(true)),
            (raw, raw_id != read["id"]),
        ];
        let mut names: BTreeSet<_> = differences
            .iter()
            .filter(|(_, differs)| *differs)
            .map(|(name, _)| *name)
            .collect();
        names.extend(names.is_empty().then_some(others));
        // What is no longer a packed statement is signed by nobody.
        if self.original.format == "packed" && object.format != "packed" {
            return BTreeSet::new();
        }
        names
    }
}

fn check_client_data(client_data: &[u8], mutant: &str) {
    let text = std::str::from_utf8(client_data).unwrap().trim_start_matches('\u{feff}');
    let client_data: Value = serde_json::from_str(text).unwrap();
    assert_eq!(client_data["type"], "webauthn.create", "{mutant}");
    assert_eq!(client_data["challenge"], base64url(&CHALLENGE), "{mutant}");
    assert_eq!(client_data["origin"], "https://example.org", "{mutant}");
    assert!(
        client_data.get("crossOrigin").is_none_or(|crossing| crossing == false),
        "{mutant}"
    );
    assert_eq!(client_data.get("topOrigin"), None, "{mutant}");
}

fn transports(read: &Value) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    for transport in read["response"]["transports"].as_array().into_iter().flatten() {
        let transport = transport.as_str().unwrap();
        // What can't be a name is ignored.
        let fits = (1..=32).contains(&transport.len())
            && transport
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if fits && !known.iter().any(|before| before == transport) {
            known.push(transport.to_owned());
        }
    }
    known
}

/// An attestation object, read in any order; whatever else is in it is skipped.
struct Object {
    bytes: Vec<u8>,
    format: String,
    auth_data: Vec<u8>,
    alg: Option<i64>,
    signature: Option<Vec<u8>>,
}

impl Object {
    fn read(bytes: &[u8]) -> Self {
        let mut cbor = Decoder::new(bytes);
        let (mut format, mut auth_data, mut alg, mut signature) = (None, None, None, None);
        for _ in 0..cbor.map().unwrap().unwrap() {
            match cbor.str() {
                Ok("fmt") => format = Some(cbor.str().unwrap().to_owned()),
                Ok("authData") => auth_data = Some(cbor.bytes().unwrap().to_vec()),
                Ok("attStmt") => {
                    for _ in 0..cbor.map().unwrap().unwrap() {
                        match cbor.str() {
                            Ok("alg") => alg = cbor.i64().ok(),
                            Ok("sig") => signature = cbor.bytes().ok().map(<[u8]>::to_vec),
                            _ => cbor.skip().unwrap(),
                        }
                    }
                }
                _ => cbor.skip().unwrap(),
            }
        }
        assert_eq!(cbor.position(), bytes.len());
        Self {
            bytes: bytes.to_vec(),
            format: format.unwrap(),
            auth_data: auth_data.unwrap(),
            alg,
            signature,
        }
    }
}

struct AuthData {
    rp_id_hash: Vec<u8>,
    flags: u8,
    sign_count: u32,
    aaguid: [u8; 16],
    id: Vec<u8>,
    public_key: Vec<u8>,
    extensions: Vec<u8>,
}

impl AuthData {
    fn read(bytes: &[u8]) -> Self {
        let id = 55 + usize::from(u16::from_be_bytes(bytes[53..55].try_into().unwrap()));
        let mut cbor = Decoder::new(&bytes[id..]);
        cbor.skip().unwrap();
        let key = id + cbor.position();
        Self {
            rp_id_hash: bytes[..32].to_vec(),
            flags: bytes[32],
            sign_count: u32::from_be_bytes(bytes[33..37].try_into().unwrap()),
            aaguid: bytes[37..53].try_into().unwrap(),
            id: bytes[55..id].to_vec(),
            public_key: bytes[id..key].to_vec(),
            extensions: bytes[key..].to_vec(),
        }
    }
}

fn parts(key: &Authenticator, ceremony: &Ceremony, format: &'static str) -> Parts {
    let auth_data = key.auth_data(ceremony);
    let client_data = ceremony.client_data.clone().into_bytes();
    let signature = match format {
        "packed" => key.sign(&[&auth_data[..], &sha256(&client_data)].concat()),
        _ => Vec::new(),
    };
    Parts {
        id: key.id.clone(),
        client_data,
        auth_data,
        format,
        alg: key.key().algorithm().cose(),
        signature,
    }
}

fn object(parts: &Parts) -> Vec<u8> {
    let statement = match &parts.signature[..] {
        [] => vec![0xa0],
        signature => packed(parts.alg, signature, &[]),
    };
    attestation_object(parts.format, &parts.auth_data, &statement)
}

fn members(parts: &Parts) -> Members {
    let part = |text: &str| Part::Text(text.to_owned());
    let response = [
        ("clientDataJSON", Part::Text(text(&parts.client_data))),
        ("attestationObject", Part::Text(text(&object(parts)))),
        ("transports", part(r#"["usb","nfc"]"#)),
        ("publicKeyAlgorithm", part("-7")),
    ];
    let response = response.map(|(name, part)| (name.to_owned(), part)).into();
    let outer = [
        ("id", Part::Text(text(&parts.id))),
        ("rawId", Part::Text(text(&parts.id))),
        ("type", part(r#""public-key""#)),
        ("response", Part::Object(Members(response))),
        ("clientExtensionResults", part(r#"{"credProps":{"rk":true}}"#)),
    ];
    Members(outer.map(|(name, part)| (name.to_owned(), part)).into())
}

fn text(bytes: &[u8]) -> String {
    format!("\"{}\"", base64url(bytes))
}
