//! Reading what the facade sends. It has checked types and ranges before; a mismatch here is a defect, not an input.

use serde::Deserialize;

use crate::json::failure::Failure;

/// Reads one request. The parser's own message is dropped, since it would quote the input.
pub fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|_| Failure::InvalidArgument("request"))
}

/// A factor's description: at most 255 characters, none of them a control character.
pub fn check_description(description: &str) -> Result<(), Failure> {
    if description.chars().count() > 255 || description.chars().any(char::is_control) {
        return Err(Failure::InvalidArgument("description"));
    }
    Ok(())
}

/// Epoch seconds of epoch milliseconds.
pub fn seconds(milliseconds: i64) -> i64 {
    milliseconds.div_euclid(1000)
}

/// A lower-case UUID, version 4, of 16 random bytes.
pub fn uuid(random: &[u8]) -> Result<String, Failure> {
    let bytes = <[u8; 16]>::try_from(random).map_err(|_| Failure::InvalidArgument("random"))?;
    Ok(uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .to_string())
}
