//! Signing in without a user name. The passkey's answer says whose it is, by the user handle that it was made with. If
//! no handle is stored with the credential, its id says so.

use std::borrow::Cow;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::response::{self, Given, Refused, ResponseAnswer, Signer, answers_as, refused, rejected};
use crate::challenges::challenge::{Authentication, Bound, Purpose};
use crate::challenges::sealed::{self, Unsealed};
use crate::json::envelope::envelope;
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::{FactorType, Record, credential_claim, spend};
use crate::service::answer::{Answer, answer_envelope};
use crate::service::change::{Change, Decision};
use crate::service::event::Event;
use crate::service::explain::explain;
use crate::service::outcome::{Accepted, Outcome};
use crate::service::settings::Settings;
use crate::webauthn::{self, AuthenticationOptions, ExtensionRules, Proofs, UserVerification, authentication_options};

/// Opens a ceremony that any discoverable credential may answer: `{"id", "webauthn"}`. The passkey replaces both
/// factors, so user verification is required, whatever the settings say. Nothing has to be stored.
///
/// `key`: 32 bytes that all processes of a store share. `random`: 16 bytes. Request: `{session?, require?, now}`.
pub fn begin_passkey(key: &[u8], random: &[u8], settings: &Settings, request: &str) -> String {
    envelope(begin(key, random, settings, request))
}

/// Says which user an answer claims to come from: `{"handle"?, "credential"}`, or a refusal. Both members are claims of
/// a record. It first checks the challenge: the key, the time, the relying party and the session. It doesn't check the
/// signature. `verify_passkey` does that, with the record of the owner.
///
/// Request: `{answer, session?, require?, now, extensions?}`.
pub fn open_passkey(key: &[u8], settings: &Settings, request: &str) -> String {
    answer_envelope(open_answer(key, settings, request))
}

/// Verifies an answer (WebAuthn Level 3, section 7.2) with the record of the user whom it names. Stores its challenge
/// in the record, so that it is accepted only once. A refusal changes nothing.
///
/// Request: like [`open_passkey`], with `byId` if the record was found by the credential's id. Then the credential must
/// have come without a handle. At the first success the handle in the answer is stored with it, although it isn't
/// signed: from then on the answers must have the same.
pub fn verify_passkey(record: Option<&str>, key: &[u8], settings: &Settings, request: &str) -> Change {
    Change::from_decision(verify(record, key, settings, request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BeginRequest {
    #[serde(default)]
    session: Option<String>,
    #[serde(default)]
    require: Proofs,
    now: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AnswerRequest<'a> {
    #[serde(borrow)]
    answer: ResponseAnswer<'a>,
    #[serde(borrow, default)]
    session: Option<Cow<'a, str>>,
    #[serde(default)]
    require: Proofs,
    now: i64,
    #[serde(default)]
    by_id: bool,
    #[serde(default)]
    extensions: Option<ExtensionRules>,
}

#[derive(Serialize)]
struct Challenge {
    id: String,
    webauthn: Value,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Opened {
    Found {
        #[serde(skip_serializing_if = "Option::is_none")]
        handle: Option<String>,
        credential: String,
    },
    Refused(Outcome),
}

fn begin(key: &[u8], random: &[u8], settings: &Settings, request: &str) -> Result<Challenge, Failure> {
    let BeginRequest { session, require, now } = request::parse(request)?;
    let lifetime = i64::from(settings.timeouts.sign_in) * 1000;
    let expires = now.saturating_add(lifetime);
    let challenge = sealed::seal(key, random, expires, require, &settings.rp.id, session.as_deref())
        .ok_or(Failure::InvalidArgument("challengeKey"))?;
    let webauthn = authentication_options(&AuthenticationOptions {
        challenge: &challenge,
        rp_id: &settings.rp.id,
        allow_credentials: &[],
        user_verification: UserVerification::Required,
        app_id: None,
        timeout: settings.timeouts.sign_in.saturating_mul(1000),
    });
    let id = BASE64URL_NOPAD.encode(&challenge);
    Ok(Challenge { id, webauthn })
}

fn open_answer(key: &[u8], settings: &Settings, request: &str) -> Result<Answer<Opened>, Failure> {
    let request: AnswerRequest = request::parse(request)?;
    Ok(match Claim::read(key, settings, &request) {
        Ok(Claim { handle, signer, .. }) => {
            let credential = credential_claim(&settings.rp.id, &signer.credential_id);
            Answer::new(Opened::Found { handle, credential })
        }
        Err((refusal, reason)) => {
            let event = Event::rejected(request.answer.kind, reason);
            let mut refused = Answer::new(Opened::Refused(Outcome::Refused(refusal))).with_event(event);
            explain(&mut refused.events, settings, request.answer.response.get());
            refused
        }
    })
}

fn verify(record: Option<&str>, key: &[u8], settings: &Settings, request: &str) -> Decision<Outcome> {
    let request: AnswerRequest = request::parse(request)?;
    let record = Record::parse(record)?;
    let checked = Claim::read(key, settings, &request).and_then(|claim| claim.check(record, settings, &request));
    Ok(response::decide(checked, &request.answer, settings, request.now, None))
}

/// What an answer says. Its challenge was made here.
struct Claim {
    /// The challenge, in base64url.
    text: String,
    challenge: Unsealed,
    signer: Signer,
    handle: Option<String>,
}

impl Claim {
    fn read(key: &[u8], settings: &Settings, request: &AnswerRequest) -> Result<Self, Refused> {
        if request.answer.kind != FactorType::Webauthn {
            return Err(rejected("not-supported"));
        }
        let response = request.answer.response.get();
        let (peeked, handle) = webauthn::peek_passkey(response).map_err(refused)?;
        let (text, rp_id, session) = (peeked.challenge, &settings.rp.id, request.session.as_deref());
        let challenge =
            sealed::unseal(key, &text, rp_id, session, request.now).ok_or(rejected("challenge-mismatch"))?;
        let signer = Signer {
            kind: FactorType::Webauthn,
            credential_id: peeked.credential_id,
        };
        Ok(Self {
            text,
            challenge,
            signer,
            handle,
        })
    }

    fn check(
        self,
        record: Record,
        settings: &Settings,
        request: &AnswerRequest,
    ) -> Result<(Record, Accepted), Refused> {
        let Self {
            text,
            challenge,
            signer,
            handle,
        } = self;
        let entry = (record.webauthn.iter())
            .find(|entry| answers_as(entry, &signer.credential_id))
            .ok_or(rejected("no-such-factor"))?;
        match &entry.entry.user_handle {
            // The id may only lead to a user whose credential came without a handle.
            Some(_) if request.by_id && handle.is_some() && !entry.entry.handle_learned => {
                return Err(rejected("no-such-factor"));
            }
            // 7.2, "identify the user": the answer must have the stored handle.
            Some(_) if entry.entry.user_handle != handle => return Err(rejected("user-handle-mismatch")),
            _ => {}
        }
        if entry.entry.shared {
            return Err(rejected("credential-taken"));
        }
        // 4, uvInitialized: someone who finds a key without a PIN can set one. From then on, the key would say that it
        // verifies its user.
        if !entry.entry.user_verified {
            return Err(rejected("verification-not-established"));
        }
        let ceremony = Authentication {
            bound: Bound {
                purpose: Purpose::Passkey,
                user: String::new(),
                session: None,
                expires: challenge.expires,
            },
            challenge: text,
            rp_id: settings.rp.id.clone(),
            user_verification: UserVerification::Required,
            app_id: None,
            extensions: request.extensions.clone(),
        };
        let given = Given {
            answer: &request.answer,
            signer: &signer,
            required: request.require.and(challenge.required),
            learn: true,
            handle: handle.as_deref(),
        };
        let (mut record, accepted) = response::accept(record, &ceremony, settings, &given, request.now)?;
        if spend(
            &mut record.spent_challenges,
            &challenge.id,
            challenge.expires,
            request.now,
        ) {
            Ok((record, accepted))
        } else {
            Err(rejected("challenge-missing"))
        }
    }
}
