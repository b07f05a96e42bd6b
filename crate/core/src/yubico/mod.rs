//! Yubico OTPs, which a `YubiKey` types when it is touched. They are validated here with the key's AES key.

pub mod json;

use aws_lc_rs::cipher::{AES_128, DecryptingKey, DecryptionContext, UnboundCipherKey};
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::{Deserialize, Deserializer, Serialize, de};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::typed_code::{is_around, is_filler};

/// Sixteen letters that are in the same place on most keyboards, in the order of their values.
const MODHEX: &[u8; 16] = b"cbdefghijklnrtuv";
/// The letters that a key types if the computer uses the Dvorak layout, in the same order.
const DVORAK: &[u8; 16] = b"jxe.uidchtnbpygk";
const MAX_PUBLIC_ID: usize = 16;
/// The CRC-16 (ISO 13239) of a block that includes its own checksum.
const CRC_RESIDUAL: u16 = 0xf0b8;

/// A typed one-time password: the key's public id, and a block that only the key's AES key can decrypt.
pub struct Otp {
    /// 0 to 16 characters of modhex, lower case.
    pub public_id: String,
    block: Zeroizing<[u8; 16]>,
}

/// The secrets in a key.
pub struct Key {
    aes: Zeroizing<[u8; 16]>,
    /// The private id. Without it, a guess would only have to match the 16 bits of the checksum.
    uid: Zeroizing<[u8; 6]>,
}

/// How often the key was plugged in, and how often it was touched since the last time. Each OTP has a greater counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counter {
    /// 15 bits: how often the key was plugged in.
    #[serde(rename = "use")]
    pub use_count: u16,
    #[serde(rename = "session")]
    pub session_count: u8,
}

/// A decrypted block with the right checksum.
pub struct Token {
    uid: Zeroizing<[u8; 6]>,
    pub counter: Counter,
    /// 24 bits, at 8 Hz, with a random start in each session.
    pub timestamp: u32,
}

/// The result of validating an OTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    Accepted(Counter),
    /// From this key, but not later than the last one.
    Reused,
    Wrong,
}

impl Otp {
    /// Reads upper case (Caps Lock) and the letters of a Dvorak layout too, and drops blanks, quotes, brackets and full
    /// stops around the OTP. `None` if the rest is not 32 to 48 characters of modhex.
    pub fn parse(text: &str) -> Option<Self> {
        // On a Dvorak layout, a full stop is a letter.
        let bare = |text: &str| Self::read(text.trim_matches(|mark| is_filler(mark) || is_around(mark)));
        Self::read(text.trim_matches(is_filler)).or_else(|| bare(text))
    }

    fn read(text: &str) -> Option<Self> {
        // Text with only Dvorak letters is read as Dvorak, even if all of its letters are also in modhex. Yubico's own
        // server does the same.
        let layout = if text.bytes().all(|letter| place(DVORAK, letter).is_some()) {
            DVORAK
        } else {
            MODHEX
        };
        let value = |letter| place(layout, letter);
        let start = text.len().checked_sub(32).filter(|start| *start <= MAX_PUBLIC_ID)?;
        let (public_id, block) = text.split_at_checked(start)?;
        let public_id = public_id.bytes().map(|letter| MODHEX.get(usize::from(value(letter)?)));
        let public_id = public_id
            .map(|letter| letter.map(|letter| char::from(*letter)))
            .collect::<Option<_>>()?;
        let mut bytes = Zeroizing::new([0; 16]);
        for (byte, letters) in bytes.iter_mut().zip(block.as_bytes().chunks_exact(2)) {
            let [high, low] = letters else { return None };
            *byte = value(*high)? << 4 | value(*low)?;
        }
        Some(Self {
            public_id,
            block: bytes,
        })
    }
}

/// Whether this can be a key's public id: 0 to 16 characters of modhex, in either case.
pub fn is_public_id(text: &str) -> bool {
    text.len() <= MAX_PUBLIC_ID && text.bytes().all(|letter| place(MODHEX, letter).is_some())
}

impl Key {
    pub fn new(aes: [u8; 16], uid: [u8; 6]) -> Self {
        Self {
            aes: Zeroizing::new(aes),
            uid: Zeroizing::new(uid),
        }
    }
}

/// Decrypts the block. `None` if this key did not make it.
pub fn decode(otp: &Otp, key: &Key) -> Option<Token> {
    let mut block = otp.block.clone();
    decrypt(&mut block, &key.aes)?;
    if crc(block.as_slice()) != CRC_RESIDUAL {
        return None;
    }
    let [u0, u1, u2, u3, u4, u5, use_low, use_high, t0, t1, t2, session_count, ..] = *block;
    let token = Token {
        uid: Zeroizing::new([u0, u1, u2, u3, u4, u5]),
        counter: Counter {
            // On old keys, the highest bit shows Caps Lock and is not part of the counter.
            use_count: u16::from_le_bytes([use_low, use_high]) & 0x7fff,
            session_count,
        },
        timestamp: u32::from_le_bytes([t0, t1, t2, 0]),
    };
    bool::from(key.uid.ct_eq(token.uid.as_slice())).then_some(token)
}

/// Validates an OTP. It must be from this key and later than the last accepted one.
pub fn verify(otp: &Otp, key: &Key, last: Option<Counter>) -> Checked {
    match decode(otp, key) {
        None => Checked::Wrong,
        Some(token) if last.is_none_or(|last| token.counter > last) => Checked::Accepted(token.counter),
        Some(_) => Checked::Reused,
    }
}

/// Decrypts a single block, for which ECB is the right mode. The library that does all other cryptography here does
/// this in constant time.
fn decrypt(block: &mut [u8; 16], key: &[u8; 16]) -> Option<()> {
    let key = DecryptingKey::ecb(UnboundCipherKey::new(&AES_128, key).ok()?).ok()?;
    key.decrypt(block, DecryptionContext::None).ok().map(|_| ())
}

fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0x8408 } else { 0 }
        })
    })
}

/// The value of a letter in a layout.
fn place(layout: &[u8; 16], letter: u8) -> Option<u8> {
    let letter = letter.to_ascii_lowercase();
    let place = layout.iter().position(|known| *known == letter)?;
    u8::try_from(place).ok()
}

/// Read from `{"key": 32 hexadecimal digits, "uid": 12}`, as programming tools print them.
impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Wire { key, uid } = Wire::deserialize(deserializer)?;
        Ok(Self {
            aes: hex(&key)?,
            uid: hex(&uid)?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    key: Zeroizing<String>,
    uid: Zeroizing<String>,
}

fn hex<const N: usize, E: de::Error>(text: &str) -> Result<Zeroizing<[u8; N]>, E> {
    let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map(Zeroizing::new);
    let exact = bytes.ok().and_then(|bytes| <[u8; N]>::try_from(bytes.as_slice()).ok());
    exact.map(Zeroizing::new).ok_or_else(|| E::custom("not a key"))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
