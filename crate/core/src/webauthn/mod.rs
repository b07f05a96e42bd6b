//! Web Authentication Level 3, as a relying party: keys, ceremonies and attestation (sections 6 to 8).

pub mod attestation;
pub mod authentication;
mod authenticator_data;
mod cbor;
pub(crate) mod client_data;
pub mod cose;
pub mod credential;
pub(crate) mod diagnosis;
mod ed25519;
mod expectation;
mod firefox_117;
pub mod json;
pub mod options;
pub mod policy;
pub mod prepared;
pub mod reason;
pub mod registration;
pub mod response;

pub use attestation::{Attestation, TrustAnchors};
pub use authentication::{Authenticated, AuthenticationExpectation, verify_authentication};
pub use cose::{Algorithm, CoseKey, KeyMaterial};
pub use credential::Credential;
pub use expectation::RegistrationExpectation;
pub use options::{
    AllowedCredential, AuthenticationOptions, AuthenticatorAttachment, Hint, RegistrationOptions, ResidentKey,
    authentication_options, registration_options,
};
pub use policy::{Conveyance, CounterPolicy, CrossOrigin, RelyingParty, UserVerification};
pub use reason::Reason;
pub use registration::{Registered, verify_registration};
pub use response::{Peeked, SEALED_CHALLENGE_LENGTH, peek, peek_passkey};
