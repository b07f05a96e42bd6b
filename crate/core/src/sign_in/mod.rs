//! Signing in: the challenge that a user is offered, and the verification of what comes back.

mod challenge;
mod code;
mod response;

pub use challenge::begin_challenge;
pub(crate) use challenge::locked_types;
pub use code::{open_yubico, verify_code};
pub use response::{open_response, verify_response};
