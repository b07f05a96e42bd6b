//! Signed answers: WebAuthn assertions.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::challenge::{Authentication, Presented, Purpose, read};
use crate::change::{Change, Decision};
use crate::envelope::{Answer, answer_envelope};
use crate::event::{Event, EventType};
use crate::failure::Failure;
use crate::outcome::{Accepted, Outcome, Refusal};
use crate::record::{Entry, FactorType, Record, WebauthnEntry};
use crate::request;
use crate::settings::Settings;
use crate::webauthn::{AuthenticationExpectation, Reason, peek, verify_authentication};

/// Says which open challenge an assertion answers, before anything is taken: `{"challenge": id}`, or a refusal.
pub fn open_response(record: Option<&str>, request: &str) -> String {
    answer_envelope(open(record, request))
}

/// Verifies an assertion (WebAuthn Level 3, section 7.2) against the challenge that the store gave back, and commits
/// the signature counter and backup flags.
pub fn verify_response(record: Option<&str>, challenge: &str, settings: &Settings, request: &str) -> Change {
    Change::from_decision(verify(record, challenge, settings, request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenRequest<'a> {
    #[serde(borrow)]
    answer: ResponseAnswer<'a>,
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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResponseAnswer<'a> {
    #[serde(rename = "type")]
    kind: FactorType,
    #[serde(borrow)]
    response: &'a RawValue,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Opened {
    Found { challenge: String },
    Refused(Outcome),
}

fn open(record: Option<&str>, request: &str) -> Result<Answer<Opened>, Failure> {
    let OpenRequest { answer } = request::parse(request)?;
    let record = Record::parse(record)?;
    let refused = |refusal, reason| {
        let event = Event::rejected(answer.kind, reason);
        Ok(Answer::new(Opened::Refused(Outcome::Refused(refusal))).with_event(event))
    };
    if answer.kind != FactorType::Webauthn {
        return refused(Refusal::Rejected, "not-supported");
    }
    let Ok(peeked) = peek(answer.response.get()) else {
        return refused(Refusal::Malformed, "malformed");
    };
    if usable(&record, &peeked.credential_id).is_none() {
        return refused(Refusal::Rejected, "no-such-factor");
    }
    Ok(Answer::new(Opened::Found {
        challenge: peeked.challenge,
    }))
}

fn verify(record: Option<&str>, challenge: &str, settings: &Settings, request: &str) -> Decision<Outcome> {
    let request: VerifyRequest = request::parse(request)?;
    let record = Record::parse(record)?;
    let presented = Presented {
        purpose: request.purpose,
        user: &request.user,
        session: request.session.as_deref(),
        now: request.now,
    };
    Ok(match check(record, challenge, settings, &request.answer, &presented) {
        Ok((record, accepted)) => {
            let event = Event::new(EventType::Verified).of(&accepted.factor.id, FactorType::Webauthn);
            (Some(record), Answer::new(Outcome::Accepted(accepted)).with_event(event))
        }
        Err((refusal, reason)) => {
            let event = Event::rejected(request.answer.kind, reason);
            (None, Answer::new(Outcome::Refused(refusal)).with_event(event))
        }
    })
}

fn check(
    mut record: Record,
    challenge: &str,
    settings: &Settings,
    answer: &ResponseAnswer,
    presented: &Presented,
) -> Result<(Record, Accepted), (Refusal, &'static str)> {
    let rejected = |reason| (Refusal::Rejected, reason);
    if answer.kind != FactorType::Webauthn {
        return Err(rejected("not-supported"));
    }
    let ceremony = read::<Authentication>(challenge)
        .filter(|ceremony| ceremony.bound.admits(presented) && ceremony.rp_id == settings.rp.id)
        .ok_or(rejected("challenge-mismatch"))?;
    let challenge = data_encoding::BASE64URL_NOPAD
        .decode(ceremony.challenge.as_bytes())
        .map_err(|_| rejected("challenge-mismatch"))?;
    let response = answer.response.get();
    let malformed = |_: Reason| (Refusal::Malformed, "malformed");
    let credential_id = peek(response).map_err(malformed)?.credential_id;
    let entry = usable_mut(&mut record, &credential_id).ok_or(rejected("no-such-factor"))?;
    let credential = entry.entry.credential().ok_or(rejected("algorithm-unsupported"))?;
    let verified = verify_authentication(
        response,
        &credential,
        &AuthenticationExpectation {
            challenge: &challenge,
            rp: &settings.rp,
            user_verification: ceremony.user_verification,
            cross_origin: settings.webauthn.cross_origin.as_ref(),
            counter: settings.webauthn.counter,
            app_id_hash: None,
        },
    )
    .map_err(|reason| match reason {
        Reason::Malformed => malformed(reason),
        other => rejected(other.as_str()),
    })?;
    entry.entry.update(&verified.credential);
    entry.last_used = Some(request::seconds(presented.now));
    let accepted = Accepted {
        user_verified: Some(verified.user_verified),
        counter: (!verified.counter_increased).then_some("not-increased"),
        ..Outcome::accepted(&entry.id, FactorType::Webauthn, &entry.description)
    };
    record.count_success(FactorType::Webauthn);
    Ok((record, accepted))
}

fn usable<'a>(record: &'a Record, credential_id: &[u8]) -> Option<&'a Entry<WebauthnEntry>> {
    record
        .webauthn
        .iter()
        .find(|entry| entry.enable && entry.entry.cred_id == credential_id)
}

fn usable_mut<'a>(record: &'a mut Record, credential_id: &[u8]) -> Option<&'a mut Entry<WebauthnEntry>> {
    record
        .webauthn
        .iter_mut()
        .find(|entry| entry.enable && entry.entry.cred_id == credential_id)
}
