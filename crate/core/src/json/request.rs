//! Reads what the facade sends. The facade has already checked types and ranges, so a mismatch here is a bug and not
//! bad input.

use serde::Deserialize;

use crate::json::failure::Failure;

/// Reads a request. The parser's own message is dropped because it would quote the input.
pub fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|_| Failure::InvalidArgument("request"))
}

/// Checks a factor's description: at most 255 characters, none of which is hidden or changes how others are shown.
pub fn check_description(description: &str) -> Result<(), Failure> {
    if description.chars().count() > 255 || description.chars().any(is_unfit_for_names) {
        return Err(Failure::InvalidArgument("description"));
    }
    Ok(())
}

/// Control characters, Unicode's bidirectional controls (`Bidi_Control`) and tag characters.
fn is_unfit_for_names(character: char) -> bool {
    let is_bidirectional = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    character.is_control() || is_bidirectional || matches!(character, '\u{e0000}'..='\u{e007f}')
}

/// Epoch seconds of epoch milliseconds.
pub fn seconds(milliseconds: i64) -> i64 {
    milliseconds.div_euclid(1000)
}

/// A UUID of version 4 in lower case, made from 16 random bytes.
pub fn uuid(random: &[u8]) -> Result<String, Failure> {
    let bytes = <[u8; 16]>::try_from(random).map_err(|_| Failure::InvalidArgument("random"))?;
    Ok(uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .to_string())
}

#[cfg(test)]
mod tests {
    use super::check_description;

    #[test]
    fn descriptions_hold_nothing_that_hides_or_turns_text_around() {
        let unfit = "\0 \u{1f} \u{7f} \u{9f} \u{61c} \u{200e} \u{200f} \u{202a} \u{202e} \u{2066} \u{2069} \u{e0000} \u{e0001} \u{e007f}";
        for character in unfit.split(' ') {
            assert!(
                check_description(&format!("a{character}b")).is_err(),
                "{}",
                character.escape_unicode()
            );
        }
        for fit in [
            "",
            "Ann's \u{2013} key",
            "\u{5de}\u{5e4}\u{5ea}\u{5d7}",
            "\u{1f511}\u{fe0f}",
            "a\u{200d}b",
            "\u{e0080}",
        ] {
            assert!(check_description(fit).is_ok(), "{}", fit.escape_unicode());
        }
        assert!(check_description(&"\u{1f511}".repeat(255)).is_ok());
        assert!(check_description(&"a".repeat(256)).is_err());
    }
}
