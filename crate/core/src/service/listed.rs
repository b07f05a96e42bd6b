//! Which credentials are listed for a browser.

use std::cmp::Reverse;

use crate::record::{Entry, U2fEntry, WebauthnEntry};
use crate::webauthn::AllowedCredential;

/// Passkeys, security keys and U2F keys, most recently used first. If there are too many, browsers get the first ones.
pub(crate) fn listed<'a>(
    webauthn: impl Iterator<Item = &'a Entry<WebauthnEntry>>,
    u2f: impl Iterator<Item = &'a Entry<U2fEntry>>,
) -> Vec<AllowedCredential<'a>> {
    let credentials = webauthn.map(|entry| {
        let credential = AllowedCredential {
            id: &entry.entry.cred_id,
            transports: &entry.entry.transports,
        };
        (used(entry), credential)
    });
    let keys = u2f.map(|entry| {
        let key = AllowedCredential {
            id: &entry.entry.key.key_handle,
            transports: &[],
        };
        (used(entry), key)
    });
    let mut all: Vec<_> = credentials.chain(keys).collect();
    // The sort is stable: keys used in the same second stay in the record's order.
    all.sort_by_key(|(used, _)| Reverse(*used));
    all.into_iter().map(|(_, credential)| credential).collect()
}

/// The time of the last use in epoch seconds. For a key that was never used, the time when it was added.
fn used<T>(entry: &Entry<T>) -> i64 {
    entry.last_used.or(entry.added).unwrap_or(entry.created)
}
