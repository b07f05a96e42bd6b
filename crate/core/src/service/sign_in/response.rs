//! Signed answers: WebAuthn assertions and U2F messages.

use std::borrow::Cow;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::challenges::challenge::{Authentication, Presented, Purpose, read};
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::{Entry, FactorType, Record, SigningEntry};
use crate::service::answer::{Answer, answer_envelope};
use crate::service::browsers::NewBrowser;
use crate::service::change::{Change, Decision};
use crate::service::event::{Event, EventType};
use crate::service::explain::explain;
use crate::service::outcome::{Accepted, Outcome, Refusal};
use crate::service::settings::Settings;
use crate::u2f::{self, U2fPolicy};
use crate::webauthn::{self, Authenticated, Credential, Peeked, Proofs, Reason, UserVerification};

/// Says which open challenge an answer belongs to, before it is taken out of the store: `{"challenge": id}`, or a
/// refusal. An answer that can't prove what is required of it is refused here, so that nothing is used up.
pub fn open_response(record: Option<&str>, settings: &Settings, request: &str) -> String {
    answer_envelope(open_challenge(record, settings, request))
}

/// Verifies an assertion (WebAuthn Level 3, section 7.2) or a U2F message (Raw Message Formats, 5.4) against the
/// challenge from the store. Stores the signature counter and the backup flags.
///
/// A U2F key may answer in either form if the ceremony was started with the configured `appid`.
pub fn verify_response(record: Option<&str>, challenge: &str, settings: &Settings, request: &str) -> Change {
    Change::from_decision(verify(record, challenge, settings, request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenRequest<'a> {
    #[serde(borrow)]
    answer: ResponseAnswer<'a>,
    #[serde(default)]
    require: Proofs,
    /// Epoch milliseconds.
    #[serde(default)]
    now: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VerifyRequest<'a> {
    #[serde(borrow)]
    answer: ResponseAnswer<'a>,
    #[serde(borrow)]
    user: Cow<'a, str>,
    purpose: Purpose,
    #[serde(borrow, default)]
    session: Option<Cow<'a, str>>,
    now: i64,
    /// If false, nothing is stored by which other calls could find this user.
    #[serde(default = "yes")]
    learn: bool,
    #[serde(default)]
    remember: Option<NewBrowser>,
    /// What the answer has to prove. The challenge may require more.
    #[serde(default)]
    require: Proofs,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResponseAnswer<'a> {
    #[serde(rename = "type")]
    pub(super) kind: FactorType,
    #[serde(borrow)]
    pub(super) response: &'a RawValue,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Opened {
    Found { challenge: String },
    Refused(Outcome),
}

pub(crate) fn open_challenge(
    record: Option<&str>,
    settings: &Settings,
    request: &str,
) -> Result<Answer<Opened>, Failure> {
    let OpenRequest { answer, require, now } = request::parse(request)?;
    let record = Record::parse(record)?;
    let found = find(&record, settings, &answer).and_then(|(challenge, signer)| {
        let required = require.and(Proofs::required_by(&challenge));
        promises(&record, &signer, &answer, required)?;
        check_model(&record, settings, &signer, request::seconds(now))?;
        Ok(challenge)
    });
    Ok(match found {
        Ok(challenge) => Answer::new(Opened::Found { challenge }),
        Err((refusal, reason)) => {
            let event = Event::rejected(answer.kind, reason);
            let mut refused = Answer::new(Opened::Refused(Outcome::Refused(refusal))).with_event(event);
            explain(&mut refused.events, settings, answer.response.get());
            refused
        }
    })
}

pub(crate) fn verify(record: Option<&str>, challenge: &str, settings: &Settings, request: &str) -> Decision<Outcome> {
    let request: VerifyRequest = request::parse(request)?;
    let record = Record::parse(record)?;
    let presented = Presented {
        purpose: request.purpose,
        user: &request.user,
        session: request.session.as_deref(),
        now: request.now,
    };
    let given = (&request.answer, request.require);
    let checked = check(record, challenge, settings, given, &presented, request.learn);
    Ok(decide(
        checked,
        &request.answer,
        settings,
        request.now,
        request.remember,
    ))
}

/// The decision on an answer, at `now` in epoch milliseconds.
pub(super) fn decide(
    checked: Result<(Record, Accepted), Refused>,
    given: &ResponseAnswer,
    settings: &Settings,
    now: i64,
    remember: Option<NewBrowser>,
) -> (Option<Record>, Answer<Outcome>) {
    match checked {
        Ok((mut record, mut accepted)) => {
            let kind = accepted.factor.kind;
            let event = Event::new(EventType::Verified).of(&accepted.factor.id, kind);
            let unlocked = record.count_success(kind, request::seconds(now));
            let remembered = remember.and_then(|new| new.remember(&mut record, settings, &mut accepted, now));
            let mut answer = Answer::new(Outcome::Accepted(accepted)).with_event(event);
            answer.events.extend(remembered);
            if unlocked {
                answer = answer.with_event(Event::new(EventType::Unlocked));
            }
            (Some(record), answer)
        }
        Err((refusal, reason)) => {
            let event = Event::rejected(given.kind, reason);
            let mut answer = Answer::new(Outcome::Refused(refusal)).with_event(event);
            explain(&mut answer.events, settings, given.response.get());
            (None, answer)
        }
    }
}

/// Refuses a key whose model the metadata forbids by now, if the host wants that. `now`: epoch seconds.
fn check_model(record: &Record, settings: &Settings, signer: &Signer, now: i64) -> Result<(), Refused> {
    let Some(metadata) = settings.rejecting().filter(|_| signer.kind == FactorType::Webauthn) else {
        return Ok(());
    };
    let entry = record
        .webauthn
        .iter()
        .find(|entry| answers_as(entry, &signer.credential_id));
    match entry.and_then(|entry| entry.entry.undesired(metadata, now)) {
        Some(_) => Err(refused(Reason::AuthenticatorRevoked)),
        None => Ok(()),
    }
}

/// The answer does not prove what is required of it.
const UNMET: Refused = rejected("requirement-unmet");

/// The reason for the client and the reason for the log.
pub(super) type Refused = (Refusal, &'static str);

/// The factor that signed: its type and the id of its credential.
pub(super) struct Signer {
    pub(super) kind: FactorType,
    pub(super) credential_id: Vec<u8>,
}

/// The challenge that an answer belongs to, and the factor that it claims to come from.
fn find(record: &Record, settings: &Settings, answer: &ResponseAnswer) -> Result<(String, Signer), Refused> {
    let peeked = match (answer.kind, &settings.u2f) {
        (FactorType::Webauthn, _) => webauthn::peek(answer.response.get()),
        (FactorType::U2f, Some(_)) => u2f::peek_authentication(answer.response.get()),
        _ => return Err(rejected("not-supported")),
    };
    let Peeked {
        credential_id,
        challenge,
    } = peeked.map_err(refused)?;
    let by_webauthn = answer.kind == FactorType::Webauthn && holds(&record.webauthn, &credential_id);
    let kind = if by_webauthn {
        FactorType::Webauthn
    } else if settings.u2f.is_some() && holds(&record.u2f, &credential_id) {
        FactorType::U2f
    } else {
        return Err(rejected("no-such-factor"));
    };
    Ok((challenge, Signer { kind, credential_id }))
}

fn check(
    record: Record,
    challenge: &str,
    settings: &Settings,
    (answer, require): (&ResponseAnswer, Proofs),
    presented: &Presented,
    learn: bool,
) -> Result<(Record, Accepted), Refused> {
    let ceremony = read::<Authentication>(challenge)
        .filter(|ceremony| ceremony.bound.admits(presented) && ceremony.rp_id == settings.rp.id)
        .ok_or(rejected("challenge-mismatch"))?;
    let (_, signer) = find(&record, settings, answer)?;
    let given = Given {
        answer,
        signer: &signer,
        required: require.and(Proofs::required_by(&ceremony.challenge)),
        learn,
        // Nobody has asked whether another user has the one in the answer.
        handle: None,
    };
    accept(record, &ceremony, settings, &given, presented.now)
}

/// An answer, and how to handle it.
pub(super) struct Given<'a> {
    pub(super) answer: &'a ResponseAnswer<'a>,
    pub(super) signer: &'a Signer,
    /// What it has to prove.
    pub(super) required: Proofs,
    /// Whether to store in the record by what other calls find this user.
    pub(super) learn: bool,
    /// The user handle to store with a credential that has none.
    pub(super) handle: Option<&'a str>,
}

/// Verifies an answer to a ceremony that accepts it. `now`: epoch milliseconds.
pub(super) fn accept(
    mut record: Record,
    ceremony: &Authentication,
    settings: &Settings,
    given: &Given,
    now: i64,
) -> Result<(Record, Accepted), Refused> {
    let Given {
        answer,
        signer,
        required,
        learn,
        handle,
    } = *given;
    let mismatch = rejected("challenge-mismatch");
    let challenge = BASE64URL_NOPAD
        .decode(ceremony.challenge.as_bytes())
        .map_err(|_| mismatch)?;
    let mut begun = Begun {
        settings,
        answer,
        challenge: &challenge,
        ceremony,
        required,
        learn,
        handle,
        u2f: None,
    };
    let now = request::seconds(now);
    check_model(&record, settings, signer, now)?;
    let accepted = if signer.kind == FactorType::U2f {
        let policy = settings.u2f.as_ref();
        let same = policy.filter(|policy| ceremony.app_id.as_deref() == Some(policy.app_id.as_str()));
        begun.u2f = Some(same.ok_or(mismatch)?);
        begun.accept(&mut record.u2f, signer, now)?
    } else {
        begun.accept(&mut record.webauthn, signer, now)?
    };
    Ok((record, accepted))
}

/// A ceremony and the answer to it.
struct Begun<'a> {
    settings: &'a Settings,
    answer: &'a ResponseAnswer<'a>,
    challenge: &'a [u8],
    ceremony: &'a Authentication,
    required: Proofs,
    learn: bool,
    handle: Option<&'a str>,
    /// Only for U2F keys.
    u2f: Option<&'a U2fPolicy>,
}

impl Begun<'_> {
    fn accept<E: SigningEntry>(
        &self,
        entries: &mut [Entry<E>],
        signer: &Signer,
        now: i64,
    ) -> Result<Accepted, Refused> {
        let entry = entries
            .iter_mut()
            .find(|entry| answers_as(entry, &signer.credential_id))
            .ok_or(rejected("no-such-factor"))?;
        let credential = entry.entry.credential().ok_or(rejected("algorithm-unsupported"))?;
        let mut verified = self.verify(&credential).map_err(refused)?;
        let proofs = (entry.entry).proofs(verified.user_verified, verified.credential.backup_eligible);
        if !proofs.meet(self.required) {
            return Err(UNMET);
        }
        // 7.2, uvInitialized: only set when another factor was used too, never by the ceremony that would rely on it.
        let beside_another = self.ceremony.bound.purpose != Purpose::Passkey;
        verified.credential.user_verified |= verified.user_verified && beside_another;
        entry.entry.update(&verified.credential);
        if self.learn {
            entry.entry.learn(&self.settings.rp.id, self.handle);
        }
        entry.last_used = Some(now);
        Ok(Accepted {
            user_verified: Some(verified.user_verified),
            extensions: verified.extensions,
            proofs: Some(proofs),
            counter: (!verified.counter_increased).then_some("not-increased"),
            ..Outcome::accepted(&entry.id, E::TYPE, &entry.description)
        })
    }

    fn verify(&self, credential: &Credential) -> Result<Authenticated, Reason> {
        let settings = self.settings;
        let response = self.answer.response.get();
        // Another program that shares the challenge store must not be able to lower the requirement here.
        let user_verification = match settings.webauthn.user_verification {
            UserVerification::Required => UserVerification::Required,
            _ => self.ceremony.user_verification,
        };
        match (self.answer.kind, self.u2f) {
            (FactorType::U2f, Some(policy)) => u2f::verify_authentication(
                response,
                credential,
                &u2f::AuthenticationExpectation {
                    challenge: self.challenge,
                    policy,
                    rp: &settings.rp,
                    user_verification,
                    counter: settings.webauthn.counter,
                },
            ),
            _ => webauthn::verify_authentication(
                response,
                credential,
                &webauthn::AuthenticationExpectation {
                    challenge: self.challenge,
                    rp: &settings.rp,
                    user_verification,
                    cross_origin: settings.webauthn.cross_origin.as_ref(),
                    counter: settings.webauthn.counter,
                    app_id_hash: self.u2f.map(U2fPolicy::hash),
                    extensions: self.ceremony.extensions.as_ref(),
                },
            ),
        }
    }
}

/// Whether an answer may prove what is required, by its flags and what is stored. Nothing is verified.
fn promises(record: &Record, signer: &Signer, answer: &ResponseAnswer, required: Proofs) -> Result<(), Refused> {
    if required.is_empty() {
        return Ok(());
    }
    let proofs = if signer.kind == FactorType::U2f {
        (record.u2f.iter().find(|entry| answers_as(entry, &signer.credential_id)))
            .map(|entry| entry.entry.proofs(false, false))
    } else {
        let flags = webauthn::peek_flags(answer.response.get()).map_err(refused)?;
        (record
            .webauthn
            .iter()
            .find(|entry| answers_as(entry, &signer.credential_id)))
        .map(|entry| entry.entry.proofs(flags.user_verified(), flags.backup_eligible()))
    };
    if proofs.unwrap_or_default().meet(required) {
        Ok(())
    } else {
        Err(UNMET)
    }
}

fn holds<E: SigningEntry>(entries: &[Entry<E>], credential_id: &[u8]) -> bool {
    entries.iter().any(|entry| answers_as(entry, credential_id))
}

pub(super) fn answers_as<E: SigningEntry>(entry: &Entry<E>, credential_id: &[u8]) -> bool {
    entry.enable && entry.entry.credential_id() == credential_id
}

pub(super) const fn rejected(reason: &'static str) -> Refused {
    (Refusal::Rejected, reason)
}

pub(super) fn refused(reason: Reason) -> Refused {
    match reason {
        Reason::Malformed => (Refusal::Malformed, "malformed"),
        other => rejected(other.as_str()),
    }
}
