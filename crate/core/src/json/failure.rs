//! What a call of the host can fail with. A refused answer is not a failure: it is an outcome.

/// Becomes one typed error with the same code at the facade. Never holds what was passed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// An argument of the host has the wrong type or range; holds the argument's name.
    InvalidArgument(&'static str),
    /// The stored record can't be read; holds the place, such as `webauthn[0].entry.cred`, if it is known.
    RecordCorrupt(String),
    /// The record would grow over its bound.
    RecordTooLarge,
    /// The host says that the user is enrolled, and there is no factor.
    RecordMissing,
    /// Recovery codes need another factor beside them.
    FactorRequired,
    /// The user holds as many factors as are allowed.
    FactorLimit,
    /// The bytes are no configuration file of either format; holds what is wrong with each, and where.
    ConfigCorrupt(String),
    /// The file is larger than the caller allows, or than what fits into memory.
    ConfigTooLarge,
    /// The file's format has no place for what was to be stored; holds what that is.
    StoreRefused(&'static str),
}

impl Failure {
    /// The stable code, as the facade's errors spell it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidArgument(_) => "invalid-argument",
            Self::RecordCorrupt(_) => "record-corrupt",
            Self::RecordTooLarge => "record-too-large",
            Self::RecordMissing => "record-missing",
            Self::FactorRequired => "factor-required",
            Self::FactorLimit => "factor-limit",
            Self::ConfigCorrupt(_) => "config-corrupt",
            Self::ConfigTooLarge => "config-too-large",
            Self::StoreRefused(_) => "store-refused",
        }
    }

    /// What the error may say beside its code.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::InvalidArgument(name) | Self::StoreRefused(name) => Some(name),
            Self::RecordCorrupt(place) => Some(place.as_str()).filter(|place| !place.is_empty()),
            Self::ConfigCorrupt(what) => Some(what),
            _ => None,
        }
    }
}
