//! One-time codes as people type them.

mod decimal_digits;
mod filler;

use std::fmt;

use zeroize::Zeroizing;

pub(crate) use filler::{is_around, is_filler};

/// The longest code that is read. A 31-bit number has no more digits than this.
pub(crate) const MAX_DIGITS: u8 = 10;

/// A code as somebody typed it, normalised: 6 to 10 ASCII digits. Wiped on drop.
#[derive(Clone)]
pub struct TypedCode {
    digits: Zeroizing<[u8; MAX_DIGITS as usize]>,
    length: usize,
}

impl TypedCode {
    /// Drops blanks, dashes and invisible marks anywhere in the text, and full stops, commas, quotes and brackets around
    /// the digits. Accepts decimal digits of any script, if all are of the same one. `None` if the rest is not 6 to 10
    /// digits. All checks of a typed code use this form only.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 64 {
            return None;
        }
        let mut code = Self::empty();
        let (mut script, mut ended) = (None, false);
        for character in text.chars() {
            if let Some((digit, its)) = decimal_digit(character) {
                if ended || *script.get_or_insert(its) != its {
                    return None;
                }
                code.push(b'0' + digit)?;
            } else if !is_filler(character) {
                if !is_around(character) {
                    return None;
                }
                ended = code.length > 0;
            }
        }
        (code.length >= 6).then_some(code)
    }

    /// The number that the digits form, and how many digits there are.
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

    /// The last `length` decimal digits of `number`, which is the code that should have been typed.
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

/// The value of a decimal digit, and the number of its script. ASCII and full-width digits count as one script.
pub(crate) fn decimal_digit(character: char) -> Option<(u8, u8)> {
    let point = u32::from(character);
    let zeros = &decimal_digits::ZEROS;
    // The first zero is the only one in ASCII, where most digits are: nothing to search for.
    let next = if character.is_ascii() {
        1
    } else {
        zeros.partition_point(|(zero, _)| *zero <= point)
    };
    let (zero, script) = *zeros.get(next.checked_sub(1)?)?;
    let value = u8::try_from(point.checked_sub(zero)?).ok()?;
    (value < 10).then_some((value, script))
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
            "-123456",
            "123456-",
            "123--456",
            "१२३४५६",
            "١٢٣٤٥٦",
            "۱۲۳۴۵۶",
            "๑๒๓๔๕๖",
            "𝟏𝟐𝟑𝟒𝟓𝟔",
            "\u{feff}123456",
            "\u{202b}123\u{202c}456\u{200f}",
            "\u{2066}123\u{2060}456\u{2069}",
            "123\u{2013}456",
            "123 \u{2014} 456",
            "123\u{2212}456",
            "1\u{202f}2\u{2009}3\u{200b}4\u{2007}5\u{ad}6",
            "1\u{fe0f}2\u{fe0f}3\u{fe0f}4\u{fe0f}5\u{fe0f}6",
            "123456.",
            "123 456 ,",
            "\"123456\"",
            "\u{201c}123456\u{201d}.",
            "'123-456'",
            "(123 456)",
            "[123456]; ",
            "**123456**",
            "\u{ff08}１２３４５６\u{ff09}\u{3002}",
            ": 123456",
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
            "152abc",
            "12345a",
            "0x1234",
            "1234.56",
            "123,456",
            "123.456.",
            "(123)(456)",
            "123456. 1",
            "1. 123456",
            ".",
            "123456!",
            "#123456",
            "123_456",
            "123456\0",
            "123٤٥٦",
            "१२३456",
            "①②③④⑤⑥",
            "¹²³⁴⁵⁶",
            "ⅠⅡⅢⅣⅤⅥ",
        ] {
            assert!(TypedCode::parse(text).is_none(), "{text:?}");
        }
        assert!(TypedCode::parse(&format!("{}123456", " ".repeat(58))).is_some());
        assert!(TypedCode::parse(&format!("{}123456", " ".repeat(59))).is_none());
    }

    #[test]
    fn every_decimal_digit_has_its_value_and_nothing_else_has() {
        let mut before = 0;
        for (zero, script) in decimal_digits::ZEROS {
            assert!(zero >= before, "in order, and no overlap");
            before = zero + 10;
            let digits: String = (0..10).filter_map(|value| char::from_u32(zero + value)).collect();
            assert_eq!(
                TypedCode::parse(&digits).unwrap().as_bytes(),
                b"0123456789",
                "U+{zero:04X}"
            );
            for value in 0..10 {
                let digit = char::from_u32(zero + value).unwrap();
                assert!(digit.is_numeric() && !is_filler(digit) && !is_around(digit));
                assert_eq!(decimal_digit(digit), Some((u8::try_from(value).unwrap(), script)));
            }
        }
        let found = (char::MIN..=char::MAX).filter(|character| decimal_digit(*character).is_some());
        assert_eq!(found.count(), 10 * decimal_digits::ZEROS.len());
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
