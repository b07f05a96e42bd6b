//! CBOR as the bytes of its items: what is bent or put right leaves the rest as it was written.

use minicbor::data::Type;
use minicbor::decode::Decoder;

use crate::mutants_support::{Random, mutate};

/// The bytes of each key and of its value.
pub type Entries = Vec<(Vec<u8>, Vec<u8>)>;

/// Whatever may stand where a value is wanted; the first is harmless.
const VALUES: [&[u8]; 20] = [
    &[0xf5],
    &[0x02],
    &[0x18, 0x02],
    &[0x38, 0x00],
    &[0x41, 0xff],
    &[0x61, b'x'],
    &[0xf6],
    &[0xf7],
    &[0xe0],
    &[0xf8, 0x20],
    &[0xf8, 0xff],
    &[0xf9, 0x7e, 0x00],
    &[0xfa, 0x3f, 0x80, 0x00, 0x00],
    &[0x82, 0x01, 0xe5],
    &[0xa1, 0x61, b'x', 0x01],
    &[0xa1, 0x20, 0x80],
    &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x9f, 0x01, 0xff],
    &[0xc2, 0x41, 0x01],
];
const KEYS: [&[u8]; 12] = [
    &[0x61, b'x'],
    &[0x63, b'u', b'v', b'm'],
    b"\x6bcredProtect",
    b"\x6bhmac-secret",
    b"\x65epAtt",
    b"\x6clargeBlobKey",
    b"\x6aecdaaKeyId",
    &[0x00],
    &[0x02],
    &[0x18, 0x03],
    &[0x22],
    &[0x40],
];

/// A head of the shortest form, or of one that has `more` steps of length to spare.
pub fn head(major: u8, number: usize, more: usize) -> Vec<u8> {
    let shortest = match number {
        0..24 => 0,
        24..256 => 1,
        256..65536 => 2,
        _ => 3,
    };
    let number = u64::try_from(number).unwrap().to_be_bytes();
    match (shortest + more).min(4) {
        0 => vec![major << 5 | number[7]],
        1 => vec![major << 5 | 0x18, number[7]],
        2 => [&[major << 5 | 0x19], &number[6..]].concat(),
        3 => [&[major << 5 | 0x1a], &number[4..]].concat(),
        _ => [&[major << 5 | 0x1b], &number[..]].concat(),
    }
}

pub fn text(text: &str) -> Vec<u8> {
    [&head(3, text.len(), 0), text.as_bytes()].concat()
}

pub fn bytes(bytes: &[u8]) -> Vec<u8> {
    [&head(2, bytes.len(), 0), bytes].concat()
}

pub fn integer(number: i64) -> Vec<u8> {
    let magnitude = if number < 0 { -1 - number } else { number };
    head(u8::from(number < 0), usize::try_from(magnitude).unwrap(), 0)
}

pub fn array(items: &[Vec<u8>]) -> Vec<u8> {
    [head(4, items.len(), 0), items.concat()].concat()
}

pub fn map(entries: &Entries) -> Vec<u8> {
    let items: Vec<_> = entries.iter().flat_map(|(key, value)| [&key[..], value]).collect();
    [head(5, entries.len(), 0), items.concat()].concat()
}

/// The map that `bytes` begins with, and what follows it.
pub fn entries(bytes: &[u8]) -> Option<(Entries, &[u8])> {
    let mut decoder = Decoder::new(bytes);
    let length = decoder.map().ok()??;
    let mut entries = Entries::new();
    for _ in 0..length {
        entries.push((item(&mut decoder)?, item(&mut decoder)?));
    }
    Some((entries, bytes.get(decoder.position()..)?))
}

/// The value at a name, however long its head is.
pub fn at<'a>(entries: &'a Entries, name: &str) -> Option<&'a [u8]> {
    let found = entries.iter().find(|(key, _)| is(key, name));
    found.map(|(_, value)| &value[..])
}

pub fn set(entries: &mut Entries, name: &str, value: Vec<u8>) {
    match entries.iter_mut().find(|(key, _)| is(key, name)) {
        Some((_, old)) => *old = value,
        None => entries.push((text(name), value)),
    }
}

pub fn is(key: &[u8], name: &str) -> bool {
    Decoder::new(key).str().is_ok_and(|text| text == name)
}

/// Whether a simple value that nobody has given a meaning stands anywhere in the item.
pub fn has_unassigned(item: &[u8]) -> bool {
    unassigned(&mut Decoder::new(item)) == Some(true)
}

/// Swaps, cuts, repeats, adds or changes an entry, or writes it at greater length.
pub fn bend(random: &mut Random, entries: &mut Entries) {
    let (place, other) = (random.below(entries.len()), random.below(entries.len()));
    if entries.is_empty() {
        return entries.push(((*random.pick(&KEYS)).to_vec(), (*random.pick(&VALUES)).to_vec()));
    }
    match random.below(9) {
        0..=2 => {
            let entry = ((*random.pick(&KEYS)).to_vec(), (*random.pick(&VALUES)).to_vec());
            entries.insert(place, entry);
        }
        3 => entries.swap(place, other),
        4 => drop(entries.remove(place)),
        5 => entries.insert(other, entries[place].clone()),
        6 => entries[place].1 = longer(&entries[place].1),
        7 => entries[place].0 = longer(&entries[place].0),
        _ => mutate(random, &mut entries[place].1),
    }
}

/// The same item with a head that is one step longer than it was, where there is one.
fn longer(item: &[u8]) -> Vec<u8> {
    let Some((&first, rest)) = item.split_first() else {
        return Vec::new();
    };
    match first & 0x1f {
        short @ 0..0x18 if first >> 5 != 7 => [&[first & 0xe0 | 0x18, short], rest].concat(),
        0x18 if first >> 5 != 7 => [&[first & 0xe0 | 0x19, 0], rest].concat(),
        0x19 if first >> 5 != 7 => [&[first & 0xe0 | 0x1a, 0, 0], rest].concat(),
        _ => item.to_vec(),
    }
}

fn item(decoder: &mut Decoder<'_>) -> Option<Vec<u8>> {
    let start = decoder.position();
    decoder.skip().ok()?;
    decoder.input().get(start..decoder.position()).map(<[u8]>::to_vec)
}

fn unassigned(decoder: &mut Decoder<'_>) -> Option<bool> {
    let items = match decoder.datatype().ok()? {
        Type::Simple => return Some(true),
        Type::Array => decoder.array().ok()??,
        Type::Map => decoder.map().ok()?? * 2,
        _ => {
            decoder.skip().ok()?;
            0
        }
    };
    for _ in 0..items {
        if unassigned(decoder)? {
            return Some(true);
        }
    }
    Some(false)
}
