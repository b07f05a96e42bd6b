//! Creates recovery codes. A new set replaces the old one in one step.

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::json::failure::Failure;
use crate::json::request;
use crate::record::Record;
use crate::recovery_codes::RecoverySet;
use crate::service::answer::Answer;
use crate::service::change::{Change, Decision};
use crate::service::event::{Event, EventType};
use crate::service::settings::Settings;

/// Creates a new set. `value` is the list of codes, which are not stored anywhere. Fails with `factor-required` for a
/// user without any factor. A set that is the user's only factor after a recovery can be renewed. `random`: 8 bytes,
/// and 8 for each code.
pub fn create_recovery_codes(record: Option<&str>, random: &[u8], settings: &Settings, request: &str) -> Change {
    Change::from_decision(create(record, random, settings, request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    now: i64,
}

fn create(record: Option<&str>, random: &[u8], settings: &Settings, request: &str) -> Decision<Vec<Zeroizing<String>>> {
    let Request { now } = request::parse(request)?;
    let mut record = Record::parse(record)?;
    if record.is_empty() {
        return Err(Failure::FactorRequired);
    }
    if random.len() != 8 + 8 * settings.recovery_codes {
        return Err(Failure::InvalidArgument("random"));
    }
    let (set, codes) = RecoverySet::create(random, request::seconds(now))?;
    let left = set.left();
    record.recovery = Some(set);
    record.remove_unusable_recovery();
    record.check_size()?;
    let event = Event::new(EventType::RecoveryCodesCreated).leaving(left);
    Ok((Some(record), Answer::new(codes).with_event(event)))
}
