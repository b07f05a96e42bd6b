//! What a relying party expects, said to both sides.

use std::time::{SystemTime, UNIX_EPOCH};

use countersign_core::webauthn::{
    Algorithm, AttestationPolicy, AuthenticationExpectation, Conveyance, CounterPolicy, CrossOrigin,
    RegistrationExpectation, RelyingParty, TrustAnchors, UserVerification,
};
use data_encoding::BASE64;

use super::party::{self, Party};
use crate::mutants_support::Random;
use crate::webauthn_support::{CHALLENGE, rp};

#[derive(Clone)]
pub struct Policy {
    pub rp: RelyingParty,
    pub user_verification: UserVerification,
    pub cross_origin: Option<CrossOrigin>,
    pub counter: CounterPolicy,
    pub attestation: Conveyance,
    pub formats: AttestationPolicy,
    pub anchor: Option<&'static Party>,
    /// A ceremony that was begun with `mediation: 'conditional'`.
    pub conditional: bool,
}

impl Policy {
    /// The same of a relying party elsewhere.
    pub fn elsewhere(&self) -> Self {
        let mut policy = self.clone();
        policy.rp.origins = vec!["https://example.com".into()];
        policy.rp.id = "example.com".into();
        policy
    }

    pub fn any(random: &mut Random) -> Self {
        let wide = random.below(8);
        let (attestation, anchor) = match random.below(8) {
            0..=3 => (Conveyance::None, None),
            4 | 5 => (Conveyance::Direct, None),
            6 => (Conveyance::Direct, Some(&party::parties().root)),
            _ => (
                Conveyance::Indirect,
                Some(*random.pick(&[&party::parties().middle, &party::parties().leaves[0]])),
            ),
        };
        Self {
            rp: RelyingParty {
                allow_subdomains: wide == 6,
                allow_any_port: wide >= 6,
                origins: vec!["https://example.org".into(), "android:apk-key-hash:AAECAw".into()],
                ..rp()
            },
            user_verification: *random.pick(&[
                UserVerification::Discouraged,
                UserVerification::Preferred,
                UserVerification::Required,
            ]),
            cross_origin: (random.below(4) == 3).then(|| CrossOrigin {
                top_origins: vec!["https://shop.test".into()],
                allow_missing: true,
            }),
            counter: if random.below(8) == 7 {
                CounterPolicy::Report
            } else {
                CounterPolicy::Refuse
            },
            attestation,
            formats: AttestationPolicy::default(),
            anchor,
            conditional: random.below(12) == 11,
        }
    }

    pub fn authentication(&self) -> AuthenticationExpectation<'_> {
        AuthenticationExpectation {
            challenge: &CHALLENGE,
            rp: &self.rp,
            user_verification: self.user_verification,
            cross_origin: self.cross_origin.as_ref(),
            counter: self.counter,
            app_id_hash: None,
            extensions: None,
        }
    }

    pub fn anchors(&self) -> TrustAnchors {
        let texts: Vec<_> = self.anchor.iter().map(|party| BASE64.encode(&party.der)).collect();
        TrustAnchors::parse(&texts).unwrap()
    }

    pub fn registration<'a>(&'a self, trust_anchors: &'a TrustAnchors) -> RegistrationExpectation<'a> {
        RegistrationExpectation {
            challenge: &CHALLENGE,
            rp: &self.rp,
            user_verification: self.user_verification,
            algorithms: &Algorithm::ALL,
            attestation: self.attestation,
            trust_anchors,
            attestation_policy: &self.formats,
            cross_origin: self.cross_origin.as_ref(),
            user_presence_optional: self.conditional,
            user_handle: None,
            extensions: None,
            now: now(),
        }
    }
}

/// The other side looks at the clock itself.
fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(elapsed.as_secs()).unwrap()
}
