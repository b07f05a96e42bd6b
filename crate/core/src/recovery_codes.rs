//! Recovery codes: single-use look-up secrets (NIST SP 800-63B-4, 3.1.2), stored as keyed hashes.

use std::fmt::{self, Write};

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use serde::de::{Error as _, MapAccess};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::json::distinct::Text;
use crate::json::failure::Failure;
use crate::json::members::{Known, once, required, with_others};
use crate::typed_code::{decimal_digit, is_around, is_filler};

/// The number of letters and digits that a code of another system may have.
const FOREIGN: std::ops::RangeInclusive<usize> = 8..=32;
/// The most codes of another system in a set.
const MOST: usize = 100;

/// Random bytes for the set's key, and for each code.
const RANDOM: usize = 8;

/// The codes of one user. In JSON `{"secret", "entries": [hash or null, ...], "created"}`. Wiped on drop.
#[derive(Clone, Serialize, ZeroizeOnDrop)]
pub struct RecoverySet {
    /// The key of the hashes: the 16 hex digits as text, not the bytes that they encode.
    secret: String,
    /// HMAC-SHA256 of each code with its dashes. `None` if the code is used.
    #[serde(serialize_with = "write_entries")]
    entries: Vec<Option<[u8; 32]>>,
    /// Epoch seconds.
    #[zeroize(skip)]
    pub created: i64,
    /// Ours: when an import added the set to this record, in epoch seconds.
    #[zeroize(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added: Option<i64>,
    /// Ours: the number of letters and digits in each code, if another system made the codes. Otherwise each code is 16
    /// hex digits.
    #[zeroize(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub letters: Option<u8>,
    /// Members that another version wrote. They are kept unchanged.
    #[zeroize(skip)]
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl RecoverySet {
    /// Creates a set from 8 random bytes for its key and 8 for each code. Also returns the codes, which can't be read
    /// again later: `xxxx-xxxx-xxxx-xxxx` in lower-case hex.
    pub fn create(random: &[u8], created: i64) -> Result<(Self, Vec<Zeroizing<String>>), Failure> {
        let (chunks, rest) = random.as_chunks::<RANDOM>();
        let Some((secret, codes)) = chunks
            .split_first()
            .filter(|(_, codes)| !codes.is_empty() && rest.is_empty())
        else {
            return Err(Failure::InvalidArgument("random"));
        };
        let mut set = Self {
            secret: HEXLOWER.encode(secret),
            entries: Vec::new(),
            created,
            added: None,
            letters: None,
            other: Map::new(),
        };
        let codes: Vec<_> = codes.iter().map(|random| spell(random)).collect();
        set.entries = codes.iter().map(|code| Some(set.hash(code))).collect();
        Ok((set, codes))
    }

    /// Creates a set from unused codes of another system, with 8 random bytes as its key. `None` unless all codes are
    /// different and have the same number of letters and digits, 8 to 32.
    pub fn of_foreign(codes: &[Zeroizing<String>], random: &[u8; RANDOM], created: i64) -> Option<Self> {
        let letters = codes.first()?.bytes().filter(u8::is_ascii_alphanumeric).count();
        let mut set = Self {
            secret: HEXLOWER.encode(random),
            entries: Vec::new(),
            created,
            added: None,
            letters: Some(u8::try_from(letters).ok()?),
            other: Map::new(),
        };
        if !FOREIGN.contains(&letters) || codes.len() > MOST {
            return None;
        }
        for code in codes {
            let hash = set.hash(&normalise_foreign(code, letters)?);
            if set.entries.contains(&Some(hash)) {
                return None;
            }
            set.entries.push(Some(hash));
        }
        Some(set)
    }

    /// Uses up a code if it belongs to the set. Spaces, dashes and underscores don't matter, and neither does the case of
    /// hex digits, nor what a list of codes has around each: its number, a label with a colon, quotes, a full stop.
    pub fn use_code(&mut self, typed: &str) -> Used {
        if typed.len() > 128 {
            return Used::Malformed;
        }
        let code = without_underscores(bare(typed));
        let foreign = self
            .letters
            .and_then(|letters| normalise_foreign(&code, letters.into()));
        let own = (typed.len() <= 64).then(|| normalise(&code)).flatten();
        // 16 hex digits can be a code in either form.
        let forms: Vec<_> = own.into_iter().chain(foreign).collect();
        if forms.is_empty() {
            return Used::Malformed;
        }
        let hashes: Vec<_> = forms.iter().map(|code| Zeroizing::new(self.hash(code))).collect();
        let (mut found, mut index) = (Choice::from(0), 0);
        // Always compares with every entry, so that the time doesn't show whether or which one matches.
        for (place, entry) in (0u32..).zip(&self.entries) {
            let unused = Choice::from(u8::from(entry.is_some()));
            let equal = |hash: &Zeroizing<[u8; 32]>| entry.unwrap_or_default().ct_eq(&**hash);
            let matches = hashes.iter().map(equal).fold(Choice::from(0), |any, one| any | one) & unused;
            index.conditional_assign(&place, matches);
            found |= matches;
        }
        let index = index as usize;
        match self.entries.get_mut(index).filter(|_| bool::from(found)) {
            Some(entry) => {
                entry.zeroize();
                Used::Accepted {
                    index,
                    left: self.left(),
                }
            }
            None => Used::Wrong,
        }
    }

    /// The number of unused codes.
    pub fn left(&self) -> usize {
        self.entries.iter().flatten().count()
    }

    /// The positions of the unused codes, from 0.
    pub fn free_indices(&self) -> Vec<usize> {
        self.entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.is_some())
            .map(|(index, _)| index)
            .collect()
    }

    fn hash(&self, code: &str) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        hmac::sign(&key, code.as_bytes())
            .as_ref()
            .try_into()
            .unwrap_or_default()
    }
}

impl fmt::Debug for RecoverySet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RecoverySet")
            .field("left", &self.left())
            .finish_non_exhaustive()
    }
}

/// The result of checking a typed recovery code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// It was unused and is now used.
    Accepted {
        index: usize,
        left: usize,
    },
    Wrong,
    /// The text is not 16 hex digits. If the set is from another system, it doesn't have the right number of letters
    /// and digits either.
    Malformed,
}

fn spell(random: &[u8]) -> Zeroizing<String> {
    // Allocated in full: growing would leave unwiped copies behind.
    let mut code = Zeroizing::new(String::with_capacity(2 * RANDOM + 3));
    for (index, pair) in random.chunks(2).enumerate() {
        if index > 0 {
            code.push('-');
        }
        for byte in pair {
            // Writing to a String can't fail.
            let _ = write!(code, "{byte:02x}");
        }
    }
    code
}

/// A hexadecimal digit as people read and type it. Includes letters that look like digits, full-width characters and
/// digits of other scripts.
fn hex_digit(typed: char) -> Option<u8> {
    let ascii = match typed {
        '\u{ff21}'..='\u{ff5a}' => char::from_u32(u32::from(typed) - 0xfee0)?,
        _ => typed,
    };
    match ascii {
        'O' | 'o' => Some(0),
        'I' | 'i' | 'L' | 'l' | '|' => Some(1),
        _ => match ascii.to_digit(16) {
            Some(digit) => u8::try_from(digit).ok(),
            None => decimal_digit(ascii).map(|(digit, _)| digit),
        },
    }
}

/// The code in a line of a list or in a sentence: without a label, a number, and marks around it.
fn bare(typed: &str) -> &str {
    let is_mark = |character| is_filler(character) || is_around(character);
    let typed = typed.trim_matches(is_mark);
    // No code has a colon, so it ends the label.
    let code = typed
        .rfind([':', '\u{ff1a}'])
        .and_then(|colon| typed.get(colon..))
        .unwrap_or(typed);
    let code = code.trim_start_matches(is_mark);
    let is_number = |character| decimal_digit(character).is_some();
    let rest = code.trim_start_matches(is_number);
    let digits = code.chars().take_while(|character| is_number(*character)).count();
    let is_numbered =
        (1..=3).contains(&digits) && rest.starts_with(['.', ')', ']', '\u{ff0e}', '\u{ff09}', '\u{3001}']);
    if is_numbered {
        rest.trim_start_matches(is_mark)
    } else {
        code
    }
}

fn without_underscores(code: &str) -> Zeroizing<String> {
    // Allocated in full: growing would leave unwiped copies behind.
    let mut plain = Zeroizing::new(String::with_capacity(code.len()));
    plain.extend(code.chars().filter(|character| !matches!(character, '_' | '\u{ff3f}')));
    plain
}

/// The form that is hashed.
fn normalise(typed: &str) -> Option<Zeroizing<String>> {
    let mut random = Zeroizing::new([0u8; RANDOM]);
    let mut digits = 0;
    for character in typed.chars() {
        if is_filler(character) {
            continue;
        }
        let digit = hex_digit(character)?;
        let byte = random.get_mut(digits / 2)?;
        *byte = *byte << 4 | digit;
        digits += 1;
    }
    (digits == 2 * RANDOM).then(|| spell(random.as_slice()))
}

/// The form of another system's code that is hashed: five letters, a hyphen and the rest, as better-auth writes them.
/// Case matters, so letters that look like digits are not treated as digits.
fn normalise_foreign(typed: &str, letters: usize) -> Option<Zeroizing<String>> {
    if typed.len() > 128 {
        return None;
    }
    let typed = typed.trim_end_matches(|last| is_filler(last) || matches!(last, '.' | '\u{ff0e}' | '\u{3002}'));
    // Allocated in full, as in `spell`.
    let mut code = Zeroizing::new(String::with_capacity(letters + 1));
    let mut found = 0;
    for character in typed.chars().filter(|character| !is_filler(*character)) {
        let ascii = match character {
            '\u{ff10}'..='\u{ff5a}' => char::from_u32(u32::from(character) - 0xfee0)?,
            _ => character,
        };
        let ascii = match decimal_digit(ascii) {
            Some((digit, _)) => char::from(b'0' + digit),
            None => ascii,
        };
        if !ascii.is_ascii_alphanumeric() || found == letters {
            return None;
        }
        if found == 5 {
            code.push('-');
        }
        code.push(ascii);
        found += 1;
    }
    (found == letters).then_some(code)
}

impl<'de> Deserialize<'de> for RecoverySet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (members, other) = with_others::<Members, D>(deserializer)?;
        let Secret(secret) = required(members.secret, "secret")?;
        let entries: Vec<Option<Hash>> = required(members.entries, "entries")?;
        Ok(Self {
            secret,
            entries: entries.into_iter().map(|entry| entry.map(|Hash(hash)| hash)).collect(),
            created: required(members.created, "created")?,
            added: members.added,
            letters: members.letters,
            other,
        })
    }
}

/// The known members while they are read. Each may occur once.
#[derive(Default)]
struct Members {
    secret: Option<Secret>,
    entries: Option<Vec<Option<Hash>>>,
    created: Option<i64>,
    added: Option<i64>,
    letters: Option<u8>,
}

impl<'de> Known<'de> for Members {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "secret" => once(&mut self.secret, map),
            "entries" => once(&mut self.entries, map),
            "created" => once(&mut self.created, map),
            "added" => once(&mut self.added, map),
            "letters" => once(&mut self.letters, map),
            _ => Ok(false),
        }
    }
}

struct Secret(String);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let secret = String::deserialize(deserializer)?;
        if secret.len() == 2 * RANDOM && secret.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(secret))
        } else {
            Err(D::Error::custom("not 16 hex digits"))
        }
    }
}

fn write_entries<S: Serializer>(entries: &[Option<[u8; 32]>], serializer: S) -> Result<S::Ok, S::Error> {
    let mut sequence = serializer.serialize_seq(Some(entries.len()))?;
    for entry in entries {
        sequence.serialize_element(&entry.map(|hash| HEXLOWER.encode(&hash)))?;
    }
    sequence.end()
}

struct Hash([u8; 32]);

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(deserializer)?;
        let mut hash = [0; 32];
        let decoded = (text.len() == 64).then(|| HEXLOWER.decode_mut(text.as_bytes(), &mut hash));
        match decoded {
            Some(Ok(_)) => Ok(Self(hash)),
            _ => Err(D::Error::custom("not 64 lower-case hex digits")),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const SET: &str = r#"{"secret":"65ab65bc179e8c16","entries":["1a23d83dffb2daa16017508029d72560896070c1ddcd39711b9f5b20625bda58","2e909f7f99cd98948c85e0d26d4be4decfe8a86e05ffe40c7cab23736409af42","d3d13b76a3f5542a1c23aabeb66f5e47936a309832edb38071cf1600404b039b",null,"078f1bbf2f0dba2518e62e2c9037b36e98ff2b079de92c38438b3dee41aaad75","41275edd84cf98210859b8bbb8af993dff606d6034c78961f3fb1c03872f4af6","beab5ea111d4db6bd0281da4c870c5db95882a871e017be9ef1f5dcc4e56f348","115eebbf5e1ab98b40eb443fd163024d6501c78d2a897a60e30f309deb22b789","0dc00c6875d7a0e4146fd50fa1d75138884334bf38d46f22f69dd85bc05d9744","aec2fdccb875ad5fb0b0e440883e5ccd519d5fdbb09583f67b1dabbe04cdb98d"],"created":1795379895}"#;
    const CODES: [&str; 10] = [
        "f2b6-55e2-d602-c944",
        "dacd-4de8-5958-43dc",
        "9933-2b46-552e-cd03",
        "d66a-d09e-4228-478d",
        "c79a-d0b6-8c4b-6b97",
        "362a-0bdb-2f61-4c99",
        "9766-c2ac-fc10-f6bd",
        "7152-5c2e-bd9b-3775",
        "e0f7-f86c-f201-fd21",
        "33fb-a1d5-bd1b-b290",
    ];

    fn set() -> RecoverySet {
        serde_json::from_str(SET).unwrap()
    }

    #[test]
    fn a_stored_set_takes_its_codes_once_each() {
        let mut set = set();
        assert_eq!(serde_json::to_string(&set).unwrap(), SET);
        assert_eq!(set.free_indices(), [0, 1, 2, 4, 5, 6, 7, 8, 9]);
        let mut left = 9;
        for (index, code) in CODES.into_iter().enumerate() {
            if index != 3 {
                left -= 1;
                assert_eq!(set.use_code(code), Used::Accepted { index, left });
            }
            assert_eq!(set.use_code(code), Used::Wrong);
            assert_eq!(set.left(), left);
        }
        // A used-up set is still a set.
        assert!(set.free_indices().is_empty());
        let nulls = ["null"; 10].join(",");
        let expected = format!(r#"{{"secret":"65ab65bc179e8c16","entries":[{nulls}],"created":1795379895}}"#);
        assert_eq!(serde_json::to_string(&set).unwrap(), expected);
    }

    #[test]
    fn a_new_set() {
        let random: Vec<u8> = (0..88).collect();
        let (mut set, codes) = RecoverySet::create(&random, 7).unwrap();
        assert_eq!(set.secret, "0001020304050607");
        assert_eq!(codes.len(), 10);
        assert_eq!(codes.first().unwrap().as_str(), "0809-0a0b-0c0d-0e0f");
        assert_eq!((set.left(), set.created), (10, 7));
        let stored = serde_json::to_string(&set).unwrap();
        for (index, code) in codes.iter().enumerate() {
            assert!(!stored.contains(code.as_str()) && !stored.contains(&code.replace('-', "")));
            assert_eq!(set.use_code(code), Used::Accepted { index, left: 9 - index });
        }
    }

    #[test]
    fn random_of_the_wrong_length() {
        for length in (0..=40).filter(|length| !matches!(length, 16 | 24 | 32 | 40)) {
            let made = RecoverySet::create(&vec![1; length], 0);
            assert_eq!(made.err(), Some(Failure::InvalidArgument("random")), "{length}");
        }
    }

    #[test]
    fn typed_forms() {
        for typed in [
            "F2B6-55E2-D602-C944",
            "f2b655e2d602c944",
            " f2b6 55e2 d602 c944\n",
            "f2b6\u{a0}55e2-d602--c944",
            "f2b6–55e2—d602‑c944",
            "f2b6-55e2-d6O2-c944.",
            "F2B6-55E2-D6o2-C944 . ",
            "ｆ２ｂ６－５５ｅ２－ｄ６０２－ｃ９４４",
            "Ｆ２Ｂ６５５Ｅ２Ｄ６Ｏ２Ｃ９４４．",
            "\u{200e}f2b6\u{202f}55e2\u{2212}d602\u{200b}c944\u{feff}",
            "f2b6_55e2_d602_c944",
            "\"f2b6-55e2-d602-c944\",",
            "\u{201e}f2b6-55e2-d602-c944\u{201c}",
            "`f2b6-55e2-d602-c944`:",
            "(f2b6-55e2-d602-c944)",
            "1. f2b6-55e2-d602-c944",
            "10) f2b655e2d602c944",
            "[3] f2b6-55e2-d602-c944",
            "- [ ] f2b6-55e2-d602-c944;",
            "2: f2b6-55e2-d602-c944",
            "Code 2: f2b6-55e2-d602-c944.",
            "Recovery code:\u{a0}f2b6-55e2-d602-c944",
            "\u{ff08}１\u{ff09}ｆ２ｂ６５５ｅ２ｄ６０２ｃ９４４\u{3002}",
        ] {
            assert_eq!(set().use_code(typed), Used::Accepted { index: 0, left: 8 }, "{typed:?}");
        }
        for typed in [
            "",
            "-",
            "f2b6-55e2-d602-c94",
            "f2b6-55e2-d602-c9440",
            "f2b6-55e2-d602-c94g",
            "f2b6-55e2-d602-c944\0",
            "null",
            // Which of these digits is the number of the line?
            "1 f2b6-55e2-d602-c944",
            "f2b6-55e2-d602-c944 dacd-4de8-5958-43dc",
            "f2b6.55e2.d602.c944",
            "code f2b6-55e2-d602-c944",
            "1.",
            ":",
        ] {
            assert_eq!(set().use_code(typed), Used::Malformed, "{typed:?}");
        }
        assert_eq!(
            set().use_code(&format!("{}f2b655e2d602c944", " ".repeat(49))),
            Used::Malformed
        );
    }

    #[test]
    fn a_used_entry_is_no_all_zero_hash() {
        let mut set = set();
        set.entries = vec![None; 10];
        assert_eq!(set.use_code("0000-0000-0000-0000"), Used::Wrong);
        set.entries.clear();
        assert_eq!(set.use_code(CODES[0]), Used::Wrong);
    }

    #[test]
    fn every_digit_counts() {
        for code in CODES {
            for (place, digit) in code.char_indices().filter(|(_, digit)| *digit != '-') {
                let other = if digit == '0' { "1" } else { "0" };
                let mut changed = code.to_owned();
                changed.replace_range(place..=place, other);
                assert_eq!(set().use_code(&changed), Used::Wrong);
            }
        }
    }

    #[test]
    fn unknown_members_are_kept_and_broken_ones_refused() {
        let more = SET.replace(r#""created""#, r#""note":{"a":[1]},"created""#);
        let read: RecoverySet = serde_json::from_str(&more).unwrap();
        let written: Value = serde_json::to_value(&read).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(&more).unwrap());
        for (from, to) in [
            ("65ab65bc179e8c16", "65ab65bc179e8c1"),
            ("65ab65bc179e8c16", ""),
            ("65ab65bc179e8c16", "65ab65bc179e8c1g"),
            ("1a23", "1A23"),
            ("1a23", "1a2"),
            ("null", "0"),
            (r#","created":1795379895"#, ""),
            ("1795379895", "\"0\""),
        ] {
            let broken = SET.replacen(from, to, 1);
            assert_ne!(broken, SET);
            assert!(serde_json::from_str::<RecoverySet>(&broken).is_err(), "{to}");
        }
    }

    fn foreign(codes: &[&str]) -> Option<RecoverySet> {
        let codes: Vec<_> = codes.iter().map(|code| Zeroizing::new((*code).to_owned())).collect();
        RecoverySet::of_foreign(&codes, b"01234567", 7)
    }

    #[test]
    fn codes_of_another_system_are_used_once_each() {
        let made = || foreign(&["aB3dE-fG7hI", "O0lI1-zzzzz", "0123456789"]).unwrap();
        for typed in [
            "aB3dE-fG7hI",
            "aB3dEfG7hI",
            " aB3dE fG7hI\n",
            "aB3dE\u{2013}fG7hI.",
            "ａＢ３ｄＥ－ｆＧ７ｈＩ",
            "aB\u{663}dE-fG\u{667}hI",
        ] {
            let mut set = made();
            assert_eq!(set.use_code(typed), Used::Accepted { index: 0, left: 2 }, "{typed:?}");
            assert_eq!(set.use_code(typed), Used::Wrong);
        }
        let mut set = made();
        for wrong in [
            "ab3de-fg7hi",
            "AB3DE-FG7HI",
            "00lI1-zzzzz",
            "O01I1-zzzzz",
            "aB3dE-fG7hJ",
            "f2b6-55e2-d602-c944",
        ] {
            assert_eq!(set.use_code(wrong), Used::Wrong, "{wrong}");
        }
        for malformed in ["", "aB3dE-fG7h", "aB3dE-fG7hIx", "aB3dE.fG7hI", "äB3dE-fG7hI", "123456"] {
            assert_eq!(set.use_code(malformed), Used::Malformed, "{malformed}");
        }
        assert_eq!(set.use_code("01234-56789"), Used::Accepted { index: 2, left: 2 });
        assert_eq!(set.left(), 2);
        // As it is stored in a record, without the codes.
        let text = serde_json::to_string(&made()).unwrap();
        assert!(text.ends_with(r#""created":7,"letters":10}"#), "{text}");
        assert!(!text.contains("fG7hI"));
        let mut read: RecoverySet = serde_json::from_str(&text).unwrap();
        assert_eq!(read.use_code("aB3dE-fG7hI"), Used::Accepted { index: 0, left: 2 });
        // The other system hashes the code exactly as typed.
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"3031323334353637");
        let stored = made().entries[0].unwrap();
        hmac::verify(&key, b"aB3dE-fG7hI", &stored).unwrap();
    }

    #[test]
    fn codes_of_sixteen_hex_digits_are_taken_as_they_are_written_or_as_ours() {
        let mut set = foreign(&["f2b655e2d602c944", "F2B655E2D602C944"]).unwrap();
        assert_eq!(
            set.use_code("F2B6-55E2-D602-C944"),
            Used::Accepted { index: 1, left: 1 }
        );
        assert_eq!(
            set.use_code("f2b6-55e2-d602-c944"),
            Used::Accepted { index: 0, left: 0 }
        );
    }

    #[test]
    fn our_own_codes_are_read_as_before() {
        for typed in ["aB3dE-fG7hI", "0123456789", "f2b6-55e2-d602-c94"] {
            assert_eq!(set().use_code(typed), Used::Malformed);
        }
    }

    #[test]
    fn what_can_not_be_kept_makes_no_set() {
        let many: Vec<_> = (0..101).map(|number| format!("{number:010}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert_eq!(foreign(&many[1..]).unwrap().left(), 100);
        for codes in [
            &[][..],
            &many,
            &["1234567"],
            &["123456789012345678901234567890123"],
            &["aB3dE-fG7hI", "aB3dE-fG7h"],
            &["aB3dE-fG7hI", "aB3dEfG7hI"],
            &["aB3dE_fG7hI"],
            &["aB3dE-fG7hÄ"],
        ] {
            assert!(foreign(codes).is_none(), "{codes:?}");
        }
    }

    #[test]
    fn debug_shows_a_count_alone() {
        assert_eq!(format!("{:?}", set()), "RecoverySet { left: 9, .. }");
    }
}
