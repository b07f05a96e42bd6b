//! Until when a user has to enrol what the host requires. A deadline is written once, and stays when factors come and go.

use serde::{Deserialize, Serialize};

use super::Record;
use crate::json::members::is_default;
use crate::webauthn::Proofs;

/// How much earlier a date has to be to replace the one that is stored, in milliseconds. The clocks of servers differ.
const EARLIER: i64 = 60_000;

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
    /// Writes a deadline, at `now` in epoch milliseconds. False if there is one of this requirement that isn't later, or no
    /// place for it.
    pub fn set_deadline(&mut self, require: Proofs, by: i64, now: i64) -> bool {
        let known = self.deadlines.iter().position(|one| one.require == require);
        let stays = known
            .and_then(|place| self.deadlines.get(place))
            .is_some_and(|one| by.saturating_add(EARLIER) >= one.by);
        // The meaning of a change to a record that can't be read is unknown.
        if stays || self.whole_problem().is_some() || self.check_room().is_err() {
            return false;
        }
        let seen = self.latest(now);
        match known.and_then(|place| self.deadlines.get_mut(place)) {
            Some(one) => (one.by, one.seen) = (by, seen),
            None => self.deadlines.push(Deadline { require, by, seen }),
        }
        true
    }

    /// What of `required` was due before, and by when: what each deadline has in common with it. So neither a stricter
    /// duty nor a weaker one prolongs what there was.
    pub fn due_of(&self, required: Proofs) -> impl Iterator<Item = (Proofs, i64)> {
        self.deadlines
            .iter()
            .map(move |one| (required.common(one.require), one.by))
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
