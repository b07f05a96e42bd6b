//! What the origin can read of a record, and what is ours alone: the additions.
//!
//! The origin would refuse a file with some of them, and lose the others at its next write. A store that works on the
//! origin's file keeps them beside it.

use std::collections::BTreeMap;
use std::mem::take;

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::origin_reader::refusals;
use crate::json::failure::Failure;
use crate::json::members::is_default;
use crate::json::wiped::to_json;
use crate::record::factor::{Factor, factors};
use crate::record::{Counted, Entry, FactorType, Record, Removal, Spent, WebauthnEntry, YubicoEntry};

/// A record in two parts.
#[derive(Serialize)]
pub struct Parts {
    /// What the origin's file takes; `None` for a user without any entry, of whom it holds nothing.
    pub record: Option<String>,
    /// What goes beside it; `None` when there is nothing.
    pub additions: Option<String>,
    /// What goes beside it once the file holds the record: only then is it certain that a lock was there for others to
    /// lift, and that the last entry has gone or the first one come.
    pub settled: Option<String>,
}

/// Takes a record apart for a file of the origin's; fails with `store-refused` for what that has no place for.
///
/// `beside`: the additions so far. Until the file holds the record, they stay good for the one that it holds, whatever
/// ends this in between.
pub fn split(record: &str, beside: Option<&str>) -> Result<Parts, Failure> {
    let mut record = Record::parse(Some(record))?;
    check_fits(&record)?;
    let mut additions = Additions::take(&mut record);
    let mut beside = beside
        .and_then(|beside| Additions::read(beside).ok())
        .unwrap_or_default();
    if additions.removed.is_some() {
        beside.removed.clone_from(&additions.removed);
        return Ok(Parts {
            record: None,
            additions: beside.text()?,
            settled: additions.text()?,
        });
    }
    let marks = marks(&record);
    let old = beside.belongs_to.into_iter().filter(|mark| !marks.contains(mark));
    additions.belong(marks.iter().cloned().chain(old).collect());
    additions.removed = beside.removed;
    let unsettled = additions.text()?;
    additions.removed = None;
    additions.totp_locked = record.totp_locked;
    additions.tfa_locked_until = record.tfa_locked_until;
    additions.belong(marks);
    Ok(Parts {
        record: Some(record.to_text()?),
        additions: unsettled,
        settled: additions.text()?,
    })
}

/// What tells the factors of this user from those of one who was removed and made anew: ids, and of recovery codes,
/// which all go by one, the time at which they were made.
fn marks(record: &Record) -> Vec<String> {
    let factors = factors(record).into_iter();
    let mark = |factor: Factor| {
        if factor.kind == FactorType::Recovery {
            recovery_mark(factor.created)
        } else {
            factor.id
        }
    };
    factors.map(mark).collect()
}

fn recovery_mark(created: i64) -> String {
    format!("recovery@{created}")
}

/// Puts a record together again. Additions of factors that the file no longer holds are left out, all of them where it
/// holds none any more: the user was removed and made anew. Counters whose lock another program has lifted begin anew.
/// `now`: epoch seconds.
pub fn join(record: &str, additions: Option<&str>, now: i64) -> Result<String, Failure> {
    let mut record = Record::parse(Some(record))?;
    if let Some(additions) = additions.filter(|_| record.whole_problem().is_none()) {
        let additions = Additions::read(additions)?;
        if additions.belong_to(&marks(&record)) {
            additions.give(&mut record, now);
        }
    }
    record.to_text()
}

/// The record of a user whom the file does not hold: how the last entry went, or none where nobody said so.
pub fn emptied(additions: &str) -> Result<Option<String>, Failure> {
    let removed = Additions::read(additions).ok().and_then(|additions| additions.removed);
    removed.map(|removal| Record::emptied(removal).to_text()).transpose()
}

/// Additions to write in the place of others.
#[derive(Serialize)]
pub struct Mended {
    pub additions: Option<String>,
}

/// The additions without a mark that is no longer true: the file holds an entry of the user, which another program has
/// added since. None where there is nothing to mend.
pub fn enrolled_elsewhere(record: &str, additions: &str) -> Result<Option<Mended>, Failure> {
    let Ok(mut additions) = Additions::read(additions) else {
        return Ok(None);
    };
    if additions.removed.take().is_none() || Record::parse(Some(record))?.is_empty() {
        return Ok(None);
    }
    let additions = additions.text()?;
    Ok(Some(Mended { additions }))
}

/// Takes all additions of ours out of a record; true when there were any.
pub(super) fn strip(record: &mut Record) -> bool {
    !is_default(&Additions::take(record))
}

/// Fails with `store-refused` for a record that the origin can't read even without the additions.
pub(super) fn check_fits(record: &Record) -> Result<(), Failure> {
    let refused = Failure::StoreRefused("tfa.cfg has no place for a key of this algorithm");
    fits(record).then_some(()).ok_or(refused)
}

/// Fails with `store-refused` for what the origin can't read of a record without its additions, and could before. What
/// `before` held so already is none of ours.
pub(super) fn check_readable(record: &mut Record, before: &str) -> Result<(), Failure> {
    strip(record);
    let text = Zeroizing::new(record.to_text()?);
    let new = refusals(&text);
    if new.is_empty() {
        return Ok(());
    }
    let old = refusals(before);
    let known = new.iter().all(|one| old.iter().any(|own| own.is_same(one)));
    let refused = Failure::StoreRefused("Proxmox could not read an entry of this record");
    known.then_some(()).ok_or(refused)
}

/// True when the origin can read the record once the additions are gone.
pub(super) fn fits(record: &Record) -> bool {
    record.webauthn.iter().all(|entry| entry.entry.cred.fits_origin())
}

/// What is ours of one user's record.
#[derive(Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Additions {
    #[serde(default, skip_serializing_if = "is_default")]
    totp_failures: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    totp_drift: Option<i64>,
    #[serde(default, skip_serializing_if = "is_default")]
    tfa_failures: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    yubico_failures: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    yubico_locked: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_handle: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spent_challenges: Vec<Spent>,
    /// Of a user whom the file no longer holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    removed: Option<Removal>,
    /// The locks that the file certainly held when these were written.
    #[serde(default, skip_serializing_if = "is_default")]
    totp_locked: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tfa_locked_until: Option<i64>,
    /// The factors that the file held when these were written, by [`marks`]; empty where an older version wrote them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    belongs_to: Vec<String>,
    /// By the factor's id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    factors: BTreeMap<String, Added>,
}

/// What is ours of one factor.
#[derive(Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
// The field is named as in the record.
#[allow(clippy::struct_field_names)]
struct Added {
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    kind: Option<FactorType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    added: Option<i64>,
    /// U2F's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    counter: Option<u32>,
    /// A Yubico key's public id and counters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    otp: Option<Counted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential: Option<Credential>,
    /// Of recovery codes that another system made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    letters: Option<u8>,
}

/// What is ours of a WebAuthn credential.
#[derive(Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Credential {
    #[serde(default, skip_serializing_if = "is_default")]
    backup_recorded: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    user_verified: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    transports: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aaguid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_handle: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rp_id: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    shared: bool,
}

impl Additions {
    fn read(text: &str) -> Result<Self, Failure> {
        serde_json::from_str(text).map_err(|_| Failure::RecordCorrupt("additions".into()))
    }

    fn take(record: &mut Record) -> Self {
        let mut factors = BTreeMap::new();
        take_each(&mut factors, &mut record.totp, FactorType::Totp, |_, _| {});
        take_each(&mut factors, &mut record.u2f, FactorType::U2f, |entry, added| {
            added.counter = entry.counter.take();
        });
        take_each(
            &mut factors,
            &mut record.webauthn,
            FactorType::Webauthn,
            |entry, added| {
                added.credential = Some(Credential::take(entry)).filter(|credential| !is_default(credential));
            },
        );
        take_each(&mut factors, &mut record.yubico, FactorType::Yubico, |entry, added| {
            if let YubicoEntry::Counted(counted) = entry {
                added.otp = Some(take(counted));
                *entry = YubicoEntry::PublicId(added.otp.as_ref().map(|otp| otp.yubico.clone()).unwrap_or_default());
            }
        });
        if let Some(set) = record
            .recovery
            .as_mut()
            .filter(|set| set.added.is_some() || set.letters.is_some())
        {
            let recovery = Added {
                kind: Some(FactorType::Recovery),
                added: set.added.take(),
                letters: set.letters.take(),
                ..Added::default()
            };
            factors.insert("recovery".to_owned(), recovery);
        }
        Self {
            totp_failures: take(&mut record.totp_failures),
            totp_drift: take(&mut record.totp_drift),
            tfa_failures: take(&mut record.tfa_failures),
            yubico_failures: take(&mut record.yubico_failures),
            yubico_locked: take(&mut record.yubico_locked),
            user_handle: take(&mut record.user_handle),
            spent_challenges: take(&mut record.spent_challenges),
            removed: record.removed.take(),
            totp_locked: false,
            tfa_locked_until: None,
            belongs_to: Vec::new(),
            factors,
        }
    }

    /// Nothing belongs to nobody.
    fn belong(&mut self, marks: Vec<String>) {
        self.belongs_to = Vec::new();
        if !is_default(self) {
            self.belongs_to = marks;
        }
    }

    fn belong_to(&self, marks: &[String]) -> bool {
        self.belongs_to.is_empty() || self.belongs_to.iter().any(|mark| marks.contains(mark))
    }

    fn give(mut self, record: &mut Record, now: i64) {
        let totp_lifted = self.totp_locked && !record.totp_locked;
        if totp_lifted {
            self.totp_failures = 0;
        }
        // The origin drops a lock that has run out; the count goes on after it.
        let all_lifted = self.tfa_locked_until.is_some_and(|until| now < until) && record.tfa_locked_until.is_none();
        if all_lifted {
            self.tfa_failures = 0;
        }
        // The origin has no lock of its own for OTPs: whatever lifted the others there would have lifted it.
        if !(totp_lifted || all_lifted) {
            record.yubico_failures = self.yubico_failures;
            record.yubico_locked = self.yubico_locked;
        }
        record.totp_failures = self.totp_failures;
        record.totp_drift = self.totp_drift;
        record.tfa_failures = self.tfa_failures;
        record.user_handle = self.user_handle;
        record.spent_challenges = self.spent_challenges;
        if record.is_empty() {
            record.removed = self.removed;
        }
        let recovery = self.factors.remove("recovery");
        if let (
            Some(set),
            Some(Added {
                kind: Some(FactorType::Recovery),
                added,
                letters,
                ..
            }),
        ) = (&mut record.recovery, recovery)
        {
            let mark = recovery_mark(set.created.saturating_mul(1000));
            if self.belongs_to.is_empty() || self.belongs_to.contains(&mark) {
                set.added = added;
                set.letters = letters;
            }
        }
        give_each(&mut self.factors, &mut record.totp, FactorType::Totp, |_, _| {});
        give_each(&mut self.factors, &mut record.u2f, FactorType::U2f, |entry, added| {
            entry.counter = added.counter;
        });
        give_each(
            &mut self.factors,
            &mut record.webauthn,
            FactorType::Webauthn,
            |entry, added| {
                added.credential.unwrap_or_default().give(entry);
            },
        );
        give_each(
            &mut self.factors,
            &mut record.yubico,
            FactorType::Yubico,
            |entry, added| {
                if let Some(otp) = added.otp.filter(|otp| entry.public_id() == otp.yubico) {
                    *entry = YubicoEntry::Counted(otp);
                }
            },
        );
    }

    fn text(&self) -> Result<Option<String>, Failure> {
        let text = to_json(self).map_err(|_| Failure::RecordCorrupt("additions".into()))?;
        Ok((!is_default(self)).then_some(text))
    }
}

impl Credential {
    fn take(entry: &mut WebauthnEntry) -> Self {
        Self {
            backup_recorded: take(&mut entry.backup_recorded),
            user_verified: take(&mut entry.user_verified),
            transports: take(&mut entry.transports),
            aaguid: take(&mut entry.aaguid),
            user_handle: take(&mut entry.user_handle),
            rp_id: take(&mut entry.rp_id),
            shared: take(&mut entry.shared),
        }
    }

    fn give(self, entry: &mut WebauthnEntry) {
        entry.backup_recorded = self.backup_recorded;
        entry.user_verified = self.user_verified;
        entry.transports = self.transports;
        entry.aaguid = self.aaguid;
        entry.user_handle = self.user_handle;
        entry.rp_id = self.rp_id;
        entry.shared = self.shared;
    }
}

fn take_each<T>(
    factors: &mut BTreeMap<String, Added>,
    entries: &mut [Entry<T>],
    kind: FactorType,
    own: impl Fn(&mut T, &mut Added),
) {
    for entry in entries {
        let mut added = Added {
            last_used: entry.last_used.take(),
            added: entry.added.take(),
            ..Added::default()
        };
        own(&mut entry.entry, &mut added);
        if !is_default(&added) {
            added.kind = Some(kind);
            factors.insert(entry.id.clone(), added);
        }
    }
}

fn give_each<T>(
    factors: &mut BTreeMap<String, Added>,
    entries: &mut [Entry<T>],
    kind: FactorType,
    own: impl Fn(&mut T, Added),
) {
    for entry in entries {
        let found = factors.remove(&entry.id).filter(|added| added.kind == Some(kind));
        if let Some(added) = found {
            entry.last_used = added.last_used;
            entry.added = added.added;
            own(&mut entry.entry, added);
        }
    }
}
