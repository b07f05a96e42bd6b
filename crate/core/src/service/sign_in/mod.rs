//! Signing in: the challenge that is offered to a user, and the verification of the answer.

mod challenge;
mod code;
mod drift;
mod passkey;
mod reset;
mod response;
mod shared_otp;

pub use challenge::begin_challenge;
pub(crate) use challenge::{U2fOffer, begin};
pub(crate) use code::verify_beside as check_code;
pub use code::{open_yubico, verify_code};
pub use drift::{find_drift, note_drift};
pub use passkey::{begin_passkey, open_passkey, verify_passkey};
pub use reset::{recover_factors, reset_factors};
pub(crate) use response::{Opened, open_challenge, verify as check_response};
pub use response::{open_response, verify_response};
pub use shared_otp::spend_yubico;
