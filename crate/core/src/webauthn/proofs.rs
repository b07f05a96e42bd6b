//! What an answer proves beyond being right, and what may be required of it.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::response::REQUIRING_CHALLENGE_LENGTH;
use crate::json::members::is_default;

/// A set of proofs. In JSON it is the sum of its members' numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Proofs(u8);

impl Proofs {
    pub const PHISHING_RESISTANT: Self = Self(1);
    /// The UV flag of a credential that had its user verified before (4, `uvInitialized`).
    pub const USER_VERIFIED: Self = Self(2);
    /// BE 0: the private key stays in one authenticator.
    pub const DEVICE_BOUND: Self = Self(4);
    /// The same, and a trusted attestation says so.
    pub const HARDWARE_BOUND: Self = Self(8);

    /// What the id of a user's challenge requires: its last byte, if it is one byte longer than others. So it is known
    /// before the challenge is taken, and nobody can change it: there is no challenge with another id.
    pub fn required_by(challenge: &str) -> Self {
        if challenge.len() != REQUIRING_CHALLENGE_LENGTH {
            return Self::default();
        }
        let bytes = BASE64URL_NOPAD.decode(challenge.as_bytes()).unwrap_or_default();
        bytes.last().copied().map(Self::of_byte).unwrap_or_default()
    }

    /// The last byte of a challenge that requires them.
    pub fn byte(self) -> u8 {
        self.0
    }

    pub fn of_byte(byte: u8) -> Self {
        Self(byte)
    }

    pub fn is_empty(self) -> bool {
        is_default(&self)
    }

    #[must_use]
    pub fn and(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// `more`, if `holds`.
    #[must_use]
    pub fn and_if(self, holds: bool, more: Self) -> Self {
        if holds { self.and(more) } else { self }
    }

    /// What has to be proved for either: what meets the one or the other meets this.
    #[must_use]
    pub fn common(self, other: Self) -> Self {
        Self(self.with_implied().0 & other.with_implied().0)
    }

    /// With what every factor proves that can prove this.
    fn with_implied(self) -> Self {
        let hardware = self.meet(Self::HARDWARE_BOUND);
        let bound = self.and_if(hardware, Self::DEVICE_BOUND);
        let of_key = bound.meet(Self::USER_VERIFIED) || bound.meet(Self::DEVICE_BOUND);
        bound.and_if(of_key, Self::PHISHING_RESISTANT)
    }

    pub fn meet(self, required: Self) -> bool {
        self.and(required) == self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_byte_of_a_longer_challenge_requires() {
        let id = |length: usize, last: u8| {
            let mut bytes = vec![0xff; length];
            bytes.push(last);
            BASE64URL_NOPAD.encode(&bytes)
        };
        assert_eq!(
            Proofs::required_by(&id(32, 5)),
            Proofs::PHISHING_RESISTANT.and(Proofs::DEVICE_BOUND)
        );
        for other in [
            id(31, 5),
            id(33, 5),
            id(55, 5),
            id(56, 5),
            String::new(),
            "!".repeat(44),
        ] {
            assert!(Proofs::required_by(&other).is_empty(), "{other}");
        }
    }

    #[test]
    fn all_that_is_required_must_be_there() {
        let both = Proofs::PHISHING_RESISTANT.and(Proofs::USER_VERIFIED);
        assert!(both.meet(Proofs::default()) && both.meet(Proofs::USER_VERIFIED) && both.meet(both));
        assert!(!Proofs::USER_VERIFIED.meet(both) && !Proofs::default().meet(Proofs::HARDWARE_BOUND));
        assert_eq!(Proofs::USER_VERIFIED.and_if(false, both), Proofs::USER_VERIFIED);
        let of_key = Proofs::USER_VERIFIED.common(Proofs::DEVICE_BOUND);
        assert_eq!(of_key, Proofs::PHISHING_RESISTANT, "only a key has either");
        let bound = Proofs::HARDWARE_BOUND.common(Proofs::DEVICE_BOUND);
        assert!(bound.meet(Proofs::DEVICE_BOUND) && !bound.meet(Proofs::HARDWARE_BOUND));
        assert!(both.common(Proofs::default()).is_empty() && both.common(Proofs::of_byte(0x80)).is_empty());
        // What a later version requires is met by nothing here.
        assert!(!both.meet(Proofs::of_byte(0x80)));
    }
}
