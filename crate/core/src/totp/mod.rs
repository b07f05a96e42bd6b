//! Time-based one-time passwords (RFC 6238 over the truncation of RFC 4226).

pub mod base32;
pub mod foreign_uri;
pub mod json;
pub mod key_uri;
pub mod qr;

use std::fmt;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

pub use crate::typed_code::TypedCode;

use crate::json::failure::Failure;
use crate::typed_code::MAX_DIGITS;

/// The hash of the HMAC, spelled as in otpauth URIs. Many phone apps only support SHA1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Algorithm {
    #[default]
    #[serde(rename = "SHA1")]
    Sha1,
    #[serde(rename = "SHA256")]
    Sha256,
    #[serde(rename = "SHA512")]
    Sha512,
}

impl Algorithm {
    /// The spelling in otpauth URIs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    /// Reads a name in upper or lower case.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256, Self::Sha512]
            .into_iter()
            .find(|known| known.name().eq_ignore_ascii_case(name))
    }

    /// Reads a name as apps and libraries write it: `sha1`, `SHA-256`, `HmacSHA512`, `HMAC_SHA_1`, `SHA2-256`.
    pub fn from_spelling(name: &str) -> Option<Self> {
        let kept = name.chars().filter(|one| !matches!(one, '-' | '_' | ' ' | '/' | '.'));
        let plain: String = kept.map(|one| one.to_ascii_uppercase()).collect();
        match plain.strip_prefix("HMAC").unwrap_or(&plain) {
            "SHA1" => Some(Self::Sha1),
            "SHA256" | "SHA2256" => Some(Self::Sha256),
            "SHA512" | "SHA2512" => Some(Self::Sha512),
            _ => None,
        }
    }
}

/// One TOTP generator: a secret with its parameters. Wiped on drop.
#[derive(Clone)]
pub struct Totp {
    /// Has a step of one, so that it signs the counter that it is given.
    hmac: totp_rs::Totp,
    algorithm: Algorithm,
    digits: u8,
    period: u32,
}

impl Totp {
    /// How far away [`drift`](Self::drift) searches for a code, in steps: ten minutes with the usual period.
    pub const MAX_DRIFT: i64 = 20;

    /// Creates a stored or imported generator. `secret` must not be empty, but short ones exist in practice. `digits`:
    /// 6 to 10. `period`: seconds, not 0. The failure names the parameter.
    pub fn new(secret: &[u8], algorithm: Algorithm, digits: u8, period: u32) -> Result<Self, Failure> {
        if secret.is_empty() {
            return Err(Failure::InvalidArgument("secret"));
        }
        if !(6..=MAX_DIGITS).contains(&digits) {
            return Err(Failure::InvalidArgument("digits"));
        }
        if period == 0 {
            return Err(Failure::InvalidArgument("period"));
        }
        let hash = match algorithm {
            Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
            Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
            Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
        };
        let hmac = totp_rs::Builder::new()
            .with_algorithm(hash)
            .with_secret(secret)
            .with_step_duration(1);
        Ok(Self {
            hmac: hmac.build_noncompliant(),
            algorithm,
            digits,
            period,
        })
    }

    /// Creates a new generator with `random` as its secret: 160 bits, as RFC 4226 recommends. `digits`: 6 to 8.
    pub fn generate(random: &[u8; 20], algorithm: Algorithm, digits: u8, period: u32) -> Result<Self, Failure> {
        if digits > 8 {
            return Err(Failure::InvalidArgument("digits"));
        }
        Self::new(random, algorithm, digits, period)
    }

    pub fn secret(&self) -> &[u8] {
        self.hmac.secret().as_bytes()
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The number of digits of a code.
    pub fn digits(&self) -> u8 {
        self.digits
    }

    /// The length of a step in seconds.
    pub fn period(&self) -> u32 {
        self.period
    }

    /// Whether both produce the same numbers in the same steps. Digits don't matter: a six-digit code is the end of the
    /// eight-digit one.
    pub fn is_twin(&self, other: &Self) -> bool {
        let alike = self.period == other.period && self.algorithm == other.algorithm;
        alike && bool::from(self.hmac_key().ct_eq(&*other.hmac_key()))
    }

    /// What HMAC makes of the secret (RFC 2104, section 2): one that is longer than a block is hashed, and one that is
    /// shorter is filled up with zeros, so that zeros at its end change nothing.
    pub fn hmac_key(&self) -> Zeroizing<Vec<u8>> {
        let (hash, block) = match self.algorithm {
            Algorithm::Sha1 => (&digest::SHA1_FOR_LEGACY_USE_ONLY, 64),
            Algorithm::Sha256 => (&digest::SHA256, 64),
            Algorithm::Sha512 => (&digest::SHA512, 128),
        };
        let mut key = Zeroizing::new(self.secret().to_vec());
        if key.len() > block {
            key = Zeroizing::new(digest::digest(hash, &key).as_ref().to_vec());
        }
        let length = key.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        key.truncate(length);
        key
    }

    /// The step that epoch second `at` falls into. A time before 1970 counts as its first second.
    pub fn step(&self, at: i64) -> i64 {
        at.max(0) / i64::from(self.period)
    }

    /// The code at epoch second `at`.
    pub fn code(&self, at: i64) -> Zeroizing<String> {
        let code = self.code_of_step(self.step(at));
        Zeroizing::new(code.as_bytes().iter().copied().map(char::from).collect())
    }

    /// Whether `code` belongs to a step near epoch second `at`, and that step is later than `last_step`, the step of
    /// the last success (RFC 6238, 5.2: each code is accepted once).
    pub fn check(&self, code: &TypedCode, at: i64, window: Window, last_step: Option<i64>) -> Checked {
        let now = self.step(at);
        let first = now.saturating_sub(window.past.into()).max(0);
        let last = now.saturating_add(window.future.into());
        let (number, digits) = code.number();
        let as_long = Choice::from(u8::from(digits == usize::from(self.digits)));
        let (mut any, mut later, mut accepted) = (Choice::from(0), Choice::from(0), 0);
        // Always checks the whole window, so that the time doesn't show whether or where a code matches.
        for step in first..=last {
            let matches = self.number_of_step(step).ct_eq(&number) & as_long;
            let unused = matches & Choice::from(u8::from(last_step.is_none_or(|used| step > used)));
            any |= matches;
            later |= unused;
            // If several steps match, the last one is used. Otherwise the same digits could succeed again in their next
            // step.
            accepted = i64::conditional_select(&accepted, &step, unused);
        }
        match (bool::from(later), bool::from(any)) {
            (true, _) => Checked::Accepted(accepted),
            (false, true) => Checked::Reused,
            (false, false) => Checked::Wrong,
        }
    }

    /// How many steps away from epoch second `at` the code is right: negative for earlier steps, at most
    /// [`MAX_DRIFT`](Self::MAX_DRIFT) in each direction. Only steps later than `last_step` count. If several match, it
    /// is the nearest.
    ///
    /// It shows that a clock is off. It never makes a code acceptable.
    pub fn drift(&self, code: &TypedCode, at: i64, last_step: Option<i64>) -> Option<i64> {
        let now = self.step(at);
        let (number, digits) = code.number();
        let as_long = Choice::from(u8::from(digits == usize::from(self.digits)));
        let (mut any, mut nearest) = (Choice::from(0), 0);
        for distance in (0..=Self::MAX_DRIFT).rev() {
            for steps in [-distance, distance] {
                let step = now.saturating_add(steps).max(0);
                let unused = Choice::from(u8::from(last_step.is_none_or(|used| step > used)));
                let matches = self.number_of_step(step).ct_eq(&number) & as_long & unused;
                any |= matches;
                nearest = i64::conditional_select(&nearest, &steps, matches);
            }
        }
        bool::from(any).then_some(nearest)
    }

    fn code_of_step(&self, step: i64) -> TypedCode {
        TypedCode::from_number(self.truncated(step), self.digits)
    }

    /// The code of a step as a number, which is faster to compare than its digits.
    fn number_of_step(&self, step: i64) -> u64 {
        let number = self.truncated(step);
        // Divides by constants, because the time of a real division depends on the number.
        u64::from(match self.digits {
            6 => number % 1_000_000,
            7 => number % 10_000_000,
            8 => number % 100_000_000,
            9 => number % 1_000_000_000,
            _ => number,
        })
    }

    fn truncated(&self, step: i64) -> u32 {
        truncate(self.hmac.sign(step.cast_unsigned()).as_ref())
    }
}

impl fmt::Debug for Totp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Totp")
            .field("algorithm", &self.algorithm)
            .field("digits", &self.digits)
            .field("period", &self.period)
            .finish_non_exhaustive()
    }
}

/// The result of checking a typed code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// It is the code of this step, which is the last used one from now on.
    Accepted(i64),
    /// It is right, but it or a later one was used before.
    Reused,
    Wrong,
}

/// How many steps before and after the current one are accepted, 0 to 10 each. Clocks differ and typing takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedWindow")]
pub struct Window {
    past: u8,
    future: u8,
}

impl Window {
    pub fn new(past: u8, future: u8) -> Option<Self> {
        (past <= 10 && future <= 10).then_some(Self { past, future })
    }

    pub fn past(self) -> u8 {
        self.past
    }

    pub fn future(self) -> u8 {
        self.future
    }
}

impl Default for Window {
    /// One step each way.
    fn default() -> Self {
        Self { past: 1, future: 1 }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UncheckedWindow {
    past: u8,
    future: u8,
}

impl TryFrom<UncheckedWindow> for Window {
    type Error = &'static str;

    fn try_from(window: UncheckedWindow) -> Result<Self, Self::Error> {
        Self::new(window.past, window.future).ok_or("0 to 10")
    }
}

/// RFC 4226, 5.3: the four bytes at the offset in the low half of the last byte, without their sign bit.
fn truncate(hmac: &[u8]) -> u32 {
    let offset = usize::from(hmac.last().copied().unwrap_or_default() & 0xf);
    let bytes = hmac
        .get(offset..)
        .and_then(<[u8]>::first_chunk)
        .copied()
        .unwrap_or_default();
    u32::from_be_bytes(bytes) & 0x7fff_ffff
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ALGORITHMS: [Algorithm; 3] = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512];

    /// RFC 6238's seed for an algorithm: the ten digits, repeated to the length of its hash.
    fn rfc_6238(algorithm: Algorithm, digits: u8) -> Totp {
        let length = [20, 32, 64]
            .into_iter()
            .zip(ALGORITHMS)
            .find(|(_, known)| *known == algorithm)
            .unwrap()
            .0;
        let seed: Vec<u8> = b"1234567890".iter().copied().cycle().take(length).collect();
        Totp::new(&seed, algorithm, digits, 30).unwrap()
    }

    fn window(past: u8, future: u8) -> Window {
        Window::new(past, future).unwrap()
    }

    fn typed(text: &str) -> TypedCode {
        TypedCode::parse(text).unwrap()
    }

    #[test]
    fn rfc_6238_appendix_b() {
        for (at, codes) in [
            (59, ["94287082", "46119246", "90693936"]),
            (1_111_111_109, ["07081804", "68084774", "25091201"]),
            (1_111_111_111, ["14050471", "67062674", "99943326"]),
            (1_234_567_890, ["89005924", "91819424", "93441116"]),
            (2_000_000_000, ["69279037", "90698825", "38618901"]),
            (20_000_000_000, ["65353130", "77737706", "47863826"]),
        ] {
            for (algorithm, code) in ALGORITHMS.into_iter().zip(codes) {
                let totp = rfc_6238(algorithm, 8);
                assert_eq!(totp.code(at).as_str(), code);
                assert_eq!(
                    totp.check(&typed(code), at, window(0, 0), None),
                    Checked::Accepted(at / 30)
                );
            }
        }
    }

    #[test]
    fn rfc_4226_appendix_d() {
        let hotp = Totp::new(b"12345678901234567890", Algorithm::Sha1, 6, 1).unwrap();
        let numbers = [
            1_284_755_224u32,
            1_094_287_082,
            137_359_152,
            1_726_969_429,
            1_640_338_314,
            868_254_676,
            1_918_287_922,
            82_162_583,
            673_399_871,
            645_520_489,
        ];
        for (counter, number) in (0..).zip(numbers) {
            assert_eq!(truncate(hotp.hmac.sign(counter).as_ref()), number);
            let code = format!("{:06}", number % 1_000_000);
            assert_eq!(hotp.code(counter.cast_signed()).as_str(), code);
        }
    }

    #[test]
    fn ten_digits_are_the_whole_number_with_leading_zeros() {
        let totp = Totp::new(b"12345678901234567890", Algorithm::Sha1, 10, 1).unwrap();
        assert_eq!(totp.code(0).as_str(), "1284755224");
        assert_eq!(totp.code(2).as_str(), "0137359152");
    }

    #[test]
    fn window_edges() {
        let totp = rfc_6238(Algorithm::Sha1, 8);
        let at = 1_234_567_890;
        for (past, future) in [(0, 0), (1, 1), (1, 0), (0, 1), (10, 0), (10, 10)] {
            for offset in -12..=12i64 {
                let code = typed(&totp.code(at + offset * 30));
                let inside = (-i64::from(past)..=i64::from(future)).contains(&offset);
                let expected = if inside {
                    Checked::Accepted(at / 30 + offset)
                } else {
                    Checked::Wrong
                };
                assert_eq!(
                    totp.check(&code, at, window(past, future), None),
                    expected,
                    "{past} {future} {offset}"
                );
            }
        }
        assert!(Window::new(11, 0).is_none() && Window::new(0, 11).is_none());
    }

    #[test]
    fn a_step_succeeds_once_and_takes_the_earlier_ones_with_it() {
        let totp = rfc_6238(Algorithm::Sha1, 6);
        let (at, around) = (1_234_567_890, window(1, 1));
        let step = totp.step(at);
        let code = typed(&totp.code(at));
        assert_eq!(totp.check(&code, at, around, Some(step - 1)), Checked::Accepted(step));
        assert_eq!(totp.check(&code, at, around, Some(step)), Checked::Reused);
        assert_eq!(totp.check(&code, at + 30, around, Some(step)), Checked::Reused);
        assert_eq!(totp.check(&code, at, around, Some(step + 1)), Checked::Reused);
        assert_eq!(totp.check(&code, at, around, Some(i64::MIN)), Checked::Accepted(step));
        assert_eq!(totp.check(&code, at, around, Some(i64::MAX)), Checked::Reused);
        assert_eq!(
            totp.check(&typed(&totp.code(at + 30)), at, around, Some(step)),
            Checked::Accepted(step + 1)
        );
    }

    #[test]
    fn a_code_of_several_steps_counts_as_its_last_one() {
        // Found by search: six digits repeat within a window now and then.
        let totp = rfc_6238(Algorithm::Sha1, 6);
        let (first, second) = (0..2_000_000i64)
            .find_map(|step| {
                let code = totp.code(step * 30);
                (1..=10)
                    .find(|later| totp.code((step + later) * 30) == code)
                    .map(|later| (step, step + later))
            })
            .unwrap();
        let code = typed(&totp.code(first * 30));
        let check = |last| totp.check(&code, first * 30, window(0, 10), last);
        assert_eq!(check(None), Checked::Accepted(second));
        assert_eq!(check(Some(first)), Checked::Accepted(second));
        assert_eq!(check(Some(second)), Checked::Reused);
    }

    #[test]
    fn times_at_the_edges() {
        for period in [1, 30, u32::MAX] {
            let totp = Totp::new(b"1234567890", Algorithm::Sha1, 6, period).unwrap();
            for at in [i64::MIN, -1, 0, 1, i64::MAX - 1, i64::MAX] {
                let code = typed(&totp.code(at));
                assert!(matches!(
                    totp.check(&code, at, window(10, 10), None),
                    Checked::Accepted(_)
                ));
            }
            assert_eq!(totp.step(i64::MIN), 0);
        }
        let totp = Totp::new(b"1234567890", Algorithm::Sha1, 6, 1).unwrap();
        let past_32_bits = 1 << 32;
        assert_ne!(totp.code(past_32_bits), totp.code(0));
        assert_eq!(totp.step(past_32_bits + 7), past_32_bits + 7);
    }

    #[test]
    fn parameters_out_of_range() {
        let new = |secret: &[u8], digits, period| Totp::new(secret, Algorithm::Sha1, digits, period).err();
        assert_eq!(new(b"", 6, 30), Some(Failure::InvalidArgument("secret")));
        assert_eq!(new(b"x", 6, 0), Some(Failure::InvalidArgument("period")));
        for digits in 0..=u8::MAX {
            let refused = (!(6..=10).contains(&digits)).then_some(Failure::InvalidArgument("digits"));
            assert_eq!(new(b"x", digits, 30), refused);
            assert_eq!(
                Totp::generate(&[1; 20], Algorithm::Sha1, digits, 30).is_ok(),
                (6..=8).contains(&digits)
            );
        }
    }

    #[test]
    fn generated_secrets_have_160_bits() {
        let random = std::array::from_fn(|index| u8::try_from(index).unwrap().wrapping_mul(77));
        for algorithm in ALGORITHMS {
            let totp = Totp::generate(&random, algorithm, 6, 30).unwrap();
            let text = crate::totp::base32::encode(totp.secret());
            assert_eq!(crate::totp::base32::decode(&text).unwrap().as_slice(), random);
            assert_eq!(totp.secret().len() * 8, 160);
        }
    }

    #[test]
    fn every_shorter_and_longer_code_is_wrong() {
        let totp = rfc_6238(Algorithm::Sha1, 8);
        assert_eq!(
            totp.check(&typed("94287082"), 59, window(0, 0), None),
            Checked::Accepted(1)
        );
        for code in [
            "942870",
            "9428708",
            "287082",
            "4287082",
            "942870820",
            "094287082",
            "9428708200",
        ] {
            assert_eq!(
                totp.check(&typed(code), 59, window(0, 0), None),
                Checked::Wrong,
                "{code}"
            );
        }
    }

    #[test]
    fn random_wrong_codes_are_refused() {
        let totp = rfc_6238(Algorithm::Sha256, 8);
        let (at, around) = (1_234_567_890, window(1, 1));
        let right: Vec<_> = [-30, 0, 30].map(|offset| totp.code(at + offset)).into();
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut refused = 0;
        while refused < 100_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let code = format!("{:08}", (state >> 32) % 100_000_000);
            if right.iter().any(|right| **right == code) {
                continue;
            }
            assert_eq!(totp.check(&typed(&code), at, around, None), Checked::Wrong);
            refused += 1;
        }
    }

    #[test]
    fn debug_hides_the_secret() {
        let totp = Totp::new(b"1234567890", Algorithm::Sha1, 6, 30).unwrap();
        assert_eq!(
            format!("{totp:?}"),
            "Totp { algorithm: Sha1, digits: 6, period: 30, .. }"
        );
    }

    #[test]
    fn window_as_json() {
        let read = |text| serde_json::from_str::<Window>(text).ok();
        assert_eq!(read(r#"{"past":10,"future":0}"#), Window::new(10, 0));
        for text in [
            r#"{"past":11,"future":0}"#,
            r#"{"past":-1,"future":0}"#,
            r#"{"past":1}"#,
            "{}",
            "1",
        ] {
            assert_eq!(read(text), None);
        }
        assert_eq!(read(r#"{"past":1,"future":1,"more":1}"#), None);
    }
}
