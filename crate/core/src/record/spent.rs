//! Challenges that passkeys have answered. Each can be used for one sign-in only.

use serde::{Deserialize, Serialize};

/// The most sign-ins of one user within a challenge's lifetime. A user who reaches it has to wait: no challenge is
/// forgotten early.
const MOST: usize = 256;

/// The largest expected difference between the clocks of two machines, in milliseconds. One machine may still accept a
/// challenge that has expired for another.
const SKEW: i64 = 300_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spent {
    pub id: String,
    /// Epoch milliseconds. From then on the challenge itself is refused.
    pub until: i64,
}

/// Remembers an answered challenge for as long as it could be answered again. False if it was answered before, or if
/// there is no room to remember it.
pub fn spend(spent: &mut Vec<Spent>, id: &str, until: i64, now: i64) -> bool {
    spent.retain(|one| one.until.saturating_add(SKEW) > now);
    if spent.len() >= MOST || spent.iter().any(|one| one.id == id) {
        return false;
    }
    let id = id.to_owned();
    spent.push(Spent { id, until });
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_spent_once_until_no_clock_takes_it_any_more() {
        let mut spent = Vec::new();
        assert!(spend(&mut spent, "a", 1000, 0));
        assert!(!spend(&mut spent, "a", 1000, 0));
        assert!(!spend(&mut spent, "a", 1000, 999 + SKEW));
        assert!(spend(&mut spent, "b", 2000 + SKEW, 1000 + SKEW));
        assert_eq!(spent.len(), 1, "the first one is forgotten");
    }

    #[test]
    fn a_full_list_forgets_nothing() {
        let mut spent = Vec::new();
        for number in 0..MOST {
            assert!(spend(&mut spent, &number.to_string(), 1000, 0));
        }
        assert!(!spend(&mut spent, "one more", 1000, 0));
        assert!(!spend(&mut spent, "0", 1000, 0));
        assert!(spend(&mut spent, "one more", 1000 + SKEW, 1000 + SKEW));
    }
}
