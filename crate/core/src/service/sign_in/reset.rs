//! Removes lost factors, with a TOTP code and a recovery code, or at a sign-in with only a recovery code.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::code::{Check, check_recovery, check_totp};
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::factor::{Factor, factors};
use crate::record::{FactorType, Record};
use crate::recovery_codes::RecoverySet;
use crate::service::answer::Answer;
use crate::service::change::{Change, Decision};
use crate::service::event::{Event, EventType};
use crate::service::manage::take_factor;
use crate::service::outcome::Refusal;
use crate::service::settings::Settings;

/// Verifies a TOTP code and a recovery code and removes factors, all in one change.
///
/// Request: `{totp, recovery, remove, now}`. `remove` is a list of ids. Without it, all WebAuthn, U2F and Yubico keys
/// are removed. Value: `{"ok": true, "removed", "left", "recoveryCodesLeft"}`, or a refusal that doesn't say which code
/// was wrong. After a refusal, a right TOTP code is still used up, but a right recovery code is not. Both together
/// count as one wrong code.
pub fn reset_factors(record: Option<&str>, settings: &Settings, request: &str) -> Change {
    Change::from_decision(reset(record, settings, request))
}

/// Verifies a recovery code and removes factors, all in one change. The remaining codes stay, so that the user is never
/// without a second factor.
///
/// Request: `{recovery, remove, now}`. `remove` is a list of ids. Without it, all other factors are removed. Value: as
/// above.
pub fn recover_factors(record: Option<&str>, settings: &Settings, request: &str) -> Change {
    Change::from_decision(recover(record, settings, request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecoverRequest {
    recovery: Zeroizing<String>,
    #[serde(default)]
    remove: Option<Vec<String>>,
    now: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    totp: Zeroizing<String>,
    recovery: Zeroizing<String>,
    #[serde(default)]
    remove: Option<Vec<String>>,
    now: i64,
}

/// `{"ok": true, …}` or `{"ok": false, "reason"}`.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Reset {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Refusal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<Vec<Factor>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<Vec<Factor>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes_left: Option<usize>,
}

fn reset(text: Option<&str>, settings: &Settings, request: &str) -> Decision<Reset> {
    let request: Request = request::parse(request)?;
    let now = request::seconds(request.now);
    let mut record = Record::parse(text)?;
    record.check_room()?;
    if let Some(locked) = [FactorType::Totp, FactorType::Recovery]
        .into_iter()
        .find(|factor| record.is_locked(*factor, now))
    {
        return Ok((None, refused(Refusal::Locked, Event::rejected(locked, "locked"))));
    }
    // Both are checked, whatever the first one returned, so that the time reveals nothing.
    let totp = check_totp(&mut record, settings, &request.totp, now);
    let recovery = check_recovery(&mut record, &request.recovery);
    match (totp, recovery) {
        (Check::Accepted(totp), Check::Accepted(_)) => {
            let remove = request.remove.unwrap_or_else(|| keys(&record));
            Ok(accept(record, Some(&totp.factor.id), &remove, now))
        }
        (Check::Malformed, _) => Ok((None, malformed(FactorType::Totp))),
        (_, Check::Malformed) => Ok((None, malformed(FactorType::Recovery))),
        (totp, recovery) => refuse(text, record, &totp, &recovery, settings, now),
    }
}

fn recover(text: Option<&str>, settings: &Settings, request: &str) -> Decision<Reset> {
    let request: RecoverRequest = request::parse(request)?;
    let now = request::seconds(request.now);
    let mut record = Record::parse(text)?;
    record.check_room()?;
    let kind = FactorType::Recovery;
    if record.is_locked(kind, now) {
        return Ok((None, refused(Refusal::Locked, Event::rejected(kind, "locked"))));
    }
    match check_recovery(&mut record, &request.recovery) {
        Check::Accepted(_) => {
            let all = || factors(&record).into_iter().map(|factor| factor.id).collect();
            let remove: Vec<_> = request.remove.unwrap_or_else(all);
            Ok(accept(record, None, &remove, now))
        }
        Check::Malformed => Ok((None, malformed(kind))),
        Check::Unavailable(reason) => Ok((None, refused(Refusal::Rejected, Event::rejected(kind, reason)))),
        Check::Wrong => {
            let locked = record.count_wrong_code(kind, &settings.limits, now);
            let mut answer = refused(Refusal::Rejected, Event::rejected(kind, "wrong-code"));
            if locked {
                answer = answer.with_event(Event::new(EventType::Locked).of_type(kind));
            }
            Ok((Some(record), answer))
        }
    }
}

/// Removes factors after a right recovery code. `proved`: the id of the app whose code was right too, if any.
fn accept(mut record: Record, proved: Option<&str>, remove: &[String], now: i64) -> (Option<Record>, Answer<Reset>) {
    let unlocked = record.count_success(FactorType::Recovery, now);
    let left = record.recovery.as_ref().map_or(0, RecoverySet::left);
    let app = proved.map(|id| Event::new(EventType::Verified).of(id, FactorType::Totp));
    let mut events: Vec<_> = app.into_iter().collect();
    events.push(Event::new(EventType::Verified).of("recovery", FactorType::Recovery));
    events.push(Event::new(EventType::RecoveryCodeUsed).leaving(left));
    if unlocked {
        events.push(Event::new(EventType::Unlocked));
    }
    // Whoever has a lost factor may have had a browser remembered.
    record.browsers.clear();
    // A factor that was just used is not lost.
    let lost = remove
        .iter()
        .filter(|id| Some(id.as_str()) != proved && *id != "recovery");
    let removed: Vec<_> = lost.filter_map(|id| take_factor(&mut record, id)).collect();
    events.extend(
        removed
            .iter()
            .map(|factor| Event::new(EventType::Removed).of(&factor.id, factor.kind)),
    );
    let reset = Reset {
        ok: true,
        removed: Some(removed),
        left: Some(factors(&record)),
        recovery_codes_left: Some(left),
        ..Reset::default()
    };
    let answer = Answer {
        events,
        ..Answer::new(reset)
    };
    (Some(record), answer)
}

/// Every hardware key, which can be lost separately from the phone and the paper with the codes.
fn keys(record: &Record) -> Vec<String> {
    let kinds = [FactorType::Webauthn, FactorType::U2f, FactorType::Yubico];
    let factors = factors(record)
        .into_iter()
        .filter(|factor| kinds.contains(&factor.kind));
    factors.map(|factor| factor.id).collect()
}

fn refuse(
    text: Option<&str>,
    checked: Record,
    totp: &Check,
    recovery: &Check,
    settings: &Settings,
    now: i64,
) -> Result<(Option<Record>, Answer<Reset>), Failure> {
    let (proved, wrong) = match (totp, recovery) {
        (Check::Wrong, _) => (false, Some(FactorType::Totp)),
        (Check::Accepted(_), Check::Wrong) => (true, Some(FactorType::Recovery)),
        (_, Check::Wrong) => (false, Some(FactorType::Recovery)),
        (Check::Accepted(_), _) => (true, None),
        _ => (false, None),
    };
    let mut record = if proved { checked } else { Record::parse(text)? };
    let (kind, reason) = match (wrong, totp) {
        (Some(kind), _) => (kind, "wrong-code"),
        (None, Check::Unavailable(reason)) => (FactorType::Totp, *reason),
        (None, _) => (FactorType::Recovery, "no-such-factor"),
    };
    let mut answer = refused(Refusal::Rejected, Event::rejected(kind, reason));
    if wrong.is_some_and(|kind| record.count_wrong_code(kind, &settings.limits, now)) {
        answer = answer.with_event(Event::new(EventType::Locked).of_type(kind));
    }
    Ok(((proved || wrong.is_some()).then_some(record), answer))
}

fn malformed(kind: FactorType) -> Answer<Reset> {
    let member = if kind == FactorType::Totp { "totp" } else { "recovery" };
    refused(Refusal::Malformed, Event::malformed(kind, member))
}

fn refused(refusal: Refusal, event: Event) -> Answer<Reset> {
    Answer::new(Reset {
        reason: Some(refusal),
        ..Reset::default()
    })
    .with_event(event)
}
