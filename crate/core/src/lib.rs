//! Second factors: verification, records, locks and open challenges.
//!
//! Pure functions over JSON text and bytes. There is no clock, no I/O and no global state here: the time and every
//! random byte are parameters. No input panics, and no failure carries what was passed in.
#![forbid(unsafe_code)]

pub mod base32;
mod challenge;
pub mod challenge_book;
mod change;
pub mod enrol;
mod envelope;
mod event;
mod factor;
mod failure;
mod json_text;
mod locks;
pub mod manage;
pub mod migration;
pub mod otpauth;
mod outcome;
pub mod qr;
pub mod record;
pub mod recovery_codes;
mod request;
mod settings;
pub mod sign_in;
pub mod tfa_config;
pub mod totp;
pub mod totp_json;
mod typed_code;
pub mod u2f;
pub mod webauthn;
mod wiped;
pub mod yubico;

pub use change::{Action, Change};
pub use envelope::envelope;
pub use failure::Failure;
pub use settings::Settings;
