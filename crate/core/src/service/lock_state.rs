//! What a user is told about locks: which codes are refused, until when, and what lifts the locks.

use serde::Serialize;

use crate::record::locks::LockEnd;
use crate::record::{Entry, FactorType, Record, SigningEntry};
use crate::recovery_codes::RecoverySet;

/// The types of typed codes that this user has and that are refused now.
pub(crate) fn locked_types(record: &Record, now: i64) -> Vec<FactorType> {
    let held = [
        (FactorType::Totp, !record.totp.is_empty()),
        (FactorType::Recovery, record.recovery.is_some()),
        (FactorType::Yubico, !record.yubico.is_empty()),
    ];
    held.into_iter()
        .filter(|(factor, held)| *held && record.is_locked(*factor, now))
        .map(|(factor, _)| factor)
        .collect()
}

/// How the locks of a user end.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Unlocking {
    /// When the first of the locked types is accepted again without an unlock, in epoch milliseconds. Null if none ever
    /// is.
    locked_until: Option<i64>,
    /// The types that lift every lock with a success and that this user can answer with now.
    unlocked_by: Vec<FactorType>,
}

impl Unlocking {
    /// `None` if nothing is locked. `u2f`: whether U2F keys are accepted at all.
    pub fn of(record: &Record, locked: &[FactorType], u2f: bool, now: i64) -> Option<Self> {
        let ends = locked.iter().filter_map(|factor| record.lock_end(*factor, now));
        let times = ends.filter_map(|end| match end {
            LockEnd::At(time) => Some(time.saturating_mul(1000)),
            LockEnd::Unlock => None,
        });
        let codes = record.recovery.as_ref().map_or(0, RecoverySet::left);
        let lifting = [
            (FactorType::Webauthn, usable(&record.webauthn).next().is_some()),
            (FactorType::U2f, u2f && usable(&record.u2f).next().is_some()),
            (
                FactorType::Recovery,
                codes > 0 && !locked.contains(&FactorType::Recovery),
            ),
        ];
        let unlocking = Self {
            locked_until: times.min(),
            unlocked_by: lifting
                .into_iter()
                .filter(|(_, can)| *can)
                .map(|(factor, _)| factor)
                .collect(),
        };
        (!locked.is_empty()).then_some(unlocking)
    }
}

/// The entries that can verify an answer.
pub(crate) fn usable<E: SigningEntry>(entries: &[Entry<E>]) -> impl Iterator<Item = &Entry<E>> {
    entries.iter().filter(|entry| entry.enable && entry.entry.can_verify())
}
