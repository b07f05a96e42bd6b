//! How a call of the host can fail. A refused answer is not a failure but an outcome.

/// The facade turns it into one typed error with the same code. Never holds anything that was passed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// An argument of the host has the wrong type or range. Holds the argument's name.
    InvalidArgument(&'static str),
    /// The stored record can't be read. Holds the place if it is known, such as `webauthn[0].entry.cred`.
    RecordCorrupt(String),
    /// The text is sealed and can't be opened. Says under which key, and why; `unknown_key`: the host may have it by now.
    RecordSealed { why: String, unknown_key: bool },
    /// The record would become larger than allowed.
    RecordTooLarge,
    /// The host says that the user is enrolled, but the record has no factor.
    RecordMissing,
    /// Recovery codes need another factor.
    FactorRequired,
    /// The user has as many factors as allowed.
    FactorLimit,
    /// The bytes are not a configuration file. Holds what is wrong for each format, and where.
    ConfigCorrupt(String),
    /// The file is larger than the caller allows, or than the memory.
    ConfigTooLarge,
    /// The metadata of authenticators is not accepted. Says why.
    MetadataRefused(&'static str),
    /// The file's format can't store this. Holds what can't be stored.
    StoreRefused(&'static str),
}

impl Failure {
    /// The stable code, as the facade's errors spell it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidArgument(_) => "invalid-argument",
            Self::RecordCorrupt(_) => "record-corrupt",
            Self::RecordSealed { .. } => "record-sealed",
            Self::RecordTooLarge => "record-too-large",
            Self::RecordMissing => "record-missing",
            Self::FactorRequired => "factor-required",
            Self::FactorLimit => "factor-limit",
            Self::ConfigCorrupt(_) => "config-corrupt",
            Self::ConfigTooLarge => "config-too-large",
            Self::MetadataRefused(_) => "metadata-refused",
            Self::StoreRefused(_) => "store-refused",
        }
    }

    /// The detail that the error may show besides its code.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::InvalidArgument(text) | Self::StoreRefused(text) | Self::MetadataRefused(text) => Some(text),
            Self::RecordCorrupt(place) => Some(place.as_str()).filter(|place| !place.is_empty()),
            Self::ConfigCorrupt(what) | Self::RecordSealed { why: what, .. } => Some(what),
            _ => None,
        }
    }
}
