//! TOTP entries with the same secret share their used steps, so that a code works only once.

use std::collections::HashSet;

use aws_lc_rs::digest::{SHA256, digest};

use super::Record;
use crate::totp::Totp;

impl Record {
    /// Uses up a step of the TOTP entry at `position`, and of every other entry with the same secret, including
    /// disabled ones. False if one of them has already used that step or a later one.
    pub fn use_step(&mut self, position: usize, step: i64) -> bool {
        let Some((before, [own, after @ ..])) = self.totp.split_at_mut_checked(position) else {
            return false;
        };
        let mut unused = own.entry.use_step(step);
        for twin in before.iter_mut().chain(after) {
            if twin.entry.totp.is_twin(&own.entry.totp) {
                unused &= twin.entry.use_step(step);
            }
        }
        unused
    }

    /// Whether several TOTP entries have the same secret and produce the same codes.
    pub fn repeats_totp(&self) -> bool {
        let mut seen = HashSet::new();
        let mut generators = self.totp.iter().map(|entry| &entry.entry.totp);
        // A hash, which needs no wiping.
        let key = |totp: &Totp| digest(&SHA256, &totp.hmac_key()).as_ref().to_vec();
        !generators.all(|totp| seen.insert((key(totp), totp.algorithm().name(), totp.period())))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use data_encoding::BASE32_NOPAD;

    use super::*;

    /// A record with an entry for each of the secrets.
    fn record(algorithm: &str, secrets: &[&[u8]]) -> Record {
        let entries: Vec<_> = (secrets.iter().enumerate())
            .map(|(id, secret)| {
                let secret = BASE32_NOPAD.encode(secret);
                let uri =
                    format!("otpauth://totp/A:b?secret={secret}&algorithm={algorithm}&digits=6&period=30&issuer=A");
                serde_json::json!({ "id": id.to_string(), "created": 0, "entry": uri })
            })
            .collect();
        Record::parse(Some(&serde_json::json!({ "totp": entries }).to_string())).unwrap()
    }

    #[test]
    fn what_is_one_key_to_hmac_is_one_secret() {
        let long = [7; 200];
        for (algorithm, hash) in [
            ("SHA1", &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY),
            ("SHA256", &SHA256),
            ("SHA512", &aws_lc_rs::digest::SHA512),
        ] {
            let hashed = digest(hash, &long);
            for pair in [
                [&b"0123456789abcdef"[..], b"0123456789abcdef\0\0"],
                [&long[..], hashed.as_ref()],
            ] {
                let mut record = record(algorithm, &pair);
                assert!(record.repeats_totp(), "{algorithm}");
                assert_eq!(record.totp[0].entry.totp.code(59), record.totp[1].entry.totp.code(59));
                assert!(record.use_step(0, 1));
                assert!(!record.use_step(1, 1), "{algorithm}: one code, one success");
                assert!(record.use_step(1, 2));
            }
            let pair = [&b"0123456789abcdef"[..], b"0123456789abcde\0f"];
            let mut record = record(algorithm, &pair);
            assert!(!record.repeats_totp() && record.use_step(0, 1) && record.use_step(1, 1));
        }
    }
}
