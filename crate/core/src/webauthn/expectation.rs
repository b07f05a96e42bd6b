//! What a registration is held to.

use super::attestation::TrustAnchors;
use super::cose::Algorithm;
use super::policy::{Conveyance, CrossOrigin, RelyingParty, UserVerification};

/// What the relying party began the ceremony with.
#[derive(Debug, Clone, Copy)]
pub struct RegistrationExpectation<'a> {
    pub challenge: &'a [u8],
    pub rp: &'a RelyingParty,
    pub user_verification: UserVerification,
    /// Those offered in `pubKeyCredParams`.
    pub algorithms: &'a [Algorithm],
    pub attestation: Conveyance,
    pub trust_anchors: &'a TrustAnchors,
    pub cross_origin: Option<&'a CrossOrigin>,
    /// True only for a ceremony that was begun with `mediation: 'conditional'`.
    pub user_presence_optional: bool,
    /// Kept with the credential.
    pub user_handle: Option<&'a [u8]>,
    /// Seconds since the epoch: certificates must be valid then.
    pub now: i64,
}
