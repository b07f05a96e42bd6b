//! Imports factors that another system enrolled and verified. They are added without a ceremony, all in one change.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::holds_credential;
use super::import_keys::{self, ForeignU2f, ForeignYubico};
use super::import_reasons::{LeftReason, Note, Refused, check_limit, malformed};
use crate::json::failure::Failure;
use crate::json::request;
use crate::record::factor::{self, Factor};
use crate::record::{Entry, Record, TotpEntry, WebauthnEntry};
use crate::recovery_codes::RecoverySet;
use crate::service::answer::Answer;
use crate::service::change::{Change, Decision};
use crate::service::event::{Event, EventType};
use crate::service::manage::take_factor;
use crate::service::settings::Settings;
use crate::totp::key_uri::OtpauthUri;
use crate::webauthn::{CoseKey, Credential, Reason};

/// Adds the factors that can be added. A code of an imported app counts as never used.
///
/// `value`: `{"taken": [{"index", "factor", "notes"}], "left": [{"index", "reason", "member"?}]}`. `index` is the
/// factor's position in the request.
///
/// Request: `{factors: [{uri | credential | u2f | yubico | recovery, description, created?}], now, rpId?}`. `u2f` is
/// `{keyHandle, publicKey, counter?, appId?}`. `yubico` is `{publicId, counter?: {use, session}}`. `recovery` is
/// `{codes}`.
///
/// `random`: 16 bytes for each factor, for its id or for the key of the codes' hashes.
pub fn import_factors(record: Option<&str>, random: &[u8], settings: &Settings, request: &str) -> Change {
    Change::from_decision(import(record, random, settings, request))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    factors: Vec<Foreign>,
    now: i64,
    /// The relying party that the credentials were made for.
    #[serde(default, rename = "rpId")]
    rp_id: Option<String>,
}

/// One of `uri`, `credential`, `u2f`, `yubico` and `recovery`. This is not an enum, because serde reads a tagged enum
/// through copies that nothing wipes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Foreign {
    #[serde(default)]
    uri: Option<Zeroizing<String>>,
    #[serde(default)]
    credential: Option<Credential>,
    #[serde(default)]
    u2f: Option<ForeignU2f>,
    #[serde(default)]
    yubico: Option<ForeignYubico>,
    #[serde(default)]
    recovery: Option<ForeignCodes>,
    description: String,
    /// Epoch milliseconds.
    #[serde(default)]
    created: Option<i64>,
}

/// Unused recovery codes, in plain text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ForeignCodes {
    codes: Vec<Zeroizing<String>>,
}

/// The id of the one recovery set.
const RECOVERY: &str = "recovery";

#[derive(Serialize)]
struct Imported {
    taken: Vec<Taken>,
    left: Vec<Left>,
}

#[derive(Serialize)]
struct Taken {
    index: usize,
    factor: Factor,
    notes: Vec<Note>,
}

#[derive(Serialize)]
struct Left {
    index: usize,
    reason: LeftReason,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<&'static str>,
}

fn import(record: Option<&str>, random: &[u8], settings: &Settings, request: &str) -> Decision<Imported> {
    let request: Request = request::parse(request)?;
    let mut record = Record::parse(record)?;
    if random.len() != 16 * request.factors.len() {
        return Err(Failure::InvalidArgument("random"));
    }
    let now = request::seconds(request.now);
    let (mut taken, mut left) = (Vec::new(), Vec::new());
    for (index, (foreign, random)) in request.factors.into_iter().zip(random.chunks_exact(16)).enumerate() {
        request::check_description(&foreign.description)?;
        let id = match foreign.recovery {
            Some(_) => RECOVERY.to_owned(),
            None => request::uuid(random)?,
        };
        let handle = record.user_handle.clone();
        let added = add(&mut record, settings, foreign, (&id, random), now);
        if let Some(one) = record.webauthn.iter_mut().find(|one| one.id == id) {
            one.entry.rp_id.clone_from(&request.rp_id);
        }
        match added {
            Ok(_) if record.check_size().is_err() => {
                take_factor(&mut record, &id);
                record.user_handle = handle;
                left.push(Left {
                    index,
                    reason: LeftReason::RecordTooLarge,
                    member: None,
                });
            }
            Ok(notes) => {
                let factor = factor::find(&record, &id).ok_or_else(|| Failure::RecordCorrupt(String::new()))?;
                taken.push(Taken { index, factor, notes });
            }
            Err(Refused(reason, member)) => left.push(Left { index, reason, member }),
        }
    }
    let events = taken
        .iter()
        .map(|one| Event::new(EventType::Imported).of(&one.factor.id, one.factor.kind))
        .collect();
    let changed = (!taken.is_empty()).then_some(record);
    let mut answer = Answer::new(Imported { taken, left });
    answer.events = events;
    Ok((changed, answer))
}

fn add(
    record: &mut Record,
    settings: &Settings,
    foreign: Foreign,
    (id, random): (&str, &[u8]),
    now: i64,
) -> Result<Vec<Note>, Refused> {
    let created = foreign.created.map_or(now, request::seconds);
    let about = Entry {
        added: foreign.created.map(|_| now),
        ..Entry::new(id.to_owned(), foreign.description, created, ())
    };
    match (
        foreign.uri,
        foreign.credential,
        foreign.u2f,
        foreign.yubico,
        foreign.recovery,
    ) {
        (Some(uri), None, None, None, None) => add_totp(record, settings, &uri, about),
        (None, Some(credential), None, None, None) => add_webauthn(record, settings, &credential, about),
        (None, None, Some(key), None, None) => import_keys::add_u2f(record, settings, key, about),
        (None, None, None, Some(key), None) => import_keys::add_yubico(record, settings, &key, about),
        (None, None, None, None, Some(ForeignCodes { codes })) => add_codes(record, &codes, random, &about),
        _ => Err(LeftReason::Malformed.into()),
    }
}

fn add_totp(record: &mut Record, settings: &Settings, uri: &str, about: Entry<()>) -> Result<Vec<Note>, Refused> {
    let uri = OtpauthUri::parse_stored(uri).ok_or(malformed("uri"))?;
    let same = |held: &Entry<TotpEntry>| {
        let held = &held.entry.totp;
        bool::from(held.secret().ct_eq(uri.totp.secret())) || held.is_twin(&uri.totp)
    };
    if record.totp.iter().any(same) {
        return Err(LeftReason::AlreadyEnrolled.into());
    }
    check_limit(record, settings)?;
    record.totp.push(about.with(TotpEntry::unused(uri)));
    Ok(Vec::new())
}

fn add_webauthn(
    record: &mut Record,
    settings: &Settings,
    credential: &Credential,
    about: Entry<()>,
) -> Result<Vec<Note>, Refused> {
    CoseKey::parse(&credential.public_key).map_err(|reason| match reason {
        Reason::AlgorithmUnsupported => LeftReason::UnsupportedAlgorithm.into(),
        _ => malformed("publicKey"),
    })?;
    let entry = WebauthnEntry::new(credential).ok_or(malformed("publicKey"))?;
    // 6.1.3: a credential that is not eligible for backup is not backed up.
    if credential.backup_state && !credential.backup_eligible {
        return Err(malformed("backupState"));
    }
    if !(1..=1023).contains(&credential.id.len()) {
        return Err(malformed("id"));
    }
    if settings.webauthn.origin_keys_only && !entry.cred.fits_origin() {
        return Err(LeftReason::UnsupportedAlgorithm.into());
    }
    if holds_credential(record, &entry.cred_id) {
        return Err(LeftReason::AlreadyEnrolled.into());
    }
    check_limit(record, settings)?;
    let mut notes = Vec::new();
    match credential
        .user_handle
        .as_deref()
        .map(|handle| BASE64URL_NOPAD.encode(handle))
    {
        None => notes.push(Note::NoUserHandle),
        Some(handle) if *record.user_handle.get_or_insert_with(|| handle.clone()) != handle => {
            notes.push(Note::OtherUserHandle);
        }
        Some(_) => {}
    }
    if !credential.backup_recorded {
        notes.push(Note::BackupNotRecorded);
    }
    if !credential.user_verified {
        notes.push(Note::UserNotVerified);
    }
    record.webauthn.push(about.with(entry));
    Ok(notes)
}

/// Adds unused codes as the user's set. It never replaces a set, because that would end codes that the user was shown.
fn add_codes(
    record: &mut Record,
    codes: &[Zeroizing<String>],
    random: &[u8],
    about: &Entry<()>,
) -> Result<Vec<Note>, Refused> {
    if record.recovery.is_some() {
        return Err(LeftReason::AlreadyEnrolled.into());
    }
    if record.real_factors() == 0 {
        return Err(LeftReason::FactorRequired.into());
    }
    let random = random.first_chunk().ok_or(LeftReason::Malformed)?;
    let mut set = RecoverySet::of_foreign(codes, random, about.created).ok_or(LeftReason::RecoveryCodes)?;
    set.added = about.added;
    // NIST SP 800-63B-4, 4.2.1.1 requires 64 bits, which are 11 letters and digits.
    let short = set.letters.is_some_and(|letters| letters < 11);
    record.recovery = Some(set);
    Ok(if short { vec![Note::ShortSecret] } else { Vec::new() })
}

impl Entry<()> {
    pub(super) fn with<T>(self, entry: T) -> Entry<T> {
        Entry {
            id: self.id,
            description: self.description,
            created: self.created,
            enable: self.enable,
            entry,
            last_used: self.last_used,
            added: self.added,
        }
    }
}
