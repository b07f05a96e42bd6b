//! Until when a user has to enrol what the host requires. A deadline is written once, and stays when factors come and go.

use serde::{Deserialize, Serialize};

use super::Record;
use crate::json::members::is_default;
use crate::webauthn::Proofs;

/// A record may have deadlines and no factor. They are no sign of how factors were removed or lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Deadline {
    /// What a factor has to prove by then. Empty: there has to be a factor.
    #[serde(default, skip_serializing_if = "is_default")]
    pub require: Proofs,
    /// Epoch milliseconds.
    pub by: i64,
    /// The latest time that the record has known of, in epoch milliseconds. Factors that are removed take their times
    /// with them.
    seen: i64,
}

impl Record {
    /// Writes a deadline, at `now` in epoch milliseconds. False if there is one of this requirement, or no place for it.
    pub fn set_deadline(&mut self, require: Proofs, by: i64, now: i64) -> bool {
        let known = self.deadlines.iter().any(|one| one.require == require);
        // The meaning of a change to a record that can't be read is unknown.
        if known || self.whole_problem().is_some() || self.check_room().is_err() {
            return false;
        }
        let seen = self.latest(now);
        self.deadlines.push(Deadline { require, by, seen });
        true
    }

    /// The deadlines of everything that is part of `required`, so that other duties don't prolong the ones there were.
    pub fn deadlines_within(&self, required: Proofs) -> impl Iterator<Item = &Deadline> {
        self.deadlines.iter().filter(move |one| required.meet(one.require))
    }

    /// Goes on with the deadlines of the record that this one replaces.
    pub fn take_deadlines(&mut self, mut before: Self) {
        before.keep_time();
        self.deadlines = before.deadlines;
    }

    /// Keeps the time that the record knew of before it was changed.
    pub(crate) fn keep_time(&mut self) {
        let known = self.known;
        for one in &mut self.deadlines {
            one.seen = one.seen.max(known);
        }
    }

    /// Only deadlines need it, and few records have any.
    pub(super) fn note_time(&mut self) {
        if !self.deadlines.is_empty() {
            self.known = self.latest(i64::MIN);
        }
    }

    pub(super) fn seen(&self) -> impl Iterator<Item = i64> {
        self.deadlines.iter().map(|one| one.seen)
    }
}
