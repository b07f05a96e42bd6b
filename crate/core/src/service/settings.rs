//! The host's settings: the relying party, policies, limits and lifetimes.

use std::sync::Arc;

use serde::Deserialize;

use crate::json::failure::Failure;
use crate::record::locks::Limits;
use crate::totp::{Algorithm as TotpAlgorithm, Window};
use crate::u2f::U2fPolicy;
use crate::webauthn::{
    Algorithm, AttestationPolicy, AuthenticatorPolicy, Authenticators, Conveyance, CounterPolicy, CrossOrigin,
    Metadata, RelyingParty, TrustAnchors, UserVerification,
};

/// Parsed and checked settings. Every part is required, because the facade fills in the defaults.
#[derive(Debug)]
pub struct Settings {
    pub rp: RelyingParty,
    pub totp: TotpSettings,
    pub webauthn: WebauthnSettings,
    /// If absent, U2F keys are neither offered nor accepted.
    pub u2f: Option<U2fPolicy>,
    /// Whether the host has AES keys, which it passes with each OTP. If not, Yubico OTPs are neither offered nor
    /// accepted.
    pub yubico: bool,
    pub recovery_codes: usize,
    pub limits: Limits,
    pub timeouts: Timeouts,
    /// What is known of models of authenticators. The host replaces it by newer ones.
    pub metadata: Option<Arc<Metadata>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TotpSettings {
    pub window: Window,
    pub algorithm: TotpAlgorithm,
    pub digits: u8,
    pub period: u32,
    /// The issuer that phone apps show. The default is the relying party's name.
    #[serde(default)]
    pub issuer: Option<String>,
}

#[derive(Debug)]
pub struct WebauthnSettings {
    pub user_verification: UserVerification,
    pub algorithms: Vec<Algorithm>,
    pub attestation: Conveyance,
    pub trust_anchors: TrustAnchors,
    pub attestation_policy: AttestationPolicy,
    pub authenticators: AuthenticatorPolicy,
    pub counter: CounterPolicy,
    pub cross_origin: Option<CrossOrigin>,
    /// Only accepts keys that Proxmox's format has a place for, because the store keeps records in that format.
    pub origin_keys_only: bool,
}

/// Lifetimes in seconds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Timeouts {
    pub sign_in: u32,
    pub webauthn_enrolment: u32,
    pub totp_enrolment: u32,
}

impl Settings {
    /// Reads the facade's settings. Fails with `invalid-argument` and the argument's name.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let wire: Wire = serde_json::from_str(text).map_err(|_| Failure::InvalidArgument("settings"))?;
        wire.rp.check()?;
        wire.u2f.as_ref().map_or(Ok(()), U2fPolicy::check)?;
        let WebauthnWire {
            algorithms,
            trust_anchors,
            origin_keys_only,
            ..
        } = &wire.webauthn;
        let algorithms = algorithms
            .iter()
            .map(|cose| Algorithm::from_cose(*cose))
            .collect::<Option<Vec<_>>>()
            .map(|known| {
                known
                    .into_iter()
                    .filter(|one| !(*origin_keys_only && one.is_ml_dsa()))
                    .collect::<Vec<_>>()
            })
            .filter(|algorithms| !algorithms.is_empty())
            .ok_or(Failure::InvalidArgument("webauthn.algorithms"))?;
        let trust_anchors =
            TrustAnchors::parse(trust_anchors).map_err(|_| Failure::InvalidArgument("webauthn.trustAnchors"))?;
        Ok(Self {
            rp: wire.rp,
            totp: wire.totp,
            webauthn: WebauthnSettings {
                user_verification: wire.webauthn.user_verification,
                algorithms,
                attestation: wire.webauthn.attestation,
                trust_anchors,
                attestation_policy: wire.webauthn.attestation_policy,
                authenticators: wire.webauthn.authenticators,
                counter: wire.webauthn.counter,
                cross_origin: wire.webauthn.cross_origin,
                origin_keys_only: wire.webauthn.origin_keys_only,
            },
            u2f: wire.u2f,
            yubico: wire.yubico,
            recovery_codes: wire.recovery.codes,
            limits: wire.limits,
            timeouts: wire.timeouts,
            metadata: None,
        })
    }

    /// The rules about models of authenticators, with what is known of them.
    pub(crate) fn authenticators(&self) -> Authenticators<'_> {
        Authenticators {
            policy: &self.webauthn.authenticators,
            metadata: self.metadata.as_deref(),
        }
    }

    /// The metadata, if sign-ins with keys that it forbids are refused.
    pub(crate) fn rejecting(&self) -> Option<&Metadata> {
        let rejects = self.webauthn.authenticators.reject_revoked;
        self.metadata.as_deref().filter(|_| rejects)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    rp: RelyingParty,
    totp: TotpSettings,
    webauthn: WebauthnWire,
    #[serde(default)]
    u2f: Option<U2fPolicy>,
    #[serde(default)]
    yubico: bool,
    recovery: RecoveryWire,
    limits: Limits,
    timeouts: Timeouts,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WebauthnWire {
    user_verification: UserVerification,
    algorithms: Vec<i64>,
    attestation: Conveyance,
    trust_anchors: Vec<String>,
    #[serde(default)]
    attestation_policy: AttestationPolicy,
    #[serde(default)]
    authenticators: AuthenticatorPolicy,
    counter: CounterPolicy,
    #[serde(default)]
    cross_origin: Option<CrossOrigin>,
    #[serde(default)]
    origin_keys_only: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecoveryWire {
    codes: usize,
}
