//! Legacy U2F, as a relying party: the raw messages and the JSON of the browser API (FIDO U2F, version 1.2).
//!
//! Browsers have dropped this API, so it is only for stored registrations and for other clients. In a browser, a U2F
//! key answers through WebAuthn and its `appid` extension. A key is an ES256 credential whose id is the key handle.

mod authentication;
mod client_data;
pub(crate) mod diagnosis;
mod message;
mod policy;
mod registration;
mod response;

pub use authentication::{AuthenticationExpectation, verify_authentication};
pub use policy::U2fPolicy;
pub use registration::{RegistrationExpectation, verify_registration};
pub use response::{peek_authentication, peek_registration};

/// The only version of the protocol that keys in use speak.
pub const VERSION: &str = "U2F_V2";
