//! One secret, one code: entries that hold the same TOTP secret share their steps.

use std::collections::HashSet;

use super::Record;

impl Record {
    /// Uses up a step of the TOTP entry at `position`, and of every other one that holds its secret, disabled ones too;
    /// false where one of them used that step or a later one before.
    pub fn use_step(&mut self, position: usize, step: i64) -> bool {
        let Some((before, [own, after @ ..])) = self.totp.split_at_mut_checked(position) else {
            return false;
        };
        let mut unused = own.entry.use_step(step);
        for twin in before.iter_mut().chain(after) {
            if twin.entry.totp.is_twin(&own.entry.totp) {
                unused &= twin.entry.use_step(step);
            }
        }
        unused
    }

    /// Whether several TOTP entries hold one secret for the same codes.
    pub fn repeats_totp(&self) -> bool {
        let mut seen = HashSet::new();
        let mut generators = self.totp.iter().map(|entry| &entry.entry.totp);
        !generators.all(|totp| seen.insert((totp.secret(), totp.algorithm().name(), totp.period())))
    }
}
