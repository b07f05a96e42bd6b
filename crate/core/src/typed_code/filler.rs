/// Whether a character means nothing in a code: blanks and dashes of every kind, and invisible direction marks and
/// joiners that are copied along with text.
pub(crate) fn is_filler(character: char) -> bool {
    character == ' ' || character == '-' || is_blank(character) || is_dash(character) || is_invisible(character)
}

/// Whether a character may stand around a code that was copied out of a text: full stops, commas, quotes, brackets and
/// the marks of Markdown. Between digits they mean something else.
pub(crate) fn is_around(character: char) -> bool {
    matches!(
        character,
        '.' | ',' | ';' | ':' | '"' | '\'' | '`' | '*' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '«' | '»' | '‹' | '›'
            | '\u{2018}'..='\u{201f}' | '\u{60c}' | '\u{6d4}' | '\u{964}' | '\u{3001}' | '\u{3002}' | '\u{3008}'..='\u{3011}'
            | '\u{ff02}' | '\u{ff07}'..='\u{ff09}' | '\u{ff0c}' | '\u{ff0e}' | '\u{ff1a}' | '\u{ff1b}' | '\u{ff61}'..='\u{ff64}'
    )
}

/// Characters with the property `White_Space`, and blanks that Unicode counts as letters or symbols.
fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
        )
}

/// The category Pd, and characters that people type instead: hyphen bullet, minus signs, box drawing.
fn is_dash(character: char) -> bool {
    matches!(
        character,
        '\u{58a}' | '\u{5be}' | '\u{1400}' | '\u{1806}' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2043}'
                | '\u{207b}'
                | '\u{208b}'
                | '\u{2212}'
                | '\u{2500}'
                | '\u{2796}'
                | '\u{2e17}'
                | '\u{2e1a}'
                | '\u{2e3a}'
                | '\u{2e3b}'
                | '\u{2e40}'
                | '\u{2e5d}'
                | '\u{301c}'
                | '\u{3030}'
                | '\u{30a0}'
                | '\u{30fc}'
                | '\u{fe31}'
                | '\u{fe32}'
                | '\u{fe58}'
                | '\u{fe63}'
                | '\u{ff0d}'
                | '\u{ff70}'
                | '\u{10d6e}'
                | '\u{10ead}'
    )
}

/// Invisible formatting characters: direction marks and overrides, joiners, soft hyphens, variation selectors.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}
