//! A Yubico OTP factor: its public id, and the counters of the last accepted OTP if there is one.

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::yubico::{Counter, is_public_id};

/// Written as the bare public id until an OTP is accepted, as Proxmox does. Read only if an OTP can have the public id.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum YubicoEntry {
    PublicId(String),
    Counted(Counted),
}

impl<'de> Deserialize<'de> for YubicoEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Stored {
            PublicId(String),
            Counted(Counted),
        }

        let entry = match Stored::deserialize(deserializer)? {
            Stored::PublicId(id) => Self::PublicId(id),
            Stored::Counted(counted) => Self::Counted(counted),
        };
        if !is_public_id(entry.public_id()) {
            return Err(de::Error::custom("not a public id"));
        }
        Ok(entry)
    }
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
