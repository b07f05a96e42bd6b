//! Describes where a record is wrong, using only names of the format. Any other name is input and never part of the
//! description.

use std::fmt::Write;

use serde_path_to_error::{Path, Segment};

/// Replaces any name that is not in the format.
pub const UNKNOWN_MEMBER: &str = "an unknown member";

/// For example `webauthn[0].entry` or `totp[1]: an unknown member`. Empty for the record as a whole.
pub fn describe(path: &Path) -> String {
    let mut place = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => drop(write!(place, "[{index}]")),
            Segment::Map { key } if NAMES.contains(&key.as_str()) => {
                place.push_str(if place.is_empty() { "" } else { "." });
                place.push_str(key);
            }
            Segment::Map { .. } => {
                place.push_str(if place.is_empty() { "" } else { ": " });
                place.push_str(UNKNOWN_MEMBER);
                break;
            }
            Segment::Enum { .. } | Segment::Unknown => break,
        }
    }
    place
}

/// Every name that a path in a record can have.
const NAMES: [&str; 46] = [
    "totp",
    "u2f",
    "webauthn",
    "recovery",
    "yubico",
    "totp-locked",
    "tfa-locked-until",
    "totp-failures",
    "totp-drift",
    "tfa-failures",
    "yubico-locked",
    "yubico-failures",
    "user-handle",
    "spent-challenges",
    "until",
    "browsers",
    "id",
    "description",
    "created",
    "enable",
    "entry",
    "last-used",
    "added",
    "last-count",
    "key",
    "keyHandle",
    "version",
    "public-key",
    "counter",
    "cred_id",
    "cred",
    "backup_eligible",
    "backup_state",
    "backup_recorded",
    "user_verified",
    "transports",
    "aaguid",
    "user_handle",
    "handle_learned",
    "rp_id",
    "shared",
    "attested",
    "attested_by",
    "secret",
    "entries",
    "letters",
];
