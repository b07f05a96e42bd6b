//! Web Authentication Level 3, as a relying party: keys, ceremonies and attestation (sections 6 to 8).

pub mod cbor;
pub mod cose;
pub mod reason;

pub use cose::{Algorithm, CoseKey, KeyMaterial};
pub use reason::Reason;
