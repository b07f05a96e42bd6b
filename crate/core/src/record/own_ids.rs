//! Unique ids for factors. Proxmox gave all keys of a user from the old format the same id.

use std::collections::{HashMap, HashSet};

use super::Record;

/// The id of the recovery set.
const RECOVERY: &str = "recovery";

impl Record {
    /// Gives every factor a unique id. Of several factors with the same id, the first one keeps it and the others are
    /// numbered from 2. The same record always gets the same ids. True if an id changed.
    pub fn give_own_ids(&mut self) -> bool {
        if self.ids_are_unique() {
            return false;
        }
        let mut taken: HashSet<String> = self.ids().map(str::to_owned).collect();
        let mut seen = HashSet::from([RECOVERY.to_owned()]);
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for id in self.ids_mut() {
            if seen.insert(id.clone()) {
                continue;
            }
            let number = numbers.entry(id.clone()).or_insert(1);
            loop {
                *number += 1;
                let own = format!("{id}-{number}");
                if taken.insert(own.clone()) {
                    *id = own;
                    break;
                }
            }
        }
        true
    }

    fn ids_are_unique(&self) -> bool {
        if self.real_factors() == 1 && self.unusable.is_empty() {
            return self.ids().all(|id| id != RECOVERY);
        }
        let mut ids: Vec<_> = self.ids().chain([RECOVERY]).collect();
        ids.sort_unstable();
        ids.windows(2).all(|pair| !matches!(pair, [one, other] if one == other))
    }

    /// The ids, in the order of lookup.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        let totp = self.totp.iter().map(|entry| entry.id.as_str());
        totp.chain(self.webauthn.iter().map(|entry| entry.id.as_str()))
            .chain(self.u2f.iter().map(|entry| entry.id.as_str()))
            .chain(self.yubico.iter().map(|entry| entry.id.as_str()))
    }

    fn ids_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let totp = self.totp.iter_mut().map(|entry| &mut entry.id);
        totp.chain(self.webauthn.iter_mut().map(|entry| &mut entry.id))
            .chain(self.u2f.iter_mut().map(|entry| &mut entry.id))
            .chain(self.yubico.iter_mut().map(|entry| &mut entry.id))
    }
}
