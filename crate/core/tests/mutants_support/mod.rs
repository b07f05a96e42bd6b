//! Mutation by a fixed sequence of random numbers: the same mutants at each run, but for keys and signatures.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    dead_code
)]

pub mod from_outside;
pub mod members;
pub mod tree;

/// How many mutants a test makes: its share of `COUNTERSIGN_MUTANTS`, or of what the ordinary run affords.
pub fn share(ordinary: usize, million: usize) -> usize {
    match std::env::var("COUNTERSIGN_MUTANTS").as_deref() {
        Ok("all") => million,
        Ok(other) => panic!("COUNTERSIGN_MUTANTS is {other}, and can only be all"),
        Err(_) => ordinary,
    }
}

/// Makes that many texts that differ from the honest one, and has each judged.
pub fn try_mutants(count: usize, honest: &str, mut mutant: impl FnMut() -> String, mut judge: impl FnMut(&str)) {
    let mut made = 0;
    while made < count {
        let mutant = mutant();
        if mutant != honest {
            made += 1;
            judge(&mutant);
        }
    }
}

/// Decisions: of `SplitMix64` (Steele, Lea and Flood, 2014), or of an input that a fuzzer steers.
pub enum Random {
    Seeded(u64),
    /// Everything is 0 once it is used up.
    Input(std::collections::VecDeque<u8>),
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self::Seeded(seed)
    }

    pub fn of_input(input: &[u8]) -> Self {
        Self::Input(input.iter().copied().collect())
    }

    pub fn byte(&mut self) -> u8 {
        match self {
            Self::Seeded(state) => {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                (mixed ^ (mixed >> 31)) as u8
            }
            Self::Input(bytes) => bytes.pop_front().unwrap_or_default(),
        }
    }

    /// 0 to `end - 1`; 0 where there is none.
    pub fn below(&mut self, end: usize) -> usize {
        let mut number = usize::from(self.byte());
        if end > 256 {
            number = number << 16 | usize::from(self.byte()) << 8 | usize::from(self.byte());
        }
        number % end.max(1)
    }

    /// Never of an input that is used up.
    pub fn one_in(&mut self, odds: usize) -> bool {
        self.below(odds) == odds - 1
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.byte()).collect()
    }
}

/// Flips, sets, cuts, extends, swaps or repeats. It may happen to change nothing.
pub fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    let place = random.below(bytes.len());
    let other = random.below(bytes.len() + 1);
    let (from, to, last) = (place.min(other), place.max(other), bytes.len().saturating_sub(1));
    match random.below(if bytes.is_empty() { 2 } else { 12 }) {
        0 => bytes.extend(std::iter::repeat_n(random.byte(), 1 + random.below(40))),
        1 => {
            let more = 1 + random.below(8);
            let more = random.bytes(more);
            bytes.splice(place..place, more);
        }
        2..=4 => bytes[place] ^= 1 << random.below(8),
        5 => bytes[place] = random.byte(),
        6 => bytes[place] = bytes[place].wrapping_add(if random.one_in(2) { 1 } else { 0xff }),
        7 => bytes.truncate(place),
        8 => drop(bytes.drain(from..to)),
        9 => bytes.swap(place, other.min(last)),
        10 => bytes.rotate_left(place),
        _ => {
            let slice = bytes[from..to.min(from + 600)].to_vec();
            bytes.splice(to..to, slice);
        }
    }
}

/// The same for text, by characters; new ones come from `alphabet`.
pub fn mutate_text(random: &mut Random, text: &str, alphabet: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let alphabet: Vec<char> = alphabet.chars().collect();
    let place = random.below(characters.len());
    let other = random.below(characters.len() + 1);
    let (from, to, last) = (place.min(other), place.max(other), characters.len().saturating_sub(1));
    match random.below(if characters.is_empty() { 1 } else { 7 }) {
        0 => characters.insert(place, *random.pick(&alphabet)),
        1 | 2 => characters[place] = *random.pick(&alphabet),
        3 => drop(characters.drain(from..to)),
        4 => drop(characters.remove(place)),
        5 => characters.swap(place, other.min(last)),
        _ => {
            let slice = characters[from..to.min(from + 600)].to_vec();
            characters.splice(to..to, slice);
        }
    }
    characters.into_iter().collect()
}
