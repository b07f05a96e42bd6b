//! The record and the request of a call, on their way to the core.

use std::cell::Ref;

use countersign_core::sealing::{OF_ONE_CALL, SealingKeys};
use countersign_core::{Change, Seal, Stored};
use napi::bindgen_prelude::{Array, Either3, FromNapiValue, Null, TypeName, ValidateNapiValue};
use napi::{Error, Result, Status, ValueType, sys};
use napi_derive::napi;

use crate::change::BindingChange;
use crate::sealing::Keys;
use crate::text::Text;

/// A record as the store has it. Where it is sealed: its name in the store comes before it. What a call makes of that one, and a
/// challenge, is sealed with the keys of the service.
#[napi(js_name = "BindingRecord")]
pub type BindingRecordType = Either3<Null, String, (String, Option<String>)>;

/// The same, read at once: trying one type after another takes longer than the rest of the call's arguments.
pub struct BindingRecord {
    pub text: Option<Text>,
    /// Of one that is sealed.
    pub name: Option<Text>,
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
            return Ok(Self { text, name: None });
        }
        let parts = unsafe { Array::from_napi_value(env, value) }?;
        let missing = || Error::from_status(Status::InvalidArg);
        Ok(Self {
            text: parts.get(1)?.ok_or_else(missing)?,
            name: Some(parts.get(0)?.ok_or_else(missing)?),
        })
    }
}

/// The arguments of a call. They may be secret, so this side's copy is wiped after the call.
pub struct Call<'a> {
    record: BindingRecord,
    keys: Ref<'a, SealingKeys>,
    /// For a sealed record. `None` also where the system has no randomness: then nothing is sealed.
    random: Option<[u8; OF_ONE_CALL]>,
    request: Text,
}

impl<'a> Call<'a> {
    pub fn new(record: BindingRecord, keys: &'a Keys, request: Text) -> Self {
        Self {
            random: record.name.as_ref().and_then(|_| keys.fresh_random()),
            keys: keys.get(),
            record,
            request,
        }
    }

    pub fn change(&self, call: impl FnOnce(Option<&str>, &str) -> Change) -> BindingChange {
        self.record().change(|record| call(record, &self.request)).into()
    }

    pub fn read(&self, call: impl FnOnce(Option<&str>, &str) -> String) -> Text {
        self.record().read(|record| call(record, &self.request)).into()
    }

    pub fn record(&self) -> Stored<'_> {
        let seal = self.record.name.as_ref().map(|name| Seal {
            keys: &self.keys,
            name,
            random: self.random.as_ref().map_or(&[], <[u8; OF_ONE_CALL]>::as_slice),
        });
        Stored::new(self.record.text.as_deref(), seal)
    }

    pub fn request(&self) -> &str {
        &self.request
    }
}
