//! How a sealed text is written.

pub(super) const VERSION: &str = "cs1";

/// The id of the key that a text says it is sealed under; `None`: it is not sealed.
pub fn key_id(text: &str) -> Option<&str> {
    Some(parts(text)?.0).filter(|id| is_id(id))
}

/// The key id and the rest of a text that begins as sealed ones do.
pub(super) fn parts(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix(VERSION)?.strip_prefix('.')?.split_once('.')
}

/// `[A-Za-z0-9_-]{1,32}`
pub(super) fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=32).contains(&text.len()) && text.bytes().all(fits)
}
