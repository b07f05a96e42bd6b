//! What the origin can read of a record, and what is ours alone.

use crate::record::{Record, StoredKey, YubicoEntry, is_default};
use crate::webauthn::KeyMaterial;

/// Takes all additions of ours out of a record; true when there were any.
///
/// The origin would refuse a file with some of them, and lose the others at its next write.
pub fn strip(record: &mut Record) -> bool {
    let mut any = reset(&mut record.totp_failures) | reset(&mut record.tfa_failures) | reset(&mut record.user_handle);
    for entry in &mut record.totp {
        any |= reset(&mut entry.last_used);
    }
    for entry in &mut record.u2f {
        any |= reset(&mut entry.last_used) | reset(&mut entry.entry.counter);
    }
    for entry in &mut record.webauthn {
        let credential = &mut entry.entry;
        any |= reset(&mut entry.last_used)
            | reset(&mut credential.backup_recorded)
            | reset(&mut credential.user_verified)
            | reset(&mut credential.transports)
            | reset(&mut credential.aaguid)
            | reset(&mut credential.user_handle);
    }
    for entry in &mut record.yubico {
        any |= reset(&mut entry.last_used);
        if let YubicoEntry::Counted(counted) = &mut entry.entry {
            entry.entry = YubicoEntry::PublicId(std::mem::take(&mut counted.yubico));
            any = true;
        }
    }
    any
}

/// True when the origin can read the record once the additions are gone: it has no place for the keys of ML-DSA, nor for
/// an RSA exponent of other than three bytes.
pub fn fits(record: &Record) -> bool {
    record.webauthn.iter().all(|entry| match &entry.entry.cred {
        StoredKey::Known(key) => match key.material() {
            KeyMaterial::Akp { .. } => false,
            KeyMaterial::Rsa { e, .. } => e.len() == 3,
            KeyMaterial::Ec2 { .. } | KeyMaterial::Okp { .. } => true,
        },
        StoredKey::Other(_) => true,
    })
}

fn reset<T: Default + PartialEq>(value: &mut T) -> bool {
    let held = !is_default(value);
    *value = T::default();
    held
}
