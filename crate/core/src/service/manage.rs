//! Listing, changing and removing factors; status and unlock.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::json::envelope::envelope;
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::factor::{self, Factor};
use crate::record::{Entry, FactorType, Record};
use crate::recovery_codes::RecoverySet;
use crate::service::answer::Answer;
use crate::service::change::{Change, Decision};
use crate::service::event::{Event, EventType};
use crate::service::lock_state::{Unlocking, locked_types};
use crate::service::settings::Settings;

/// The user's factors, without any secret.
pub fn factors(record: Option<&str>) -> String {
    envelope(Record::parse(record).map(|record| factor::factors(&record)))
}

/// Returns the locks and how they end, the failures and the number of unused recovery codes.
///
/// Request: `{now, u2f}`; `u2f`, false by default, says whether U2F keys are accepted.
pub fn status(record: Option<&str>, request: &str) -> String {
    envelope(read_status(record, request))
}

/// What the page tells the browser of this user's passkeys (WebAuthn Level 3, 5.1.10, `signalAllAcceptedCredentials`):
/// `{"rpId", "userId", "allAcceptedCredentialIds"}`, disabled ones included, since they may be enabled again; null for a
/// user who has no user handle.
pub fn signals(record: Option<&str>, settings: &Settings) -> String {
    envelope(Record::parse(record).map(|record| read_signals(record, settings)))
}

/// Renames, enables or disables a factor: `{"ok": true, "factor"}`, or a refusal with `no-such-factor`, `last-factor`
/// (the last enabled one can't be disabled, only removed) or `not-changeable` (the recovery set).
pub fn update_factor(record: Option<&str>, request: &str) -> Change {
    Change::from_decision(update(record, request))
}

/// Removes a factor, and with the last one the recovery codes: `{"ok": true, "left"}`, or `no-such-factor`.
pub fn remove_factor(record: Option<&str>, request: &str) -> Change {
    Change::from_decision(remove(record, request))
}

/// Removes all locks and failures. `{"unlocked"}` says whether there was a lock.
pub fn unlock(record: Option<&str>, request: &str) -> Change {
    Change::from_decision(lift_locks(record, request))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Signals<'a> {
    rp_id: &'a str,
    user_id: String,
    all_accepted_credential_ids: Vec<String>,
}

fn read_signals(record: Record, settings: &Settings) -> Option<Signals<'_>> {
    let user_id = record.user_handle?;
    let ids = (record.webauthn.iter())
        .filter(|entry| entry.entry.user_handle.as_ref() == Some(&user_id))
        .map(|entry| BASE64URL_NOPAD.encode(&entry.entry.cred_id))
        .collect();
    Some(Signals {
        rp_id: &settings.rp.id,
        user_id,
        all_accepted_credential_ids: ids,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AtRequest {
    now: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusRequest {
    now: i64,
    #[serde(default)]
    u2f: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    enrolled: bool,
    locked: Vec<FactorType>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    unlocking: Option<Unlocking>,
    recovery_codes_left: Option<usize>,
    totp_failures: u32,
    /// How many steps away the last wrong code was right.
    #[serde(skip_serializing_if = "Option::is_none")]
    drift: Option<i64>,
    yubico_failures: u32,
    failures: u32,
}

fn read_status(record: Option<&str>, request: &str) -> Result<Status, Failure> {
    let StatusRequest { now, u2f } = request::parse(request)?;
    let now = request::seconds(now);
    let record = Record::parse(record)?;
    let locked = locked_types(&record, now);
    Ok(Status {
        enrolled: !record.is_empty(),
        unlocking: Unlocking::of(&record, &locked, u2f, now),
        locked,
        recovery_codes_left: record.recovery.as_ref().map(RecoverySet::left),
        totp_failures: record.totp_failures,
        drift: record.totp_drift,
        yubico_failures: record.yubico_failures,
        failures: record.tfa_failures,
    })
}

/// `{"ok": true, …}` or `{"ok": false, "reason"}`.
#[derive(Serialize)]
pub(crate) struct Managed {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    factor: Option<Factor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<Vec<Factor>>,
}

impl Managed {
    fn refused(reason: &'static str) -> Answer<Self> {
        Answer::new(Self {
            ok: false,
            reason: Some(reason),
            factor: None,
            left: None,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateRequest {
    id: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    enable: Option<bool>,
}

pub(crate) fn update(record: Option<&str>, request: &str) -> Decision<Managed> {
    let request: UpdateRequest = request::parse(request)?;
    if let Some(description) = &request.description {
        request::check_description(description)?;
    }
    let mut record = Record::parse(record)?;
    let Some(found) = factor::find(&record, &request.id) else {
        return Ok((None, Managed::refused("no-such-factor")));
    };
    if found.kind == FactorType::Recovery {
        return Ok((None, Managed::refused("not-changeable")));
    }
    if request.enable == Some(false) && found.enabled && record.enabled_factors() == 1 {
        return Ok((None, Managed::refused("last-factor")));
    }
    match found.kind {
        FactorType::Totp => apply(&mut record.totp, &request),
        FactorType::Webauthn => apply(&mut record.webauthn, &request),
        FactorType::U2f => apply(&mut record.u2f, &request),
        FactorType::Yubico => apply(&mut record.yubico, &request),
        FactorType::Recovery => {}
    }
    if request.description.is_some() {
        record.check_size()?;
    }
    let factor = factor::find(&record, &request.id);
    let answer = Answer::new(Managed {
        ok: true,
        reason: None,
        factor,
        left: None,
    })
    .with_event(Event::new(EventType::Updated).of(&found.id, found.kind));
    Ok((Some(record), answer))
}

fn apply<T>(entries: &mut [Entry<T>], request: &UpdateRequest) {
    let Some(entry) = entries.iter_mut().find(|entry| entry.id == request.id) else {
        return;
    };
    if let Some(description) = &request.description {
        entry.description.clone_from(description);
    }
    if let Some(enable) = request.enable {
        entry.enable = enable;
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RemoveRequest {
    id: String,
}

fn remove(record: Option<&str>, request: &str) -> Decision<Managed> {
    let RemoveRequest { id } = request::parse(request)?;
    let mut record = Record::parse(record)?;
    let Some(found) = take_factor(&mut record, &id) else {
        return Ok((None, Managed::refused("no-such-factor")));
    };
    let mut events = vec![Event::new(EventType::Removed).of(&found.id, found.kind)];
    // Recovery codes alone are no second factor.
    if record.real_factors() == 0 && record.recovery.take().is_some() {
        events.push(Event::new(EventType::Removed).of("recovery", FactorType::Recovery));
    }
    let left = Some(factor::factors(&record));
    let answer = Answer {
        events,
        ..Answer::new(Managed {
            ok: true,
            reason: None,
            factor: None,
            left,
        })
    };
    Ok((Some(record), answer))
}

/// Takes a factor out of the record and says what it was.
pub(crate) fn take_factor(record: &mut Record, id: &str) -> Option<Factor> {
    let found = factor::find(record, id)?;
    match found.kind {
        FactorType::Recovery => record.recovery = None,
        FactorType::Totp => take(&mut record.totp, id),
        FactorType::Webauthn => take(&mut record.webauthn, id),
        FactorType::U2f => take(&mut record.u2f, id),
        FactorType::Yubico => take(&mut record.yubico, id),
    }
    Some(found)
}

/// Removes the first entry of this id: old imports can hold several.
fn take<T>(entries: &mut Vec<Entry<T>>, id: &str) {
    if let Some(position) = entries.iter().position(|entry| entry.id == id) {
        entries.remove(position);
    }
}

#[derive(Serialize)]
struct Unlocked {
    unlocked: bool,
}

fn lift_locks(record: Option<&str>, request: &str) -> Decision<Unlocked> {
    let now = request::seconds(request::parse::<AtRequest>(request)?.now);
    let mut record = Record::parse(record)?;
    let failures = record.has_failures();
    let unlocked = record.unlock(now);
    let answer = Answer::new(Unlocked { unlocked });
    if record.is_empty() || !(unlocked || failures) {
        return Ok((None, answer));
    }
    Ok((Some(record), answer.with_event(Event::new(EventType::Unlocked))))
}
