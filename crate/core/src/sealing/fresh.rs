//! Random bytes that are used once.

use std::time::Duration;

use super::keys::RANDOM;

/// Bytes for the texts that one call may seal: a record and a challenge.
pub const OF_ONE_CALL: usize = 2 * RANDOM;

/// Bytes drawn at once: asking the system for each call takes longer than sealing. They are no secret.
const DRAWN: usize = 64 * OF_ONE_CALL;

/// What was drawn, and how much of it is used.
pub struct FreshRandom {
    bytes: [u8; DRAWN],
    used: usize,
}

impl Default for FreshRandom {
    fn default() -> Self {
        Self {
            bytes: [0; DRAWN],
            used: DRAWN,
        }
    }
}

impl FreshRandom {
    /// Bytes for one call. `None` if they are used up and `draw` fails: it fills what it is given, and returns whether it did.
    ///
    /// `moment`: since any fixed time. A copy of the machine, such as a snapshot that is started twice, has drawn the same
    /// bytes, but comes to use them at another moment. So it is mixed in, with the place, in which two texts of one moment
    /// differ.
    pub fn take(&mut self, moment: Duration, draw: impl FnOnce(&mut [u8]) -> bool) -> Option<[u8; OF_ONE_CALL]> {
        if self.used == DRAWN {
            if !draw(&mut self.bytes) {
                return None;
            }
            self.used = 0;
        }
        let mut taken: [u8; OF_ONE_CALL] = *self.bytes.get(self.used..)?.first_chunk()?;
        for (half, bytes) in taken.chunks_exact_mut(RANDOM).enumerate() {
            let place = (self.used / RANDOM + half) as u64;
            let mixed = [moment.as_secs(), (u64::from(moment.subsec_nanos()) << 32) | place];
            for (byte, with) in bytes.iter_mut().zip(mixed.into_iter().flat_map(u64::to_le_bytes)) {
                *byte ^= with;
            }
        }
        self.used += OF_ONE_CALL;
        Some(taken)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const NOW: Duration = Duration::new(1_800_000_000, 5);

    fn all_sevens(bytes: &mut [u8]) -> bool {
        bytes.fill(7);
        true
    }

    fn halves(taken: [u8; OF_ONE_CALL]) -> [[u8; RANDOM]; 2] {
        [*taken.first_chunk().unwrap(), *taken.last_chunk().unwrap()]
    }

    #[test]
    fn two_copies_of_a_machine_never_use_the_same_bytes() {
        let mut machines = [FreshRandom::default(), FreshRandom::default()];
        let mut seen = HashSet::new();
        for call in 0..200 {
            for (index, machine) in (0..).zip(&mut machines) {
                let moment = NOW + Duration::from_nanos(2 * call + index);
                seen.extend(halves(machine.take(moment, all_sevens).unwrap()));
            }
        }
        assert_eq!(seen.len(), 800);
    }

    #[test]
    fn a_clock_that_stands_gives_one_draw_no_bytes_twice() {
        let mut fresh = FreshRandom::default();
        let mut seen = HashSet::new();
        for _ in 0..DRAWN / OF_ONE_CALL {
            seen.extend(halves(fresh.take(NOW, all_sevens).unwrap()));
        }
        assert_eq!(seen.len(), DRAWN / RANDOM);
    }

    #[test]
    fn what_is_drawn_is_used_up_before_more_is_and_none_of_it_is_left_out() {
        let mut fresh = FreshRandom::default();
        let mut drawn = 0_u8;
        let mut count = |bytes: &mut [u8]| {
            drawn += 1;
            bytes.fill(drawn);
            true
        };
        let last = DRAWN / OF_ONE_CALL;
        let taken: Vec<_> = (0..=last).map(|_| fresh.take(NOW, &mut count).unwrap()).collect();
        assert_eq!(drawn, 2);
        // The bytes that nothing is mixed into.
        for (call, taken) in taken.into_iter().enumerate() {
            let expected = [if call < last { 1 } else { 2 }; RANDOM / 2];
            assert_eq!(halves(taken).map(|half| *half.last_chunk().unwrap()), [expected; 2]);
        }
    }

    #[test]
    fn without_randomness_there_are_none_and_the_next_call_asks_again() {
        let mut fresh = FreshRandom::default();
        assert_eq!(fresh.take(NOW, |_| false), None);
        assert_eq!(fresh.take(NOW, |_| false), None);
        assert!(fresh.take(NOW, all_sevens).is_some());
    }
}
