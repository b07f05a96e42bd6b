//! What a record holds and this version can't use: kept byte for byte where it stood, and never offered.
//!
//! It counts as held, so that its user is never taken for one without a second factor.

use zeroize::Zeroizing;

use super::entry::FactorType;

/// The problem of a record over the bound.
pub const TOO_LARGE: &str = "larger than a record may be";

/// One entry, or a whole record, that can't be used. It can only be listed and removed.
pub struct Unusable {
    /// Its own, where that is an id that nothing else here has; else `unusable-1` and so on.
    pub id: String,
    pub kind: FactorType,
    /// As it says, if it does.
    pub description: String,
    /// Epoch seconds, as it says; 0 if it does not.
    pub created: i64,
    /// What is wrong and where, such as `totp[0].entry`. Never a value.
    pub problem: String,
    pub(super) place: Place,
    /// Its JSON text.
    pub(super) raw: Zeroizing<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the list of its type, behind so many entries that can be used.
    Behind(usize),
    /// The whole member of its type.
    Member,
    /// The whole record.
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
    /// Whether it stands for itself, as all but a recovery set do.
    pub(super) fn is_real(&self) -> bool {
        self.kind != FactorType::Recovery
    }

    /// Its JSON text, which may hold secrets.
    pub fn raw(&self) -> &str {
        &self.raw
    }
}
