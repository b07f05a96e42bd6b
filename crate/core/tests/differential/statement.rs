//! Attestation statements (8): what they sign, and certificates that are not quite what was issued.

use minicbor::Decoder;

use super::Signed;
use super::authenticator_data::AuthenticatorData;
use super::cbor::{self, Entries};
use super::key::Key;
use super::party::{Party, parties};
use crate::mutants_support::{Random, mutate};
use crate::webauthn_support::sha256;

/// And whether with a certificate.
pub const FORMATS: [(&str, bool); 16] = [
    ("none", false),
    ("none", false),
    ("packed", false),
    ("packed", false),
    ("packed", true),
    ("packed", true),
    ("packed", true),
    ("packed", true),
    ("fido-u2f", true),
    ("fido-u2f", true),
    ("tpm", true),
    ("apple", true),
    ("android-key", true),
    ("android-safetynet", false),
    ("compound", false),
    ("Packed", false),
];

impl Signed {
    pub fn of_statement(
        format: &str,
        data: &AuthenticatorData,
        auth_data: &[u8],
        client_data: &[u8],
        key: &Key,
        party: Option<&Party>,
    ) -> Self {
        let message = message(format, data, auth_data, client_data);
        let signature = match party {
            Some(party) => party.sign(&message),
            None if format == "none" => Vec::new(),
            None => key.pair.sign(&message),
        };
        Self { message, signature }
    }
}

/// What the statement of a format signs (8.2, 8.6).
pub fn message(format: &str, data: &AuthenticatorData, auth_data: &[u8], client_data: &[u8]) -> Vec<u8> {
    let hash = sha256(client_data);
    let Some(attested) = data.attested.as_ref().filter(|_| format == "fido-u2f") else {
        return [auth_data, &hash].concat();
    };
    let entries = cbor::entries(&attested.key)
        .map(|(entries, _)| entries)
        .unwrap_or_default();
    let coordinate = |label: i64| {
        let labelled = |(key, value): &(Vec<u8>, Vec<u8>)| {
            Decoder::new(key)
                .i64()
                .is_ok_and(|number| number == label)
                .then(|| value.clone())
        };
        let value = entries.iter().find_map(labelled).unwrap_or_default();
        Decoder::new(&value).bytes().map(<[u8]>::to_vec).unwrap_or_default()
    };
    [
        &[0],
        &data.rp_id_hash[..],
        &hash,
        &attested.id,
        &[4],
        &coordinate(-2),
        &coordinate(-3),
    ]
    .concat()
}

/// The members of `attStmt`.
pub fn members(random: &mut Random, format: &str, key: &Key, party: Option<&Party>, signature: &[u8]) -> Entries {
    let mut statement = Entries::new();
    if format == "none" {
        return statement;
    }
    let number = party.map_or(key.algorithm, |party| party.algorithm).cose();
    if format != "fido-u2f" {
        let number = if random.below(16) == 15 {
            *random.pick(&[-7, -47, -65535, -257])
        } else {
            number
        };
        statement.push((cbor::text("alg"), cbor::integer(number)));
    }
    let mut signature = signature.to_vec();
    if random.below(24) == 23 {
        mutate(random, &mut signature);
    }
    statement.push((cbor::text("sig"), cbor::bytes(&signature)));
    if let Some(party) = party {
        let mut chain = vec![party.der.clone()];
        if format != "fido-u2f" {
            let issuers = [&parties().middle.der, &parties().root.der];
            chain.extend(issuers.into_iter().take(*random.pick(&[1, 0, 2])).cloned());
        }
        if random.below(3) == 2 {
            let place = random.below(chain.len());
            bend_certificate(random, &mut chain[place]);
        }
        let chain: Vec<_> = chain.iter().map(|der| cbor::bytes(der)).collect();
        statement.push((cbor::text("x5c"), cbor::array(&chain)));
    }
    statement
}

/// One tag of a certificate, or any byte; seldom more.
fn bend_certificate(random: &mut Random, der: &mut Vec<u8>) {
    const TAGS: [u8; 14] = [
        0x30, 0x31, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x17, 0x18, 0xa0, 0xa3, 0x01,
    ];
    let mut tags = Vec::new();
    find_tags(der, 0, &mut tags);
    let (tag, place) = (*random.pick(&tags), random.below(der.len()));
    match random.below(12) {
        0..=4 => der[tag] = *random.pick(&TAGS),
        5 => der[tag] ^= *random.pick(&[0x20, 0x40, 0x80]),
        6..=10 => der[place] ^= 1 << random.below(8),
        _ => mutate(random, der),
    }
}

/// The places of all tags, as far as lengths and nesting are those of DER.
fn find_tags(der: &[u8], mut place: usize, found: &mut Vec<usize>) {
    while let [tag, length, ..] = der[place..] {
        let more = if length < 0x80 { 0 } else { usize::from(length & 0x7f) };
        let start = place + 2 + more;
        let length = der.get(place + 2..start).map_or(usize::MAX, |bytes| {
            let number = bytes
                .iter()
                .fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
            if more == 0 { usize::from(length) } else { number }
        });
        let Some(end) = start.checked_add(length).filter(|end| *end <= der.len()) else {
            return;
        };
        found.push(place);
        if tag & 0x20 != 0 {
            find_tags(&der[..end], start, found);
        }
        // A key or an extension may be inside.
        if tag == 3 && der.get(start + 1) == Some(&0x30) {
            find_tags(&der[..end], start + 1, found);
        }
        if tag == 4 && der.get(start) == Some(&0x30) {
            find_tags(&der[..end], start, found);
        }
        place = end;
    }
}
