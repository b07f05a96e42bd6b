//! Second factors: verification, records, locks and open challenges.
//!
//! Pure functions over JSON text and bytes. There is no clock, no I/O and no global state here: the time and every
//! random byte are parameters. No input causes a panic, and no failure holds anything that was passed in.
#![forbid(unsafe_code)]

mod base64url;
pub mod challenges;
mod json;
pub mod migration;
pub mod record;
pub mod recovery_codes;
pub mod sealing;
mod service;
pub mod tfa_config;
pub mod totp;
mod typed_code;
pub mod u2f;
pub mod webauthn;
pub mod yubico;

pub use json::envelope::envelope;
pub use json::failure::Failure;
pub use json::wiped::WipedText;
pub use service::change::{Action, Change};
pub use service::settings::Settings;
pub use service::stored::{Seal, Stored};
pub use service::{browsers, enforce, enrol, index, manage, reseal, revoked, sign_in};
