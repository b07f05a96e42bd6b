//! How many wrong codes a user may type, in two tiers, and what lifts each lock.
//!
//! The counters are part of the record, so they survive a restart and apply on every machine. No lock ever refuses
//! WebAuthn or U2F: a signature can't be guessed, and someone who only knows the password must not be able to lock the
//! owner out.

use serde::{Deserialize, Serialize};

use crate::record::{FactorType, Record};

/// The value of `tfa-locked-until` for a lock without an end time: the end of the year 9999. Only an unlock, or a
/// success with WebAuthn or U2F, lifts it.
pub const UNTIL_UNLOCK: i64 = 253_402_300_799;

/// The limits that apply to a user.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// Wrong TOTP codes in a row that lock TOTP. The same number of wrong Yubico OTPs locks those.
    pub totp_failures: u32,
    /// Wrong typed codes of any type in a row that lock all typed codes.
    pub failures: u32,
    pub lock_seconds: u32,
    pub hard_lock: HardLock,
    /// The most factors that a user may have.
    pub factors: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            totp_failures: 8,
            failures: 100,
            lock_seconds: 3600,
            hard_lock: HardLock::Hour,
            factors: 32,
        }
    }
}

/// How long the second tier locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HardLock {
    /// For `lock_seconds`. After that, the next wrong code locks again.
    Hour,
    /// Until an unlock or a WebAuthn success.
    UntilUnlock,
}

/// What ends a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockEnd {
    /// This time, in epoch seconds.
    At(i64),
    /// Only an unlock or a success that lifts it.
    Unlock,
}

impl Record {
    /// True while codes of this type are refused.
    pub fn is_locked(&self, factor: FactorType, now: i64) -> bool {
        self.lock_end(factor, now).is_some()
    }

    /// What ends the lock on codes of this type, or `None` if they are accepted.
    pub fn lock_end(&self, factor: FactorType, now: i64) -> Option<LockEnd> {
        let own = match factor {
            FactorType::Totp => self.totp_locked,
            FactorType::Yubico => self.yubico_locked,
            FactorType::Recovery => false,
            FactorType::Webauthn | FactorType::U2f | FactorType::Unknown => return None,
        };
        if own {
            return Some(LockEnd::Unlock);
        }
        let until = self.tfa_locked_until.filter(|until| now < *until)?;
        Some(if until < UNTIL_UNLOCK {
            LockEnd::At(until)
        } else {
            LockEnd::Unlock
        })
    }

    /// Counts a well-formed wrong code. True if that set a lock.
    pub fn count_wrong_code(&mut self, factor: FactorType, limits: &Limits, now: i64) -> bool {
        let own = match factor {
            FactorType::Totp => Some((&mut self.totp_failures, &mut self.totp_locked)),
            FactorType::Yubico => Some((&mut self.yubico_failures, &mut self.yubico_locked)),
            FactorType::Recovery | FactorType::Webauthn | FactorType::U2f | FactorType::Unknown => None,
        };
        let mut locked = false;
        if let Some((failures, lock)) = own {
            *failures = failures.saturating_add(1);
            if *failures >= limits.totp_failures {
                *lock = true;
                locked = true;
            }
        }
        self.tfa_failures = self.tfa_failures.saturating_add(1);
        if self.tfa_failures >= limits.failures {
            self.tfa_locked_until = Some(match limits.hard_lock {
                HardLock::Hour => now.saturating_add(i64::from(limits.lock_seconds)),
                HardLock::UntilUnlock => UNTIL_UNLOCK,
            });
            locked = true;
        }
        locked
    }

    /// Clears the failures and locks that a success of this type clears. True if that lifted a lock.
    pub fn count_success(&mut self, factor: FactorType, now: i64) -> bool {
        let was_locked = self.is_any_locked(now);
        self.tfa_failures = 0;
        self.tfa_locked_until = None;
        match factor {
            FactorType::Totp => {
                self.totp_failures = 0;
                self.totp_drift = None;
            }
            FactorType::Recovery | FactorType::Webauthn | FactorType::U2f => {
                self.totp_failures = 0;
                self.totp_locked = false;
                self.yubico_failures = 0;
                self.yubico_locked = false;
            }
            FactorType::Yubico => self.yubico_failures = 0,
            FactorType::Unknown => {}
        }
        was_locked && !self.is_any_locked(now)
    }

    /// True while codes of some type are refused.
    pub fn is_any_locked(&self, now: i64) -> bool {
        self.is_locked(FactorType::Totp, now) || self.is_locked(FactorType::Yubico, now)
    }

    /// True if there is a failure that an unlock would clear.
    pub fn has_failures(&self) -> bool {
        (self.tfa_failures, self.totp_failures, self.yubico_failures) != (0, 0, 0)
    }

    /// Lifts every lock and clears every failure. True if the user was locked at `now`.
    pub fn unlock(&mut self, now: i64) -> bool {
        self.count_success(FactorType::Recovery, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn wrong(record: &mut Record, factor: FactorType, times: u32) -> u32 {
        (0..times)
            .map(|_| u32::from(record.count_wrong_code(factor, &Limits::default(), NOW)))
            .sum()
    }

    #[test]
    fn the_eighth_wrong_totp_code_locks_totp_alone() {
        let mut record = Record::default();
        assert_eq!(wrong(&mut record, FactorType::Totp, 7), 0);
        assert!(!record.is_locked(FactorType::Totp, NOW));
        assert_eq!(wrong(&mut record, FactorType::Totp, 1), 1);
        assert!(record.is_locked(FactorType::Totp, i64::MAX));
        assert!(!record.is_locked(FactorType::Recovery, NOW));
        assert!(!record.is_locked(FactorType::Webauthn, NOW));
    }

    #[test]
    fn the_eighth_wrong_otp_locks_otps_alone() {
        let mut record = Record::default();
        assert_eq!(wrong(&mut record, FactorType::Yubico, 7), 0);
        assert_eq!(
            (record.yubico_failures, record.totp_failures, record.tfa_failures),
            (7, 0, 7)
        );
        assert!(!record.count_success(FactorType::Totp, NOW) && record.yubico_failures == 7);
        assert!(!record.count_success(FactorType::Yubico, NOW) && record.yubico_failures == 0);
        assert_eq!(wrong(&mut record, FactorType::Yubico, 8), 1);
        assert!(record.is_locked(FactorType::Yubico, i64::MAX));
        assert!(!record.is_locked(FactorType::Totp, NOW) && !record.is_locked(FactorType::Recovery, NOW));
        assert!(!record.count_success(FactorType::Totp, NOW) && record.yubico_locked);
        assert!(record.count_success(FactorType::Webauthn, NOW) && !record.yubico_locked);
        assert_eq!(record.to_text().ok().as_deref(), Some("{}"));
    }

    #[test]
    fn a_hundred_wrong_codes_lock_every_typed_code_for_an_hour_and_one_more_locks_again() {
        let mut record = Record::default();
        assert_eq!(wrong(&mut record, FactorType::Recovery, 99), 0);
        assert_eq!(wrong(&mut record, FactorType::Recovery, 1), 1);
        for factor in [FactorType::Totp, FactorType::Recovery, FactorType::Yubico] {
            assert_eq!(record.lock_end(factor, NOW + 3599), Some(LockEnd::At(NOW + 3600)));
            assert!(!record.is_locked(factor, NOW + 3600));
        }
        assert!(!record.is_locked(FactorType::Webauthn, NOW));
        assert!(record.count_wrong_code(FactorType::Recovery, &Limits::default(), NOW + 3600));
        assert!(record.is_locked(FactorType::Recovery, NOW + 3600));
    }

    #[test]
    fn the_stricter_lock_does_not_lift_itself() {
        let limits = Limits {
            failures: 1,
            hard_lock: HardLock::UntilUnlock,
            ..Limits::default()
        };
        let mut record = Record::default();
        assert!(record.count_wrong_code(FactorType::Recovery, &limits, NOW));
        assert_eq!(record.lock_end(FactorType::Recovery, NOW), Some(LockEnd::Unlock));
        assert!(record.is_locked(FactorType::Recovery, NOW + 1_000_000_000));
        assert!(record.unlock(NOW));
        assert!(!record.unlock(NOW));
        assert_eq!(record.to_text().ok().as_deref(), Some("{}"));
    }

    #[test]
    fn the_lock_of_one_type_outlives_that_of_all() {
        let mut record = Record {
            totp_locked: true,
            tfa_locked_until: Some(NOW + 1),
            ..Record::default()
        };
        assert_eq!(record.lock_end(FactorType::Totp, NOW), Some(LockEnd::Unlock));
        assert_eq!(record.lock_end(FactorType::Recovery, NOW), Some(LockEnd::At(NOW + 1)));
        assert_eq!(record.lock_end(FactorType::Webauthn, NOW), None);
        assert_eq!(record.lock_end(FactorType::Recovery, NOW + 1), None);
        assert!(record.unlock(NOW) && record.lock_end(FactorType::Totp, NOW).is_none());
    }

    #[test]
    fn what_a_success_forgives() {
        for (factor, keeps_totp_lock) in [
            (FactorType::Totp, true),
            (FactorType::Yubico, true),
            (FactorType::Recovery, false),
            (FactorType::U2f, false),
            (FactorType::Webauthn, false),
        ] {
            let mut record = Record {
                totp_locked: true,
                tfa_failures: 9,
                tfa_locked_until: Some(NOW),
                ..Record::default()
            };
            assert_eq!(record.count_success(factor, NOW), !keeps_totp_lock, "{factor:?}");
            assert_eq!(record.totp_locked, keeps_totp_lock, "{factor:?}");
            assert_eq!((record.tfa_failures, record.tfa_locked_until), (0, None), "{factor:?}");
        }
    }

    #[test]
    fn counters_stop_at_their_end() {
        let mut record = Record {
            totp_failures: u32::MAX,
            tfa_failures: u32::MAX,
            ..Record::default()
        };
        assert!(record.count_wrong_code(FactorType::Totp, &Limits::default(), i64::MAX));
        assert_eq!((record.totp_failures, record.tfa_failures), (u32::MAX, u32::MAX));
    }
}
