//! Reads a record entry by entry after reading it as a whole has failed. One unusable entry then doesn't make the
//! others unusable.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::unusable::{LISTS, MOST, Place, TOO_LARGE, TOO_MANY, Unusable};
use super::{Entry, FactorType, MAX_COUNTED_BYTES, Record, place};
use crate::json::raw::{RawMembers, is_object, raw_elements};

/// The id of a recovery set.
const RECOVERY: &str = "recovery";

/// The longest id that an unusable entry keeps, in bytes.
const LONGEST_ID: usize = 64;

impl Record {
    /// Separates usable from unusable entries, and says whether ids were replaced. `None` if the text is not a record
    /// at all.
    pub(super) fn sort_out(text: &str) -> Option<(Self, bool)> {
        if !is_object(text) {
            return None;
        }
        if text.len() > MAX_COUNTED_BYTES {
            return Some((whole(text, TOO_LARGE.into()), false));
        }
        let sorted = by_entry(text);
        if sorted.as_ref().is_some_and(|record| record.unusable.len() > MOST) {
            return Some((whole(text, TOO_MANY.into()), false));
        }
        let Some(mut record) = sorted.filter(|record| !record.unusable.is_empty()) else {
            let problem = super::corrupt_place(text);
            return Some((whole(text, problem), false));
        };
        let renamed = record.give_own_ids();
        give_ids(&mut record);
        record.length = text.len();
        record.claimed = Some(record.basis());
        record.note_time();
        Some((record, renamed))
    }
}

/// A record with nothing usable in it.
fn whole(text: &str, problem: String) -> Record {
    let mut record = Record::default();
    record.unusable.push(Unusable {
        id: "unusable-1".into(),
        kind: FactorType::Unknown,
        description: String::new(),
        created: 0,
        problem,
        place: Place::Record,
        raw: text.to_owned().into(),
    });
    record
}

/// `None` if locks, counters or unknown members are wrong. Then it is unclear what applies to the user.
fn by_entry(text: &str) -> Option<Record> {
    let members = RawMembers::parse(text)?;
    let rest = members
        .0
        .iter()
        .filter(|(name, _)| LISTS.iter().all(|(list, _)| list != name));
    let rest: Vec<_> = rest
        .map(|(name, value)| format!("{}:{value}", serde_json::Value::from(name.as_str())))
        .collect();
    let mut record: Record = serde_json::from_str(&format!("{{{}}}", rest.join(","))).ok()?;
    let mut unusable = Vec::new();
    for (name, kind) in LISTS {
        let Some(value) = members.get(name) else { continue };
        match kind {
            FactorType::Totp => record.totp = list(name, kind, value, &mut unusable),
            FactorType::U2f => record.u2f = list(name, kind, value, &mut unusable),
            FactorType::Webauthn => record.webauthn = list(name, kind, value, &mut unusable),
            FactorType::Yubico => record.yubico = list(name, kind, value, &mut unusable),
            FactorType::Recovery => match serde_json::from_str(value) {
                Ok(set) => record.recovery = set,
                Err(_) => unusable.push(Unusable {
                    problem: problem_of::<super::RecoverySet>(value, name.to_owned()),
                    ..kept(kind, value, Place::Member)
                }),
            },
            FactorType::Unknown => {}
        }
    }
    record.unusable = unusable;
    Some(record)
}

/// Stops after one more than [`MOST`] unusable entries.
fn list<T: DeserializeOwned>(name: &str, kind: FactorType, value: &str, unusable: &mut Vec<Unusable>) -> Vec<Entry<T>> {
    let Some(elements) = raw_elements(value) else {
        unusable.push(Unusable {
            problem: name.to_owned(),
            ..kept(kind, value, Place::Member)
        });
        return Vec::new();
    };
    let mut usable = Vec::new();
    for (index, element) in elements.into_iter().enumerate() {
        if unusable.len() > MOST {
            break;
        }
        // The derived reader would also accept an array of the members.
        let entry = element.starts_with('{').then(|| serde_json::from_str(element));
        match entry {
            Some(Ok(entry)) => usable.push(entry),
            _ => unusable.push(Unusable {
                problem: problem_of::<Entry<T>>(element, format!("{name}[{index}]")),
                ..kept(kind, element, Place::Behind(usable.len()))
            }),
        }
    }
    usable
}

/// An unusable entry. Its id may still be empty or taken.
fn kept(kind: FactorType, raw: &str, place: Place) -> Unusable {
    let said = Said::of(raw);
    Unusable {
        id: if kind == FactorType::Recovery {
            RECOVERY.into()
        } else {
            said.id.unwrap_or_default()
        },
        kind,
        description: said.description.unwrap_or_default(),
        created: said.created.unwrap_or_default(),
        problem: String::new(),
        place,
        raw: Zeroizing::new(raw.to_owned()),
    }
}

/// What an unusable entry says about itself, as far as that can be read.
#[derive(Default)]
struct Said {
    id: Option<String>,
    description: Option<String>,
    created: Option<i64>,
}

impl Said {
    fn of(raw: &str) -> Self {
        fn read<'a, T: Deserialize<'a>>(members: &RawMembers<'a>, name: &str) -> Option<T> {
            serde_json::from_str(members.get(name)?).ok()
        }
        let Some(members) = RawMembers::parse(raw) else {
            return Self::default();
        };
        Self {
            id: read(&members, "id"),
            description: read(&members, "description"),
            created: read(&members, "created"),
        }
    }
}

fn problem_of<T: DeserializeOwned>(raw: &str, mut name: String) -> String {
    let reader = &mut serde_json::Deserializer::from_str(raw);
    if let Err(error) = serde_path_to_error::deserialize::<_, T>(reader) {
        let inside = place::describe(error.path());
        if !inside.is_empty() {
            name.push_str(if inside == place::UNKNOWN_MEMBER { ": " } else { "." });
            name.push_str(&inside);
        }
    }
    name
}

/// Gives each unusable entry an id that is unique in the record. The same record always gets the same ids.
fn give_ids(record: &mut Record) {
    let mut taken: HashSet<String> = record.ids().map(str::to_owned).collect();
    taken.insert(RECOVERY.into());
    let mut number = 0;
    let mut unusable = std::mem::take(&mut record.unusable);
    let is_id = |id: &str| (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    for one in unusable.iter_mut().filter(|one| one.kind != FactorType::Recovery) {
        let own = is_id(&one.id) && taken.insert(one.id.clone());
        if !own {
            one.id.clear();
        }
    }
    for one in unusable.iter_mut().filter(|one| one.id.is_empty()) {
        loop {
            number += 1;
            let id = format!("unusable-{number}");
            if taken.insert(id.clone()) {
                one.id = id;
                break;
            }
        }
    }
    record.unusable = unusable;
}
