//! Counting and removing the unusable entries of a record, and writing them back in their places.

use zeroize::Zeroizing;

use super::unusable::{LISTS, Place, Unusable};
use super::{FactorType, Record};
use crate::json::failure::Failure;
use crate::json::raw::{RawMembers, raw_elements};

impl Record {
    /// The unusable entries, in the record's order.
    pub fn unusable(&self) -> &[Unusable] {
        &self.unusable
    }

    /// What is wrong with the whole record. Nothing in such a record can be used, and the only possible change is to
    /// remove it.
    pub fn whole_problem(&self) -> Option<&str> {
        let whole = self.unusable.iter().find(|one| one.place == Place::Record);
        whole.map(|one| one.problem.as_str())
    }

    /// The number of unusable factors, without an unusable recovery set.
    pub(super) fn real_unusable(&self) -> usize {
        self.unusable.iter().filter(|one| one.is_real()).count()
    }

    /// Whether there is an unusable factor of this type.
    pub fn holds_unusable(&self, kind: FactorType) -> bool {
        self.unusable.iter().any(|one| one.kind == kind)
    }

    /// The first unusable entry that `other` doesn't have.
    pub fn unusable_beside(&self, other: &Self) -> Option<&Unusable> {
        let held = |one: &&Unusable| {
            other
                .unusable
                .iter()
                .any(|own| own.kind == one.kind && own.raw == one.raw)
        };
        self.unusable.iter().find(|one| !held(one))
    }

    /// Removes the unusable entry with this id.
    pub fn remove_unusable(&mut self, id: &str) {
        self.unusable.retain(|one| one.id != id);
    }

    /// Removes an unusable recovery set. True if there was one.
    pub fn remove_unusable_recovery(&mut self) -> bool {
        let before = self.unusable.len();
        self.unusable.retain(Unusable::is_real);
        self.unusable.len() < before
    }

    /// Keeps the unusable entries of this type in their places when the entry at `position` is removed.
    pub fn close_gap(&mut self, kind: FactorType, position: usize) {
        for one in self.unusable.iter_mut().filter(|one| one.kind == kind) {
            if let Place::Behind(before) = &mut one.place
                && *before > position
            {
                *before -= 1;
            }
        }
    }

    /// Adds the unusable entries to the text of the usable ones.
    pub(super) fn with_unusable(&self, text: String) -> Result<String, Failure> {
        let text = Zeroizing::new(text);
        if let Some(whole) = self.unusable.iter().find(|one| one.place == Place::Record) {
            // The meaning of a change to such a record is unknown.
            let unchanged = text.as_str() == "{}" && self.unusable.len() == 1;
            let raw = unchanged.then(|| whole.raw.to_string());
            return raw.ok_or_else(|| Failure::RecordCorrupt(whole.problem.clone()));
        }
        let corrupt = || Failure::RecordCorrupt(String::new());
        let members = RawMembers::parse(&text).ok_or_else(corrupt)?;
        let raw: usize = self.unusable.iter().map(|one| one.raw.len() + 16).sum();
        // Allocated in full: growing would leave unwiped copies of secrets behind.
        let mut written = String::with_capacity(text.len() + raw);
        written.push('{');
        let mut member = |name: &str, value: &[&str], list: bool| {
            if written.len() > 1 {
                written.push(',');
            }
            for piece in ["\"", name, "\":"] {
                written.push_str(piece);
            }
            if list {
                written.push('[');
            }
            for (index, piece) in value.iter().enumerate() {
                if index > 0 {
                    written.push(',');
                }
                written.push_str(piece);
            }
            if list {
                written.push(']');
            }
        };
        for (name, kind) in LISTS {
            let own = members.get(name);
            let mut here = self.unusable.iter().filter(|one| one.kind == kind).peekable();
            match (own, here.peek()) {
                (Some(own), None) => member(name, &[own], false),
                (None, None) => {}
                (None, Some(one)) if one.place == Place::Member => member(name, &[&one.raw], false),
                // New entries replace a member that is not a list.
                (Some(own), Some(one)) if one.place == Place::Member => member(name, &[own], false),
                (own, Some(_)) => {
                    let own = own.map_or(Some(Vec::new()), raw_elements).ok_or_else(corrupt)?;
                    member(name, &merge(&own, here), true);
                }
            }
        }
        for (name, value) in &members.0 {
            if LISTS.iter().all(|(list, _)| list != name) {
                member(name, &[value], false);
            }
        }
        written.push('}');
        Ok(written)
    }
}

fn merge<'a>(usable: &[&'a str], unusable: impl Iterator<Item = &'a Unusable>) -> Vec<&'a str> {
    let mut unusable = unusable.peekable();
    let mut merged = Vec::with_capacity(usable.len() + 1);
    for (position, entry) in usable.iter().enumerate() {
        while let Some(one) = unusable.next_if(|one| matches!(one.place, Place::Behind(before) if before <= position)) {
            merged.push(one.raw.as_str());
        }
        merged.push(entry);
    }
    merged.extend(unusable.map(|one| one.raw.as_str()));
    merged
}
