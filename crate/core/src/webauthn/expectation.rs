//! The policy that a registration is checked against.

use super::attestation::{AttestationPolicy, TrustAnchors};
use super::cose::Algorithm;
use super::extensions::ExtensionRules;
use super::policy::{Conveyance, CrossOrigin, RelyingParty, UserVerification};

/// The values that the relying party began the ceremony with, and its policy.
#[derive(Debug, Clone, Copy)]
pub struct RegistrationExpectation<'a> {
    pub challenge: &'a [u8],
    pub rp: &'a RelyingParty,
    pub user_verification: UserVerification,
    /// The algorithms that `pubKeyCredParams` offered.
    pub algorithms: &'a [Algorithm],
    pub attestation: Conveyance,
    pub trust_anchors: &'a TrustAnchors,
    pub attestation_policy: &'a AttestationPolicy,
    pub cross_origin: Option<&'a CrossOrigin>,
    /// True only for a ceremony that was begun with `mediation: 'conditional'`.
    pub user_presence_optional: bool,
    /// The user handle, which is stored with the credential.
    pub user_handle: Option<&'a [u8]>,
    pub extensions: Option<&'a ExtensionRules>,
    /// The time at which certificates must be valid, in seconds since the epoch.
    pub now: i64,
}
