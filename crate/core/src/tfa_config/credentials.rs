//! Credential ids of a whole file: each belongs to one user (WebAuthn Level 3, 7.1).

use data_encoding::BASE64URL_NOPAD;

use super::TfaConfig;
use crate::record::Record;
use crate::service::enrol::holds_credential;

impl TfaConfig {
    /// Whether another user has the credential of a record's entry.
    pub(super) fn has_it_elsewhere(&self, user: &str, record: &Record, entry: &str) -> bool {
        let webauthn = record.webauthn.iter().filter(|one| one.id == entry);
        let u2f = record.u2f.iter().filter(|one| one.id == entry);
        let id = webauthn
            .map(|one| &one.entry.cred_id)
            .chain(u2f.map(|one| &one.entry.key.key_handle))
            .next();
        id.is_some_and(|id| {
            let text = BASE64URL_NOPAD.encode(id);
            let holds = |record: Record| holds_credential(&record, id);
            // Read as text first: parsing every record would take seconds in a large file.
            let others = self.users.iter().filter(|stored| stored.user != user);
            let mut named = others.filter(|stored| stored.record.contains(&text));
            named.any(|stored| Record::parse(Some(stored.record)).is_ok_and(holds))
        })
    }
}
