//! Listing, changing and removing factors; status and unlock.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::json::envelope::envelope;
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::factor::{self, Factor};
use crate::record::{self, Entry, FactorType, Record, Removal};
use crate::recovery_codes::RecoverySet;
use crate::service::answer::Answer;
use crate::service::change::{Change, Decision};
use crate::service::event::{Event, EventType};
use crate::service::lock_state::{Unlocking, locked_types};
use crate::service::settings::Settings;
use crate::webauthn::Proofs;

/// The user's factors, without any secret.
pub fn factors(record: Option<&str>) -> String {
    envelope(Record::parse(record).map(|record| factor::factors(&record)))
}

/// Returns the locks, how they end, the failures, and the number of unused recovery codes.
///
/// Request: `{now, u2f}`. `u2f` says whether U2F keys are accepted. The default is false.
pub fn status(record: Option<&str>, request: &str) -> String {
    envelope(read_status(record, request))
}

/// Returns what the page tells the browser about this user's passkeys (WebAuthn Level 3, 5.1.10,
/// `signalAllAcceptedCredentials`): `{"rpId", "userId", "allAcceptedCredentialIds"}`. Disabled passkeys are included,
/// because they may be enabled again. Null if the user has no user handle, or has a passkey that can't be read.
pub fn signals(record: Option<&str>, settings: &Settings) -> String {
    envelope(Record::parse(record).map(|record| read_signals(record, settings)))
}

/// Renames, enables or disables a factor. Disabling one also forgets all browsers. Returns `{"ok": true, "factor"}` or a
/// refusal.
///
/// Refusals: `no-such-factor`; `last-factor`, because the last enabled factor can't be disabled, only removed;
/// `not-changeable`, for the recovery set and for unusable factors.
pub fn update_factor(record: Option<&str>, request: &str) -> Change {
    Change::from_decision(update(record, request))
}

/// Removes a factor, and forgets all browsers. If it is the last one, the recovery codes are removed too. Returns `{"ok": true, "left"}`, or
/// `no-such-factor`.
///
/// An empty record then keeps who removed the last factor, and when. Request: `{id, by?, now}`.
pub fn remove_factor(record: Option<&str>, request: &str) -> Change {
    Change::from_decision(remove(record, request))
}

/// Removes every factor and the recovery codes. Returns `{"ok": true, "left": []}`, or `no-such-factor` for a user
/// without any.
///
/// Request: `{by?, enrol, now}`. `enrol`: the user must enrol at the next sign-in. This can also be set later, for a
/// user whose factors were removed before.
pub fn remove_factors(record: Option<&str>, request: &str) -> Change {
    Change::from_decision(remove_all(record, request))
}

/// Lifts all locks and clears all failures. Returns `{"unlocked"}`, which says whether there was a lock. Request:
/// `{by?, now}`.
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
    // Browsers hide passkeys that are not in the list, and an unreadable passkey has no id to put there.
    if record.holds_unusable(FactorType::Webauthn) {
        return None;
    }
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
struct UnlockRequest {
    #[serde(default)]
    by: Option<String>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<Removed>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deadlines: Vec<Deadline>,
    locked: Vec<FactorType>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    unlocking: Option<Unlocking>,
    recovery_codes_left: Option<usize>,
    totp_failures: u32,
    /// How many steps the clock was off when the last wrong code would have been right.
    #[serde(skip_serializing_if = "Option::is_none")]
    drift: Option<i64>,
    yubico_failures: u32,
    failures: u32,
}

/// What is due, and by when.
#[derive(Serialize)]
struct Deadline {
    require: Proofs,
    /// Epoch milliseconds.
    by: i64,
}

/// How the last factor was removed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Removed {
    /// Epoch milliseconds.
    at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    enrolment_required: bool,
}

impl From<Removal> for Removed {
    fn from(Removal { at, by, enrol }: Removal) -> Self {
        Self {
            at: at.saturating_mul(1000),
            by,
            enrolment_required: enrol,
        }
    }
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
        deadlines: (record.deadlines.iter())
            .map(|&record::Deadline { require, by, .. }| Deadline { require, by })
            .collect(),
        removed: record.removed.map(Into::into),
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

    fn removed(record: &Record, events: Vec<Event>) -> Answer<Self> {
        let managed = Self {
            ok: true,
            reason: None,
            factor: None,
            left: Some(factor::factors(record)),
        };
        Answer {
            events,
            ..Answer::new(managed)
        }
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
    if (request.description.as_deref()).is_some_and(|text| request::check_description(text).is_err()) {
        return Ok((None, Managed::refused("malformed")));
    }
    let mut record = Record::parse(record)?;
    let Some(found) = factor::find(&record, &request.id) else {
        return Ok((None, Managed::refused("no-such-factor")));
    };
    if found.kind == FactorType::Recovery || found.unusable {
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
        FactorType::Recovery | FactorType::Unknown => {}
    }
    if request.enable == Some(false) {
        record.browsers.clear();
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
    #[serde(default)]
    by: Option<String>,
    now: i64,
}

fn remove(record: Option<&str>, request: &str) -> Decision<Managed> {
    let RemoveRequest { id, by, now } = request::parse(request)?;
    check_by(by.as_deref())?;
    let mut record = Record::parse(record)?;
    let Some(found) = take_factor(&mut record, &id) else {
        return Ok((None, Managed::refused("no-such-factor")));
    };
    let mut events = vec![
        Event::new(EventType::Removed)
            .of(&found.id, found.kind)
            .by(by.as_deref()),
    ];
    record.browsers.clear();
    // Recovery codes alone are not a second factor.
    if record.real_factors() == 0 && (record.recovery.take().is_some() | record.remove_unusable_recovery()) {
        events.push(
            Event::new(EventType::Removed)
                .of("recovery", FactorType::Recovery)
                .by(by.as_deref()),
        );
    }
    if record.is_empty() {
        let at = request::seconds(now);
        record.empty(Removal { at, by, enrol: false });
    }
    let answer = Managed::removed(&record, events);
    Ok((Some(record), answer))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RemoveAllRequest {
    #[serde(default)]
    by: Option<String>,
    enrol: bool,
    now: i64,
}

fn remove_all(record: Option<&str>, request: &str) -> Decision<Managed> {
    let RemoveAllRequest { by, enrol, now } = request::parse(request)?;
    check_by(by.as_deref())?;
    let mut record = Record::parse(record)?;
    let mut events: Vec<_> = factor::factors(&record)
        .iter()
        .map(|factor| {
            Event::new(EventType::Removed)
                .of(&factor.id, factor.kind)
                .by(by.as_deref())
        })
        .collect();
    if enrol {
        events.push(Event::new(EventType::EnrolmentRequired).by(by.as_deref()));
    }
    if record.is_empty() {
        // Nothing was removed now, so nothing is marked as removed: missing factors may have been lost.
        let Some(removal) = record.removed.as_mut().filter(|_| enrol) else {
            return Ok((None, Managed::refused("no-such-factor")));
        };
        removal.enrol = true;
    } else {
        let at = request::seconds(now);
        record.empty(Removal { at, by, enrol });
    }
    let answer = Managed::removed(&record, events);
    Ok((Some(record), answer))
}

/// Checks a name that pages and logs show. The rules are those of a description, but it may not be empty.
pub(super) fn check_by(by: Option<&str>) -> Result<(), Failure> {
    let fits = by.is_none_or(|who| !who.is_empty() && request::check_description(who).is_ok());
    fits.then_some(()).ok_or(Failure::InvalidArgument("by"))
}

/// Removes a factor from the record and returns what it was.
pub(crate) fn take_factor(record: &mut Record, id: &str) -> Option<Factor> {
    let found = factor::find(record, id)?;
    if found.unusable {
        record.remove_unusable(id);
        return Some(found);
    }
    let position = match found.kind {
        FactorType::Recovery => {
            record.recovery = None;
            None
        }
        FactorType::Totp => take(&mut record.totp, id),
        FactorType::Webauthn => take(&mut record.webauthn, id),
        FactorType::U2f => take(&mut record.u2f, id),
        FactorType::Yubico => take(&mut record.yubico, id),
        FactorType::Unknown => None,
    };
    if let Some(position) = position {
        record.close_gap(found.kind, position);
    }
    Some(found)
}

/// Removes the first entry with this id and returns its position. Old imports can have several with the same id.
fn take<T>(entries: &mut Vec<Entry<T>>, id: &str) -> Option<usize> {
    let position = entries.iter().position(|entry| entry.id == id)?;
    entries.remove(position);
    Some(position)
}

#[derive(Serialize)]
struct Unlocked {
    unlocked: bool,
}

fn lift_locks(record: Option<&str>, request: &str) -> Decision<Unlocked> {
    let UnlockRequest { by, now } = request::parse(request)?;
    check_by(by.as_deref())?;
    let now = request::seconds(now);
    let mut record = Record::parse(record)?;
    let failures = record.has_failures();
    let unlocked = record.unlock(now);
    let answer = Answer::new(Unlocked { unlocked });
    if record.is_empty() || !(unlocked || failures) {
        return Ok((None, answer));
    }
    let event = Event::new(EventType::Unlocked).by(by.as_deref());
    Ok((Some(record), answer.with_event(event)))
}
