//! Opens a challenge and says what a user may answer with.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::challenges::challenge::{Authentication, Bound, Purpose, open};
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::{Entry, FactorType, Record, SigningEntry, WebauthnEntry};
use crate::service::answer::Answer;
use crate::service::listed::listed;
use crate::service::lock_state::{Unlocking, locked_types, usable};
use crate::service::settings::Settings;
use crate::service::stored::Stored;
use crate::u2f;
use crate::webauthn::{AuthenticationOptions, ExtensionRules, Proofs, UserVerification, authentication_options};

/// Opens a challenge. `value` is what the page gets, or null if the user has no factor at all.
///
/// If the host says that the user is `enrolled`, `value` is only null if the record says how the last factor was
/// removed. Otherwise the record was lost, and the call fails with `record-missing`.
///
/// A locked type is named but not offered, together with when it is accepted again and what lifts the lock. A user who
/// has factors that can't be offered gets a challenge without any factor, never null. `random`: 32 bytes.
pub fn begin_challenge(record: &Stored, random: &[u8], settings: &Settings, request: &str) -> String {
    record.ask(|record| begin(record, random, settings, request))
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
    #[serde(default)]
    extensions: Option<ExtensionRules>,
    /// What the answer has to prove. Only factors that can do so are offered.
    #[serde(default)]
    require: Proofs,
    now: i64,
}

#[derive(Serialize)]
pub(crate) struct Challenge {
    id: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) totp: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) webauthn: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) u2f: Option<U2fOffer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recovery: Option<RecoveryOffer>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) yubico: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) locked: Vec<FactorType>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    unlocking: Option<Unlocking>,
}

/// A sign-in challenge of the browser API, and the keys that may answer.
#[derive(Serialize)]
pub(crate) struct U2fOffer {
    challenge: U2fChallenge,
    keys: Vec<U2fKey>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct U2fChallenge {
    challenge: String,
    app_id: String,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct U2fKey {
    key_handle: String,
    version: &'static str,
}

#[derive(Serialize)]
pub(crate) struct RecoveryOffer {
    left: usize,
}

pub(crate) fn begin(
    record: Option<&str>,
    random: &[u8],
    settings: &Settings,
    request: &str,
) -> Result<Answer<Option<Challenge>>, Failure> {
    let request: Request = request::parse(request)?;
    let mut record = Record::parse(record)?;
    if random.len() < 32 {
        return Err(Failure::InvalidArgument("random"));
    }
    if record.is_empty() {
        return if request.enrolled && record.removed.is_none() {
            Err(Failure::RecordMissing)
        } else {
            Ok(Answer::new(None))
        };
    }
    if let Some(metadata) = settings.rejecting() {
        let now = request::seconds(request.now);
        let forbidden = |entry: &Entry<WebauthnEntry>| entry.entry.undesired(metadata, now).is_some();
        record.webauthn.retain(|entry| !forbidden(entry));
    }
    let mut random = random.to_vec();
    let mut user_verification = settings.webauthn.user_verification;
    let required = request.require;
    if !required.is_empty() {
        random.push(required.byte());
        keep_able(&mut record, required);
        if required.meet(Proofs::USER_VERIFIED) {
            user_verification = UserVerification::Required;
        }
    }
    let id = BASE64URL_NOPAD.encode(&random);
    let app_id = (settings.u2f.as_ref())
        .filter(|_| usable(&record.u2f).next().is_some())
        .map(|policy| policy.app_id.as_str());
    let webauthn = webauthn_offer(&record, settings, app_id, &random, user_verification);
    let offered = webauthn.is_some();
    let now = request::seconds(request.now);
    let locked = locked_types(&record, now);
    let unlocking = Unlocking::of(&record, &locked, settings.u2f.is_some(), now);
    let recovery = record
        .recovery
        .as_ref()
        .filter(|_| !locked.contains(&FactorType::Recovery));
    let challenge = Challenge {
        id: id.clone(),
        totp: offers(&record.totp) && !locked.contains(&FactorType::Totp),
        webauthn,
        u2f: u2f_offer(&record, settings, app_id, &id),
        recovery: recovery.map(|set| RecoveryOffer { left: set.left() }),
        yubico: settings.yubico && offers(&record.yubico) && !locked.contains(&FactorType::Yubico),
        locked,
        unlocking,
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
        user_verification,
        app_id: app_id.map(str::to_owned),
        extensions: request.extensions,
    };
    match open(&id, &bound, &ceremony) {
        Some(open) => Ok(answer.with_challenge(open)),
        None => Err(Failure::InvalidArgument("request")),
    }
}

/// Leaves the factors in the record that can prove what is required: no typed code can.
fn keep_able(record: &mut Record, required: Proofs) {
    fn keep<E: SigningEntry>(entries: &mut Vec<Entry<E>>, required: Proofs) {
        entries.retain(|entry| entry.entry.proofs(true, false).meet(required));
    }
    record.totp.clear();
    record.yubico.clear();
    record.recovery = None;
    keep(&mut record.webauthn, required);
    keep(&mut record.u2f, required);
}

/// The options of the ceremony, if there is a credential that can be requested. U2F keys can answer it too, by `appid`.
fn webauthn_offer(
    record: &Record,
    settings: &Settings,
    app_id: Option<&str>,
    challenge: &[u8],
    user_verification: UserVerification,
) -> Option<Value> {
    let keys = usable(&record.u2f).filter(|_| app_id.is_some());
    let allowed = listed(usable(&record.webauthn), keys);
    if allowed.is_empty() {
        return None;
    }
    Some(authentication_options(&AuthenticationOptions {
        challenge,
        rp_id: &settings.rp.id,
        allow_credentials: &allowed,
        user_verification,
        app_id,
        timeout: settings.timeouts.sign_in.saturating_mul(1000),
    }))
}

/// The same challenge for clients that speak U2F itself. U2F doesn't verify the user.
fn u2f_offer(record: &Record, settings: &Settings, app_id: Option<&str>, challenge: &str) -> Option<U2fOffer> {
    let keys = usable(&record.u2f)
        .map(|entry| U2fKey {
            key_handle: BASE64URL_NOPAD.encode(&entry.entry.key.key_handle),
            version: u2f::VERSION,
        })
        .collect();
    let challenge = U2fChallenge {
        challenge: challenge.to_owned(),
        app_id: app_id?.to_owned(),
        version: u2f::VERSION,
    };
    let offered = settings.webauthn.user_verification != UserVerification::Required;
    offered.then_some(U2fOffer { challenge, keys })
}

fn offers<T>(entries: &[Entry<T>]) -> bool {
    entries.iter().any(|entry| entry.enable)
}
