//! Everything stored for one user, as JSON text.
//!
//! The format is that of one user in Proxmox's current `tfa.cfg`, with additions of our own, such as failure counters
//! and the user handle. Members marked "Ours" are additions that Proxmox doesn't know. Only this module reads or writes
//! the format. Where Proxmox refuses unknown members, they are an error here too. Where it ignores them, they are kept,
//! so nothing that another version wrote is lost.

mod browser;
mod bytes;
mod claims;
mod deadline;
mod entry;
pub mod factor;
mod kept_apart;
pub(crate) mod locks;
mod own_ids;
mod place;
mod removal;
mod sort_out;
mod spent;
mod totp_entry;
mod totp_twins;
mod u2f_entry;
mod unusable;
mod webauthn_entry;
mod webauthn_key;
mod yubico_entry;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub(crate) use browser::readable as readable_browsers;
pub use browser::{Browser, Recognised, Remembered, Token};
pub use bytes::{decode_base64, key_ids};
pub(crate) use bytes::{is_canonical_base64, is_origin_base64url};
pub(crate) use claims::credential_claim;
pub use deadline::Deadline;
pub use entry::{Entry, FactorType, SigningEntry};
pub use place::UNKNOWN_MEMBER;
pub use removal::Removal;
pub use spent::{Spent, spend};
pub use totp_entry::TotpEntry;
pub use u2f_entry::{RegisteredKey, U2fEntry};
pub use unusable::{TOO_LARGE, TOO_MANY, Unusable};
pub use webauthn_entry::WebauthnEntry;
pub use webauthn_key::StoredKey;
pub use yubico_entry::{Counted, YubicoEntry};

use crate::json::failure::Failure;
use crate::json::members::is_default;
use crate::json::wiped::{is_json, to_json_of};
use crate::recovery_codes::RecoverySet;
use crate::sealing::without_keys;
use claims::Basis;

/// The largest record that adding or changing factors may produce, in bytes of JSON text.
pub const MAX_RECORD_BYTES: usize = 1 << 20;

/// Extra room for counters, locks and times of use. Without it, a full record couldn't count a failure, and guessing
/// would be free.
const ROOM_TO_COUNT: usize = 1 << 16;

/// The largest record that is read or written.
const MAX_COUNTED_BYTES: usize = MAX_RECORD_BYTES + ROOM_TO_COUNT;

/// More bytes than all failure counters and locks of a record take.
const COUNTERS: usize = 256;

/// One user's factors, counters and locks.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Record {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub totp: Vec<Entry<TotpEntry>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub u2f: Vec<Entry<U2fEntry>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webauthn: Vec<Entry<WebauthnEntry>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<RecoverySet>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub yubico: Vec<Entry<YubicoEntry>>,
    /// TOTP is refused until a recovery code, a WebAuthn success or an unlock.
    #[serde(default, skip_serializing_if = "is_default")]
    pub totp_locked: bool,
    /// Typed codes are refused until this time, in epoch seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tfa_locked_until: Option<i64>,
    /// Ours: wrong TOTP codes in a row.
    #[serde(default, skip_serializing_if = "is_default")]
    pub totp_failures: u32,
    /// Ours: how many steps the clock was off when the last wrong code would have been right. Cleared by a right code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp_drift: Option<i64>,
    /// Ours: wrong typed codes of any type in a row.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tfa_failures: u32,
    /// Ours: Yubico OTPs are refused until a recovery code, a WebAuthn success or an unlock.
    #[serde(default, skip_serializing_if = "is_default")]
    pub yubico_locked: bool,
    /// Ours: wrong Yubico OTPs in a row.
    #[serde(default, skip_serializing_if = "is_default")]
    pub yubico_failures: u32,
    /// Ours: the WebAuthn user handle, made once, in base64url.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bytes::handle")]
    pub user_handle: Option<String>,
    /// Ours: answered challenges of sign-ins without a user name. They can't be answered again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spent_challenges: Vec<Spent>,
    /// Ours: browsers in which the password alone signs in. They are no factors.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "readable_browsers"
    )]
    pub browsers: Vec<Browser>,
    /// Ours: how the last factor was removed. A record that has this has no entry of any kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Removal>,
    /// Ours: until when the user has to enrol. A record may have them and no entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deadlines: Vec<Deadline>,
    /// The parts of the text that can't be used.
    #[serde(skip)]
    pub(crate) unusable: Vec<Unusable>,
    /// Length in bytes of the text that this was read from.
    #[serde(skip)]
    pub(crate) length: usize,
    /// The claims at the time of reading. `None` if the record wasn't read from text: its user may have other claims in
    /// the store.
    #[serde(skip)]
    claimed: Option<Basis>,
    /// The latest time in it when it was read, in epoch milliseconds, if it has deadlines.
    #[serde(skip)]
    known: i64,
}

/// Room for what an answer adds to a record, such as a counter or a time.
const MARGIN: usize = 128;

impl Record {
    /// Reads a record, or returns an empty one if the store has none. Every factor gets a unique id, even if the stored
    /// ids repeat.
    ///
    /// Parts that can't be used, or the whole record, are kept apart. A text that is not a JSON object fails with
    /// `record-corrupt` or `record-too-large`.
    pub fn parse(text: Option<&str>) -> Result<Self, Failure> {
        let Some(text) = text else {
            return Ok(Self {
                claimed: Some(Basis::default()),
                ..Self::default()
            });
        };
        let (record, _) = Self::read(text)?;
        record.check_removal()?;
        Ok(record)
    }

    /// Reads a user of a configuration file, whose format has no [`Removal`]. Also returns whether two factors had the
    /// same id.
    pub fn parse_in_file(text: &str) -> Result<(Self, bool), Failure> {
        let (record, renamed) = Self::read(text)?;
        if record.removed.is_some() {
            return Err(Failure::RecordCorrupt(UNKNOWN_MEMBER.into()));
        }
        Ok((record, renamed))
    }

    fn read(text: &str) -> Result<(Self, bool), Failure> {
        Self::parse_usable(text).or_else(|failure| Self::sort_out(text).ok_or(failure))
    }

    /// Reads a record that can be used completely. Also returns whether two factors had the same id.
    ///
    /// Fails with `record-too-large`, with `record-sealed` for a sealed text, or with `record-corrupt` and the place. The place
    /// never holds a value.
    pub fn parse_usable(text: &str) -> Result<(Self, bool), Failure> {
        if text.len() > MAX_COUNTED_BYTES {
            return Err(without_keys(text).unwrap_or(Failure::RecordTooLarge));
        }
        // The derived reader would also accept an array of the members.
        if !text.trim_ascii_start().starts_with('{') {
            return Err(without_keys(text).unwrap_or(Failure::RecordCorrupt(String::new())));
        }
        let mut record: Self = serde_json::from_str(text).map_err(|_| Failure::RecordCorrupt(corrupt_place(text)))?;
        record.length = text.len();
        record.claimed = Some(record.basis());
        record.note_time();
        let renamed = record.give_own_ids();
        Ok((record, renamed))
    }

    /// The record's text; fails with `record-too-large`.
    pub fn to_text(&self) -> Result<String, Failure> {
        self.to_text_within(MAX_COUNTED_BYTES)
    }

    /// Fails with `record-too-large` if adding or changing a factor made the record larger than allowed.
    pub fn check_size(&self) -> Result<(), Failure> {
        self.to_text_within(MAX_RECORD_BYTES)
            .map(|text| drop(Zeroizing::new(text)))
    }

    /// Fails with `record-too-large` if there is no room left to count a wrong code. No code may be checked then.
    pub fn check_room(&self) -> Result<(), Failure> {
        let room = self.length <= MAX_COUNTED_BYTES - COUNTERS;
        room.then_some(()).ok_or(Failure::RecordTooLarge)
    }

    fn to_text_within(&self, bytes: usize) -> Result<String, Failure> {
        let text = to_json_of(self, self.length + MARGIN).map_err(|_| Failure::RecordCorrupt(String::new()))?;
        if !self.unusable.is_empty() {
            let text = self.with_unusable(text)?;
            // A record that was already too large when it was read can only be kept.
            let fits = text.len() <= bytes || self.whole_problem().is_some();
            return fits.then_some(text).ok_or(Failure::RecordTooLarge);
        }
        (text.len() <= bytes).then_some(text).ok_or(Failure::RecordTooLarge)
    }

    /// Every text by which a store finds this user, sorted. Credentials without a known relying party are left out.
    pub(crate) fn claims(&self) -> Vec<String> {
        self.basis().texts()
    }

    /// The claims if they differ from what the store has, or `None` if they are unchanged.
    pub(crate) fn changed_claims(&self) -> Option<Vec<String>> {
        let basis = self.basis();
        (self.claimed.as_ref() != Some(&basis)).then(|| basis.texts())
    }

    /// Makes the next write store the claims, whatever the store has for this user.
    pub(crate) fn claim_anew(&mut self) {
        self.claimed = None;
    }

    fn basis(&self) -> Basis {
        Basis::of(self.user_handle.as_ref(), &self.webauthn)
    }

    /// Whether this JSON text equals the result of [`to_text`](Self::to_text), without building that result.
    pub fn is_text(&self, text: &str) -> bool {
        self.unusable.is_empty() && text.len() <= MAX_COUNTED_BYTES && is_json(self, text)
    }

    /// The number of factors without the recovery set. Unusable factors count.
    pub fn real_factors(&self) -> usize {
        self.totp.len() + self.u2f.len() + self.webauthn.len() + self.yubico.len() + self.real_unusable()
    }

    /// The number of those factors that are enabled and usable.
    pub fn enabled_factors(&self) -> usize {
        self.totp.iter().filter(|entry| entry.enable).count()
            + self.u2f.iter().filter(|entry| entry.enable).count()
            + self.webauthn.iter().filter(|entry| entry.enable).count()
            + self.yubico.iter().filter(|entry| entry.enable).count()
    }

    /// True if the user has no factor of any kind, not even a disabled, used-up or unusable one.
    pub fn is_empty(&self) -> bool {
        self.real_factors() == 0 && self.recovery.is_none() && self.unusable.is_empty()
    }

    /// True if there is something to store although there is no factor: how the last one was removed, a deadline, or the
    /// user handle of a passkey that is being enrolled.
    pub fn is_kept_without_factors(&self) -> bool {
        self.removed.is_some() || !self.deadlines.is_empty() || self.user_handle.is_some()
    }
}

/// Finds the place again with a slower reader. Corrupt records are rare.
fn corrupt_place(text: &str) -> String {
    let reader = &mut serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, Record>(reader) {
        Ok(_) => "after the end".into(),
        Err(error) => place::describe(error.path()),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
