//! Second factors: verification, records, locks and open challenges.
//!
//! Pure functions over JSON text and bytes. There is no clock, no I/O and no global state here: the time and every
//! random byte are parameters. No input panics, and no failure carries what was passed in.
#![forbid(unsafe_code)]

pub mod base32;
pub mod challenge_book;
mod envelope;
mod failure;
pub mod otpauth;
pub mod qr;
pub mod recovery_codes;
pub mod totp;
pub mod totp_json;
mod typed_code;
pub mod webauthn;

pub use envelope::envelope;
pub use failure::Failure;
