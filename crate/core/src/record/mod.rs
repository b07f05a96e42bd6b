//! Everything stored for one user, as JSON text.
//!
//! The form is that of one user in today's `tfa.cfg`, with additions of our own: failure counters, the user handle, and
//! what the factors' own files list. Only this module reads or writes it. Unknown members are an error where that format
//! refuses them, and are kept where it ignores them, so that nothing another version wrote is lost.

mod bytes;
mod claims;
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

pub use bytes::decode_base64;
pub(crate) use bytes::{is_canonical_base64, is_origin_base64url};
pub(crate) use claims::credential_claim;
pub use entry::{Entry, FactorType, SigningEntry};
pub use place::UNKNOWN_MEMBER;
pub use removal::Removal;
pub use spent::{Spent, spend};
pub use totp_entry::TotpEntry;
pub use u2f_entry::{RegisteredKey, U2fEntry};
pub use unusable::{TOO_LARGE, Unusable};
pub use webauthn_entry::WebauthnEntry;
pub use webauthn_key::StoredKey;
pub use yubico_entry::{Counted, YubicoEntry};

use crate::json::failure::Failure;
use crate::json::members::is_default;
use crate::json::wiped::{is_json, to_json_of};
use crate::recovery_codes::RecoverySet;
use claims::Basis;

/// The largest record that may be made by adding factors or changing them, in bytes of JSON text.
pub const MAX_RECORD_BYTES: usize = 1 << 20;

/// What counters, locks and times of use may add to that. Without it a full record would have no room for a failure,
/// so that guesses would cost nothing.
const ROOM_TO_COUNT: usize = 1 << 16;

/// The largest record that is read or written.
const MAX_COUNTED_BYTES: usize = MAX_RECORD_BYTES + ROOM_TO_COUNT;

/// More than all failure counters and locks of a record take.
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
    /// Typed codes are refused until then, in epoch seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tfa_locked_until: Option<i64>,
    /// Ours: wrong TOTP codes in a row.
    #[serde(default, skip_serializing_if = "is_default")]
    pub totp_failures: u32,
    /// Ours: how many steps away the last wrong code was right, until a right one comes.
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
    /// Ours: challenges of sign-ins without a user name, which were answered and may not be again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spent_challenges: Vec<Spent>,
    /// Ours: how the last factor went. No entry of any kind stands beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Removal>,
    /// What the text holds and can't be used.
    #[serde(skip)]
    pub(crate) unusable: Vec<Unusable>,
    /// Bytes of the text that it was read from.
    #[serde(skip)]
    pub(crate) length: usize,
    /// What it claimed when it was read; `None` for one that was not, whose user may have other claims in the store.
    #[serde(skip)]
    claimed: Option<Basis>,
}

/// Room for what an answer adds to a record: a counter, a time.
const MARGIN: usize = 128;

impl Record {
    /// Reads a record, or an empty one where the store has none. Each factor has an id of its own, whatever was stored.
    ///
    /// What can't be used, such as a factor of this record or all of it, is kept apart. Fails with `record-corrupt`, or with
    /// `record-too-large`, for a text that is no JSON object.
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

    /// Reads a user of a configuration file, whose format knows no [`Removal`]; also returns whether two factors had the
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

    /// Reads a record all of which can be used, and says whether two factors had the same id.
    ///
    /// Fails with `record-corrupt` and the place, never a value, or with `record-too-large`.
    pub fn parse_usable(text: &str) -> Result<(Self, bool), Failure> {
        if text.len() > MAX_COUNTED_BYTES {
            return Err(Failure::RecordTooLarge);
        }
        // The derived reader would take an array of the members too.
        if !text.trim_ascii_start().starts_with('{') {
            return Err(Failure::RecordCorrupt(String::new()));
        }
        let mut record: Self = serde_json::from_str(text).map_err(|_| Failure::RecordCorrupt(corrupt_place(text)))?;
        record.length = text.len();
        record.claimed = Some(record.basis());
        let renamed = record.give_own_ids();
        Ok((record, renamed))
    }

    /// The record's text; fails with `record-too-large`.
    pub fn to_text(&self) -> Result<String, Failure> {
        self.to_text_within(MAX_COUNTED_BYTES)
    }

    /// Fails with `record-too-large` where the record has grown, by a factor or a description, more than it may.
    pub fn check_size(&self) -> Result<(), Failure> {
        self.to_text_within(MAX_RECORD_BYTES)
            .map(|text| drop(Zeroizing::new(text)))
    }

    /// Fails with `record-too-large` where a wrong code could not be counted, so that none is checked.
    pub fn check_room(&self) -> Result<(), Failure> {
        let room = self.length <= MAX_COUNTED_BYTES - COUNTERS;
        room.then_some(()).ok_or(Failure::RecordTooLarge)
    }

    fn to_text_within(&self, bytes: usize) -> Result<String, Failure> {
        let text = to_json_of(self, self.length + MARGIN).map_err(|_| Failure::RecordCorrupt(String::new()))?;
        if !self.unusable.is_empty() {
            let text = self.with_unusable(text)?;
            // One that is too large as it came can only be kept.
            let fits = text.len() <= bytes || self.whole_problem().is_some();
            return fits.then_some(text).ok_or(Failure::RecordTooLarge);
        }
        (text.len() <= bytes).then_some(text).ok_or(Failure::RecordTooLarge)
    }

    /// Every text that is to lead to this user, sorted. Credentials that no relying party is known of are left out.
    pub(crate) fn claims(&self) -> Vec<String> {
        self.basis().texts()
    }

    /// The same where it is no longer what the store has; `None`: it stays.
    pub(crate) fn changed_claims(&self) -> Option<Vec<String>> {
        let basis = self.basis();
        (self.claimed.as_ref() != Some(&basis)).then(|| basis.texts())
    }

    /// Whatever the store has for this user: what the record claims is to be stored with it.
    pub(crate) fn claim_anew(&mut self) {
        self.claimed = None;
    }

    fn basis(&self) -> Basis {
        Basis::of(self.user_handle.as_ref(), &self.webauthn)
    }

    /// Whether this text, which is JSON, is what [`to_text`](Self::to_text) gives, without making that.
    pub fn is_text(&self, text: &str) -> bool {
        self.unusable.is_empty() && text.len() <= MAX_COUNTED_BYTES && is_json(self, text)
    }

    /// The factors that stand for themselves: all but the recovery set. Those that can't be used count.
    pub fn real_factors(&self) -> usize {
        self.totp.len() + self.u2f.len() + self.webauthn.len() + self.yubico.len() + self.real_unusable()
    }

    /// Those of them that are enabled and can be used.
    pub fn enabled_factors(&self) -> usize {
        self.totp.iter().filter(|entry| entry.enable).count()
            + self.u2f.iter().filter(|entry| entry.enable).count()
            + self.webauthn.iter().filter(|entry| entry.enable).count()
            + self.yubico.iter().filter(|entry| entry.enable).count()
    }

    /// True when the user has no factor of any kind, not even a disabled, used-up or unusable one.
    pub fn is_empty(&self) -> bool {
        self.real_factors() == 0 && self.recovery.is_none() && self.unusable.is_empty()
    }
}

/// Finds the place again with a slower reader; corrupt records are rare.
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
