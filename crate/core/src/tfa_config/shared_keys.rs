//! Yubico keys that several users share. An OTP that one of them uses counts as used for all.

use super::TfaConfig;
use crate::record::Record;
use crate::yubico::Counter;

impl TfaConfig {
    /// The highest counter that other users have for a Yubico key.
    pub(super) fn counter_of_others(&self, user: &str, public_id: &str) -> Option<Counter> {
        let others = self.others_with_key(user, public_id);
        let entries = others.iter().flat_map(|(_, record)| &record.yubico);
        let same = entries.filter(|entry| entry.entry.is_of(public_id));
        same.filter_map(|entry| entry.entry.counter()).max()
    }

    /// The records of all other users who have a Yubico key with this public id.
    pub(super) fn others_with_key(&self, user: &str, public_id: &str) -> Vec<(String, Record)> {
        // Search the text first: parsing every record of a large file would take seconds.
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

/// Counts an OTP for all users who share the key. False if one of them has already used it or a later one.
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
