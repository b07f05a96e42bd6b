//! Typed codes: TOTP, recovery codes and Yubico OTPs.

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::json::envelope::envelope;
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::{FactorType, Record};
use crate::recovery_codes::Used;
use crate::service::answer::Answer;
use crate::service::browsers::NewBrowser;
use crate::service::change::{Change, Decision};
use crate::service::event::{Event, EventType};
use crate::service::outcome::{Accepted, Outcome, Refusal};
use crate::service::settings::Settings;
use crate::totp::{Checked, TypedCode};
use crate::yubico::{self, Counter, Otp};

/// Says which AES key an OTP needs. `value` is the key's public id, or null if no key would help.
///
/// Request: `{code, now}`. Nothing is written.
pub fn open_yubico(record: Option<&str>, settings: &Settings, request: &str) -> String {
    envelope(open(record, settings, request))
}

/// Verifies a typed code. Counts a wrong one, and uses up what a success uses.
///
/// Nothing is written if the type is locked, if the user has no such factor, or if the code is malformed.
pub fn verify_code(record: Option<&str>, settings: &Settings, request: &str) -> Change {
    Change::from_decision(verify(record, settings, request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    answer: CodeAnswer,
    now: i64,
    /// The AES key for the OTP's public id, if the host has it.
    #[serde(default)]
    yubico: Option<yubico::Key>,
    #[serde(default)]
    remember: Option<NewBrowser>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenRequest {
    code: Zeroizing<String>,
    now: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeAnswer {
    #[serde(rename = "type")]
    kind: FactorType,
    code: Zeroizing<String>,
}

fn open(record: Option<&str>, settings: &Settings, request: &str) -> Result<Option<String>, Failure> {
    let OpenRequest { code, now } = request::parse(request)?;
    let record = Record::parse(record)?;
    if !settings.yubico || record.is_locked(FactorType::Yubico, request::seconds(now)) {
        return Ok(None);
    }
    let otp = Otp::parse(&code).filter(|otp| {
        let mut enabled = record.yubico.iter().filter(|entry| entry.enable);
        enabled.any(|entry| entry.entry.is_of(&otp.public_id))
    });
    Ok(otp.map(|otp| otp.public_id))
}

pub(crate) fn verify(record: Option<&str>, settings: &Settings, request: &str) -> Decision<Outcome> {
    verify_beside(record, settings, request, |_, _| true)
}

/// The same, with a check for a right OTP: `unused` gets the key's public id and the counter. It says whether all other
/// users of that key have only used earlier OTPs.
pub(crate) fn verify_beside(
    record: Option<&str>,
    settings: &Settings,
    request: &str,
    unused: impl FnOnce(&str, Counter) -> bool,
) -> Decision<Outcome> {
    let Request {
        answer,
        now: milliseconds,
        yubico,
        remember,
    } = request::parse(request)?;
    let now = request::seconds(milliseconds);
    let mut record = Record::parse(record)?;
    record.check_room()?;
    let factor = answer.kind;
    if record.is_locked(factor, now) {
        return Ok(refuse(Refusal::Locked, Event::rejected(factor, "locked")));
    }
    let checked = match factor {
        FactorType::Totp => check_totp(&mut record, settings, &answer.code, now),
        FactorType::Recovery => check_recovery(&mut record, &answer.code),
        FactorType::Yubico if settings.yubico => check_yubico(&mut record, &answer.code, yubico.as_ref(), now, unused),
        // Without its key, an OTP can't be decrypted. The other types are not typed codes.
        FactorType::Yubico | FactorType::Webauthn | FactorType::U2f | FactorType::Unknown => {
            Check::Unavailable("not-supported")
        }
    };
    match checked {
        Check::Accepted(mut accepted) => {
            let unlocked = record.count_success(factor, now);
            let event = Event::new(EventType::Verified).of(&accepted.factor.id, factor);
            let remembered = remember.and_then(|new| new.remember(&mut record, settings, &mut accepted, milliseconds));
            let mut answer = Answer::new(Outcome::Accepted(accepted)).with_event(event);
            answer.events.extend(remembered);
            if unlocked {
                answer = answer.with_event(Event::new(EventType::Unlocked));
            }
            if let Some(set) = record.recovery.as_ref().filter(|_| factor == FactorType::Recovery) {
                answer = answer.with_event(Event::new(EventType::RecoveryCodeUsed).leaving(set.left()));
            }
            Ok((Some(record), answer))
        }
        Check::Wrong => {
            let locked = record.count_wrong_code(factor, &settings.limits, now);
            let mut answer =
                Answer::new(Outcome::Refused(Refusal::Rejected)).with_event(Event::rejected(factor, "wrong-code"));
            if locked {
                answer = answer.with_event(Event::new(EventType::Locked).of_type(factor));
            }
            Ok((Some(record), answer))
        }
        Check::Malformed => Ok(refuse(Refusal::Malformed, Event::malformed(factor, "code"))),
        Check::Unavailable(reason) => Ok(refuse(Refusal::Rejected, Event::rejected(factor, reason))),
    }
}

fn refuse(refusal: Refusal, event: Event) -> (Option<Record>, Answer<Outcome>) {
    (None, Answer::new(Outcome::Refused(refusal)).with_event(event))
}

pub(super) enum Check {
    Accepted(Accepted),
    /// Counts as a failure.
    Wrong,
    Malformed,
    /// Refused for this reason, without counting.
    Unavailable(&'static str),
}

pub(super) fn check_totp(record: &mut Record, settings: &Settings, code: &str, now: i64) -> Check {
    let Some(code) = TypedCode::parse(code) else {
        return Check::Malformed;
    };
    let mut refusal = Check::Unavailable("no-such-factor");
    let mut accepted = None;
    // Every factor is checked, whatever the earlier ones returned, so that the time reveals nothing.
    for (position, entry) in record.totp.iter().enumerate().filter(|(_, entry)| entry.enable) {
        let stored = &entry.entry;
        match stored.totp.check(&code, now, settings.totp.window, stored.last_count) {
            Checked::Accepted(step) if accepted.is_none() => accepted = Some((position, step)),
            // Repeating a right code is an accident or an eavesdropper, not a guess.
            Checked::Reused => refusal = Check::Unavailable("code-reused"),
            Checked::Accepted(_) => {}
            Checked::Wrong => {
                if !matches!(refusal, Check::Unavailable("code-reused")) {
                    refusal = Check::Wrong;
                }
            }
        }
    }
    let Some((position, step)) = accepted else {
        return refusal;
    };
    // If a secret occurs twice, its code still works only once.
    let unused = record.use_step(position, step);
    match record.totp.get_mut(position) {
        Some(entry) if unused => {
            entry.last_used = Some(now);
            Check::Accepted(Outcome::accepted(&entry.id, FactorType::Totp, &entry.description))
        }
        _ => Check::Unavailable("code-reused"),
    }
}

pub(super) fn check_recovery(record: &mut Record, code: &str) -> Check {
    let Some(set) = record.recovery.as_mut() else {
        return Check::Unavailable("no-such-factor");
    };
    match set.use_code(code) {
        Used::Accepted { left, .. } => Check::Accepted(Accepted {
            recovery_codes_left: Some(left),
            ..Outcome::accepted("recovery", FactorType::Recovery, "")
        }),
        Used::Wrong => Check::Wrong,
        Used::Malformed => Check::Malformed,
    }
}

fn check_yubico(
    record: &mut Record,
    code: &str,
    key: Option<&yubico::Key>,
    now: i64,
    unused: impl FnOnce(&str, Counter) -> bool,
) -> Check {
    let Some(otp) = Otp::parse(code) else {
        return Check::Malformed;
    };
    if !record.yubico.iter().any(|entry| entry.enable) {
        return Check::Unavailable("no-such-factor");
    }
    // Imports may have a key twice. It still has one counter.
    let mut same: Vec<_> = record
        .yubico
        .iter_mut()
        .filter(|entry| entry.entry.is_of(&otp.public_id))
        .collect();
    let last = same.iter().filter_map(|entry| entry.entry.counter()).max();
    let Some(answering) = same.iter().position(|entry| entry.enable) else {
        return Check::Wrong;
    };
    let Some(key) = key else {
        return Check::Unavailable("key-missing");
    };
    let counter = match yubico::verify(&otp, key, last) {
        yubico::Checked::Accepted(counter) if unused(&otp.public_id, counter) => counter,
        yubico::Checked::Accepted(_) | yubico::Checked::Reused => return Check::Unavailable("code-reused"),
        yubico::Checked::Wrong => return Check::Wrong,
    };
    for entry in &mut same {
        entry.entry.count(counter);
    }
    match same.get_mut(answering) {
        Some(entry) => {
            entry.last_used = Some(now);
            Check::Accepted(Outcome::accepted(&entry.id, FactorType::Yubico, &entry.description))
        }
        None => Check::Wrong,
    }
}
