//! Reads Ed25519 keys as Firefox 117 and 118 wrote them: with names where COSE has numbers, a list of numbers instead
//! of bytes, and a map that has one member more than it says. They are stored as COSE keys. No other deviation is
//! accepted.

/// `{1: "OKP", 3: -8, -1: "Ed25519", -2: [`, after the head of the map.
const MEMBERS: &[u8] = b"\x01\x63OKP\x03\x27\x20\x67Ed25519\x21\x98\x20";
/// The head of a map of 3 members.
const WRITTEN: u8 = 0xa3;
/// The head of a map of 4 members.
const MENDED: u8 = 0xa4;

/// Reads the key at the start of `bytes`. Returns it and the bytes after it.
pub fn read_prefix(bytes: &[u8]) -> Option<([u8; 32], &[u8])> {
    read(bytes.strip_prefix(&[WRITTEN])?)
}

/// Reads a key that `bytes` hold and nothing else. Other libraries stored it with a correct head, but no other change.
pub fn read_stored(bytes: &[u8]) -> Option<[u8; 32]> {
    match read(
        bytes
            .strip_prefix(&[WRITTEN])
            .or_else(|| bytes.strip_prefix(&[MENDED]))?,
    )? {
        (key, []) => Some(key),
        _ => None,
    }
}

fn read(bytes: &[u8]) -> Option<([u8; 32], &[u8])> {
    let mut rest = bytes.strip_prefix(MEMBERS)?;
    let mut key = [0; 32];
    for byte in &mut key {
        // Each number in its shortest form.
        (*byte, rest) = match rest {
            [small @ 0..=23, rest @ ..] => (*small, rest),
            [0x18, large @ 24..=255, rest @ ..] => (*large, rest),
            _ => return None,
        };
    }
    Some((key, rest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn written(head: u8, key: [u8; 32]) -> Vec<u8> {
        let number = |byte: u8| if byte < 24 { vec![byte] } else { vec![0x18, byte] };
        [&[head], MEMBERS, &key.map(number).concat()].concat()
    }

    #[test]
    fn one_spelling_and_no_other() {
        let key = std::array::from_fn(|place| u8::try_from(place * 8).unwrap());
        let bytes = written(WRITTEN, key);
        let followed = [&bytes[..], &[0xa0]].concat();
        assert_eq!(read_prefix(&bytes), Some((key, &[][..])));
        assert_eq!(read_prefix(&followed), Some((key, &[0xa0][..])));
        assert_eq!(read_stored(&bytes), Some(key));
        assert_eq!(read_stored(&written(MENDED, key)), Some(key));
        assert_eq!(read_prefix(&written(MENDED, key)), None);
        assert_eq!(read_stored(&followed), None);
        for length in 0..bytes.len() {
            assert_eq!(read_prefix(&bytes[..length]), None, "{length}");
        }
        for place in 0..=MEMBERS.len() {
            let mut other = bytes.clone();
            other[place] ^= 1;
            assert_eq!(read_prefix(&other), None, "{place}");
        }
        // A small number in two bytes.
        let longer = [&[WRITTEN], MEMBERS, &[0x18, 23], &[0; 31]].concat();
        assert_eq!(read_prefix(&longer), None);
    }
}
