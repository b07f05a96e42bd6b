//! Time-based one-time passwords (RFC 6238 over the truncation of RFC 4226).

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::Failure;

/// The longest code that is read: more digits than a 31-bit number has say nothing.
const MAX_DIGITS: u8 = 10;

/// The hash under the HMAC, spelt as in otpauth URIs. Many phone apps know SHA1 only.
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
    /// As otpauth URIs spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    /// In upper or lower case.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256, Self::Sha512]
            .into_iter()
            .find(|known| known.name().eq_ignore_ascii_case(name))
    }
}

/// One TOTP generator: a secret with its parameters. Wiped on drop.
#[derive(Clone)]
pub struct Totp {
    /// Counts in steps of one, so that it signs the counter it is given.
    hmac: totp_rs::Totp,
    algorithm: Algorithm,
    digits: u8,
    period: u32,
}

impl Totp {
    /// Takes a stored or imported generator: `secret` not empty (short ones exist in the wild), `digits` 6 to 10,
    /// `period` in seconds and not 0. The failure names the parameter.
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

    /// Makes a new generator whose secret is `random`: 160 bits, as RFC 4226 recommends. `digits` is 6 to 8.
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

    /// Digits of a code.
    pub fn digits(&self) -> u8 {
        self.digits
    }

    /// Seconds of a step.
    pub fn period(&self) -> u32 {
        self.period
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

    /// Whether `code` is the one of a step around epoch second `at`, and of one later than `last_step`, the step of
    /// the last success (RFC 6238, 5.2: each is accepted once).
    pub fn check(&self, code: &TypedCode, at: i64, window: Window, last_step: Option<i64>) -> Checked {
        let now = self.step(at);
        let first = now.saturating_sub(window.past.into()).max(0);
        let last = now.saturating_add(window.future.into());
        let (mut any, mut later, mut accepted) = (Choice::from(0), Choice::from(0), 0);
        // The whole window, always: neither whether nor where a code matches shows in the time it takes.
        for step in first..=last {
            let matches = self.code_of_step(step).as_bytes().ct_eq(code.as_bytes());
            let unused = matches & Choice::from(u8::from(last_step.is_none_or(|used| step > used)));
            any |= matches;
            later |= unused;
            // The last of several: the same digits can't succeed again when their next step comes.
            accepted = i64::conditional_select(&accepted, &step, unused);
        }
        match (bool::from(later), bool::from(any)) {
            (true, _) => Checked::Accepted(accepted),
            (false, true) => Checked::Reused,
            (false, false) => Checked::Wrong,
        }
    }

    fn code_of_step(&self, step: i64) -> TypedCode {
        TypedCode::from_number(truncate(self.hmac.sign(step.cast_unsigned()).as_ref()), self.digits)
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

/// What a typed code is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// It is the code of this step, which from now on is the last one used.
    Accepted(i64),
    /// It is right, and it or a later one was used before.
    Reused,
    Wrong,
}

/// How many steps beside the present one are accepted, 0 to 10 each way: clocks differ and typing takes time.
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

/// A code as somebody typed it, normalised: 6 to 10 ASCII digits. Wiped on drop.
#[derive(Clone)]
pub struct TypedCode {
    digits: Zeroizing<[u8; MAX_DIGITS as usize]>,
    length: usize,
}

impl TypedCode {
    /// Drops blanks and single hyphens between digits, takes full-width digits for ASCII ones; `None` when what is
    /// left is not 6 to 10 digits. Everything that looks at a typed code looks at this form alone.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 64 {
            return None;
        }
        let mut code = Self::empty();
        let mut hyphen = false;
        for character in text.chars() {
            let digit = match character {
                ' ' | '\t' | '\n' | '\r' | '\u{a0}' | '\u{3000}' => continue,
                '-' if code.length > 0 && !hyphen => {
                    hyphen = true;
                    continue;
                }
                '0'..='9' => u32::from(character) - u32::from('0'),
                '\u{ff10}'..='\u{ff19}' => u32::from(character) - 0xff10,
                _ => return None,
            };
            hyphen = false;
            code.push(b'0' + u8::try_from(digit).ok()?)?;
        }
        (code.length >= 6 && !hyphen).then_some(code)
    }

    fn as_bytes(&self) -> &[u8] {
        self.digits.get(..self.length).unwrap_or_default()
    }

    fn empty() -> Self {
        Self {
            digits: Zeroizing::default(),
            length: 0,
        }
    }

    fn push(&mut self, digit: u8) -> Option<()> {
        *self.digits.get_mut(self.length)? = digit;
        self.length += 1;
        Some(())
    }

    /// The last `length` decimal digits of `number`.
    fn from_number(number: u32, length: u8) -> Self {
        let mut code = Self {
            digits: Zeroizing::default(),
            length: usize::from(length.min(MAX_DIGITS)),
        };
        let mut rest = number;
        for place in code.digits.iter_mut().take(usize::from(length)).rev() {
            *place = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
        code
    }
}

impl fmt::Debug for TypedCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TypedCode")
    }
}

/// RFC 4226, 5.3: the four bytes that the low half of the last byte points at, without their sign.
fn truncate(hmac: &[u8]) -> u32 {
    let offset = usize::from(hmac.last().copied().unwrap_or_default() & 0xf);
    let bytes = hmac
        .get(offset..)
        .and_then(<[u8]>::first_chunk)
        .copied()
        .unwrap_or_default();
    u32::from_be_bytes(bytes) & 0x7fff_ffff
}
