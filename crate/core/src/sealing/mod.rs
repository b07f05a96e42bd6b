//! Records and challenge data as a store gets them where the host has keys for that: nobody else can read them, and they
//! are good in no other place than their own.
//!
//! The text is `cs1.<key id>.<base64url>`, the bytes of which are 32 random ones, the ciphertext and its tag. Each is
//! sealed by AES-256-GCM under a key of its own (RFC 5869: the host's key, a label as the salt, the random bytes as the
//! info), so the nonce can be the same in all of them. What is authenticated beside it is in [`Place`].

mod cipher;
mod form;
mod fresh;
mod keys;
mod place;
mod unopened;

pub use cipher::Opened;
pub use form::key_id;
pub use fresh::{FreshRandom, OF_ONE_CALL};
pub use keys::{KEY, Plain, RANDOM, SealingKeys};
pub use place::Place;
pub use unopened::Unopened;
pub(crate) use unopened::without_keys;

#[cfg(test)]
mod tests;
