//! Finds out whether a wrong code of a phone app is right at another time. Then a clock is off, either the phone's or
//! the server's.

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::json::envelope::envelope;
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::{FactorType, Record};
use crate::service::answer::Answer;
use crate::service::change::{Change, Decision};
use crate::totp::TypedCode;

/// Says how many steps away a refused code is right. `value` is a number, negative for an earlier step, or null.
///
/// Called after the refusal was committed. It doesn't search while TOTP is locked, and the result changes no outcome.
/// Request: `{code, now}`.
pub fn find_drift(record: Option<&str>, request: &str) -> String {
    envelope(find(record, request))
}

/// Stores the drift in the record for the administrator's status, until a right code clears it. Request: `{drift}`.
pub fn note_drift(record: Option<&str>, request: &str) -> Change {
    Change::from_decision(note(record, request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FindRequest {
    code: Zeroizing<String>,
    now: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoteRequest {
    drift: i64,
}

fn find(record: Option<&str>, request: &str) -> Result<Option<i64>, Failure> {
    let FindRequest { code, now } = request::parse(request)?;
    let now = request::seconds(now);
    let record = Record::parse(record)?;
    let Some(code) = TypedCode::parse(&code).filter(|_| !record.is_locked(FactorType::Totp, now)) else {
        return Ok(None);
    };
    // Every factor is checked, whatever the earlier ones returned, so that the time reveals nothing.
    let enabled = record.totp.iter().filter(|entry| entry.enable);
    let found = enabled.map(|entry| entry.entry.totp.drift(&code, now, entry.entry.last_count));
    Ok(found.fold(None, Option::or))
}

fn note(record: Option<&str>, request: &str) -> Decision<bool> {
    let NoteRequest { drift } = request::parse(request)?;
    let mut record = Record::parse(record)?;
    if record.totp.is_empty() || record.totp_drift == Some(drift) {
        return Ok((None, Answer::new(false)));
    }
    record.totp_drift = Some(drift);
    Ok((Some(record), Answer::new(true)))
}
