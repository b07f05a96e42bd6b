//! The texts by which a store finds a user: handles of passkeys, and hashed ids of credentials. Each belongs to one
//! user.

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::BASE64URL_NOPAD;

use super::entry::Entry;
use super::webauthn_entry::WebauthnEntry;

/// The text by which a store finds the user who has this credential of a relying party. An id belongs to one user
/// (WebAuthn Level 3, 7.1). The text is a hash, so that it has a fixed length and an index doesn't reveal the ids. It
/// has a colon, which no handle has.
pub(crate) fn credential_claim(rp_id: &str, credential_id: &[u8]) -> String {
    let mut hash = Context::new(&SHA256);
    hash.update(b"countersign credential\0");
    hash.update(&(rp_id.len() as u64).to_be_bytes());
    hash.update(rp_id.as_bytes());
    hash.update(credential_id);
    format!("credential:{}", BASE64URL_NOPAD.encode(hash.finish().as_ref()))
}

/// What a record claims, before hashing. Comparing two of these shows whether the claims have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Basis {
    handle: Option<String>,
    credentials: Vec<(String, Vec<u8>, Option<String>)>,
}

impl Basis {
    pub(super) fn of(handle: Option<&String>, entries: &[Entry<WebauthnEntry>]) -> Self {
        let claimed = |entry: &WebauthnEntry| {
            let rp_id = entry.rp_id.clone()?;
            let handle = entry.user_handle.clone().filter(|_| !entry.handle_learned);
            Some((rp_id, entry.cred_id.clone(), handle))
        };
        Self {
            handle: handle.cloned(),
            credentials: entries.iter().filter_map(|one| claimed(&one.entry)).collect(),
        }
    }

    /// The claims, sorted and without duplicates.
    pub(super) fn texts(self) -> Vec<String> {
        let mut texts: Vec<_> = self.handle.into_iter().collect();
        for (rp_id, id, handle) in self.credentials {
            texts.push(credential_claim(&rp_id, &id));
            texts.extend(handle);
        }
        texts.sort_unstable();
        texts.dedup();
        texts
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::record::Record;

    fn record(rp_id: &str) -> String {
        let entry = |id: &str, more: &str| {
            format!(
                r#"{{"id":"{id}","created":0,"entry":{{"cred_id":"{id}","cred":{{"type_":"none","key":{{}}}},"counter":0{more}}}}}"#
            )
        };
        let rp = format!(r#","rp_id":"{rp_id}""#);
        let entries = [
            entry("AAAA", &rp),
            entry("AAAB", &format!(r#"{rp},"user_handle":"AQ""#)),
            entry("AAAC", ""),
            entry("AAAD", r#","user_handle":"Ag""#),
            entry("AAAE", &format!(r#"{rp},"user_handle":"Aw","handle_learned":true"#)),
        ];
        format!(r#"{{"webauthn":[{}],"user-handle":"AQ"}}"#, entries.join(","))
    }

    #[test]
    fn a_credential_has_one_text_for_each_relying_party() {
        let text = credential_claim("example.com", &[1, 2]);
        assert_eq!(text.len(), "credential:".len() + 43);
        assert_eq!(text, credential_claim("example.com", &[1, 2]));
        for (rp_id, id) in [
            ("example.org", &[1, 2][..]),
            ("example.com", &[1]),
            ("example.co", b"m\x01\x02"),
        ] {
            assert_ne!(text, credential_claim(rp_id, id), "{rp_id}");
        }
    }

    #[test]
    fn claims_are_handles_and_credentials_of_a_known_relying_party() {
        let record = Record::parse(Some(&record("example.com"))).unwrap();
        let mut expected = vec![
            "AQ".to_owned(),
            credential_claim("example.com", &[0, 0, 0]),
            credential_claim("example.com", &[0, 0, 1]),
            credential_claim("example.com", &[0, 0, 4]),
        ];
        expected.sort_unstable();
        assert_eq!(record.claims(), expected);
    }

    #[test]
    fn only_a_change_of_claims_is_told() {
        let mut record = Record::parse(Some(&record("example.com"))).unwrap();
        assert_eq!(record.changed_claims(), None);
        record.totp_failures = 3;
        assert_eq!(record.changed_claims(), None);
        record.webauthn[3].entry.rp_id = Some("example.org".into());
        assert_eq!(record.changed_claims().unwrap().len(), 6);
        assert_eq!(Record::parse(None).unwrap().changed_claims(), None);
        assert_eq!(Record::default().changed_claims(), Some(Vec::new()));
        record.webauthn.clear();
        assert_eq!(record.changed_claims(), Some(vec!["AQ".to_owned()]));
        record = Record::parse(None).unwrap();
        record.claim_anew();
        assert_eq!(record.changed_claims(), Some(Vec::new()));
    }
}
