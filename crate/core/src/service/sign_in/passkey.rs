//! Signing in without a user name: a passkey says itself whose it is, by the user handle that it was made with.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::response::{Refused, ResponseAnswer, refused, rejected};
use crate::challenges::challenge::{Authentication, Bound, Purpose, open};
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::FactorType;
use crate::service::answer::{Answer, answer_envelope};
use crate::service::event::Event;
use crate::service::outcome::Outcome;
use crate::service::settings::Settings;
use crate::webauthn::{self, AuthenticationOptions, UserVerification, authentication_options};

/// Opens a ceremony that any discoverable credential may answer: `{"id", "webauthn"}`. The passkey stands for both
/// factors, so that user verification is required whatever the settings say.
///
/// `random`: 32 bytes. Request: `{session?, now}`.
pub fn begin_passkey(random: &[u8], settings: &Settings, request: &str) -> String {
    answer_envelope(begin(random, settings, request))
}

/// Says which challenge an answer is for and which user it claims: `{"challenge", "handle"}`, or a refusal. Nothing is
/// verified; `verify_response` with the record of that handle's owner does it, for the purpose `passkey` and no user.
pub fn open_passkey(request: &str) -> String {
    answer_envelope(open_answer(request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BeginRequest {
    #[serde(default)]
    session: Option<String>,
    now: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenRequest<'a> {
    #[serde(borrow)]
    answer: ResponseAnswer<'a>,
}

#[derive(Serialize)]
struct Challenge {
    id: String,
    webauthn: Value,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Opened {
    Found { challenge: String, handle: String },
    Refused(Outcome),
}

fn begin(random: &[u8], settings: &Settings, request: &str) -> Result<Answer<Challenge>, Failure> {
    let BeginRequest { session, now } = request::parse(request)?;
    if random.len() < 32 {
        return Err(Failure::InvalidArgument("random"));
    }
    let user_verification = UserVerification::Required;
    let webauthn = authentication_options(&AuthenticationOptions {
        challenge: random,
        rp_id: &settings.rp.id,
        allow_credentials: &[],
        user_verification,
        app_id: None,
        timeout: settings.timeouts.sign_in.saturating_mul(1000),
    });
    let id = BASE64URL_NOPAD.encode(random);
    let lifetime = i64::from(settings.timeouts.sign_in) * 1000;
    let bound = Bound {
        purpose: Purpose::Passkey,
        user: String::new(),
        session,
        expires: now.saturating_add(lifetime),
    };
    let ceremony = Authentication {
        bound: bound.clone(),
        challenge: id.clone(),
        rp_id: settings.rp.id.clone(),
        user_verification,
        app_id: None,
    };
    let open = open(&id, &bound, &ceremony).ok_or(Failure::InvalidArgument("request"))?;
    Ok(Answer::new(Challenge { id, webauthn }).with_challenge(open))
}

fn open_answer(request: &str) -> Result<Answer<Opened>, Failure> {
    let OpenRequest { answer } = request::parse(request)?;
    Ok(match find(&answer) {
        Ok(found) => Answer::new(found),
        Err((refusal, reason)) => {
            let event = Event::rejected(answer.kind, reason);
            Answer::new(Opened::Refused(Outcome::Refused(refusal))).with_event(event)
        }
    })
}

fn find(answer: &ResponseAnswer<'_>) -> Result<Opened, Refused> {
    if answer.kind != FactorType::Webauthn {
        return Err(rejected("not-supported"));
    }
    let response = answer.response.get();
    let challenge = webauthn::peek(response).map_err(refused)?.challenge;
    match webauthn::peek_user_handle(response).map_err(refused)? {
        Some(handle) => Ok(Opened::Found { challenge, handle }),
        None => Err(rejected("user-handle-mismatch")),
    }
}
