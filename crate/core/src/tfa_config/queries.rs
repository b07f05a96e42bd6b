//! Questions about users, and the changes that need no proof.

use std::collections::BTreeMap;

use serde::Serialize;

use super::TfaConfig;
use super::refusal::{Refusal, Settled};
use super::users::RecordText;
use crate::json::envelope::envelope;
use crate::json::failure::Failure;
use crate::json::request::seconds;
use crate::record::{FactorType, Record};
use crate::recovery_codes::RecoverySet;
use crate::service::enrol::True;

/// `{"totp-locked"?, "tfa-locked-until"?}`, as Proxmox spells them, and our `"yubico-locked"?`.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct LockStatus {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    totp_locked: bool,
    /// Epoch seconds. Left out if the time has passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    tfa_locked_until: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    yubico_locked: bool,
}

impl LockStatus {
    pub(super) fn of(record: &Record, now: i64) -> Self {
        Self {
            totp_locked: record.totp_locked,
            tfa_locked_until: record.tfa_locked_until.filter(|until| now < *until),
            yubico_locked: record.yubico_locked,
        }
    }
}

impl TfaConfig {
    /// The names of all users, sorted by their bytes.
    pub fn users(&self) -> String {
        envelope(Ok(self.user_names().collect::<Vec<_>>()))
    }

    /// The same names, one by one.
    pub fn user_names(&self) -> impl Iterator<Item = &str> {
        self.users.iter().map(|stored| stored.user)
    }

    /// Removes a user with all factors. Returns whether the user existed.
    pub fn remove_user(&mut self, user: &str) -> String {
        envelope(Ok(self.users.set(user, None)))
    }

    /// The user's record as text, or null. It includes our additions and all secrets.
    pub fn user_data(&self, user: &str) -> String {
        envelope(Ok(self.record(user)))
    }

    /// Whether the user has a factor of this type. Disabled and unusable factors count, but not a used-up recovery set.
    /// `oath` means `totp`.
    pub fn has_type(&self, user: &str, kind: &str) -> String {
        envelope(self.read_has_type(user, kind))
    }

    /// The public ids of the enabled Yubico keys, separated by spaces.
    pub fn yubico_keys(&self, user: &str) -> String {
        envelope(self.read(user).map(|record| {
            let enabled = record.yubico.iter().filter(|entry| entry.enable);
            let keys: Vec<_> = enabled.map(|entry| entry.entry.public_id()).collect();
            keys.join(" ")
        }))
    }

    /// The positions of the unused recovery codes, or null if there is no set.
    pub fn recovery_state(&self, user: &str) -> String {
        let record = self.read(user);
        envelope(record.map(|record| record.recovery.as_ref().map(RecoverySet::free_indices)))
    }

    /// The user's locks at `now`, in epoch milliseconds.
    pub fn lock_status(&self, user: &str, now: i64) -> String {
        let record = self.read(user);
        envelope(record.map(|record| LockStatus::of(&record, seconds(now))))
    }

    /// Lifts the locks and clears the failures. Returns `{"ok": true, "unlocked"}`, or a refusal for an unknown user.
    pub fn unlock(&mut self, user: &str, now: i64) -> String {
        envelope(self.lift_locks(user, seconds(now)))
    }

    /// All locked users and their locks.
    pub fn locked_users(&self, now: i64) -> String {
        envelope(self.read_locked(seconds(now)))
    }

    /// The record. It is empty for an unknown user.
    pub(super) fn read(&self, user: &str) -> Result<Record, Failure> {
        Record::parse(self.record(user))
    }

    /// Stores a record. True if that changed something. A user without factors is removed.
    pub(super) fn store(&mut self, user: &str, record: &Record) -> Result<bool, Failure> {
        let text = (!record.is_empty()).then(|| record.to_text()).transpose()?;
        Ok(self.users.set(user, text.map(RecordText::new)))
    }

    fn lift_locks(&mut self, user: &str, now: i64) -> Result<Settled<Unlocked>, Failure> {
        let Some(record) = self.record(user) else {
            return Ok(Refusal::NoSuchUser.settled());
        };
        let mut record = Record::parse(Some(record))?;
        let unlocked = record.unlock(now);
        self.store(user, &record)?;
        Ok(Settled::Done(Unlocked { ok: True, unlocked }))
    }

    fn read_locked(&self, now: i64) -> Result<BTreeMap<&str, LockStatus>, Failure> {
        let mut locked = BTreeMap::new();
        for stored in self.users.iter() {
            let record = Record::parse(Some(stored.record))?;
            if record.is_any_locked(now) {
                locked.insert(stored.user, LockStatus::of(&record, now));
            }
        }
        Ok(locked)
    }

    fn read_has_type(&self, user: &str, kind: &str) -> Result<bool, Failure> {
        let record = self.read(user)?;
        let (kind, usable) = match kind {
            "totp" | "oath" => (FactorType::Totp, !record.totp.is_empty()),
            "u2f" => (FactorType::U2f, !record.u2f.is_empty()),
            "webauthn" => (FactorType::Webauthn, !record.webauthn.is_empty()),
            "yubico" => (FactorType::Yubico, !record.yubico.is_empty()),
            "recovery" => (
                FactorType::Recovery,
                record.recovery.as_ref().is_some_and(|set| set.left() > 0),
            ),
            _ => return Err(Failure::InvalidArgument("type")),
        };
        Ok(usable || record.holds_unusable(kind))
    }
}

#[derive(Serialize)]
struct Unlocked {
    ok: True,
    unlocked: bool,
}
