//! Proxmox's management calls on existing entries: list, get, update, delete.

use serde::Serialize;

use super::TfaConfig;
use super::queries::LockStatus;
use super::refusal::{Refusal, Settled};
use crate::json::envelope::envelope;
use crate::json::failure::Failure;
use crate::json::request::seconds;
use crate::record::factor::{self, Factor};
use crate::record::{FactorType, Record};
use crate::service::enrol::True;
use crate::service::manage;

impl TfaConfig {
    /// The user's entries, as Proxmox lists them. An unknown user has none.
    pub fn list_entries(&self, user: &str) -> String {
        envelope(self.read(user).map(|record| infos(&record)))
    }

    /// One entry, or null.
    pub fn get_entry(&self, user: &str, id: &str) -> String {
        let record = self.read(user);
        envelope(record.map(|record| factor::find(&record, id).map(EntryInfo::from)))
    }

    /// The entries and locks of the user `own`, or of all users.
    pub fn list(&self, own: Option<&str>, now: i64) -> String {
        let users = self
            .users
            .iter()
            .filter(|stored| own.is_none_or(|own| own == stored.user));
        let listed = users.map(|stored| {
            let record = Record::parse(Some(stored.record))?;
            Ok(Listed {
                userid: stored.user,
                entries: infos(&record),
                locks: LockStatus::of(&record, seconds(now)),
            })
        });
        envelope(listed.collect::<Result<Vec<_>, Failure>>())
    }

    /// Deletes an entry. Returns `{"ok": true, "left"}`, where `left` says whether the user still has an entry.
    /// Deleting the last one removes the user.
    ///
    /// A recovery set counts as an entry. Like Proxmox, and unlike [`manage::remove_factor`], this may leave a recovery
    /// set as the only entry.
    pub fn delete_entry(&mut self, user: &str, id: &str) -> String {
        envelope(self.delete(user, id))
    }

    /// Changes an entry. Request: `{"id", "description"?, "enable"?}`. Returns `{"ok": true}`. The recovery set can't
    /// be changed.
    pub fn update_entry(&mut self, user: &str, request: &str) -> String {
        envelope(self.update(user, request))
    }

    fn delete(&mut self, user: &str, id: &str) -> Result<Settled<Deleted>, Failure> {
        let mut record = self.read(user)?;
        if manage::take_factor(&mut record, id).is_none() {
            return Ok(Refusal::NoSuchEntry.settled());
        }
        record.browsers.clear();
        let left = !record.is_empty();
        self.store(user, &record)?;
        Ok(Settled::Done(Deleted { ok: True, left }))
    }

    fn update(&mut self, user: &str, request: &str) -> Result<Settled<Updated>, Failure> {
        let (record, answer) = manage::update(self.record(user), request)?;
        if let Some(record) = record {
            self.store(user, &record)?;
        }
        Ok(match answer.value.reason {
            None => Settled::Done(Updated { ok: True }),
            Some("last-factor") => Refusal::LastEntry.settled(),
            Some("malformed") => Refusal::DescriptionInvalid.settled(),
            Some(_) => Refusal::NoSuchEntry.settled(),
        })
    }
}

fn infos(record: &Record) -> Vec<EntryInfo> {
    factor::factors(record).into_iter().map(EntryInfo::from).collect()
}

/// One entry in Proxmox's form.
#[derive(Serialize)]
struct EntryInfo {
    #[serde(rename = "type")]
    kind: FactorType,
    id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    /// Epoch seconds.
    created: i64,
    /// Only present if it is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    enable: Option<bool>,
    /// Ours: it can't be used here, and can only be deleted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unusable: bool,
}

impl From<Factor> for EntryInfo {
    fn from(factor: Factor) -> Self {
        Self {
            kind: factor.kind,
            id: factor.id,
            description: factor.description,
            created: seconds(factor.created),
            enable: (!factor.enabled).then_some(false),
            unusable: factor.unusable,
        }
    }
}

/// One user of a list, in Proxmox's form.
#[derive(Serialize)]
struct Listed<'a> {
    userid: &'a str,
    entries: Vec<EntryInfo>,
    #[serde(flatten)]
    locks: LockStatus,
}

#[derive(Serialize)]
struct Deleted {
    ok: True,
    left: bool,
}

#[derive(Serialize)]
struct Updated {
    ok: True,
}
