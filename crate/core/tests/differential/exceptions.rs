//! What webauthn-rs-core 0.6 lacks: each is put right in a response, and nothing else. True where there was something.

use std::collections::BTreeSet;

use countersign_core::webauthn::{Algorithm, Conveyance, CoseKey, CounterPolicy, KeyMaterial};
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL};
use minicbor::Decoder;
use serde::de::DeserializeOwned;
use serde_json::Value;
use webauthn_rs_core::proto::{
    AuthenticationExtensionsClientOutputs, RegistrationExtensionsClientOutputs, TokenBinding,
};

use super::authentication::Assertion;
use super::authenticator_data::{BACKUP_STATE, USER_PRESENT};
use super::cbor::{self, Entries};
use super::client_data;
use super::key::key;
use super::party::{Parties, parties};
use super::registration::Registration;
use crate::webauthn_support::base64url;

pub struct Exception<T> {
    pub name: &'static str,
    mend: fn(&mut T) -> bool,
}

/// The one that takes a statement for what it is, signed or not.
pub const UNVERIFIED: &str = "attStmt: not verified here either";

pub const AUTHENTICATION: [Exception<Assertion>; 10] = [
    Exception::new("key: an algorithm that it can't verify", known_key),
    Exception::new("flags: backed up by the upgrade", no_upgrade),
    Exception::new("signCount: reported", refused_counter),
    Exception::new("clientDataJSON: a byte order mark", |of| {
        client_data::unmark(&mut of.client_data)
    }),
    Exception::new("clientDataJSON: tokenBinding", |of| {
        no_token_binding(&mut of.client_data)
    }),
    Exception::new("extensions: a name that is no text", |of| {
        of.data.keep_extensions(named)
    }),
    Exception::new("extensions: an unassigned value", |of| {
        of.data.keep_extensions(assigned)
    }),
    Exception::new("rawId: standard base64, or padding", |of| {
        url_safe(&mut of.raw_id, &of.id)
    }),
    Exception::new("other members: standard base64, or padding", |of| {
        std::mem::take(&mut of.spelt_otherwise)
    }),
    Exception::new("clientExtensionResults", |of| {
        readable::<AuthenticationExtensionsClientOutputs>(&mut of.results)
    }),
];

pub const REGISTRATION: [Exception<Registration>; 20] = [
    // First, since it takes away what others would put right.
    Exception::new(UNVERIFIED, no_statement),
    Exception::new("attStmt: a certified key that it can't verify", |of| {
        known_attestation_key(of)
    }),
    Exception::new("attStmt: trust in the chain's own", trusted_issuer),
    Exception::new("attStmt: ecdaaKeyId", |of| {
        keep(&mut of.statement, |key, _| !cbor::is(key, "ecdaaKeyId"))
    }),
    Exception::new("attStmt: an unassigned value", |of| keep(&mut of.statement, assigned)),
    Exception::new("key: an algorithm or size that it lacks", known_credential_key),
    Exception::new("key: an unassigned value", |of| of.keep_in_key(assigned)),
    Exception::new("attestationObject: a name that is no text", |of| {
        keep(&mut of.object, named)
    }),
    Exception::new("attestationObject: an unassigned value", |of| {
        keep(&mut of.object, assigned)
    }),
    Exception::new("attestationObject: epAtt, largeBlobKey", |of| {
        keep(&mut of.object, no_ctap_member)
    }),
    Exception::new("clientDataJSON: a byte order mark", |of| {
        client_data::unmark(&mut of.client_data)
    }),
    Exception::new("clientDataJSON: tokenBinding", |of| {
        no_token_binding(&mut of.client_data)
    }),
    Exception::new("clientDataJSON: crossOrigin", |of| not_embedded(&mut of.client_data)),
    Exception::new("flags: conditional create", present),
    Exception::new("extensions: a name that is no text", |of| {
        of.data.keep_extensions(named)
    }),
    Exception::new("extensions: an unassigned value", |of| {
        of.data.keep_extensions(assigned)
    }),
    Exception::new("extensions: credProtect, hmac-secret", |of| {
        of.data.keep_extensions(typed)
    }),
    Exception::new("rawId: standard base64, or padding", |of| {
        url_safe(&mut of.raw_id, &of.id)
    }),
    Exception::new("other members: standard base64, or padding", |of| {
        std::mem::take(&mut of.spelt_otherwise)
    }),
    Exception::new("clientExtensionResults", |of| {
        readable::<RegistrationExtensionsClientOutputs>(&mut of.results)
    }),
];

/// Puts all of it right; the names of what there was.
pub fn mend<T>(exceptions: &[Exception<T>], response: &mut T) -> BTreeSet<&'static str> {
    let lacks = exceptions.iter().filter(|exception| (exception.mend)(response));
    lacks.map(|exception| exception.name).collect()
}

impl<T> Exception<T> {
    const fn new(name: &'static str, mend: fn(&mut T) -> bool) -> Self {
        Self { name, mend }
    }
}

/// It registers no Ed25519, RS384, RS512, PS256, PS384, PS512 or ML-DSA, and verifies no signature of ES512.
fn known_key(of: &mut Assertion) -> bool {
    let verified = [Algorithm::Es256, Algorithm::Es384, Algorithm::Rs256];
    let lacks = !verified.contains(&of.key.algorithm);
    if lacks {
        of.key = key(Algorithm::Es256, 0);
    }
    lacks
}

/// Where a stored credential may become backup-eligible, it judges the backup state by the flag that was stored before.
fn no_upgrade(of: &mut Assertion) -> bool {
    let upgrade = !of.credential.backup_eligible && of.data.flags & BACKUP_STATE != 0;
    if upgrade {
        of.data.flags &= !BACKUP_STATE;
    }
    upgrade
}

/// It has no policy that reports a counter which did not grow: it refuses.
fn refused_counter(of: &mut Assertion) -> bool {
    let (stored, given) = (of.credential.sign_count, of.data.sign_count);
    let reported = of.policy.counter == CounterPolicy::Report && stored != 0 && given <= stored;
    if reported {
        of.credential.sign_count = given.saturating_sub(1);
    }
    reported
}

/// A member of Level 1 that is reserved now (5.8.1). It wants it well-formed, and nobody looks at it.
fn no_token_binding(client_data: &mut Vec<u8>) -> bool {
    let malformed = |value: &Value| serde_json::from_value::<Option<TokenBinding>>(value.clone()).is_err();
    client_data::remove(client_data, "tokenBinding", malformed)
}

/// It has no policy for pages inside others, and refuses them at registration.
fn not_embedded(client_data: &mut Vec<u8>) -> bool {
    client_data::remove(client_data, "crossOrigin", |value| *value == true)
}

/// Password managers and pages of old write it so, and only the other form is base64url.
fn url_safe(raw_id: &mut String, id: &[u8]) -> bool {
    let other =
        *raw_id != base64url(id) && [BASE64.encode(id), BASE64_NOPAD.encode(id), BASE64URL.encode(id)].contains(raw_id);
    if other {
        *raw_id = base64url(id);
    }
    other
}

/// The page's word, of extensions that nobody asked for: it wants the types that it knows.
fn readable<T: DeserializeOwned>(results: &mut Option<Value>) -> bool {
    let unreadable = |results: &mut Value| serde_json::from_value::<T>(results.clone()).is_err();
    results.take_if(unreadable).is_some()
}

/// It knows no ceremony without the user's presence.
fn present(of: &mut Registration) -> bool {
    let absent = of.policy.conditional && of.data.flags & USER_PRESENT == 0;
    of.data.flags |= USER_PRESENT;
    absent
}

/// Where no attestation was asked for, this library takes a statement that nobody verifies, and says so in the result;
/// it refuses. Which ones: formats that are unknown or not implemented (TPM among them), certified keys of an algorithm
/// without a number here, and those that it would have to judge itself for what it lacks or can't decode.
fn no_statement(of: &mut Registration) -> bool {
    let unverified = match of.format.as_str() {
        "none" => false,
        "packed" => {
            let number = cbor::at(&of.statement, "alg").and_then(|alg| Decoder::new(alg).i64().ok());
            of.is_certified() && number.is_some_and(|number| Algorithm::from_cose(number).is_none())
        }
        "fido-u2f" | "apple" => {
            let marked = client_data::unmark(&mut of.client_data.clone());
            let embedded = not_embedded(&mut of.client_data.clone());
            let unread = no_token_binding(&mut of.client_data.clone());
            marked
                || embedded
                || unread
                || of.policy.conditional
                || lacks_key(&of.key_bytes(), true)
                || stops_decoding(of)
        }
        "android-key" => {
            let number = cbor::at(&of.statement, "alg").and_then(|alg| Decoder::new(alg).i64().ok());
            number.is_some_and(|number| Algorithm::from_cose(number).is_none())
        }
        _ => true,
    };
    let excepted = unverified && of.policy.attestation == Conveyance::None;
    if excepted {
        of.format = "none".into();
        of.statement.clear();
    }
    excepted
}

/// Whether it can't decode the object, the extensions or the key, so that it never judges the statement.
fn stops_decoding(of: &Registration) -> bool {
    let in_map = |key: &[u8], value: &[u8]| named(key, value) && assigned(key, value) && well_typed(key, value);
    !of.object.iter().all(|(key, value)| in_map(key, value))
        || !of.statement.iter().all(|(key, value)| assigned(key, value))
        || of.data.clone().keep_extensions(in_map)
        || cbor::entries(&of.key_bytes()).is_some_and(|(key, _)| !key.iter().all(|(key, value)| assigned(key, value)))
}

/// The types that it wants of the extensions and members that it knows.
fn well_typed(key: &[u8], value: &[u8]) -> bool {
    let value = || Decoder::new(value);
    let typed = match Decoder::new(key).str() {
        Ok("credProtect") => value().u8().is_ok_and(|level| (1..=3).contains(&level)),
        Ok("hmac-secret" | "epAtt") => value().bool().is_ok(),
        Ok("largeBlobKey") => value().bytes().is_ok(),
        _ => true,
    };
    typed || value().null().is_ok()
}

/// It verifies certified keys of P-256, P-384 and RSA alone; another certificate of the same authority takes the place.
fn known_attestation_key(of: &mut Registration) -> bool {
    let lacks = of.format == "packed"
        && of.party.is_some_and(|party| {
            let leaf = of.certificates().into_iter().next().unwrap_or_default();
            !matches!(party.algorithm, Algorithm::Es256 | Algorithm::Es384 | Algorithm::Rs256) && party.is_key_of(&leaf)
        });
    if lacks {
        of.certify(&parties().leaves[0]);
    }
    lacks
}

/// A chain is followed up to the first certificate that is the trust anchor (7.1 lets one be) or was issued by it, and what
/// is sent after that one does not matter; it wants an anchor that has issued the last of the chain.
fn trusted_issuer(of: &mut Registration) -> bool {
    let certificates = of.certificates();
    let Some(anchor) = of.policy.anchor else { return false };
    let Parties {
        root, middle, leaves, ..
    } = parties();
    if let Some(place) = certificates.iter().position(|der| *der == anchor.der) {
        of.set_certificates(&certificates[..=place]);
        of.policy.anchor = Some(if place == 0 { middle } else { root });
        return true;
    }
    let is_issued = |der: &Vec<u8>| {
        (anchor.der == root.der && *der == middle.der)
            || (anchor.der == middle.der && leaves.iter().any(|leaf| leaf.der == *der))
    };
    let last = certificates.iter().position(is_issued);
    let more = last.filter(|last| last + 1 < certificates.len());
    if let Some(last) = more {
        of.set_certificates(&certificates[..=last]);
    }
    more.is_some()
}

/// No Ed25519, RS384, RS512, PS256, PS384, PS512 or ML-DSA, and of RSA only 2048 bits with an exponent of three bytes.
fn known_credential_key(of: &mut Registration) -> bool {
    let signs = of.format == "packed" && !of.is_certified();
    let lacks = lacks_key(&of.key_bytes(), signs);
    if lacks {
        of.replace_key(key(Algorithm::Es256, 0));
    }
    lacks
}

/// `signs`: it takes ES512's keys, and verifies none of their signatures.
fn lacks_key(key: &[u8], signs: bool) -> bool {
    let Ok(key) = CoseKey::parse(key) else { return false };
    match (key.algorithm(), key.material()) {
        (Algorithm::Es256 | Algorithm::Es384, _) => false,
        (Algorithm::Es512, _) => signs,
        (Algorithm::Rs256, KeyMaterial::Rsa { n, e }) => n.len() != 256 || e.len() != 3,
        _ => true,
    }
}

fn keep(entries: &mut Entries, wanted: impl Fn(&[u8], &[u8]) -> bool) -> bool {
    let before = entries.len();
    entries.retain(|(key, value)| wanted(key, value));
    entries.len() < before
}

/// Its structures have names; CTAP2 allows integers too (8, "canonical CBOR").
fn named(key: &[u8], _: &[u8]) -> bool {
    key.first().is_some_and(|head| head >> 5 == 3)
}

/// Its parser refuses simple values without a meaning, which are well-formed (RFC 8949, 3.3).
fn assigned(_: &[u8], value: &[u8]) -> bool {
    !cbor::has_unassigned(value)
}

/// Members of CTAP2's response that are none of an attestation object: it wants them well-formed.
fn no_ctap_member(key: &[u8], _: &[u8]) -> bool {
    !cbor::is(key, "epAtt") && !cbor::is(key, "largeBlobKey")
}

/// Outputs that nobody asked for: it wants the types that it knows.
fn typed(key: &[u8], _: &[u8]) -> bool {
    !cbor::is(key, "credProtect") && !cbor::is(key, "hmac-secret")
}
