//! What a user may answer with.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::challenge::{Authentication, Bound, Purpose, open};
use crate::envelope::{Answer, answer_envelope};
use crate::failure::Failure;
use crate::record::{FactorType, Record, StoredKey};
use crate::request;
use crate::settings::Settings;
use crate::webauthn::{AllowedCredential, AuthenticationOptions, authentication_options};

/// Opens a challenge: `value` is what the page gets, or null when the user has no factor at all.
///
/// A locked type is named, not offered. A user who has factors, none of which can be offered, gets a challenge without
/// any, never null. `random`: 32 bytes.
pub fn begin_challenge(record: Option<&str>, random: &[u8], settings: &Settings, request: &str) -> String {
    answer_envelope(begin(record, random, settings, request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    user: String,
    purpose: Purpose,
    #[serde(default)]
    session: Option<String>,
    #[serde(default)]
    enrolled: bool,
    now: i64,
}

#[derive(Serialize)]
struct Challenge {
    id: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    totp: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    webauthn: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery: Option<RecoveryOffer>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locked: Vec<FactorType>,
}

#[derive(Serialize)]
struct RecoveryOffer {
    left: usize,
}

fn begin(
    record: Option<&str>,
    random: &[u8],
    settings: &Settings,
    request: &str,
) -> Result<Answer<Option<Challenge>>, Failure> {
    let request: Request = request::parse(request)?;
    let record = Record::parse(record)?;
    if random.len() < 32 {
        return Err(Failure::InvalidArgument("random"));
    }
    if record.is_empty() {
        return if request.enrolled {
            Err(Failure::RecordMissing)
        } else {
            Ok(Answer::new(None))
        };
    }
    let id = BASE64URL_NOPAD.encode(random);
    let webauthn = webauthn_offer(&record, settings, random);
    let offered = webauthn.is_some();
    let locked = locked_types(&record, request::seconds(request.now));
    let recovery = record
        .recovery
        .as_ref()
        .filter(|_| !locked.contains(&FactorType::Recovery));
    let challenge = Challenge {
        id: id.clone(),
        totp: record.totp.iter().any(|entry| entry.enable) && !locked.contains(&FactorType::Totp),
        webauthn,
        recovery: recovery.map(|set| RecoveryOffer { left: set.left() }),
        locked,
    };
    let answer = Answer::new(Some(challenge));
    if !offered {
        return Ok(answer);
    }
    let lifetime = i64::from(settings.timeouts.sign_in) * 1000;
    let bound = Bound {
        purpose: request.purpose,
        user: request.user,
        session: request.session,
        expires: request.now.saturating_add(lifetime),
    };
    let ceremony = Authentication {
        bound: bound.clone(),
        challenge: id.clone(),
        rp_id: settings.rp.id.clone(),
        user_verification: settings.webauthn.user_verification,
    };
    match open(&id, &bound, &ceremony) {
        Some(open) => Ok(answer.with_challenge(open)),
        None => Err(Failure::InvalidArgument("request")),
    }
}

/// The options of the ceremony, when there is a credential that can be asked for.
fn webauthn_offer(record: &Record, settings: &Settings, challenge: &[u8]) -> Option<Value> {
    let usable = record.webauthn.iter().filter(|entry| entry.enable);
    let allowed: Vec<_> = usable
        .filter(|entry| matches!(entry.entry.cred, StoredKey::Known(_)))
        .map(|entry| AllowedCredential {
            id: &entry.entry.cred_id,
            transports: &entry.entry.transports,
        })
        .collect();
    if allowed.is_empty() {
        return None;
    }
    Some(authentication_options(&AuthenticationOptions {
        challenge,
        rp_id: &settings.rp.id,
        allow_credentials: &allowed,
        user_verification: settings.webauthn.user_verification,
        timeout: settings.timeouts.sign_in.saturating_mul(1000),
    }))
}

/// The typed codes that this user holds and that are refused now.
pub(crate) fn locked_types(record: &Record, now: i64) -> Vec<FactorType> {
    let held = [
        (FactorType::Totp, !record.totp.is_empty()),
        (FactorType::Recovery, record.recovery.is_some()),
        (FactorType::Yubico, !record.yubico.is_empty()),
    ];
    held.into_iter()
        .filter(|(factor, held)| *held && record.is_locked(*factor, now))
        .map(|(factor, _)| factor)
        .collect()
}
