//! A Yubico OTP factor: its public id, with the counters of the last accepted OTP once there is one.

use serde::{Deserialize, Serialize};

/// Written as the bare public id while no OTP was accepted, as the origin does.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum YubicoEntry {
    PublicId(String),
    Counted(Counted),
}

/// Ours: only an OTP with a greater (use, session) pair is accepted.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Counted {
    pub yubico: String,
    pub use_count: u16,
    pub session_count: u8,
}

impl YubicoEntry {
    pub fn public_id(&self) -> &str {
        match self {
            Self::PublicId(id) => id,
            Self::Counted(counted) => &counted.yubico,
        }
    }
}
