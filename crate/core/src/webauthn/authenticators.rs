//! The host's rules about models of authenticators, which hold for new keys.

use serde::Deserialize;

use super::attestation::{Attestation, SecurityLevel};
use super::metadata::{Certification, Metadata, Model, ModelId};
use super::reason::Reason;

/// Which authenticators the host accepts. By default, all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AuthenticatorPolicy {
    /// Only these, and only if a trusted statement says so.
    pub allow: Option<Vec<ModelId>>,
    /// Not these, whether or not anything proves what the authenticator says.
    pub deny: Vec<ModelId>,
    /// The least level of FIDO's certification.
    pub certified: Option<Certification>,
    /// Only keys that can't be copied to other devices.
    pub device_bound_only: bool,
    /// Only models of the metadata, and only if a trusted statement says so.
    pub refuse_unknown: bool,
    /// The least level at which keys are kept, by a trusted statement or else by the metadata of its model.
    pub security_level: Option<SecurityLevel>,
    /// Refuses sign-ins with keys of models that the metadata forbids by now.
    pub reject_revoked: bool,
}

impl AuthenticatorPolicy {
    /// Whether no key without a trusted statement is accepted.
    pub fn demands_trust(&self) -> bool {
        self.allow.is_some() || self.certified.is_some() || self.refuse_unknown || self.security_level.is_some()
    }
}

/// The rules, and what is known of models.
#[derive(Debug, Clone, Copy)]
pub struct Authenticators<'a> {
    pub policy: &'a AuthenticatorPolicy,
    pub metadata: Option<&'a Metadata>,
}

/// A new key whose ceremony is right in everything else.
pub(super) struct Candidate<'a> {
    pub aaguid: [u8; 16],
    /// The identifier of the key that made its statement.
    pub key: Option<[u8; 20]>,
    /// The identifiers of that and of all that certify it.
    pub keys: &'a [[u8; 20]],
    pub backup_eligible: bool,
    pub attestation: &'a Attestation,
    pub model: Option<&'a Model>,
    /// Seconds since the epoch.
    pub now: i64,
}

impl Authenticators<'_> {
    /// Whether the rules accept a key.
    pub(super) fn judge(&self, candidate: &Candidate<'_>) -> Result<(), Reason> {
        let policy = self.policy;
        let trusted = candidate.attestation.trusted;
        // What the model is, is known only from a trusted statement.
        let known = candidate.model.filter(|_| trusted);
        let refused_unless = |holds: bool, reason| if holds { Ok(()) } else { Err(reason) };
        let undesired = candidate
            .model
            .and_then(|model| model.undesired(candidate.now, candidate.keys));
        refused_unless(undesired.is_none(), Reason::AuthenticatorRevoked)?;
        let bound = !policy.device_bound_only || !candidate.backup_eligible;
        refused_unless(bound, Reason::AuthenticatorNotDeviceBound)?;
        refused_unless(!candidate.is_one_of(&policy.deny), Reason::AuthenticatorNotAllowed)?;
        let allowed = policy
            .allow
            .as_ref()
            .is_none_or(|allow| trusted && candidate.is_one_of(allow));
        refused_unless(allowed, Reason::AuthenticatorNotAllowed)?;
        refused_unless(!policy.refuse_unknown || known.is_some(), Reason::AuthenticatorUnknown)?;
        let certified = policy.certified.is_none_or(|least| {
            let level = known.and_then(|model| model.certification(candidate.now));
            level.is_some_and(|level| level >= least)
        });
        refused_unless(certified, Reason::AuthenticatorNotCertified)?;
        let kept = policy.security_level.is_none_or(|least| {
            let level = level(candidate.attestation, known).filter(|_| trusted);
            level.is_some_and(|level| level >= least)
        });
        refused_unless(kept, Reason::AuthenticatorSecurityLevel)
    }
}

/// Where a key is kept: by its own statement or, if that says nothing, by what is known of its model.
pub(super) fn level(attestation: &Attestation, model: Option<&Model>) -> Option<SecurityLevel> {
    attestation.security_level.or_else(|| model?.level())
}

impl Candidate<'_> {
    fn is_one_of(&self, ids: &[ModelId]) -> bool {
        ids.iter().any(|id| match id {
            ModelId::Aaguid(aaguid) => *aaguid == self.aaguid,
            ModelId::Key(key) => self.key == Some(*key),
        })
    }
}
