//! Yubico keys that several users hold: an OTP of theirs is used for all of them.

use super::TfaConfig;
use crate::record::Record;
use crate::yubico::Counter;

impl TfaConfig {
    /// The counter that a Yubico key has with others.
    pub(super) fn counter_of_others(&self, user: &str, public_id: &str) -> Option<Counter> {
        let others = self.others_with_key(user, public_id);
        let entries = others.iter().flat_map(|(_, record)| &record.yubico);
        let same = entries.filter(|entry| entry.entry.is_of(public_id));
        same.filter_map(|entry| entry.entry.counter()).max()
    }

    /// The records of all others who hold a Yubico key of this public id.
    pub(super) fn others_with_key(&self, user: &str, public_id: &str) -> Vec<(String, Record)> {
        // Read as text first: parsing every record would take seconds in a large file.
        let others = self
            .users
            .iter()
            .filter(|stored| stored.user != user && stored.record.contains("\"yubico\":["));
        others
            .filter_map(|stored| Some((stored.user.to_owned(), Record::parse(Some(stored.record)).ok()?)))
            .filter(|(_, record)| record.yubico.iter().any(|entry| entry.entry.is_of(public_id)))
            .collect()
    }
}

/// Notes an OTP with all who hold its key; false where one of them used it or a later one.
pub(super) fn count_for_all(sharing: &mut [(String, Record)], public_id: &str, counter: Counter) -> bool {
    let entries = sharing.iter_mut().flat_map(|(_, record)| &mut record.yubico);
    for entry in entries
        .map(|entry| &mut entry.entry)
        .filter(|entry| entry.is_of(public_id))
    {
        if entry.counter().is_some_and(|last| last >= counter) {
            return false;
        }
        entry.count(counter);
    }
    true
}
