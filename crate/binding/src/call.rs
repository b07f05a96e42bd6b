//! The record and the request of a call, on their way to the core.

use std::cell::Ref;

use countersign_core::sealing::SealingKeys;
use countersign_core::{Change, Seal, Stored};
use napi::bindgen_prelude::{Array, Either3, FromNapiValue, Null, TypeName, Uint8Array, ValidateNapiValue};
use napi::{Error, Result, Status, ValueType, sys};
use napi_derive::napi;

use crate::change::BindingChange;
use crate::text::Text;

/// A record as the store has it. Where it is sealed: with its name in the store, and random bytes. The 64 from the place on that comes
/// last are for this call alone, which seals what it makes of the record, and a challenge, with the keys of the service.
#[napi(js_name = "BindingRecord")]
pub type BindingRecordType = Either3<Null, String, (String, Option<String>, Uint8Array, u32)>;

/// The same, read at once: trying one type after another takes longer than the rest of the call's arguments.
pub struct BindingRecord {
    pub text: Option<Text>,
    pub seal: Option<(Text, [u8; 64])>,
}

impl TypeName for BindingRecord {
    fn type_name() -> &'static str {
        "BindingRecord"
    }

    fn value_type() -> ValueType {
        ValueType::Unknown
    }
}

impl ValidateNapiValue for BindingRecord {}

impl FromNapiValue for BindingRecord {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let mut kind = 0;
        // SAFETY: the same contract, here and below.
        unsafe { sys::napi_typeof(env, value, &raw mut kind) };
        if kind != sys::ValueType::napi_object {
            let text = unsafe { Option::from_napi_value(env, value) }?;
            return Ok(Self { text, seal: None });
        }
        let parts = unsafe { Array::from_napi_value(env, value) }?;
        let missing = || Error::from_status(Status::InvalidArg);
        let random: &[u8] = parts.get(2)?.ok_or_else(missing)?;
        let start: u32 = parts.get(3)?.ok_or_else(missing)?;
        let random = random.get(start as usize..).and_then(<[u8]>::first_chunk);
        Ok(Self {
            text: parts.get(1)?.ok_or_else(missing)?,
            seal: Some((parts.get(0)?.ok_or_else(missing)?, *random.ok_or_else(missing)?)),
        })
    }
}

/// The arguments of a call. They may be secret, so this side's copy is wiped after the call.
pub struct Call<'a> {
    record: BindingRecord,
    keys: Ref<'a, SealingKeys>,
    request: Text,
}

impl<'a> Call<'a> {
    pub fn new(record: BindingRecord, keys: Ref<'a, SealingKeys>, request: Text) -> Self {
        Self { record, keys, request }
    }

    pub fn change(&self, call: impl FnOnce(Option<&str>, &str) -> Change) -> BindingChange {
        self.record().change(|record| call(record, &self.request)).into()
    }

    pub fn read(&self, call: impl FnOnce(Option<&str>, &str) -> String) -> Text {
        self.record().read(|record| call(record, &self.request)).into()
    }

    pub fn record(&self) -> Stored<'_> {
        let seal = self.record.seal.as_ref().map(|(name, random)| Seal {
            keys: &self.keys,
            name,
            random,
        });
        Stored::new(self.record.text.as_deref(), seal)
    }

    pub fn request(&self) -> &str {
        &self.request
    }
}
