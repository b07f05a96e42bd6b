//! The open challenges of one process. Each can be taken once, and not after it has expired.

use std::hash::BuildHasher;

use indexmap::IndexMap;
use siphasher::sip::SipHasher13;
use zeroize::Zeroizing;

/// The most open challenges for a key and a purpose. One more closes the oldest.
const OPEN: usize = 8;
/// How many keys every `put` and `take` checks for expired challenges. Each key that had some adds another check.
const LOOKS: usize = 4;
/// The most keys that one `put` or `take` checks.
const MOST_LOOKS: usize = 64;
/// The most keys that one `sweep` checks, which takes about a millisecond.
const SWEEP_LOOKS: usize = 4096;

/// Challenges by their key (a user, or the challenge's own id) and their id. Times are epoch milliseconds. Apart from
/// the few purposes of a key, every operation takes constant time. Each also frees some expired challenges.
pub struct ChallengeBook {
    /// Accessible by position and by key. Sweeping walks through the positions, a few at a time.
    keys: IndexMap<Box<str>, Challenges, Seed>,
    open: usize,
    /// Positions from here on have been checked in this round. Decreases.
    cursor: usize,
}

impl ChallengeBook {
    /// `seed` is random, so that clients can't choose keys that collide.
    pub fn new(seed: [u8; 16]) -> Self {
        Self {
            keys: IndexMap::with_hasher(Seed(seed)),
            open: 0,
            cursor: 0,
        }
    }

    /// Opens a challenge. It replaces one with the same id.
    pub fn put(&mut self, key: &str, id: &str, purpose: &str, data: &str, expires: i64, now: i64) {
        self.sweep_a_little(now);
        let challenges = match self.keys.get_mut(key) {
            Some(challenges) => challenges,
            None => self.keys.entry(key.into()).or_default(),
        };
        let before = challenges.open.len();
        challenges.open.retain(|open| open.expires > now && open.id() != id);
        if challenges.open.iter().filter(|open| open.purpose() == purpose).count() >= OPEN
            && let Some(oldest) = challenges.open.iter().position(|open| open.purpose() == purpose)
        {
            challenges.open.remove(oldest);
        }
        // Room for one only, because most keys have one.
        challenges.open.reserve_exact(1);
        challenges.open.push(Open::new(id, purpose, data, expires));
        challenges.soonest = challenges.soonest.min(expires);
        self.open = self.open + challenges.open.len() - before;
    }

    /// Removes a challenge and returns its data, unless it has expired.
    pub fn take(&mut self, key: &str, id: &str, now: i64) -> Option<Zeroizing<String>> {
        self.sweep_a_little(now);
        let (position, _, challenges) = self.keys.get_full_mut(key)?;
        let place = challenges.open.iter().position(|open| open.id() == id)?;
        // Keeps the order of age, because the oldest must be known.
        let taken = challenges.open.remove(place);
        self.open -= 1;
        self.settle(position);
        self.shrink();
        (taken.expires > now).then(|| Zeroizing::new(taken.data().to_owned()))
    }

    /// Closes all challenges of a key.
    pub fn clear(&mut self, key: &str) {
        if let Some(challenges) = self.keys.swap_remove(key) {
            self.open -= challenges.open.len();
            self.shrink();
        }
    }

    /// Frees the expired challenges of the next keys, at most 4,096. Returns whether a round over all keys is complete.
    /// With 4,096 keys or fewer, every call completes a round.
    pub fn sweep(&mut self, now: i64) -> bool {
        if self.keys.len() <= SWEEP_LOOKS {
            self.cursor = 0;
        }
        for _ in 0..SWEEP_LOOKS {
            self.look(now);
            if self.cursor == 0 {
                break;
            }
        }
        self.shrink();
        self.cursor == 0
    }

    /// The number of challenges in memory, including expired ones that are not freed yet.
    pub fn len(&self) -> usize {
        self.open
    }

    pub fn is_empty(&self) -> bool {
        self.open == 0
    }

    fn sweep_a_little(&mut self, now: i64) {
        let mut looks = LOOKS.min(self.keys.len());
        for _ in 0..MOST_LOOKS {
            if looks == 0 {
                break;
            }
            if !self.look(now) {
                looks -= 1;
            }
        }
        self.shrink();
    }

    /// Checks the next key of the round. Returns whether anything was freed.
    fn look(&mut self, now: i64) -> bool {
        if self.cursor == 0 || self.cursor > self.keys.len() {
            self.cursor = self.keys.len();
        }
        self.cursor = self.cursor.saturating_sub(1);
        let Some((_, challenges)) = self.keys.get_index_mut(self.cursor) else {
            return false;
        };
        if challenges.soonest > now {
            return false;
        }
        let before = challenges.open.len();
        challenges.open.retain(|open| open.expires > now);
        challenges.soonest = challenges
            .open
            .iter()
            .map(|open| open.expires)
            .min()
            .unwrap_or(i64::MAX);
        let freed = before - challenges.open.len();
        self.open -= freed;
        if freed > 0 {
            self.settle(self.cursor);
        }
        freed > 0
    }

    /// Frees the memory that a key no longer needs after losing challenges.
    fn settle(&mut self, position: usize) {
        if let Some((_, challenges)) = self.keys.get_index_mut(position) {
            if challenges.open.is_empty() {
                // The last key moves to this position. The sweep goes down, so it has already seen that key in this
                // round.
                self.keys.swap_remove_index(position);
            } else if challenges.open.capacity() >= 2 * challenges.open.len() {
                challenges.open.shrink_to_fit();
            }
        }
    }

    fn shrink(&mut self) {
        if self.keys.capacity() > 64 && self.keys.capacity() / 4 > self.keys.len() {
            self.keys.shrink_to(self.keys.len() * 2);
        }
    }
}

/// The open challenges of one key, in order of age.
struct Challenges {
    /// No challenge of the key expires earlier. It is stored here so that a check only reads the table.
    soonest: i64,
    open: Vec<Open>,
}

impl Default for Challenges {
    fn default() -> Self {
        Self {
            soonest: i64::MAX,
            open: Vec::new(),
        }
    }
}

/// One challenge, stored compactly because there may be very many.
struct Open {
    /// Id, purpose and data.
    text: Zeroizing<Box<str>>,
    purpose_at: u32,
    data_at: u32,
    expires: i64,
}

impl Open {
    fn new(id: &str, purpose: &str, data: &str, expires: i64) -> Self {
        let mut text = String::with_capacity(id.len() + purpose.len() + data.len());
        for part in [id, purpose, data] {
            text.push_str(part);
        }
        let at = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        Self {
            text: Zeroizing::new(text.into_boxed_str()),
            purpose_at: at(id.len()),
            data_at: at(id.len() + purpose.len()),
            expires,
        }
    }

    fn id(&self) -> &str {
        self.text.get(..self.purpose_at as usize).unwrap_or_default()
    }

    fn purpose(&self) -> &str {
        self.text
            .get(self.purpose_at as usize..self.data_at as usize)
            .unwrap_or_default()
    }

    fn data(&self) -> &str {
        self.text.get(self.data_at as usize..).unwrap_or_default()
    }
}

struct Seed([u8; 16]);

impl BuildHasher for Seed {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_key(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn book() -> ChallengeBook {
        ChallengeBook::new(*b"a seed for tests")
    }

    fn take(book: &mut ChallengeBook, key: &str, id: &str, now: i64) -> Option<String> {
        book.take(key, id, now).map(|data| data.to_string())
    }

    #[test]
    fn taken_once_and_from_its_own_key() {
        let mut book = book();
        book.put("ann", "1", "sign-in", "data", 100, 0);
        assert_eq!(take(&mut book, "bob", "1", 0), None);
        assert_eq!(take(&mut book, "ann", "2", 0), None);
        assert_eq!(take(&mut book, "ann", "1", 99).as_deref(), Some("data"));
        assert_eq!(take(&mut book, "ann", "1", 99), None);
        assert!(book.is_empty());
    }

    #[test]
    fn never_at_or_after_its_end() {
        for (now, given) in [(99, true), (100, false), (101, false)] {
            let mut book = book();
            // Keys enough to keep the sweep away from this one.
            for key in 0..100 {
                book.put(&format!("user {key}"), "1", "sign-in", "", 1000, 0);
            }
            book.put("ann", "1", "sign-in", "data", 100, 0);
            assert_eq!(take(&mut book, "ann", "1", now).is_some(), given);
            assert_eq!(take(&mut book, "ann", "1", 0), None);
        }
    }

    #[test]
    fn parts_run_together_are_not_mistaken_for_each_other() {
        let mut book = book();
        book.put("ann", "ab", "c", "de", 100, 0);
        for id in ["", "a", "abc", "abcde"] {
            assert_eq!(take(&mut book, "ann", id, 0), None);
        }
        assert_eq!(take(&mut book, "ann", "ab", 0).as_deref(), Some("de"));
    }

    #[test]
    fn eight_stay_open_for_a_key_and_purpose() {
        let mut book = book();
        for id in 0..20 {
            book.put("ann", &format!("s{id}"), "sign-in", "", 100, 0);
            book.put("ann", &format!("r{id}"), "register", "", 100, 0);
        }
        assert_eq!(book.len(), 16);
        for id in 0..20 {
            assert_eq!(take(&mut book, "ann", &format!("s{id}"), 0).is_some(), id >= 12);
            assert_eq!(take(&mut book, "ann", &format!("r{id}"), 0).is_some(), id >= 12);
        }
    }

    #[test]
    fn an_expired_one_makes_room_before_the_oldest_does() {
        let mut book = book();
        // Keys enough to keep the sweep away from this one.
        for key in 0..100 {
            book.put(&format!("user {key}"), "1", "sign-in", "", 1000, 0);
        }
        for id in 0..8 {
            book.put(
                "ann",
                &id.to_string(),
                "sign-in",
                "",
                if id == 3 { 10 } else { 1000 },
                0,
            );
        }
        book.put("ann", "8", "sign-in", "", 1000, 10);
        for id in 0..9 {
            assert_eq!(take(&mut book, "ann", &id.to_string(), 10).is_some(), id != 3);
        }
    }

    #[test]
    fn expired_ones_go_without_being_asked_for() {
        let mut book = book();
        for key in 0..100_000 {
            book.put(&format!("user {key}"), "1", "sign-in", "data", 100, 0);
        }
        assert_eq!(book.len(), 100_000);
        let grown = book.keys.capacity();
        let mut calls = 0;
        while book.len() > 1 {
            calls += 1;
            assert_eq!(take(&mut book, "nobody", "1", 100), None);
            book.put("ann", "1", "sign-in", "", 1000, 100);
        }
        assert!(calls <= 100_000 / MOST_LOOKS, "{calls}");
        assert!(book.keys.capacity() <= grown / 1000, "{}", book.keys.capacity());
    }

    #[test]
    fn open_ones_scattered_between_do_not_hide_expired_ones() {
        let mut book = book();
        for key in 0..10_000 {
            let expires = if key % 10 == 0 { 1000 } else { 100 };
            book.put(&format!("user {key}"), "1", "sign-in", "", expires, 0);
        }
        for _ in 0..2_000 {
            take(&mut book, "nobody", "1", 100);
        }
        assert_eq!(book.len(), 1000);
    }

    #[test]
    fn sweeps_are_bounded_and_say_when_they_are_through() {
        let mut book = book();
        for key in 0..3 * SWEEP_LOOKS {
            book.put(&format!("user {key}"), "1", "sign-in", "", 100, 0);
        }
        // This is in the middle of a round.
        while !book.sweep(0) {}
        assert!(!book.sweep(100));
        assert_eq!(book.len(), 2 * SWEEP_LOOKS);
        while !book.sweep(100) {}
        assert!(book.is_empty());
        assert!(book.sweep(100));
    }

    #[test]
    fn a_sweep_of_a_small_book_misses_nothing() {
        for begun in 0..50 {
            let mut book = book();
            for key in 0..200 {
                book.put(
                    &format!("user {key}"),
                    "1",
                    "sign-in",
                    "",
                    if key % 3 == 0 { 1000 } else { 100 },
                    0,
                );
            }
            for _ in 0..begun {
                take(&mut book, "nobody", "1", 0);
            }
            assert!(book.sweep(100));
            assert_eq!(book.len(), 67);
        }
    }

    /// The behaviour of the book in a simple and slow form: challenges in the order in which they were put.
    #[derive(Default)]
    struct Model(Vec<(String, String, String, String, i64)>);

    impl Model {
        fn put(&mut self, key: &str, id: &str, purpose: &str, data: &str, expires: i64, now: i64) {
            self.0.retain(|open| open.4 > now && !(open.0 == key && open.1 == id));
            let same = |open: &(String, String, String, String, i64)| open.0 == key && open.2 == purpose;
            if self.0.iter().filter(|open| same(open)).count() == 8 {
                let oldest = self.0.iter().position(same).unwrap();
                self.0.remove(oldest);
            }
            self.0
                .push((key.into(), id.into(), purpose.into(), data.into(), expires));
        }

        fn take(&mut self, key: &str, id: &str, now: i64) -> Option<String> {
            let place = self.0.iter().position(|open| open.0 == key && open.1 == id)?;
            let (.., data, expires) = self.0.remove(place);
            (expires > now).then_some(data)
        }
    }

    #[test]
    fn behaves_as_the_model() {
        for (keys, ids) in [(1, 30), (5, 12), (40, 3), (400, 2)] {
            let (mut book, mut model) = (book(), Model::default());
            let (mut state, mut now) = (u64::from(ids), 0);
            let mut random = |below: u32| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                u32::try_from(state >> 33).unwrap() % below
            };
            let mut given = 0;
            for round in 0..20_000 {
                let (key, id) = (format!("user {}", random(keys)), format!("{}", random(ids)));
                match random(100) {
                    0..55 => {
                        let purpose = ["sign-in", "step-up", "register"]
                            .into_iter()
                            .nth(random(3) as usize)
                            .unwrap();
                        let (data, expires) = (format!("data {round}"), now + i64::from(random(200)));
                        book.put(&key, &id, purpose, &data, expires, now);
                        model.put(&key, &id, purpose, &data, expires, now);
                    }
                    55..95 => {
                        let taken = model.take(&key, &id, now);
                        given += usize::from(taken.is_some());
                        assert_eq!(take(&mut book, &key, &id, now), taken);
                    }
                    95 => {
                        book.clear(&key);
                        model.0.retain(|open| open.0 != key);
                    }
                    96 => assert!(book.sweep(now)),
                    _ => now += i64::from(random(20)),
                }
                let held: usize = book.keys.values().map(|challenges| challenges.open.len()).sum();
                assert_eq!(book.len(), held);
                assert!(book.keys.values().all(|challenges| !challenges.open.is_empty()));
                assert!(model.0.iter().filter(|open| open.4 > now).count() <= held);
            }
            assert!(given > 500, "{given}");
        }
    }
}
