//! One-time codes as people type them.

use std::fmt;

use zeroize::Zeroizing;

/// The longest code that is read: more digits than a 31-bit number has say nothing.
pub(crate) const MAX_DIGITS: u8 = 10;

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

    /// What the digits say, and how many there are.
    pub(crate) fn number(&self) -> (u64, usize) {
        let digits = self.as_bytes().iter();
        (
            digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')),
            self.length,
        )
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
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

    /// The last `length` decimal digits of `number`: the code that should have been typed.
    pub(crate) fn from_number(number: u32, length: u8) -> Self {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn typed_codes_have_one_normal_form() {
        for text in [
            "123456",
            " 123456",
            "123456\r\n",
            "123 456",
            "123-456",
            "12-34-56",
            "1 2\t3 4 5 6",
            "123\u{a0}456",
            "123 - 456",
            "１２３４５６",
            "１23４56",
            "123\u{3000}456",
        ] {
            assert_eq!(TypedCode::parse(text).unwrap().as_bytes(), b"123456", "{text:?}");
        }
        assert_eq!(TypedCode::parse("0000000000").unwrap().as_bytes(), b"0000000000");
        for text in [
            "",
            " ",
            "12345",
            "12345678901",
            "+123456",
            "-123456",
            "123456-",
            "123--456",
            "- 123456",
            "152abc",
            "12345a",
            "0x1234",
            "1234.56",
            "123_456",
            "१२३४५६",
            "123456\0",
            "\u{feff}123456",
            "123\u{2013}456",
        ] {
            assert!(TypedCode::parse(text).is_none(), "{text:?}");
        }
        assert!(TypedCode::parse(&format!("{}123456", " ".repeat(58))).is_some());
        assert!(TypedCode::parse(&format!("{}123456", " ".repeat(59))).is_none());
    }

    #[test]
    fn codes_from_numbers() {
        for (number, length, code) in [
            (1_284_755_224, 6, "755224"),
            (137_359_152, 10, "0137359152"),
            (0, 8, "00000000"),
            (u32::MAX, 10, "4294967295"),
        ] {
            assert_eq!(TypedCode::from_number(number, length).as_bytes(), code.as_bytes());
        }
    }

    #[test]
    fn debug_hides_the_code() {
        assert_eq!(format!("{:?}", TypedCode::parse("123456").unwrap()), "TypedCode");
    }
}
