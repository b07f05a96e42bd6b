//! Web Authentication Level 3, as a relying party: keys, ceremonies and attestation (sections 6 to 8).

pub mod attestation;
pub mod authentication;
mod authenticator_data;
pub mod authenticators;
mod cbor;
pub(crate) mod client_data;
pub mod cose;
pub mod credential;
pub(crate) mod diagnosis;
mod ed25519;
mod expectation;
pub mod extensions;
mod firefox_117;
pub mod json;
pub mod metadata;
pub mod options;
pub mod policy;
pub mod prepared;
mod proofs;
pub mod reason;
pub mod registration;
pub mod response;

pub use attestation::{Attestation, AttestationPolicy, SecurityLevel, TrustAnchors};
pub use authentication::{Authenticated, AuthenticationExpectation, verify_authentication};
pub use authenticator_data::Flags;
pub use authenticators::{AuthenticatorPolicy, Authenticators};
pub use cose::{Algorithm, CoseKey, KeyMaterial};
pub use credential::Credential;
pub use expectation::RegistrationExpectation;
pub use extensions::{ExtensionRules, Outputs};
pub use metadata::{Metadata, MetadataFault};
pub use options::{
    AllowedCredential, AuthenticationOptions, AuthenticatorAttachment, Hint, RegistrationOptions, ResidentKey,
    authentication_options, registration_options,
};
pub use policy::{Conveyance, CounterPolicy, CrossOrigin, RelyingParty, UserVerification};
pub use proofs::Proofs;
pub use reason::Reason;
pub use registration::{Registered, verify_registration, verify_registration_of};
pub use response::{Peeked, SEALED_CHALLENGE_LENGTHS, peek, peek_flags, peek_passkey};
