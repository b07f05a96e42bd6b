//! A Yubico OTP factor: its public id, and the counters of the last accepted OTP if there is one.

use serde::{Deserialize, Serialize};

use crate::yubico::Counter;

/// Written as the bare public id until an OTP is accepted, as Proxmox does.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum YubicoEntry {
    PublicId(String),
    Counted(Counted),
}

/// Ours: only an OTP with a greater pair of use and session counter is accepted.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
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

    /// Whether an OTP with this public id in lower case comes from this key.
    pub fn is_of(&self, public_id: &str) -> bool {
        self.public_id().eq_ignore_ascii_case(public_id)
    }

    /// The counter of the last accepted OTP.
    pub fn counter(&self) -> Option<Counter> {
        match self {
            Self::PublicId(_) => None,
            Self::Counted(counted) => Some(Counter {
                use_count: counted.use_count,
                session_count: counted.session_count,
            }),
        }
    }

    /// Remembers an accepted OTP.
    pub fn count(&mut self, counter: Counter) {
        *self = Self::Counted(Counted {
            yubico: self.public_id().to_owned(),
            use_count: counter.use_count,
            session_count: counter.session_count,
        });
    }
}
