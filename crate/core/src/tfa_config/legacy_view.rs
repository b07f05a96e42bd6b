//! A view for programs that only know the old line format, which has one type for each user.

use std::collections::BTreeMap;
use std::fmt::Write;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde::Serialize;
use zeroize::Zeroizing;

use super::TfaConfig;
use crate::json::envelope::envelope;
use crate::json::failure::Failure;
use crate::record::Record;

/// A user in the terms of the old format.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Legacy {
    #[serde(rename_all = "camelCase")]
    U2f {
        key_handle: String,
        public_key: String,
    },
    Oath {
        keys: Zeroizing<String>,
        config: OathConfig,
    },
    Yubico {
        keys: String,
    },
    /// The user has factors, but none that the old format knows. Old programs must not let the user in without a
    /// factor.
    Incompatible,
}

#[derive(Serialize)]
struct OathConfig {
    digits: u8,
    /// Seconds.
    step: u32,
}

impl TfaConfig {
    /// Returns `{user: {"type", ...}}`, with secrets. A user without factors is left out. The others have the first of
    /// these that applies: the first U2F key; all TOTP secrets (also disabled ones) with the parameters of the first;
    /// all Yubico keys; `incompatible`.
    pub fn legacy_view(&self) -> String {
        let users = self.users.iter().filter_map(|stored| {
            let record = Record::parse(Some(stored.record));
            let legacy = record.map(|record| legacy(&record)).transpose()?;
            Some(legacy.map(|legacy| (stored.user, legacy)))
        });
        envelope(users.collect::<Result<BTreeMap<_, _>, Failure>>())
    }
}

fn legacy(record: &Record) -> Option<Legacy> {
    if let Some(first) = record.u2f.first() {
        return Some(Legacy::U2f {
            key_handle: BASE64URL_NOPAD.encode(&first.entry.key.key_handle),
            public_key: BASE64.encode(&first.entry.public_key),
        });
    }
    if let Some(first) = record.totp.first() {
        let totp = &first.entry.totp;
        let config = OathConfig {
            digits: totp.digits(),
            step: totp.period(),
        };
        return Some(Legacy::Oath {
            keys: secrets(record),
            config,
        });
    }
    if !record.yubico.is_empty() {
        let keys: Vec<_> = record.yubico.iter().map(|entry| entry.entry.public_id()).collect();
        return Some(Legacy::Yubico { keys: keys.join(" ") });
    }
    (!record.is_empty()).then_some(Legacy::Incompatible)
}

fn secrets(record: &Record) -> Zeroizing<String> {
    let secrets = || record.totp.iter().map(|entry| entry.entry.totp.secret());
    // Allocated in full: growing would leave unwiped copies behind.
    let size = secrets().map(|secret| 6 + 2 * secret.len()).sum();
    let mut keys = Zeroizing::new(String::with_capacity(size));
    for secret in secrets() {
        if !keys.is_empty() {
            keys.push(' ');
        }
        keys.push_str("v2-0x");
        for byte in secret {
            // Writing to a String can't fail.
            let _ = write!(keys, "{byte:02x}");
        }
    }
    keys
}
