//! The entries of a record that this version can't use. They are kept byte for byte in their places and never offered.
//!
//! They count as factors, so that their user is never treated as one without a second factor.

use zeroize::Zeroizing;

use super::entry::FactorType;

/// The problem of a record that exceeds the limit.
pub const TOO_LARGE: &str = "larger than a record may be";

/// The most unusable entries of a record. To list and write more of them would take seconds.
pub(super) const MOST: usize = 4096;

/// The problem of a record with more than [`MOST`] unusable entries.
pub const TOO_MANY: &str = "more than 4096 entries can't be used";

/// An unusable entry, or a whole unusable record. It can only be listed and removed.
pub struct Unusable {
    /// The entry's own id if it has one that is valid and unique in the record. Otherwise `unusable-1` and so on.
    pub id: String,
    pub kind: FactorType,
    /// What the entry says, or empty.
    pub description: String,
    /// Epoch seconds: what the entry says, or 0.
    pub created: i64,
    /// Where it is wrong, such as `totp[0].entry`. Never holds a value.
    pub problem: String,
    pub(super) place: Place,
    /// Its JSON text.
    pub(super) raw: Zeroizing<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the list of its type, after this number of usable entries.
    Behind(usize),
    /// In place of the whole list or set of its type.
    Member,
    /// In place of the whole record.
    Record,
}

/// The members that hold factors, in the order in which they are written.
pub(super) const LISTS: [(&str, FactorType); 5] = [
    ("totp", FactorType::Totp),
    ("u2f", FactorType::U2f),
    ("webauthn", FactorType::Webauthn),
    ("recovery", FactorType::Recovery),
    ("yubico", FactorType::Yubico),
];

impl Unusable {
    /// Whether it counts as a factor of its own. Only a recovery set doesn't.
    pub(super) fn is_real(&self) -> bool {
        self.kind != FactorType::Recovery
    }

    /// Its JSON text, which may hold secrets.
    pub fn raw(&self) -> &str {
        &self.raw
    }
}
