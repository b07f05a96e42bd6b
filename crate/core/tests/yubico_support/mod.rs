//! A software YubiKey that types OTPs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use aws_lc_rs::cipher::{AES_128, EncryptingKey, UnboundCipherKey};

/// Its AES secret, in hexadecimal.
pub const KEY: &str = "000102030405060708090a0b0c0d0e0f";
pub const PUBLIC_ID: &str = "cccccccdjiii";

/// What the key of this public id types.
pub fn otp(public_id: &str, use_count: u16, session_count: u8) -> String {
    let [low, high] = use_count.to_le_bytes();
    let mut block = [1, 2, 3, 4, 5, 6, low, high, 0, 0, 1, session_count, 0x5a, 0xa5, 0, 0];
    let sum = !block[..14].iter().fold(0xffff_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| (crc >> 1) ^ (0x8408 * (crc & 1)))
    });
    block[14..].copy_from_slice(&sum.to_le_bytes());
    let aes: [u8; 16] = std::array::from_fn(|index| u8::try_from(index).unwrap());
    EncryptingKey::ecb(UnboundCipherKey::new(&AES_128, &aes).unwrap())
        .unwrap()
        .encrypt(&mut block)
        .unwrap();
    let letter = |value: u8| char::from(b"cbdefghijklnrtuv"[usize::from(value)]);
    let letters = block.iter().flat_map(|byte| [letter(byte >> 4), letter(byte & 15)]);
    public_id.chars().chain(letters).collect()
}
