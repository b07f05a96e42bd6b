//! Imports a whole record of another system, such as one user of a `tfa.cfg`. The limits are those of enrolment.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::json::failure::Failure;
use crate::json::request;
use crate::record::Record;
use crate::service::answer::Answer;
use crate::service::change::{Change, Decision};

/// The most factors of a user, the same as for adding an entry to a `tfa.cfg`.
const FACTORS: usize = 256;
/// The most bytes of a stored `otpauth:` URI.
const URI: usize = 4096;

/// Stores the record `data` for a user who has none. `value`: `{"done", "reason"?, "repeatedTotp"}`.
///
/// Request: `{data, replace, now, rpId?}`. `done` is `imported`, `unchanged` (the user already has this record), `kept`
/// (the user has a different record, and `replace` is false) or `refused`. The reason of a refusal is `description`,
/// `key`, `factor-limit` or `record-too-large`. Each factor stores the time of the import.
pub fn import_record(record: Option<&str>, request: &str) -> Change {
    Change::from_decision(import(record, request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    data: Zeroizing<String>,
    replace: bool,
    now: i64,
    /// The relying party of credentials that don't name one.
    #[serde(default, rename = "rpId")]
    rp_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Imported {
    done: Done,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Refused>,
    repeated_totp: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Done {
    Imported,
    Unchanged,
    Kept,
    Refused,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Refused {
    Description,
    Key,
    FactorLimit,
    RecordTooLarge,
}

fn import(before: Option<&str>, request: &str) -> Decision<Imported> {
    let Request {
        data,
        replace,
        now,
        rp_id,
    } = request::parse(request)?;
    let mut record = Record::parse(Some(&data))?;
    if record.whole_problem().is_some() {
        // The host has to know what is wrong with the whole record. Single unusable factors are imported unchanged.
        Record::parse_usable(&data)?;
    }
    // Only this store can say how a last factor was removed, which browsers to trust, and what is due by when.
    record.removed = None;
    record.deadlines.clear();
    record.browsers.clear();
    for one in &mut record.webauthn {
        if one.entry.rp_id.is_none() {
            one.entry.rp_id.clone_from(&rp_id);
        }
        // It was shared in the other store, not here.
        one.entry.shared = false;
    }
    record.claim_anew();
    let repeated_totp = record.repeats_totp();
    let answer = |changed, done, reason| {
        let imported = Imported {
            done,
            reason,
            repeated_totp,
        };
        Ok((changed, Answer::new(imported)))
    };
    let leave = |done, reason| answer(None, done, reason);
    let kept = Record::parse(before)?;
    // A user whose last factor was removed has no other factors, nor has one who has only a deadline.
    let before = before.filter(|_| !(kept.is_empty() && kept.is_kept_without_factors()));
    if let Some(before) = before {
        if is_same(before, &mut record)? {
            return leave(Done::Unchanged, None);
        }
        if !replace {
            return leave(Done::Kept, None);
        }
    }
    // There is nothing to store, and no reason to remove the existing record.
    if record.is_empty() {
        return leave(if before.is_some() { Done::Kept } else { Done::Unchanged }, None);
    }
    stamp(&mut record, Some(request::seconds(now)));
    record.take_deadlines(kept);
    match check(&record) {
        Err(reason) => leave(Done::Refused, Some(reason)),
        Ok(()) => answer(Some(record), Done::Imported, None),
    }
}

/// Whether both records are the same, apart from the time of the import.
fn is_same(before: &str, record: &mut Record) -> Result<bool, Failure> {
    let mut before = Record::parse(Some(before))?;
    before.browsers.clear();
    before.deadlines.clear();
    for (one, new) in before.webauthn.iter_mut().zip(&record.webauthn) {
        one.entry.shared = false;
        if one.entry.rp_id.is_none() || new.entry.rp_id.is_none() {
            one.entry.rp_id.clone_from(&new.entry.rp_id);
        }
    }
    stamp(&mut before, None);
    stamp(record, None);
    Ok(before.to_text()? == record.to_text()?)
}

/// Sets the time of the import for everything that was created before it.
fn stamp(record: &mut Record, now: Option<i64>) {
    let came = |created: i64| now.filter(|now| created < *now);
    let totp = record.totp.iter_mut().map(|one| (one.created, &mut one.added));
    let others = (record.u2f.iter_mut().map(|one| (one.created, &mut one.added)))
        .chain(record.webauthn.iter_mut().map(|one| (one.created, &mut one.added)))
        .chain(record.yubico.iter_mut().map(|one| (one.created, &mut one.added)))
        .chain(record.recovery.iter_mut().map(|set| (set.created, &mut set.added)));
    for (created, added) in totp.chain(others) {
        *added = came(created);
    }
}

fn check(record: &Record) -> Result<(), Refused> {
    let mut descriptions = (record.totp.iter().map(|one| &one.description))
        .chain(record.u2f.iter().map(|one| &one.description))
        .chain(record.webauthn.iter().map(|one| &one.description))
        .chain(record.yubico.iter().map(|one| &one.description));
    if !descriptions.all(|text| request::check_description(text).is_ok()) {
        return Err(Refused::Description);
    }
    let keys = record.totp.iter().all(|one| one.entry.uri_bytes() <= URI)
        && (record.u2f.iter()).all(|one| (1..=255).contains(&one.entry.key.key_handle.len()))
        && (record.webauthn.iter()).all(|one| (1..=1023).contains(&one.entry.cred_id.len()))
        && record.yubico.iter().all(|one| one.entry.public_id().len() <= 64);
    if !keys {
        return Err(Refused::Key);
    }
    if record.real_factors() > FACTORS {
        return Err(Refused::FactorLimit);
    }
    record.check_size().map_err(|_| Refused::RecordTooLarge)
}
