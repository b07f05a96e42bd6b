//! The users of a configuration: the records from a file and the changes since. Clones share them.

use std::fmt;
use std::iter::Peekable;
use std::sync::Arc;

use rpds::RedBlackTreeMapSync;
use zeroize::Zeroizing;

use crate::json::raw::raw_elements;

/// A user's record as text, wiped on drop.
pub type RecordText = Zeroizing<String>;

/// Records by user, in the order of the users' bytes.
///
/// The records from the file stay one text with an index, so that a hundred thousand users take little more memory than
/// the file. Changes are in a persistent tree above it. A clone copies two pointers, and the first change after that
/// copies one path of the tree.
#[derive(Clone, Default)]
pub struct Users {
    base: Arc<Base>,
    changes: RedBlackTreeMapSync<Arc<str>, Option<Arc<RecordText>>>,
}

/// One stored record.
#[derive(Clone, Copy)]
pub struct Stored<'a> {
    pub user: &'a str,
    pub record: &'a str,
    /// False if the record is known to have nothing that Proxmox's format has no place for.
    pub beyond: bool,
    /// True if the file has no record for the user. `record` is then a [`stand_in`] around the value that the file has.
    pub bare: bool,
}

impl<'a> Stored<'a> {
    fn form(&self) -> Form {
        match (self.bare, self.beyond) {
            (true, _) => Form::Bare,
            (false, true) => Form::Beyond,
            (false, false) => Form::Plain,
        }
    }

    /// The values that the file has for the user. There are several if the user occurs more than once.
    pub fn values(&self) -> Vec<&'a str> {
        if self.bare {
            stood_in_for(self.record)
        } else {
            vec![self.record]
        }
    }
}

/// The records from the file, which don't change.
#[derive(Default)]
struct Base {
    /// Each user name, directly followed by the record.
    text: Zeroizing<String>,
    /// Sorted by user.
    slots: Vec<Slot>,
}

#[derive(Clone, Copy)]
struct Slot {
    start: u32,
    user: u32,
    record: u32,
    beyond: bool,
    bare: bool,
}

impl Users {
    pub fn get(&self, user: &str) -> Option<&str> {
        match self.changes.get(user) {
            Some(change) => change.as_ref().map(|text| text.as_str()),
            None => self.base.get(user),
        }
    }

    /// Sets or removes a record. True if that changed something.
    pub fn set(&mut self, user: &str, record: Option<RecordText>) -> bool {
        if self.get(user) == record.as_ref().map(|text| text.as_str()) {
            return false;
        }
        self.changes.insert_mut(user.into(), record.map(Arc::new));
        true
    }

    pub fn iter(&self) -> impl Iterator<Item = Stored<'_>> {
        Merged {
            base: self.base.iter().peekable(),
            changes: self.changes.iter().peekable(),
        }
    }

    /// Bytes of memory that the records from the file take.
    pub fn file_bytes(&self) -> usize {
        self.base.text.capacity() + self.base.slots.capacity() * size_of::<Slot>()
    }
}

impl Base {
    fn push(&mut self, user: &str, record: &str, form: Form) -> Result<(), TooLarge> {
        let length = |text: &str| u32::try_from(text.len()).map_err(|_| TooLarge);
        self.slots.push(Slot {
            start: length(&self.text)?,
            user: length(user)?,
            record: length(record)?,
            beyond: form == Form::Beyond,
            bare: form == Form::Bare,
        });
        self.text.push_str(user);
        self.text.push_str(record);
        Ok(())
    }

    /// The same records, with one for each user. `slots`: those of this base, sorted.
    fn merged(&self, slots: &[Slot]) -> Result<Self, TooLarge> {
        let room = self.text.len() + slots.len() * stand_in("").len();
        let mut merged = Self {
            text: Zeroizing::new(String::with_capacity(room)),
            slots: Vec::new(),
        };
        for same in slots.chunk_by(|one, other| self.stored(*one).user == self.stored(*other).user) {
            let all: Vec<_> = same.iter().map(|slot| self.stored(*slot)).collect();
            if let [stored] = all.as_slice() {
                merged.push(stored.user, stored.record, stored.form())?;
            } else {
                let values = all.iter().flat_map(Stored::values).collect::<Vec<_>>().join(",");
                let user = all.first().map_or("", |stored| stored.user);
                merged.push(user, &stand_in(&Zeroizing::new(values)), Form::Bare)?;
            }
        }
        Ok(merged)
    }

    fn stored(&self, slot: Slot) -> Stored<'_> {
        let (start, user, record) = (slot.start as usize, slot.user as usize, slot.record as usize);
        let middle = start + user;
        Stored {
            user: self.text.get(start..middle).unwrap_or_default(),
            record: self.text.get(middle..middle + record).unwrap_or_default(),
            beyond: slot.beyond,
            bare: slot.bare,
        }
    }

    fn get(&self, user: &str) -> Option<&str> {
        let found = self
            .slots
            .binary_search_by(|slot| self.stored(*slot).user.cmp(user))
            .ok()?;
        self.slots.get(found).map(|slot| self.stored(*slot).record)
    }

    fn iter(&self) -> impl Iterator<Item = Stored<'_>> {
        self.slots.iter().map(|slot| self.stored(*slot))
    }
}

struct Merged<B: Iterator, C: Iterator> {
    base: Peekable<B>,
    changes: Peekable<C>,
}

impl<'a, B, C> Iterator for Merged<B, C>
where
    B: Iterator<Item = Stored<'a>>,
    C: Iterator<Item = (&'a Arc<str>, &'a Option<Arc<RecordText>>)>,
{
    type Item = Stored<'a>;

    fn next(&mut self) -> Option<Stored<'a>> {
        loop {
            let changed = match (self.base.peek(), self.changes.peek()) {
                (Some(stored), Some((user, _))) => &***user <= stored.user,
                (_, changed) => changed.is_some(),
            };
            if !changed {
                return self.base.next();
            }
            let (user, record) = self.changes.next()?;
            // The change replaces what the file has.
            self.base.next_if(|stored| stored.user == &**user);
            if let Some(record) = record {
                return Some(Stored {
                    user,
                    record,
                    beyond: true,
                    bare: false,
                });
            }
        }
    }
}

/// The form of a record in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As Proxmox has it.
    Plain,
    /// With parts that Proxmox's format has no place for.
    Beyond,
    /// Not a record. The text is a [`stand_in`] for the value.
    Bare,
}

const STAND_IN: (&str, &str) = ("{\"no record\":[", "]}");

/// Wraps the values that a file has for a user, so that the result is a record. Nothing in that record can be used.
/// `values`: JSON values, separated by commas.
pub fn stand_in(values: &str) -> RecordText {
    let (before, after) = STAND_IN;
    Zeroizing::new(format!("{before}{values}{after}"))
}

/// The original values inside a stand-in.
fn stood_in_for(stand_in: &str) -> Vec<&str> {
    let (before, after) = STAND_IN;
    let is_one = stand_in.starts_with(before) && stand_in.ends_with(after);
    // The array, including its brackets.
    let values = stand_in.get(before.len() - 1..stand_in.len() - 1).filter(|_| is_one);
    values.and_then(raw_elements).unwrap_or_default()
}

/// The problem of a user whose name is not [`is_user`].
pub const NO_NAME: &str = "a user's name has to be of 1 to 256 bytes";

/// The problem of a user who occurs more than once in a file.
pub const TWICE: &str = "a user occurs twice";

/// Whether a user can have this name, here and in any store.
pub fn is_user(name: &str) -> bool {
    (1..=256).contains(&name.len())
}

/// Collects a file's records one by one.
pub struct Builder {
    base: Base,
}

/// The records take more than 4 GiB.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("too many records")
    }
}

impl Builder {
    /// `bytes`: roughly the size of all records. The memory is allocated in full, because growing would leave unwiped
    /// copies behind.
    pub fn new(bytes: usize) -> Self {
        Self {
            base: Base {
                text: Zeroizing::new(String::with_capacity(bytes)),
                slots: Vec::new(),
            },
        }
    }

    /// The number of records added so far.
    pub fn len(&self) -> usize {
        self.base.slots.len()
    }

    pub fn add(&mut self, user: &str, record: &str, form: Form) -> Result<(), TooLarge> {
        self.base.push(user, record, form)
    }

    /// A user who occurs more than once gets a stand-in around all values, because it is unknown which one counts.
    pub fn build(self) -> Result<Users, TooLarge> {
        let mut base = self.base;
        let mut slots = std::mem::take(&mut base.slots);
        // The values of one user stay in the file's order.
        slots.sort_unstable_by(|one, other| {
            let user = |slot: &Slot| base.stored(*slot).user;
            (user(one), one.start).cmp(&(user(other), other.start))
        });
        let same = |one: &Slot, other: &Slot| base.stored(*one).user == base.stored(*other).user;
        if slots
            .windows(2)
            .any(|pair| matches!(pair, [one, other] if same(one, other)))
        {
            base = base.merged(&slots)?;
        } else {
            slots.shrink_to_fit();
            base.slots = slots;
            base.text.shrink_to_fit();
        }
        Ok(Users {
            base: Arc::new(base),
            changes: RedBlackTreeMapSync::default(),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn built(records: &[(&str, &str)]) -> Users {
        let mut builder = Builder::new(0);
        for (user, record) in records {
            builder.add(user, record, Form::Plain).unwrap();
        }
        builder.build().unwrap()
    }

    fn listed(users: &Users) -> Vec<(String, String)> {
        let iter = users.iter();
        iter.map(|stored| (stored.user.into(), stored.record.into())).collect()
    }

    #[test]
    fn a_user_who_occurs_twice_has_a_stand_in_around_both() {
        let mut builder = Builder::new(0);
        for (user, record, form) in [
            ("b", "{\"x\":1}", Form::Plain),
            ("a", "{}", Form::Beyond),
            ("b", &stand_in("[1,2],\"]}\""), Form::Bare),
            ("", "{}", Form::Plain),
            ("b", "{\"x\":2}", Form::Plain),
        ] {
            builder.add(user, record, form).unwrap();
        }
        let users = builder.build().unwrap();
        let all: Vec<_> = users
            .iter()
            .map(|stored| (stored.user, stored.form(), stored.values()))
            .collect();
        assert_eq!(
            all,
            [
                ("", Form::Plain, vec!["{}"]),
                ("a", Form::Beyond, vec!["{}"]),
                ("b", Form::Bare, vec!["{\"x\":1}", "[1,2]", "\"]}\"", "{\"x\":2}"]),
            ]
        );
        assert_eq!(Users::default().iter().count(), 0);
        for (user, can) in [("", false), (&"é".repeat(128), true), (&"é".repeat(129), false)] {
            assert_eq!(is_user(user), can);
        }
    }

    #[test]
    fn what_did_not_change_says_so() {
        let mut users = built(&[("a", "1")]);
        assert!(!users.set("a", Some(RecordText::new("1".into()))));
        assert!(!users.set("b", None));
        assert!(users.set("a", None) && users.get("a").is_none());
        assert!(users.set("a", Some(RecordText::new("1".into()))));
        assert_eq!(listed(&users), [("a".into(), "1".into())]);
    }

    proptest! {
        /// Compares with a map, for any file and any changes, with clones that never see each other's changes.
        #[test]
        fn behaves_as_a_map_that_is_copied(
            file in prop::collection::btree_map("[a-d]{1,2}", "[0-9]", 0..12),
            changes in prop::collection::vec(("[a-d]{1,2}", prop::option::of("[0-9]"), any::<bool>()), 0..24),
        ) {
            let records: Vec<_> = file.iter().rev().map(|(user, record)| (user.as_str(), record.as_str())).collect();
            let mut lines: Vec<(Users, BTreeMap<String, String>)> = vec![(built(&records), file.clone())];
            for (user, record, cloned) in changes {
                if cloned {
                    lines.push(lines.last().unwrap().clone());
                }
                let (users, map) = lines.last_mut().unwrap();
                users.set(&user, record.clone().map(RecordText::new));
                match record {
                    Some(record) => map.insert(user, record),
                    None => map.remove(&user),
                };
            }
            for (users, map) in &lines {
                prop_assert_eq!(listed(users), map.clone().into_iter().collect::<Vec<_>>());
                for user in map.keys() {
                    prop_assert_eq!(users.get(user), map.get(user).map(String::as_str));
                }
            }
        }
    }
}
