//! TOTP entries with the same secret share their used steps, so that a code works only once.

use std::collections::HashSet;

use super::Record;

impl Record {
    /// Uses up a step of the TOTP entry at `position`, and of every other entry with the same secret, including
    /// disabled ones. False if one of them has already used that step or a later one.
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

    /// Whether several TOTP entries have the same secret and produce the same codes.
    pub fn repeats_totp(&self) -> bool {
        let mut seen = HashSet::new();
        let mut generators = self.totp.iter().map(|entry| &entry.entry.totp);
        !generators.all(|totp| seen.insert((totp.secret(), totp.algorithm().name(), totp.period())))
    }
}
