//! Assertions of every algorithm, bent in every field: none is accepted that says anything else than the original.
//!
//! `COUNTERSIGN_MUTANTS=all` makes 800,000 of them; an ordinary run a slice of that.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod mutants_support;
mod webauthn_support;

use std::collections::BTreeSet;

use countersign_core::webauthn::{Algorithm, Authenticated, Credential, RelyingParty, verify_authentication};
use data_encoding::BASE64_NOPAD;
use mutants_support::from_outside::{either_base64, readable};
use mutants_support::members::{Members, Part};
use mutants_support::{Random, mutate, mutate_text, share, try_mutants};
use serde_json::Value;
use webauthn_support::{Authenticator, Ceremony, SoftwareKey, authenticating, base64url, rp, sha256};

/// The binary members, in an order that the tables below share.
const FIELDS: [&str; 5] = ["id", "clientDataJSON", "authenticatorData", "signature", "userHandle"];
const ID: usize = 0;
const SIGNATURE: usize = 3;
const USER_HANDLE: usize = 4;
const HANDLE: [u8; 32] = [9; 32];
const BASE64: &str = "ABab01+/-_= \u{e9}\\";

/// All that a mutant may change and still be accepted: none of it is signed, and none of it comes back in the result.
const UNSIGNED: [&str; 7] = [
    // The user is known; a handle that is there has to be the right one.
    "userHandle: missing, null or empty",
    "rawId: in standard base64",
    // Nobody reads it here.
    "clientExtensionResults: another or none",
    // Two that a registration's response has: nobody reads them here.
    "transports",
    "attestationObject",
    // What nobody reads.
    "authenticatorAttachment, and members that are unknown",
    "JSON: blanks, escapes, order, alphabets and padding of base64",
];

/// A response, as the bytes of its fields.
type Fields = [Vec<u8>; 5];

struct Subject {
    algorithm: Algorithm,
    credential: Credential,
    original: Fields,
    /// The same key's answer to another challenge.
    earlier: Fields,
    /// Another key's answer to the same challenge.
    stranger: Fields,
    result: Authenticated,
}

#[test]
fn ecdsa() {
    run(&[Algorithm::Es256, Algorithm::Es384, Algorithm::Es512]);
}

#[test]
fn eddsa() {
    run(&[Algorithm::EdDsa]);
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
    let mutants = share(3_000, 61_540);
    let (rp, mut seen) = (rp(), BTreeSet::new());
    for algorithm in algorithms {
        let mut random = Random::new(algorithm.cose().cast_unsigned());
        for subject in [Subject::plain(*algorithm, &rp), Subject::ornate(*algorithm, &rp)] {
            let honest = members(&subject.original).text();
            let mutant = || subject.mutant(&mut random);
            try_mutants(mutants / 2, &honest, mutant, |mutant| {
                if let Ok(result) = verify_authentication(mutant, &subject.credential, &authenticating(&rp)) {
                    seen.extend(subject.judge(mutant, &result));
                }
            });
        }
    }
    // A list that names more than happens would hide what it wrongly allows.
    let unseen: Vec<_> = UNSIGNED.iter().filter(|allowed| !seen.contains(*allowed)).collect();
    assert!(unseen.is_empty(), "never accepted: {unseen:?}");
    assert_eq!(
        seen.contains(NEGATED),
        algorithms.contains(&Algorithm::Es256),
        "(r, n - s)"
    );
}

const NEGATED: &str = "signature: (r, n - s)";

impl Subject {
    fn plain(algorithm: Algorithm, rp: &RelyingParty) -> Self {
        let ceremony = Ceremony {
            flags: 0x1d,
            sign_count: 7,
            ..Ceremony::get()
        };
        Self::of(algorithm, rp, &ceremony, &[0xfb; 16])
    }

    /// Everything that may be there: extensions, a byte order mark, members that are unknown, blanks.
    fn ornate(algorithm: Algorithm, rp: &RelyingParty) -> Self {
        let ceremony = Ceremony::get();
        let client_data = format!(
            "\u{feff} {},\"extra\":{{\"a\":[1.5]}}}} ",
            &ceremony.client_data.trim_end_matches('}')
        );
        let ceremony = Ceremony {
            flags: 0x9d,
            sign_count: 0x0102_0304,
            client_data,
            extra: vec![0xa1, 0x63, b'u', b'v', b'm', 0x81, 0x83, 2, 4, 2],
            ..ceremony
        };
        Self::of(
            algorithm,
            rp,
            &ceremony,
            &(0..64).map(|byte| byte * 4 + 3).collect::<Vec<_>>(),
        )
    }

    fn of(algorithm: Algorithm, rp: &RelyingParty, ceremony: &Ceremony, id: &[u8]) -> Self {
        let key = Authenticator::of(SoftwareKey::of_owner(algorithm, 0), id);
        let stranger = Authenticator::of(SoftwareKey::of_owner(algorithm, 1), &[4; 16]);
        let credential = Credential {
            sign_count: 3,
            backup_eligible: true,
            user_handle: Some(HANDLE.to_vec()),
            ..key.credential()
        };
        let challenge = base64url(&webauthn_support::CHALLENGE);
        let earlier = Ceremony {
            client_data: ceremony.client_data.replace(&challenge, &base64url(&[0x33; 32])),
            sign_count: ceremony.sign_count - 1,
            ..ceremony.clone()
        };
        let original = fields(&key, ceremony, &HANDLE);
        let text = members(&original).text();
        let result = verify_authentication(&text, &credential, &authenticating(rp)).unwrap();
        Self {
            algorithm,
            credential,
            original,
            earlier: fields(&key, &earlier, &HANDLE),
            stranger: fields(&stranger, ceremony, &[8; 32]),
            result,
        }
    }

    fn mutant(&self, random: &mut Random) -> String {
        let mut fields = self.original.clone();
        let mut members = members(&fields);
        for _ in 0..=usize::from(random.one_in(4)) {
            let field = random.below(FIELDS.len());
            match random.below(20) {
                0..=8 => {
                    mutate(random, &mut fields[field]);
                    set(&mut members, field, &fields[field], random.one_in(4));
                }
                9 | 10 => self.mix(random, &mut fields, &mut members),
                11..=13 => {
                    let text = mutate_text(random, &base64url(&fields[field]), BASE64);
                    place(&mut members, field).set(FIELDS[field], format!("\"{text}\""));
                }
                14 if random.one_in(8) => {
                    let raw = BASE64_NOPAD.encode(&fields[ID]);
                    members.set("rawId", format!("\"{raw}\""));
                }
                14 if random.one_in(4) => {
                    fields[SIGNATURE] = self.negated().unwrap_or_default();
                    set(&mut members, SIGNATURE, &fields[SIGNATURE], false);
                }
                14..=18 => {
                    members.mutate(random);
                    // It may have moved what the other ways look for.
                    return members.text();
                }
                _ => return mutate_text(random, &members.text(), BASE64),
            }
        }
        members.text()
    }

    /// Some fields from elsewhere, never a whole response.
    fn mix(&self, random: &mut Random, fields: &mut Fields, members: &mut Members) {
        let other = *random.pick(&[&self.earlier, &self.stranger]);
        for (field, bytes) in fields.iter_mut().enumerate() {
            if random.one_in(2) {
                let from = if random.one_in(3) {
                    random.below(FIELDS.len())
                } else {
                    field
                };
                bytes.clone_from(&other[from]);
                set(members, field, bytes, false);
            }
        }
    }

    /// Panics unless the mutant, read by other means, says what the original says; names what is different all the same.
    fn judge(&self, mutant: &str, result: &Authenticated) -> BTreeSet<&'static str> {
        let algorithm = self.algorithm;
        assert_eq!(result, &self.result, "{algorithm:?}: another result, of {mutant}");
        let honest: Value = serde_json::from_str(&members(&self.original).text()).unwrap();
        let mut read = readable(mutant).unwrap();
        let mut allowed = BTreeSet::new();
        // Whatever is explained is put right again; in the end nothing may be left.
        let mut explain = |read: &mut Value, pointer: &str, name: &str, why: Option<&'static str>| {
            let (honest, read) = (honest.pointer(pointer).unwrap(), read.pointer_mut(pointer).unwrap());
            if honest.get(name) != read.get(name) {
                read[name] = honest[name].clone();
                allowed.extend(why);
            }
        };
        for (field, name) in FIELDS.iter().enumerate() {
            let pointer = if field == ID { "" } else { "/response" };
            let value = &read.pointer(pointer).unwrap()[name];
            let bytes = value.as_str().and_then(either_base64);
            let absent = value.is_null() || value == "";
            if bytes.as_ref() == Some(&self.original[field]) {
                explain(&mut read, pointer, name, None);
            } else if field == USER_HANDLE && absent {
                explain(&mut read, pointer, name, Some(UNSIGNED[0]));
            } else if field == SIGNATURE && bytes.is_some() && bytes == self.negated() {
                explain(&mut read, pointer, name, Some(NEGATED));
            }
        }
        if read["rawId"].as_str().and_then(either_base64).as_ref() == Some(&self.original[ID]) {
            explain(&mut read, "", "rawId", Some(UNSIGNED[1]));
        }
        explain(&mut read, "", "clientExtensionResults", Some(UNSIGNED[2]));
        explain(&mut read, "/response", "transports", Some(UNSIGNED[3]));
        explain(&mut read, "/response", "attestationObject", Some(UNSIGNED[4]));
        explain(&mut read, "", "authenticatorAttachment", Some(UNSIGNED[5]));
        for pointer in ["/response", ""] {
            let object = read.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
            let before = object.len();
            object.retain(|name, _| honest.pointer(pointer).unwrap().get(name).is_some());
            allowed.extend((object.len() < before).then_some(UNSIGNED[5]));
        }
        assert_eq!(read, honest, "{algorithm:?}: {mutant}");
        allowed.extend(allowed.is_empty().then_some(UNSIGNED[6]));
        allowed
    }

    /// The other signature that an ECDSA key's owner, and anyone who has seen one, can make of the same message.
    fn negated(&self) -> Option<Vec<u8>> {
        let order = match self.algorithm {
            Algorithm::Es256 => "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
            Algorithm::Es384 => concat!(
                "ffffffffffffffffffffffffffffffffffffffffffffffff",
                "c7634d81f4372ddf581a0db248b0a77aecec196accc52973"
            ),
            Algorithm::Es512 => concat!(
                "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa",
                "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"
            ),
            _ => return None,
        };
        let order = data_encoding::HEXLOWER.decode(order.as_bytes()).unwrap();
        let (r, s) = integers(&self.original[SIGNATURE]);
        Some(sequence(&r, &subtract(&order, &s)))
    }
}

/// What an authenticator and the browser around it answer.
fn fields(key: &Authenticator, ceremony: &Ceremony, handle: &[u8]) -> Fields {
    let data = key.auth_data(ceremony);
    let client_data = ceremony.client_data.as_bytes();
    let signature = key.sign(&[&data[..], &sha256(client_data)].concat());
    [key.id.clone(), client_data.to_vec(), data, signature, handle.to_vec()]
}

fn members(fields: &Fields) -> Members {
    let text = |field: usize| Part::Text(format!("\"{}\"", base64url(&fields[field])));
    let inner = (1..FIELDS.len()).map(|field| (FIELDS[field].to_owned(), text(field)));
    let inner = inner.chain([
        ("transports".into(), Part::Text(r#"["usb"]"#.into())),
        ("attestationObject".into(), Part::Text(r#""""#.into())),
    ]);
    let outer = [
        ("id", text(ID)),
        ("rawId", text(ID)),
        ("type", Part::Text(r#""public-key""#.into())),
        ("authenticatorAttachment", Part::Text(r#""platform""#.into())),
        ("response", Part::Object(Members(inner.collect()))),
        (
            "clientExtensionResults",
            Part::Object(Members(vec![("credProps".into(), Part::Text(r#"{"rk":true}"#.into()))])),
        ),
    ];
    Members(outer.map(|(name, part)| (name.to_owned(), part)).into())
}

/// The object that a field stands in.
fn place(members: &mut Members, field: usize) -> &mut Members {
    if field == ID {
        members
    } else {
        members.object("response")
    }
}

fn set(members: &mut Members, field: usize, bytes: &[u8], id_alone: bool) {
    let text = format!("\"{}\"", base64url(bytes));
    place(members, field).set(FIELDS[field], text.clone());
    if field == ID && !id_alone {
        members.set("rawId", text);
    }
}

/// The two of a DER sequence, without leading zeros.
fn integers(der: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let start = if der[1] < 0x80 { 2 } else { 3 };
    let (r, rest) = integer(&der[start..]);
    (r, integer(rest).0)
}

fn integer(der: &[u8]) -> (Vec<u8>, &[u8]) {
    let (number, rest) = der[2..].split_at(usize::from(der[1]));
    (number.iter().copied().skip_while(|byte| *byte == 0).collect(), rest)
}

fn sequence(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let mut bytes = number.to_vec();
        if bytes[0] & 0x80 != 0 {
            bytes.insert(0, 0);
        }
        [&[2, u8::try_from(bytes.len()).unwrap()][..], &bytes].concat()
    };
    let both = [integer(r), integer(s)].concat();
    let length = u8::try_from(both.len()).unwrap();
    let header = if length < 0x80 {
        vec![0x30, length]
    } else {
        vec![0x30, 0x81, length]
    };
    [header, both].concat()
}

fn subtract(from: &[u8], number: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut difference: Vec<u8> = (0..from.len())
        .map(|place| {
            let minuend = i16::from(from[from.len() - 1 - place]);
            let subtrahend = number
                .len()
                .checked_sub(1 + place)
                .map_or(0, |at| i16::from(number[at]));
            let rest = minuend - subtrahend - borrow;
            borrow = i16::from(rest < 0);
            u8::try_from(rest & 0xff).unwrap()
        })
        .collect();
    difference.reverse();
    difference.into_iter().skip_while(|byte| *byte == 0).collect()
}
