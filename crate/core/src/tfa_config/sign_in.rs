//! Signing in with the core's own functions. The challenge and the result are in Proxmox's form.

use serde::Serialize;
use serde_json::{Value, json};

use super::origin_form::strip;
use super::server::host_of;
use super::shared_keys::count_for_all;
use super::{TfaConfig, U2fConfig};
use crate::json::envelope::envelope;
use crate::json::failure::Failure;
use crate::record::{FactorType, Record};
use crate::recovery_codes::RecoverySet;
use crate::service::answer::{Answer, answer_envelope};
use crate::service::change::Decision;
use crate::service::event::{Event, EventType};
use crate::service::outcome::{Accepted, Outcome, Refusal};
use crate::service::settings::Settings;
use crate::service::sign_in::{self, Opened, U2fOffer};

/// How long a challenge stays open, in seconds.
const LIFETIME: u32 = 120;

impl TfaConfig {
    /// Opens a challenge. Null for a user without factors, but never for a user whose factors can't be offered.
    ///
    /// `origin` takes precedence over the configured one. `random`: 32 bytes. `now`: epoch milliseconds.
    pub fn challenge(&self, user: &str, origin: Option<&str>, random: &[u8], now: i64) -> String {
        answer_envelope(self.begin(user, origin, random, now))
    }

    /// Says which key's AES key is needed to check an OTP, like [`sign_in::open_yubico`].
    pub fn open_yubico(&self, user: &str, request: &str) -> String {
        match self.party(None) {
            Ok(party) => sign_in::open_yubico(self.record(user), &party.settings, request),
            Err(failure) => envelope::<()>(Err(failure)),
        }
    }

    /// Verifies a typed code. The request is that of [`sign_in::verify_code`].
    pub fn verify_code(&mut self, user: &str, request: &str) -> String {
        let mut sharing = Vec::new();
        let unused = |public_id: &str, counter| {
            sharing = self.others_with_key(user, public_id);
            count_for_all(&mut sharing, public_id, counter)
        };
        let decision = self
            .party(None)
            .and_then(|party| sign_in::check_code(self.record(user), &party.settings, request, unused));
        let result = self.conclude(user, decision);
        let result = result.and_then(|answer| {
            if answer.value.result {
                for (other, record) in &sharing {
                    self.store(other, record)?;
                }
            }
            Ok(answer)
        });
        answer_envelope(result)
    }

    /// Says which challenge a response belongs to, before it is taken out of the store, like
    /// [`sign_in::open_response`]. Returns `{"challenge": id}` or a result.
    pub fn open_response(&self, user: &str, request: &str) -> String {
        let opened = self
            .party(None)
            .and_then(|party| sign_in::open_challenge(self.record(user), &party.settings, request));
        let opened = opened.map(|answer| match answer.value {
            Opened::Found { challenge } => json!({ "challenge": challenge }),
            Opened::Refused(outcome) => {
                let result = TfaResult::new(outcome, &answer.events, self.record(user).is_some());
                serde_json::to_value(result).unwrap_or_default()
            }
        });
        answer_envelope(opened.map(Answer::new))
    }

    /// Verifies a response against the challenge from the store. The request is that of [`sign_in::verify_response`].
    pub fn verify_response(&mut self, user: &str, origin: Option<&str>, challenge: &str, request: &str) -> String {
        let decision = self
            .party(origin)
            .and_then(|party| sign_in::check_response(self.record(user), challenge, &party.settings, request));
        answer_envelope(self.conclude(user, decision))
    }

    fn begin(
        &self,
        user: &str,
        origin: Option<&str>,
        random: &[u8],
        now: i64,
    ) -> Result<Answer<Option<TfaChallenge>>, Failure> {
        let party = self.party(origin)?;
        let usable = party.usable;
        let request = json!({ "user": user, "purpose": "sign-in", "now": now }).to_string();
        let answer = sign_in::begin(self.record(user), random, &party.settings, &request)?;
        let Some(offer) = answer.value else {
            return Ok(Answer::new(None));
        };
        let record = self.read(user)?;
        let recovery = record.recovery.as_ref().filter(|_| offer.recovery.is_some());
        let webauthn = if party.app_id_elsewhere() {
            let apart = sign_in::begin(self.record(user), random, &party.without_app_id().settings, &request)?;
            apart.value.and_then(|offer| offer.webauthn)
        } else {
            offer.webauthn
        };
        let webauthn = webauthn.filter(|_| usable);
        let open = answer.challenge.filter(|_| webauthn.is_some() || offer.u2f.is_some());
        let challenge = TfaChallenge {
            totp: offer.totp,
            recovery: recovery.map(RecoverySet::free_indices),
            webauthn: webauthn.map(|options| json!({ "publicKey": options })),
            u2f: offer.u2f,
            yubico: offer.yubico,
            locked: offer.locked,
        };
        let answer = Answer::new(Some(challenge));
        Ok(match open {
            Some(open) => answer.with_challenge(open),
            None => answer,
        })
    }

    /// Stores what a verification changed, and says whether anything changed.
    fn conclude(&mut self, user: &str, decision: Decision<Outcome>) -> Result<Answer<TfaResult>, Failure> {
        let mut before = self.read(user)?;
        let known = self.record(user).is_some();
        let (after, answer) = decision?;
        let mut result = TfaResult::new(answer.value, &answer.events, known);
        if let Some(mut after) = after {
            if !result.result {
                result.totp_limit_reached = after.totp_locked && !before.totp_locked;
                result.tfa_limit_reached = after.tfa_locked_until != before.tfa_locked_until;
            }
            let changed = self.store(user, &after)?;
            result.needs_saving = changed && (self.keeps_additions || differ(&mut before, &mut after)?);
        }
        Ok(Answer::new(result))
    }

    /// The settings of a call: Proxmox's fixed policy and the configured relying party.
    pub(super) fn party(&self, origin: Option<&str>) -> Result<Party, Failure> {
        let configured = self.webauthn().and_then(|webauthn| webauthn.relying_party(origin));
        let rp = match &configured {
            Some(rp) => json!({
                "id": rp.id, "name": rp.display_name(), "origins": rp.origins, "allowSubdomains": rp.allow_subdomains,
            }),
            // Typed codes need no relying party. `usable` keeps this one out of any ceremony.
            None => json!({ "id": "invalid", "origins": ["https://invalid"] }),
        };
        let settings = json!({
            "rp": rp,
            "totp": { "window": { "past": 1, "future": 1 }, "algorithm": "SHA1", "digits": 6, "period": 30 },
            "webauthn": {
                "userVerification": "discouraged",
                // ES256 and RS256, which Proxmox can verify.
                "algorithms": [-7, -257],
                "attestation": "none",
                "trustAnchors": [],
                "counter": "refuse",
            },
            "yubico": true,
            "recovery": { "codes": super::add::RECOVERY_CODES },
            "limits": { "totpFailures": 8, "failures": 100, "lockSeconds": 3600, "hardLock": "hour", "factors": super::add::FACTORS },
            "timeouts": { "signIn": LIFETIME, "webauthnEnrolment": LIFETIME, "totpEnrolment": LIFETIME },
        });
        let mut settings = Settings::parse(&settings.to_string())?;
        settings.u2f = self.u2f().and_then(U2fConfig::policy);
        Ok(Party {
            settings,
            usable: configured.is_some(),
        })
    }
}

/// Whether two records differ without the additions.
fn differ(one: &mut Record, other: &mut Record) -> Result<bool, Failure> {
    strip(one);
    strip(other);
    Ok(one.to_text()? != other.to_text()?)
}

/// The settings of a call.
pub(super) struct Party {
    pub settings: Settings,
    /// Whether a ceremony can succeed for the relying party.
    pub usable: bool,
}

impl Party {
    /// Whether the U2F keys belong to a different site than the relying party. A browser refuses a whole WebAuthn
    /// ceremony that names such an `appid`. There is no list of public suffixes here, so one of the two hosts has to
    /// contain the other.
    pub fn app_id_elsewhere(&self) -> bool {
        let within = |host: &str, domain: &str| {
            let labels = host.strip_suffix(domain);
            labels.is_some_and(|labels| labels.is_empty() || labels.ends_with('.'))
        };
        self.settings.u2f.as_ref().is_some_and(|policy| {
            let id = &self.settings.rp.id;
            let here = |host: &str| within(host, id) || (host.contains('.') && within(id, host));
            !host_of(&policy.app_id).is_some_and(here)
        })
    }

    /// The settings for WebAuthn only.
    pub fn without_app_id(mut self) -> Self {
        self.settings.u2f = None;
        self
    }
}

/// What a user may answer with, in Proxmox's form. Members that are false or missing are left out.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct TfaChallenge {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    totp: bool,
    /// The positions of the unused codes. Empty if the set is used up.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery: Option<Vec<usize>>,
    /// `{"publicKey": ...}` for `navigator.credentials.get()`.
    #[serde(skip_serializing_if = "Option::is_none")]
    webauthn: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    u2f: Option<U2fOffer>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    yubico: bool,
    /// Ours: the types that are locked now and therefore not offered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locked: Vec<FactorType>,
}

/// The result of verifying an answer, for the host.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TfaResult {
    result: bool,
    /// Whether a change has to be saved.
    needs_saving: bool,
    totp_limit_reached: bool,
    tfa_limit_reached: bool,
    #[serde(flatten)]
    accepted: Option<Accepted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Refusal>,
    /// Only for the host's log, because it tells a right code from a wrong one.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<&'static str>,
}

impl TfaResult {
    fn new(outcome: Outcome, events: &[Event], known: bool) -> Self {
        let plain = Self {
            result: false,
            needs_saving: false,
            totp_limit_reached: false,
            tfa_limit_reached: false,
            accepted: None,
            reason: None,
            log: None,
        };
        match outcome {
            Outcome::Accepted(accepted) => Self {
                result: true,
                accepted: Some(accepted),
                ..plain
            },
            Outcome::Refused(reason) => Self {
                reason: Some(reason),
                log: if known { log(events) } else { Some("no such user") },
                ..plain
            },
        }
    }
}

/// The inner reason, in Proxmox's words if it has some.
fn log(events: &[Event]) -> Option<&'static str> {
    let rejected = events.iter().find(|event| event.kind == EventType::Rejected)?;
    let factor = rejected.factor.as_ref().map(|factor| factor.kind);
    Some(match (rejected.reason?, factor) {
        ("wrong-code", Some(FactorType::Totp)) => "totp verification failed",
        ("wrong-code", Some(FactorType::Recovery)) => "recovery verification failed",
        ("code-reused", Some(FactorType::Totp)) => "rejecting reused TOTP value",
        ("challenge-mismatch", _) => "no such challenge",
        (_, Some(FactorType::U2f)) => "u2f verification failed",
        (reason, _) => reason,
    })
}
