//! Who has to enrol what, and until when. The host's policy says so, and the record keeps the deadline.

use serde::{Deserialize, Serialize};

use super::manage::check_by;
use crate::json::request;
use crate::record::{Entry, Record, SigningEntry};
use crate::service::answer::Answer;
use crate::service::change::{Change, Decision};
use crate::service::event::{Event, EventType};
use crate::service::lock_state::usable;
use crate::service::settings::Settings;
use crate::webauthn::Proofs;

/// Says where a user stands against what the host requires, and writes the deadline if there is none of this requirement
/// yet, or a later one. `value`: `{"state", "by"?}`.
///
/// Request: `{require, by?, soon, now}`, all times in epoch milliseconds. `require`: what an enabled factor has to be able
/// to prove, 0 for any factor but recovery codes. Without `by`, it is due at once. `soon`: how long before the deadline the
/// state is `expiring`.
///
/// The time is the later of `now` and the latest one in the record. The earliest deadline counts: the host's, the one of
/// this requirement, and those of all others that have a part in common with it that no factor meets.
pub fn enforce(record: Option<&str>, settings: &Settings, request: &str) -> Change {
    Change::from_decision(decide(record, settings, request))
}

/// Deletes all deadlines, so that the next [`enforce`] writes new ones. `value`: their number. Request: `{by?}`.
pub fn clear_deadlines(record: Option<&str>, request: &str) -> Change {
    Change::from_decision(clear(record, request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    require: Proofs,
    #[serde(default)]
    by: Option<i64>,
    soon: i64,
    now: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    None,
    Grace,
    Expiring,
    Required,
}

#[derive(Serialize)]
struct Standing {
    state: State,
    /// Epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<i64>,
}

fn decide(record: Option<&str>, settings: &Settings, request: &str) -> Decision<Standing> {
    let Request { require, by, soon, now } = request::parse(request)?;
    let mut record = Record::parse(record)?;
    let latest = record.latest(now);
    let by = by.unwrap_or(latest);
    let written = record.set_deadline(require, by, now);
    let standing = if holds(&record, settings, require) {
        Standing {
            state: State::None,
            by: None,
        }
    } else {
        let unmet = (record.due_of(require)).filter(|(part, _)| !holds(&record, settings, *part));
        let due = unmet.map(|(_, by)| by).fold(by, i64::min);
        let state = if latest >= due {
            State::Required
        } else if latest.saturating_add(soon) >= due {
            State::Expiring
        } else {
            State::Grace
        };
        Standing { state, by: Some(due) }
    };
    let due = standing.state != State::None;
    let answer = Answer::new(standing);
    Ok(if written {
        // Who has it already is told nothing.
        let answer = if due {
            answer.with_event(Event::new(EventType::DeadlineSet))
        } else {
            answer
        };
        (Some(record), answer)
    } else {
        (None, answer)
    })
}

/// Whether an enabled factor that is accepted here can prove all of this. Whether it is locked now is another question.
fn holds(record: &Record, settings: &Settings, required: Proofs) -> bool {
    fn any<E: SigningEntry>(entries: &[Entry<E>], required: Proofs) -> bool {
        usable(entries).any(|entry| entry.entry.proofs(true, false).meet(required))
    }
    let codes = record.totp.iter().any(|entry| entry.enable)
        || (settings.yubico && record.yubico.iter().any(|entry| entry.enable));
    (required.is_empty() && codes)
        || any(&record.webauthn, required)
        || (settings.u2f.is_some() && any(&record.u2f, required))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clear {
    #[serde(default)]
    by: Option<String>,
}

fn clear(record: Option<&str>, request: &str) -> Decision<usize> {
    let Clear { by } = request::parse(request)?;
    check_by(by.as_deref())?;
    let mut record = Record::parse(record)?;
    let cleared = std::mem::take(&mut record.deadlines).len();
    let answer = Answer::new(cleared);
    if cleared == 0 {
        return Ok((None, answer));
    }
    let event = Event::new(EventType::DeadlineCleared).by(by.as_deref());
    Ok((Some(record), answer.with_event(event)))
}
