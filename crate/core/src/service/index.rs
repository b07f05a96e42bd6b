//! Adds records that were stored before the index of credential ids existed to that index.

use std::collections::BTreeSet;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::json::envelope::envelope;
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::{self, Record};
use crate::service::answer::Answer;
use crate::service::change::{Change, Decision};
use crate::service::settings::Settings;

/// Returns what a record would claim if all its credentials were in the index: `{"claims", "complete", "shared",
/// "passkeys"}`. `complete`: whether the record already claims all of it. `shared`: the claims of credentials that
/// another user also has.
pub fn plan_index(record: Option<&str>, settings: &Settings) -> String {
    envelope(plan(record, settings))
}

/// The claim of a credential id, for the relying party of the settings. The id is in base64url. Fails with
/// `invalid-argument` (`id`).
pub fn credential_claim(id: &str, settings: &Settings) -> String {
    let decoded = BASE64URL_NOPAD.decode(id.as_bytes());
    envelope(decoded.map_or(Err(Failure::InvalidArgument("id")), |id| {
        Ok(record::credential_claim(&settings.rp.id, &id))
    }))
}

/// The claims of a record, as a list of texts.
pub fn record_claims(record: &str) -> String {
    envelope(Record::parse(Some(record)).map(|record| record.claims()))
}

/// Adds the credentials of a record to the index. A credential without a stored relying party gets the one from the
/// settings.
///
/// Request: `{lost, shared, cleared, anew}`, where the first three are lists of claims. `lost`: claims that another
/// user has. This user can't have them, and neither user signs in with such a credential without a user name. `shared`:
/// claims of this user that another user wants too. `cleared`: claims that nobody else wants any more. `anew`: gives
/// the store the claims even if the record doesn't change. `value` is null.
pub fn index_record(record: Option<&str>, settings: &Settings, request: &str) -> Change {
    Change::from_decision(index(record, settings, request))
}

#[derive(Serialize)]
struct Plan {
    claims: Vec<String>,
    complete: bool,
    shared: Vec<String>,
    passkeys: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    #[serde(default)]
    lost: BTreeSet<String>,
    #[serde(default)]
    shared: BTreeSet<String>,
    #[serde(default)]
    cleared: BTreeSet<String>,
    #[serde(default)]
    anew: bool,
}

fn plan(record: Option<&str>, settings: &Settings) -> Result<Plan, Failure> {
    let mut record = Record::parse(record)?;
    let held = record.webauthn.iter().filter(|one| one.entry.shared);
    let shared = held
        .filter_map(|one| {
            Some(record::credential_claim(
                one.entry.rp_id.as_deref()?,
                &one.entry.cred_id,
            ))
        })
        .collect();
    let complete = record.webauthn.iter().all(|one| one.entry.rp_id.is_some());
    for one in &mut record.webauthn {
        one.entry.rp_id.get_or_insert_with(|| settings.rp.id.clone());
    }
    Ok(Plan {
        claims: record.claims(),
        complete,
        shared,
        passkeys: record.webauthn.len(),
    })
}

fn index(record: Option<&str>, settings: &Settings, request: &str) -> Decision<()> {
    let Request {
        lost,
        shared,
        cleared,
        anew,
    } = request::parse(request)?;
    let mut record = Record::parse(record)?;
    let mut changed = anew;
    for one in &mut record.webauthn {
        let entry = &mut one.entry;
        let before = (entry.rp_id.clone(), entry.shared);
        let claim = record::credential_claim(entry.rp_id.as_deref().unwrap_or(&settings.rp.id), &entry.cred_id);
        if lost.contains(&claim) || entry.user_handle.as_ref().is_some_and(|handle| lost.contains(handle)) {
            (entry.rp_id, entry.shared) = (None, true);
        } else if entry.rp_id.is_none() {
            // No other user has it, or no longer.
            (entry.rp_id, entry.shared) = (Some(settings.rp.id.clone()), false);
        }
        if entry.rp_id.is_some() {
            entry.shared = (entry.shared || shared.contains(&claim)) && !cleared.contains(&claim);
        }
        changed |= before != (entry.rp_id.clone(), entry.shared);
    }
    if anew {
        record.claim_anew();
    }
    let stored = (changed && !record.is_empty()).then_some(record);
    Ok((stored, Answer::new(())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::service::change::Action;

    fn settings() -> Settings {
        let text = json!({
            "rp": { "id": "example.com", "name": "Example", "origins": ["https://example.com"] },
            "totp": { "window": { "past": 1, "future": 1 }, "algorithm": "SHA1", "digits": 6, "period": 30 },
            "webauthn": {
                "userVerification": "discouraged", "algorithms": [-7], "attestation": "none", "trustAnchors": [],
                "counter": "refuse",
            },
            "recovery": { "codes": 10 },
            "limits": {
                "totpFailures": 8, "failures": 100, "lockSeconds": 3600, "hardLock": "hour", "factors": 32,
            },
            "timeouts": { "signIn": 300, "webauthnEnrolment": 300, "totpEnrolment": 900 },
        });
        Settings::parse(&text.to_string()).unwrap()
    }

    fn old() -> String {
        json!({ "webauthn": [{ "id": "1", "created": 0, "entry": {
            "cred_id": "AAAA", "cred": { "type_": "none", "key": {} }, "counter": 0,
        } }] })
        .to_string()
    }

    fn run(record: &str, request: &Value) -> Change {
        index_record(Some(record), &settings(), &request.to_string())
    }

    #[test]
    fn an_old_record_is_put_into_the_index_once() {
        let claim = record::credential_claim("example.com", &[0, 0, 0]);
        let planned: Value = serde_json::from_str(&plan_index(Some(&old()), &settings())).unwrap();
        let expected = json!({ "claims": [claim], "complete": false, "shared": [], "passkeys": 1 });
        assert_eq!(planned["value"], expected);
        let first = run(&old(), &json!({}));
        assert_eq!(first.claims, Some(vec![claim.clone()]));
        let text = first.record.unwrap();
        assert_eq!(run(&text, &json!({})).action, Action::Leave);
        assert_eq!(run(&text, &json!({ "anew": true })).claims, Some(vec![claim]));
        let planned: Value = serde_json::from_str(&plan_index(Some(&text), &settings())).unwrap();
        assert_eq!(planned["value"]["complete"], true);
    }

    #[test]
    fn what_two_users_hold_is_marked_with_both_and_claimed_by_one() {
        let claim = record::credential_claim("example.com", &[0, 0, 0]);
        let lost = run(&old(), &json!({ "lost": [claim] }));
        assert_eq!(lost.claims, None);
        let lost = lost.record.unwrap();
        assert!(lost.contains(r#""shared":true"#) && !lost.contains("rp_id"));
        assert_eq!(run(&lost, &json!({ "lost": [claim] })).action, Action::Leave);
        // The other user is gone.
        let free = run(&lost, &json!({}));
        assert_eq!(free.claims, Some(vec![claim.clone()]));
        assert!(!free.record.unwrap().contains("shared"));
        let held = run(&old(), &json!({})).record.unwrap();
        let marked = run(&held, &json!({ "shared": [claim] }));
        assert_eq!(marked.claims, None);
        let marked = marked.record.unwrap();
        assert!(marked.contains(r#""shared":true"#) && marked.contains("rp_id"));
        assert_eq!(run(&marked, &json!({})).action, Action::Leave);
        let planned: Value = serde_json::from_str(&plan_index(Some(&marked), &settings())).unwrap();
        assert_eq!(planned["value"]["shared"], json!([claim]));
        assert_eq!(run(&marked, &json!({ "cleared": [claim] })).record.unwrap(), held);
    }

    #[test]
    fn no_record_stays_none() {
        assert_eq!(
            index_record(None, &settings(), r#"{"anew":true}"#).action,
            Action::Leave
        );
    }
}
