//! Enrolling a legacy U2F key (FIDO U2F Raw Message Formats, 4), for clients that still speak U2F.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::finish::{MISMATCH, Refused, ResponseRequest, finish_response};
use super::{Enrolled, EnrolmentRefusal, Opened, holds_credential, refuses_another};
use crate::challenges::challenge::{Bound, Purpose, U2fRegistration, open};
use crate::json::envelope::envelope;
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::{FactorType, Record, U2fEntry};
use crate::service::answer::{Answer, answer_envelope};
use crate::service::change::{Change, Decision};
use crate::service::settings::Settings;
use crate::u2f::{self, RegistrationExpectation, peek_registration, verify_registration};

/// Opens a registration. `value`: the browser API's `{challenge, version, appId}`.
///
/// `random`: 32 bytes. Fails with `invalid-argument` (`u2f`) if no application is configured.
pub fn begin_u2f(record: Option<&str>, random: &[u8], settings: &Settings, request: &str) -> String {
    answer_envelope(begin(record, random, settings, request))
}

/// Says which open challenge a registration belongs to: `{"challenge": id}`, or `{"ok": false, "reason": "malformed"}`.
pub fn u2f_registration_challenge(response: &str) -> String {
    envelope(Ok(Opened::new(peek_registration(response))))
}

/// Verifies the registration against the challenge from the store, and adds the factor.
///
/// `random`: 16 bytes for the factor's id.
pub fn finish_u2f(record: Option<&str>, challenge: &str, random: &[u8], settings: &Settings, request: &str) -> Change {
    Change::from_decision(finish(record, challenge, random, settings, request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BeginRequest {
    user: String,
    #[serde(default)]
    session: Option<String>,
    now: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegistrationChallenge {
    challenge: String,
    version: &'static str,
    app_id: String,
}

pub(crate) fn begin(
    record: Option<&str>,
    random: &[u8],
    settings: &Settings,
    request: &str,
) -> Result<Answer<RegistrationChallenge>, Failure> {
    let request: BeginRequest = request::parse(request)?;
    let record = Record::parse(record)?;
    let policy = settings.u2f.as_ref().ok_or(Failure::InvalidArgument("u2f"))?;
    if refuses_another(&record, settings, false).is_some() {
        return Err(Failure::FactorLimit);
    }
    let id = BASE64URL_NOPAD.encode(random.get(..32).ok_or(Failure::InvalidArgument("random"))?);
    let lifetime = i64::from(settings.timeouts.webauthn_enrolment) * 1000;
    let bound = Bound {
        purpose: Purpose::Register,
        user: request.user,
        session: request.session,
        expires: request.now.saturating_add(lifetime),
    };
    let ceremony = U2fRegistration {
        bound: bound.clone(),
        challenge: id.clone(),
        app_id: policy.app_id.clone(),
    };
    let open = open(&id, &bound, &ceremony).ok_or(Failure::InvalidArgument("request"))?;
    let value = RegistrationChallenge {
        challenge: id,
        version: u2f::VERSION,
        app_id: ceremony.app_id,
    };
    Ok(Answer::new(value).with_challenge(open))
}

pub(crate) fn finish(
    record: Option<&str>,
    challenge: &str,
    random: &[u8],
    settings: &Settings,
    request: &str,
) -> Decision<Enrolled> {
    finish_response(
        record,
        challenge,
        random,
        settings,
        request,
        FactorType::U2f,
        |record, ceremony, request, id| add(record, &ceremony, settings, request, id),
    )
}

fn add(
    record: &mut Record,
    ceremony: &U2fRegistration,
    settings: &Settings,
    request: &ResponseRequest,
    id: &str,
) -> Result<(), Refused> {
    let policy = settings.u2f.as_ref();
    let policy = policy
        .filter(|policy| policy.app_id == ceremony.app_id)
        .ok_or(MISMATCH)?;
    let challenge = BASE64URL_NOPAD
        .decode(ceremony.challenge.as_bytes())
        .map_err(|_| MISMATCH)?;
    let credential = verify_registration(
        request.response.get(),
        &RegistrationExpectation {
            challenge: &challenge,
            policy,
            rp: &settings.rp,
            user_verification: settings.webauthn.user_verification,
            algorithms: &settings.webauthn.algorithms,
            attestation: settings.webauthn.attestation,
            trust_anchors: &settings.webauthn.trust_anchors,
            now: request.now(),
        },
    )?;
    if holds_credential(record, &credential.id) {
        return Err((EnrolmentRefusal::AlreadyEnrolled, "already-enrolled"));
    }
    let entry = U2fEntry::new(&credential).ok_or((EnrolmentRefusal::Rejected, "key-invalid"))?;
    record.u2f.push(request.entry(id, entry));
    Ok(())
}
