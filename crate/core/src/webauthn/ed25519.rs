//! Checks whether 32 bytes are an Ed25519 public key (RFC 8032, 5.1.3). The verifier of signatures checks whether a
//! point decodes, but not whether its order is small.

use crypto_bigint::{JacobiSymbol, Odd, U256};

/// 2^255 - 19
const P: Odd<U256> = Odd::<U256>::from_be_hex("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
const D: U256 = U256::from_be_hex("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3");

/// The y of every point of order 1, 2, 4 or 8.
const SMALL_ORDER: [U256; 5] = [
    U256::from_be_hex("0000000000000000000000000000000000000000000000000000000000000000"),
    U256::from_be_hex("0000000000000000000000000000000000000000000000000000000000000001"),
    U256::from_be_hex("05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826"),
    U256::from_be_hex("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7"),
    U256::from_be_hex("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec"),
];

/// Whether a key's order is at most 8. For the identity, one signature fits every message. For the others, it fits one
/// message in eight.
pub fn is_small_order(key: &[u8; 32]) -> bool {
    SMALL_ORDER.contains(&y_of(key))
}

/// Whether a key is the canonical encoding of a point on the curve.
pub fn decodes(key: &[u8; 32]) -> bool {
    let (y, p) = (y_of(key), P.as_nz_ref());
    if y >= *P.as_ref() {
        return false;
    }
    // x^2 = u / v, which is a square where u * v is one; where it is 0, x has no sign.
    let square = y.square_mod_vartime(p);
    let u = square.sub_mod(&U256::ONE, p);
    let v = D.mul_mod_vartime(&square, p).add_mod(&U256::ONE, p);
    match u.mul_mod_vartime(&v, p).jacobi_symbol_vartime(&P) {
        JacobiSymbol::One => true,
        JacobiSymbol::Zero => !is_negative(key),
        JacobiSymbol::MinusOne => false,
    }
}

fn is_negative(key: &[u8; 32]) -> bool {
    key.last().is_some_and(|last| last & 0x80 != 0)
}

fn y_of(key: &[u8; 32]) -> U256 {
    let mut bytes = *key;
    if let Some(last) = bytes.last_mut() {
        *last &= 0x7f;
    }
    U256::from_le_slice(&bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

    use super::*;

    fn encoded(y: &U256, negative: bool) -> [u8; 32] {
        let mut key: [u8; 32] = y.to_le_bytes().into();
        key[31] |= u8::from(negative) << 7;
        key
    }

    /// What the verifier underneath takes: a signature of `s = 0` and an `R` of small order, for one message in eight.
    fn answers_without_a_secret(key: &[u8; 32]) -> bool {
        let candidates = SMALL_ORDER.iter().flat_map(|y| [encoded(y, false), encoded(y, true)]);
        let signatures: Vec<_> = candidates.map(|r| [r, [0; 32]].concat()).collect();
        (0..64u8).any(|message| {
            let verifier = UnparsedPublicKey::new(&ED25519, key);
            signatures
                .iter()
                .any(|signature| verifier.verify(&[message], signature).is_ok())
        })
    }

    #[test]
    fn every_key_that_answers_without_a_secret_is_of_small_order() {
        for (y, negative) in SMALL_ORDER.iter().flat_map(|y| [(y, false), (y, true)]) {
            let key = encoded(y, negative);
            assert!(is_small_order(&key), "{key:02x?}");
            // Where x is 0, as for y = 1 and -1, it has no sign.
            let no_point = negative && y.square_mod_vartime(P.as_nz_ref()) == U256::ONE;
            assert_eq!(answers_without_a_secret(&key), !no_point, "{key:02x?}");
        }
        // p and p + 1, which another verifier may take for 0 and 1: this one does not.
        for more in [U256::ZERO, U256::ONE] {
            let key = encoded(&P.as_ref().wrapping_add(&more), false);
            assert!(!decodes(&key) && !answers_without_a_secret(&key), "{key:02x?}");
        }
        for _ in 0..20 {
            let pair = Ed25519KeyPair::generate().unwrap();
            let key = pair.public_key().as_ref().try_into().unwrap();
            assert!(!is_small_order(&key) && decodes(&key) && !answers_without_a_secret(&key));
        }
    }

    /// By Euler's criterion, which needs no symbol: (u / v) to the power (p - 1) / 2 is 1 for a square.
    #[test]
    fn half_of_all_bytes_are_no_point() {
        let p = P.as_nz_ref();
        let exponent = P.as_ref().wrapping_sub(&U256::ONE).shr_vartime(1);
        let power = |base: U256| {
            (0..255).rev().fold(U256::ONE, |power, bit| {
                let power = power.square_mod_vartime(p);
                if exponent.bit_vartime(bit) {
                    power.mul_mod_vartime(&base, p)
                } else {
                    power
                }
            })
        };
        let mut decoded = 0;
        for seed in 0..100u8 {
            let key = crate::webauthn::client_data::sha256(&[seed]);
            let square = y_of(&key).square_mod_vartime(p);
            let u = square.sub_mod(&U256::ONE, p);
            let v = square.mul_mod_vartime(&D, p).add_mod(&U256::ONE, p);
            assert_eq!(decodes(&key), power(u.mul_mod_vartime(&v, p)) == U256::ONE, "{seed}");
            decoded += usize::from(decodes(&key));
        }
        assert!((30..70).contains(&decoded), "{decoded}");
    }

    #[test]
    fn known_encodings() {
        let key = |y: &str| encoded(&U256::from_be_hex(y), false);
        // The base point has y = 4/5 (RFC 8032, 5.1); y = 2 is on no point; what is not below p is no encoding.
        let base = key("6666666666666666666666666666666666666666666666666666666666666658");
        assert!(decodes(&base) && !is_small_order(&base));
        assert!(!decodes(&key(
            "0000000000000000000000000000000000000000000000000000000000000002"
        )));
        for above in [
            "7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0",
            "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        ] {
            assert!(!decodes(&key(above)), "{above}");
        }
        assert!(decodes(&encoded(&U256::ONE, false)) && !decodes(&encoded(&U256::ONE, true)));
    }
}
