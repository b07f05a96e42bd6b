//! The reasons why metadata is refused.

/// Why a BLOB is refused. None contains any input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataFault {
    /// It isn't a signed BLOB: its three parts, their base64url, its header or its JSON.
    Malformed,
    /// Its signature algorithm isn't one of those that are verified.
    AlgorithmUnsupported,
    /// Its certificates end in none of the roots, or one has expired or may not issue the one before it.
    Untrusted,
    /// The certificate that signs it has another name than FIDO's.
    NameMismatch,
    /// A certificate that it is signed by has been revoked.
    Revoked,
    /// There are revocation lists, but no current one covers all of its certificates.
    NotCovered,
    SignatureInvalid,
    /// Its number is below that of the previous one.
    Older,
}

impl MetadataFault {
    /// The text that the error shows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "it is malformed",
            Self::AlgorithmUnsupported => "its signature algorithm is not supported",
            Self::Untrusted => "its certificates end in none of the roots, or one is not valid now",
            Self::NameMismatch => "the certificate that signs it has another name",
            Self::Revoked => "a certificate that signs it was revoked",
            Self::NotCovered => "no current list of crls covers all certificates that sign it",
            Self::SignatureInvalid => "its signature is wrong",
            Self::Older => "it is older than the previous one",
        }
    }
}
