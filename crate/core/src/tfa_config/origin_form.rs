//! Separates what Proxmox can read of a record from our additions.
//!
//! Proxmox would refuse a file with some of the additions, and lose the others at its next write. A store that works on
//! Proxmox's file keeps them in a second file.

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
use crate::record::{
    Browser, Counted, Deadline, Entry, FactorType, Record, Removal, Spent, StoredKey, U2fEntry, WebauthnEntry,
    YubicoEntry, key_ids, readable_browsers,
};

/// A record in two parts.
#[derive(Serialize)]
pub struct Parts {
    /// What Proxmox's file holds. `None` for a user without any entry, who is not in that file.
    pub record: Option<String>,
    /// What the second file holds now. `None` if there is nothing.
    pub additions: Option<String>,
    /// What the second file holds after the first one has been written. Only then is it certain that the first file had
    /// a lock that another program may lift, or that the last entry is gone or the first one is there.
    pub settled: Option<String>,
}

/// Splits a record for Proxmox's file. Fails with `store-refused` if the format has no place for a key.
///
/// `beside`: the current additions. Until the file holds the new record, they stay valid for the old one, even if the
/// process ends in between.
pub fn split(record: &str, beside: Option<&str>) -> Result<Parts, Failure> {
    let mut record = Record::parse(Some(record))?;
    check_fits(&record)?;
    let mut additions = Additions::take(&mut record);
    let mut beside = beside
        .and_then(|beside| Additions::read(beside).ok())
        .unwrap_or_default();
    if record.is_empty() && (additions.removed.is_some() || !additions.deadlines.is_empty()) {
        beside.removed.clone_from(&additions.removed);
        beside.deadlines.clone_from(&additions.deadlines);
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

/// Marks that tell this user's factors from those of a removed user with the same name. A mark is the factor's id. All
/// recovery sets have the same id, so their mark is the time at which they were created.
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

/// A record joined with its additions.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Joined {
    pub record: String,
    /// The additions to store from now on, if a change by another program made the stored ones wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mended: Option<Mended>,
}

/// Additions that replace the stored ones.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Mended {
    pub additions: Option<String>,
    /// The stored additions belonged to a user who was removed and created again. The old user's claims and user handle
    /// must not lead to the new user.
    pub foreign: bool,
}

/// Joins the two parts of a record. Additions of factors that are no longer in the file are dropped. If none of the
/// factors is left, all additions but deadlines are dropped: the user was removed and created again. If another program
/// has lifted a lock, its counters restart from zero. `now`: epoch seconds.
pub fn join(record: &str, additions: Option<&str>, now: i64) -> Result<Joined, Failure> {
    let mut record = Record::parse(Some(record))?;
    let mut mended = None;
    if let Some(additions) = additions.filter(|_| record.whole_problem().is_none()) {
        let mut additions = Additions::read(additions)?;
        let marks = marks(&record);
        if additions.belong_to(&marks) {
            // Another program has removed a factor: that ends the browsers, as it does here.
            let complete = additions.belongs_to.iter().all(|mark| marks.contains(mark));
            // Another program has added an entry of the user since the last one was removed here.
            if !record.is_empty() && additions.removed.take().is_some() {
                mended = Some(Mended {
                    additions: additions.text()?,
                    foreign: false,
                });
            }
            additions.give(&mut record, now);
            if !complete {
                record.browsers.clear();
            }
        } else {
            // Nobody can tell this from a user whose factors were all removed, which renews no deadline.
            let kept = Additions {
                deadlines: additions.deadlines,
                ..Additions::default()
            };
            mended = Some(Mended {
                additions: kept.text()?,
                foreign: true,
            });
            record.deadlines = kept.deadlines;
        }
    }
    Ok(Joined {
        record: record.to_text()?,
        mended,
    })
}

/// The record of a user who is not in the file: it says how the last entry was removed, and what is due. `None` if the
/// additions say neither.
pub fn emptied(additions: &str) -> Result<Option<String>, Failure> {
    let Ok(additions) = Additions::read(additions) else {
        return Ok(None);
    };
    let record = Record::emptied(additions.removed, additions.deadlines);
    record.is_kept_without_factors().then(|| record.to_text()).transpose()
}

/// Removes all our additions from a record. True if there were any.
pub(super) fn strip(record: &mut Record) -> bool {
    !is_default(&Additions::take(record))
}

/// Fails with `store-refused` if Proxmox can't read the record even without the additions.
pub(super) fn check_fits(record: &Record) -> Result<(), Failure> {
    let refused = Failure::StoreRefused("tfa.cfg has no place for a key of this algorithm");
    fits(record).then_some(()).ok_or(refused)
}

/// Fails with `store-refused` if the record has a place that Proxmox can't read without the additions, unless `before`
/// already had it.
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

/// True if Proxmox can read the record's keys without the additions.
pub(super) fn fits(record: &Record) -> bool {
    record.webauthn.iter().all(|entry| entry.entry.cred.fits_origin())
}

/// True if the record has parts that we keep as they came, which Proxmox may refuse.
pub(super) fn has_unread(record: &Record) -> bool {
    let is_kept = |entry: &Entry<WebauthnEntry>| matches!(entry.entry.cred, StoredKey::Other(_));
    let certified = |entry: &Entry<U2fEntry>| entry.entry.other.contains_key("certificate");
    !record.unusable.is_empty() || record.webauthn.iter().any(is_kept) || record.u2f.iter().any(certified)
}

/// Our additions to one user's record.
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
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "readable_browsers"
    )]
    browsers: Vec<Browser>,
    /// Only for a user who is no longer in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    removed: Option<Removal>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    deadlines: Vec<Deadline>,
    /// The locks that were certainly in the file when these additions were written.
    #[serde(default, skip_serializing_if = "is_default")]
    totp_locked: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tfa_locked_until: Option<i64>,
    /// The factors that the file had when these additions were written, as [`marks`]. Empty if an older version wrote
    /// them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    belongs_to: Vec<String>,
    /// By factor id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    factors: BTreeMap<String, Added>,
}

/// Our additions to one factor.
#[derive(Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
// The field has the same name as in the record.
#[allow(clippy::struct_field_names)]
struct Added {
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    kind: Option<FactorType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    added: Option<i64>,
    /// For a U2F key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    counter: Option<u32>,
    /// For a Yubico key: its public id and counters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    otp: Option<Counted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential: Option<Credential>,
    /// For recovery codes that another system made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    letters: Option<u8>,
}

/// Our additions to a WebAuthn credential.
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
    #[serde(default, skip_serializing_if = "is_default")]
    handle_learned: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rp_id: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    shared: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    attested: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "key_ids")]
    attested_by: Vec<[u8; 20]>,
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
            browsers: take(&mut record.browsers),
            removed: record.removed.take(),
            deadlines: take(&mut record.deadlines),
            totp_locked: false,
            tfa_locked_until: None,
            belongs_to: Vec::new(),
            factors,
        }
    }

    /// Sets the marks, or none if there are no additions.
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
        // Proxmox drops a lock that has ended, and the count goes on after it.
        let all_lifted = self.tfa_locked_until.is_some_and(|until| now < until) && record.tfa_locked_until.is_none();
        if all_lifted {
            self.tfa_failures = 0;
        }
        // Proxmox has no separate lock for OTPs. An unlock there lifts the other locks, so it lifts this one too.
        if !(totp_lifted || all_lifted) {
            record.yubico_failures = self.yubico_failures;
            record.yubico_locked = self.yubico_locked;
        }
        record.totp_failures = self.totp_failures;
        record.totp_drift = self.totp_drift;
        record.tfa_failures = self.tfa_failures;
        record.user_handle = self.user_handle;
        record.spent_challenges = self.spent_challenges;
        record.browsers = self.browsers;
        record.deadlines = self.deadlines;
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
            handle_learned: take(&mut entry.handle_learned),
            shared: take(&mut entry.shared),
            attested: take(&mut entry.attested),
            attested_by: take(&mut entry.attested_by),
        }
    }

    fn give(self, entry: &mut WebauthnEntry) {
        entry.backup_recorded = self.backup_recorded;
        entry.user_verified = self.user_verified;
        entry.transports = self.transports;
        entry.aaguid = self.aaguid;
        entry.user_handle = self.user_handle;
        entry.rp_id = self.rp_id;
        entry.handle_learned = self.handle_learned;
        entry.shared = self.shared;
        entry.attested = self.attested;
        entry.attested_by = self.attested_by;
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
