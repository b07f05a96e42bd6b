//! Enrolling a security key or a passkey: the registration ceremony of WebAuthn Level 3, section 7.1.

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::Value;

use super::finish::{MISMATCH, Refused, ResponseRequest, finish_response};
use super::{Enrolled, EnrolmentRefusal, Opened, holds_credential, refuses_another};
use crate::challenges::challenge::{Bound, Purpose, Registration, open};
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::{FactorType, Record, WebauthnEntry};
use crate::service::answer::{Answer, answer_envelope};
use crate::service::change::{Change, Decision};
use crate::service::event::Event;
use crate::service::listed::listed;
use crate::service::settings::Settings;
use crate::service::stored::Stored;
use crate::webauthn::diagnosis::malformed_member;
use crate::webauthn::{
    Algorithm, AuthenticatorAttachment, ExtensionRules, Hint, Outputs, Reason, RegistrationExpectation,
    RegistrationOptions, ResidentKey, SecurityLevel, UserVerification, peek, registration_options,
    verify_registration_of,
};

/// Opens a registration ceremony. `value`: the specification's `PublicKeyCredentialCreationOptionsJSON`.
///
/// `random`: 32 bytes for the challenge, then 32 for a user handle, which is used if the user has none yet. With
/// `keepHandle` in the request, the record keeps it, so that the next enrolment gets the same one although this one was
/// never finished. Without it, nothing is changed.
pub fn begin_webauthn(record: &Stored, random: &[u8], settings: &Settings, request: &str) -> Change {
    record.decide(|record| begin(record, random, settings, request))
}

/// Says which open challenge a registration belongs to: `{"challenge": id}`, or `{"ok": false, "reason": "malformed"}`.
pub fn registration_challenge(response: &str) -> String {
    let opened = Answer::new(Opened::new(peek(response).map(|peeked| peeked.challenge)));
    answer_envelope(Ok(match opened.value {
        Opened::Found { .. } => opened,
        Opened::Refused { .. } => opened.with_event(Event::malformed(FactorType::Webauthn, malformed_member(response))),
    }))
}

/// Verifies the registration against the challenge from the store, and adds the factor.
///
/// `random`: 16 bytes for the factor's id.
pub fn finish_webauthn(
    record: Option<&str>,
    challenge: &str,
    random: &[u8],
    settings: &Settings,
    request: &str,
) -> Change {
    Change::from_decision(finish(record, challenge, random, settings, request))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BeginRequest {
    user: String,
    name: String,
    display_name: String,
    #[serde(default)]
    session: Option<String>,
    now: i64,
    #[serde(default)]
    user_verification: Option<UserVerification>,
    #[serde(default)]
    resident_key: Option<ResidentKey>,
    #[serde(default)]
    authenticator_attachment: Option<AuthenticatorAttachment>,
    #[serde(default)]
    hints: Vec<Hint>,
    #[serde(default)]
    conditional: bool,
    #[serde(default)]
    extensions: Option<ExtensionRules>,
    #[serde(default)]
    keep_handle: bool,
}

pub(crate) fn begin(record: Option<&str>, random: &[u8], settings: &Settings, request: &str) -> Decision<Value> {
    let request: BeginRequest = request::parse(request)?;
    let mut record = Record::parse(record)?;
    if refuses_another(&record, settings, false).is_some() {
        return Err(Failure::FactorLimit);
    }
    let (Some(challenge), Some(new_handle)) = (random.get(..32), random.get(32..64)) else {
        return Err(Failure::InvalidArgument("random"));
    };
    let user_handle = record
        .user_handle
        .clone()
        .unwrap_or_else(|| BASE64URL_NOPAD.encode(new_handle));
    let handle_bytes = BASE64URL_NOPAD
        .decode(user_handle.as_bytes())
        .map_err(|_| Failure::RecordCorrupt("user-handle".into()))?;
    let app_id_exclude = (settings.u2f.as_ref())
        .filter(|_| !record.u2f.is_empty())
        .map(|policy| policy.app_id.as_str());
    // Disabled ones are included: enrolling one again would overwrite it on its device.
    let keys = record.u2f.iter().filter(|_| app_id_exclude.is_some());
    let exclude = listed(record.webauthn.iter(), keys);
    let user_verification = request.user_verification.unwrap_or(settings.webauthn.user_verification);
    let options = registration_options(&RegistrationOptions {
        challenge,
        rp: &settings.rp,
        user_handle: &handle_bytes,
        user_name: &request.name,
        user_display_name: &request.display_name,
        algorithms: &settings.webauthn.algorithms,
        exclude_credentials: &exclude,
        user_verification,
        resident_key: request.resident_key.unwrap_or_default(),
        authenticator_attachment: request.authenticator_attachment,
        hints: &request.hints,
        attestation: settings.webauthn.attestation,
        app_id_exclude,
        timeout: settings.timeouts.webauthn_enrolment.saturating_mul(1000),
    });
    let id = BASE64URL_NOPAD.encode(challenge);
    let lifetime = i64::from(settings.timeouts.webauthn_enrolment) * 1000;
    let bound = Bound {
        purpose: Purpose::Register,
        user: request.user,
        session: request.session,
        expires: request.now.saturating_add(lifetime),
    };
    let ceremony = Registration {
        bound: bound.clone(),
        challenge: id.clone(),
        rp_id: settings.rp.id.clone(),
        user_verification,
        algorithms: settings
            .webauthn
            .algorithms
            .iter()
            .map(|algorithm| algorithm.cose())
            .collect(),
        attestation: settings.webauthn.attestation,
        user_handle: user_handle.clone(),
        conditional: request.conditional,
        extensions: request.extensions,
    };
    let open = open(&id, &bound, &ceremony).ok_or(Failure::InvalidArgument("request"))?;
    let changed = request.keep_handle && record.user_handle.is_none();
    record.user_handle = Some(user_handle);
    Ok((changed.then_some(record), Answer::new(options).with_challenge(open)))
}

pub(crate) fn finish(
    record: Option<&str>,
    challenge: &str,
    random: &[u8],
    settings: &Settings,
    request: &str,
) -> Decision<Enrolled> {
    let mut outputs = None;
    let (record, mut answer) = finish_response(
        record,
        challenge,
        random,
        settings,
        request,
        FactorType::Webauthn,
        |record, ceremony, request, id| {
            outputs = add(record, ceremony, settings, request, id)?;
            Ok(())
        },
    )?;
    if let Enrolled::Done { extensions, .. } = &mut answer.value {
        *extensions = outputs;
    }
    Ok((record, answer))
}

fn add(
    record: &mut Record,
    ceremony: Registration,
    settings: &Settings,
    request: &ResponseRequest,
    id: &str,
) -> Result<Option<Outputs>, Refused> {
    let rejected = |inner| (EnrolmentRefusal::Rejected, inner);
    if ceremony.rp_id != settings.rp.id {
        return Err(MISMATCH);
    }
    // Two first registrations at the same time get two handles. The second one to finish has to start again.
    if record
        .user_handle
        .as_ref()
        .is_some_and(|handle| *handle != ceremony.user_handle)
    {
        return Err(rejected("user-handle-mismatch"));
    }
    let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| MISMATCH);
    let (challenge, user_handle) = (decode(&ceremony.challenge)?, decode(&ceremony.user_handle)?);
    let algorithms: Vec<_> = ceremony
        .algorithms
        .iter()
        .filter_map(|cose| Algorithm::from_cose(*cose))
        .collect();
    let registered = verify_registration_of(
        request.response.get(),
        &RegistrationExpectation {
            challenge: &challenge,
            rp: &settings.rp,
            user_verification: ceremony.user_verification,
            algorithms: &algorithms,
            attestation: ceremony.attestation,
            trust_anchors: &settings.webauthn.trust_anchors,
            attestation_policy: &settings.webauthn.attestation_policy,
            cross_origin: settings.webauthn.cross_origin.as_ref(),
            user_presence_optional: ceremony.conditional,
            user_handle: Some(&user_handle),
            extensions: ceremony.extensions.as_ref(),
            now: request.now(),
        },
        &settings.authenticators(),
    );
    let registered = registered.map_err(|reason| refused(reason, settings))?;
    let mut entry = WebauthnEntry::new(&registered.credential).ok_or(rejected("algorithm-unsupported"))?;
    entry.rp_id = Some(settings.rp.id.clone());
    // A trusted statement, or the metadata, may also say that the key is in software.
    entry.attested = registered.attestation.trusted && registered.security_level != Some(SecurityLevel::Software);
    entry.attested_by = registered.attested_by;
    if settings.webauthn.origin_keys_only && !entry.cred.fits_origin() {
        return Err(rejected("algorithm-unsupported"));
    }
    if holds_credential(record, &entry.cred_id) {
        return Err((EnrolmentRefusal::AlreadyEnrolled, "already-enrolled"));
    }
    record.user_handle.get_or_insert(ceremony.user_handle);
    record.webauthn.push(request.entry(id, entry));
    Ok(registered.extensions)
}

/// Tells the client when it is the authenticator that is not accepted: another one may be.
fn refused(reason: Reason, settings: &Settings) -> Refused {
    let untrusted = matches!(reason, Reason::AttestationUntrusted | Reason::AttestationUnsupported);
    if reason.is_of_authenticator() || (untrusted && settings.webauthn.authenticators.demands_trust()) {
        (EnrolmentRefusal::AuthenticatorRefused, reason.as_str())
    } else {
        reason.into()
    }
}
