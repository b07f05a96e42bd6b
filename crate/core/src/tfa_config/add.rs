//! Proxmox's call that adds an entry, with its parameter rules for each type.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::TfaConfig;
use super::origin_form::fits;
use super::refusal::{Refusal, Settled};
use crate::challenges::challenge::OpenChallenge;
use crate::json::failure::Failure;
use crate::json::request;
use crate::json::wiped::to_json;
use crate::record::{Entry, FactorType, Record, TotpEntry, YubicoEntry};
use crate::recovery_codes::RecoverySet;
use crate::service::answer::{Answer, answer_envelope};
use crate::service::change::Decision;
use crate::service::enrol::{self, Enrolled, EnrolmentRefusal, True};
use crate::service::settings::Settings;
use crate::totp::key_uri::OtpauthUri;
use crate::totp::{Checked, TypedCode, Window};

pub(super) const RECOVERY_CODES: usize = 10;

/// The most factors that a user may have.
pub(super) const FACTORS: usize = 256;

/// Random bytes for one call: enough for a set of recovery codes, or for a challenge and a user handle.
const RANDOM: usize = 8 + 8 * RECOVERY_CODES;

/// The parameters of Proxmox's call.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    #[serde(rename = "type")]
    kind: FactorType,
    #[serde(default)]
    description: Option<String>,
    /// An otpauth URI.
    #[serde(default)]
    totp: Option<Zeroizing<String>>,
    #[serde(default)]
    value: Option<Zeroizing<String>>,
    #[serde(default)]
    challenge: Option<String>,
    /// The page's origin. It takes precedence over the configured one.
    #[serde(default)]
    origin: Option<String>,
    /// Epoch milliseconds.
    now: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnprovedRequest {
    description: String,
    uri: Zeroizing<String>,
    /// Epoch milliseconds.
    now: i64,
}

/// `{"ok": true, "id", "challenge"?, "recovery"?}`. The id is null after the first of two steps.
#[derive(Serialize)]
struct Added {
    ok: True,
    id: Option<String>,
    /// What the second step responds to, as JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
    /// The codes. They are not stored anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery: Option<Vec<Zeroizing<String>>>,
}

/// The result, or the id of a challenge that has to be taken out of its store before the call can go on.
#[derive(Serialize)]
#[serde(untagged)]
enum Step {
    Settled(Settled<Added>),
    Take { take: String },
}

/// A registration as the challenge store keeps it. The description is the one from the first step.
#[derive(Serialize, Deserialize)]
struct Pending<'a> {
    description: String,
    #[serde(borrow)]
    ceremony: &'a RawValue,
}

impl TfaConfig {
    /// Adds an entry. Request: `{"type", "description"?, "totp"?, "value"?, "challenge"?, "origin"?, "now"}`.
    ///
    /// Returns `{"ok": true, "id", "challenge"?, "recovery"?}`, a refusal, or `{"take": id}`. After `take`, take the
    /// challenge with that id out of its store, and call [`add_response`](Self::add_response) with its data.
    ///
    /// `random`: 88 bytes.
    pub fn add_entry(&mut self, user: &str, random: &[u8], request: &str) -> String {
        answer_envelope(self.add(user, random, request))
    }

    /// The second step of a ceremony. `challenge`: the data from the store, or null if it had none. `random`: 16 bytes.
    pub fn add_response(&mut self, user: &str, challenge: Option<&str>, random: &[u8], request: &str) -> String {
        answer_envelope(self.prove(user, challenge, random, request).map(Answer::new))
    }

    fn add(&mut self, user: &str, random: &[u8], request: &str) -> Result<Answer<Step>, Failure> {
        let request: Request = request::parse(request)?;
        if request
            .description
            .as_deref()
            .is_some_and(|text| request::check_description(text).is_err())
        {
            return Ok(Answer::new(Step::Settled(Refusal::DescriptionInvalid.settled())));
        }
        if random.len() != RANDOM {
            return Err(Failure::InvalidArgument("random"));
        }
        let settled = match request.kind {
            FactorType::Totp => self.add_totp(user, random, request)?,
            FactorType::Recovery => self.add_recovery(user, random, &request)?,
            FactorType::Yubico => self.add_yubico(user, random, request)?,
            FactorType::Webauthn | FactorType::U2f => return self.add_signing(user, random, request),
            FactorType::Unknown => return Err(Failure::InvalidArgument("type")),
        };
        Ok(Answer::new(Step::Settled(settled)))
    }

    fn add_totp(&mut self, user: &str, random: &[u8], request: Request) -> Result<Settled<Added>, Failure> {
        if request.challenge.is_some() {
            return Ok(Refusal::TotpTakesNoChallenge.settled());
        }
        let Some(description) = request.description else {
            return Ok(Refusal::DescriptionRequired.settled());
        };
        let (Some(uri), Some(value)) = (request.totp, request.value) else {
            return Ok(Refusal::TotpNeedsBoth.settled());
        };
        let Ok(uri) = OtpauthUri::parse(&uri) else {
            return Ok(Refusal::TotpInvalid.settled());
        };
        let now = request::seconds(request.now);
        let checked = TypedCode::parse(&value).map(|code| uri.totp.check(&code, now, Window::default(), None));
        let Some(Checked::Accepted(step)) = checked else {
            return Ok(Refusal::TotpNotVerified.settled());
        };
        let mut record = self.read_for_another(user)?;
        let entry = new_entry(random, description, now, TotpEntry::unused(uri))?;
        let id = entry.id.clone();
        record.totp.push(entry);
        // The code counts as used. It proves nothing if it was used before, because the page chose the secret.
        if !record.use_step(record.totp.len() - 1, step) {
            return Ok(Refusal::TotpNotVerified.settled());
        }
        self.store_larger(user, &record)?;
        Ok(added(id))
    }

    /// Adds a TOTP entry from its URI, without a code that proves it. Returns `{"ok": true, "id"}` or a refusal.
    pub fn add_totp_unproved(&mut self, user: &str, random: &[u8], request: &str) -> String {
        answer_envelope(self.add_unproved(user, random, request).map(Answer::new))
    }

    fn add_unproved(&mut self, user: &str, random: &[u8], request: &str) -> Result<Settled<Added>, Failure> {
        let UnprovedRequest { description, uri, now } = request::parse(request)?;
        if request::check_description(&description).is_err() {
            return Ok(Refusal::DescriptionInvalid.settled());
        }
        let Ok(uri) = OtpauthUri::parse(&uri) else {
            return Ok(Refusal::TotpInvalid.settled());
        };
        let mut record = self.read_for_another(user)?;
        let twin = record.totp.iter().find(|held| held.entry.totp.is_twin(&uri.totp));
        let last_count = twin.and_then(|held| held.entry.last_count);
        let mut entry = new_entry(random, description, request::seconds(now), TotpEntry::unused(uri))?;
        // A step that another entry with this secret has used stays used.
        entry.entry.last_count = last_count;
        let id = entry.id.clone();
        record.totp.push(entry);
        self.store_larger(user, &record)?;
        Ok(added(id))
    }

    fn add_recovery(&mut self, user: &str, random: &[u8], request: &Request) -> Result<Settled<Added>, Failure> {
        if request.totp.is_some() || request.value.is_some() || request.challenge.is_some() {
            return Ok(Refusal::RecoveryTakesNothing.settled());
        }
        let mut record = self.read(user)?;
        if record.recovery.is_some() || record.holds_unusable(FactorType::Recovery) {
            return Ok(Refusal::RecoveryExists.settled());
        }
        let (set, codes) = RecoverySet::create(random, request::seconds(request.now))?;
        record.recovery = Some(set);
        self.store_larger(user, &record)?;
        Ok(Settled::Done(Added {
            ok: True,
            id: Some("recovery".into()),
            challenge: None,
            recovery: Some(codes),
        }))
    }

    fn add_yubico(&mut self, user: &str, random: &[u8], request: Request) -> Result<Settled<Added>, Failure> {
        if request.totp.is_some() || request.challenge.is_some() {
            return Ok(Refusal::YubicoTakesNothingElse.settled());
        }
        let Some(description) = request.description else {
            return Ok(Refusal::DescriptionRequired.settled());
        };
        let Some(value) = request.value else {
            return Ok(Refusal::YubicoValueMissing.settled());
        };
        let modhex = |byte| b"cbdefghijklnrtuv".contains(&byte);
        if !(2..=16).contains(&value.len()) || !value.bytes().all(modhex) {
            return Ok(Refusal::YubicoInvalid.settled());
        }
        let mut record = self.read_for_another(user)?;
        let mut key = YubicoEntry::PublicId(value.to_string());
        // An OTP stays used, even if the users who typed it are gone.
        if let Some(counter) = self.counter_of_others(user, &value) {
            key.count(counter);
        }
        let entry = new_entry(random, description, request::seconds(request.now), key)?;
        let id = entry.id.clone();
        record.yubico.push(entry);
        self.store_larger(user, &record)?;
        Ok(added(id))
    }

    /// The record. Fails if the user already has as many factors as allowed.
    fn read_for_another(&self, user: &str) -> Result<Record, Failure> {
        let record = self.read(user)?;
        (record.real_factors() < FACTORS)
            .then_some(record)
            .ok_or(Failure::FactorLimit)
    }

    fn store_larger(&mut self, user: &str, record: &Record) -> Result<(), Failure> {
        record.check_size()?;
        self.store(user, record).map(drop)
    }

    /// A ceremony with two steps. The first returns a challenge. The second receives that challenge and the response.
    fn add_signing(&self, user: &str, random: &[u8], request: Request) -> Result<Answer<Step>, Failure> {
        let mut party = self.party(request.origin.as_deref())?;
        if request.kind == FactorType::Webauthn && party.app_id_elsewhere() {
            party = party.without_app_id();
        }
        let (no_totp, no_value, no_configuration, configured) = match request.kind {
            FactorType::U2f => (
                Refusal::U2fTakesNoTotp,
                Refusal::U2fValueMissing,
                Refusal::NoU2f,
                party.settings.u2f.is_some(),
            ),
            _ => (
                Refusal::WebauthnTakesNoTotp,
                Refusal::WebauthnValueMissing,
                Refusal::NoWebauthn,
                party.usable,
            ),
        };
        let refused = |refusal: Refusal| Ok(Answer::new(Step::Settled(refusal.settled())));
        if request.totp.is_some() {
            return refused(no_totp);
        }
        match (request.challenge, request.value, request.description) {
            (Some(_), None, _) => refused(no_value),
            (None, _, None) => refused(Refusal::DescriptionRequired),
            _ if !configured => refused(no_configuration),
            (Some(challenge), Some(_), _) => Ok(match challenge_id(request.kind, challenge) {
                Some(take) => Answer::new(Step::Take { take }),
                None => Answer::new(Step::Settled(Refusal::NoSuchChallenge.settled())),
            }),
            (None, _, Some(description)) => {
                let (value, challenge) =
                    self.begin_signing(request.kind, user, random, &party.settings, request.now)?;
                let step = Step::Settled(Settled::Done(Added {
                    ok: True,
                    id: None,
                    challenge: Some(value.to_string()),
                    recovery: None,
                }));
                Ok(Answer::new(step).with_challenge(pending(challenge, description)?))
            }
        }
    }

    fn begin_signing(
        &self,
        kind: FactorType,
        user: &str,
        random: &[u8],
        settings: &Settings,
        now: i64,
    ) -> Result<(Value, OpenChallenge), Failure> {
        let record = self.record(user);
        let (value, challenge) = if kind == FactorType::U2f {
            let request = json!({ "user": user, "now": now }).to_string();
            let begun = enrol::open_u2f(record, random, settings, &request)?;
            (json!(begun.value), begun.challenge)
        } else {
            let request = json!({ "user": user, "name": user, "displayName": user, "now": now }).to_string();
            let (_, begun) = enrol::open_webauthn(record, random, settings, &request)?;
            (json!({ "publicKey": begun.value }), begun.challenge)
        };
        Ok((value, challenge.ok_or(Failure::InvalidArgument("request"))?))
    }

    fn prove(
        &mut self,
        user: &str,
        challenge: Option<&str>,
        random: &[u8],
        request: &str,
    ) -> Result<Settled<Added>, Failure> {
        let request: Request = request::parse(request)?;
        let (prove, failed): (Prove, _) = match request.kind {
            FactorType::U2f => (enrol::prove_u2f, Refusal::U2fFailed),
            _ => (enrol::prove_webauthn, Refusal::WebauthnFailed),
        };
        let Some(pending) = challenge.and_then(|data| serde_json::from_str::<Pending>(data).ok()) else {
            return Ok(Refusal::NoSuchChallenge.settled());
        };
        // This text comes from outside and is copied into the request, so it must be JSON.
        let value = request.value.as_deref().map(String::as_str).unwrap_or_default();
        let Ok(response) = serde_json::from_str::<&RawValue>(value) else {
            return Ok(failed.settled());
        };
        let party = self.party(request.origin.as_deref())?;
        let finish = serde_json::to_string(&Finish {
            user,
            response,
            description: &pending.description,
            now: request.now,
        });
        let finish = finish.map_err(|_| Failure::InvalidArgument("request"))?;
        let ceremony = pending.ceremony.get();
        let (record, answer) = prove(self.record(user), ceremony, random, &party.settings, &finish)?;
        let factor = match answer.value {
            Enrolled::Done { factor, .. } => factor,
            Enrolled::Refused { reason, .. } => {
                let challenge = answer
                    .events
                    .iter()
                    .any(|event| event.reason == Some("challenge-mismatch"));
                return Ok(match reason {
                    EnrolmentRefusal::AlreadyEnrolled => Refusal::CredentialExists.settled(),
                    _ if challenge => Refusal::NoSuchChallenge.settled(),
                    _ => failed.settled(),
                });
            }
        };
        let Some(record) = record.filter(fits) else {
            return Ok(failed.settled());
        };
        if self.has_it_elsewhere(user, &record, &factor.id) {
            return Ok(Refusal::CredentialExists.settled());
        }
        self.store(user, &record)?;
        Ok(added(factor.id))
    }
}

/// The core's second step of a registration.
type Prove = fn(Option<&str>, &str, &[u8], &Settings, &str) -> Decision<Enrolled>;

/// The id of the challenge. WebAuthn's second step sends the id itself. U2F's second step sends back everything that
/// the first step returned. `None` if that can't be a challenge's id.
fn challenge_id(kind: FactorType, challenge: String) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        challenge: String,
    }
    let id = match kind {
        FactorType::U2f => serde_json::from_str::<Named>(&challenge).ok()?.challenge,
        _ => challenge,
    };
    let bytes = BASE64URL_NOPAD.decode(id.as_bytes()).ok()?;
    (bytes.len() == 32).then_some(id)
}

#[derive(Serialize)]
struct Finish<'a> {
    user: &'a str,
    response: &'a RawValue,
    description: &'a str,
    now: i64,
}

fn pending(challenge: OpenChallenge, description: String) -> Result<OpenChallenge, Failure> {
    let data = serde_json::from_str::<&RawValue>(&challenge.data)
        .and_then(|ceremony| to_json(&Pending { description, ceremony }))
        .map_err(|_| Failure::InvalidArgument("request"))?;
    Ok(OpenChallenge {
        data: data.into(),
        ..challenge
    })
}

fn new_entry<T>(random: &[u8], description: String, now: i64, entry: T) -> Result<Entry<T>, Failure> {
    let id = request::uuid(random.get(..16).unwrap_or_default())?;
    Ok(Entry::new(id, description, now, entry))
}

fn added(id: String) -> Settled<Added> {
    Settled::Done(Added {
        ok: True,
        id: Some(id),
        challenge: None,
        recovery: None,
    })
}
