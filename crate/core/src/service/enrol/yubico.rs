//! Enrolling a Yubico key. One OTP proves the key, whose secrets the host has.

use serde::Deserialize;
use zeroize::Zeroizing;

use super::finish::enrol;
use super::{Enrolled, EnrolmentRefusal};
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::{Entry, FactorType, Record, YubicoEntry};
use crate::service::change::{Change, Decision};
use crate::service::settings::Settings;
use crate::yubico::{self, Checked, Otp};

/// Verifies an OTP of a key and adds the key. The counter of that OTP counts as used.
///
/// Request: `{code, yubico?: {key, uid}, description, firstOnly?, now}`. Without `yubico`, the host doesn't have the
/// secrets of the key that typed `code`. `random`: 16 bytes for the factor's id. Fails with `invalid-argument`
/// (`yubico`) if the host has no secrets of any key. Only the public id and the counter are stored.
pub fn enrol_yubico(record: Option<&str>, random: &[u8], settings: &Settings, request: &str) -> Change {
    Change::from_decision(enrol_key(record, random, settings, request))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    code: Zeroizing<String>,
    #[serde(default)]
    yubico: Option<yubico::Key>,
    description: String,
    #[serde(default)]
    first_only: bool,
    now: i64,
}

fn enrol_key(record: Option<&str>, random: &[u8], settings: &Settings, request: &str) -> Decision<Enrolled> {
    let request: Request = request::parse(request)?;
    if !settings.yubico {
        return Err(Failure::InvalidArgument("yubico"));
    }
    let named = (request.description.as_str(), request.first_only);
    let mut member = None;
    let (record, mut answer) = enrol(
        record,
        Some(()),
        random,
        settings,
        named,
        FactorType::Yubico,
        |record, (), id| {
            let Some(otp) = Otp::parse(&request.code) else {
                member = Some("code");
                return Err((EnrolmentRefusal::Malformed, "malformed"));
            };
            // This check comes first, so that nothing is revealed about an OTP of a key that the user already has.
            if holds_key(record, &otp.public_id) {
                return Err((EnrolmentRefusal::AlreadyEnrolled, "already-enrolled"));
            }
            let Some(key) = &request.yubico else {
                return Err((EnrolmentRefusal::UnknownKey, EnrolmentRefusal::UnknownKey.as_str()));
            };
            let Checked::Accepted(counter) = yubico::verify(&otp, key, None) else {
                return Err((EnrolmentRefusal::Rejected, "wrong-code"));
            };
            let mut entry = YubicoEntry::PublicId(otp.public_id);
            entry.count(counter);
            let (description, now) = (request.description.clone(), request::seconds(request.now));
            record.yubico.push(Entry::new(id.to_owned(), description, now, entry));
            Ok(())
        },
    )?;
    for event in &mut answer.events {
        event.member = member;
    }
    Ok((record, answer))
}

/// Whether the record has a key with this public id, enabled or not. A key has only one counter.
pub(super) fn holds_key(record: &Record, public_id: &str) -> bool {
    record.yubico.iter().any(|held| held.entry.is_of(public_id))
}
