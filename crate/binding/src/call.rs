//! The record and the request of a call, on their way to the core.

use countersign_core::{Change, Seal, Stored, WipedText};
use napi::bindgen_prelude::{ClassInstance, Either3, Null};
use napi_derive::napi;

use crate::change::BindingChange;
use crate::sealing::BindingSealing;

/// A record as the store has it. Where it is sealed: with the keys that open it and seal what a call makes of it, its name in
/// the store, and 32 random bytes for this call alone.
#[napi]
pub type BindingRecord<'a> =
    Either3<Null, String, (ClassInstance<'a, BindingSealing>, String, Option<String>, &'a [u8])>;

/// The arguments of a call. They may be secret, so this side's copy is wiped after the call.
pub struct Call<'a> {
    record: Option<WipedText>,
    seal: Option<(ClassInstance<'a, BindingSealing>, String, &'a [u8])>,
    request: WipedText,
}

impl<'a> Call<'a> {
    #[inline(never)]
    pub fn new(record: BindingRecord<'a>, request: String) -> Self {
        let (record, seal) = match record {
            Either3::A(_) => (None, None),
            Either3::B(record) => (Some(record), None),
            Either3::C((keys, name, record, random)) => (record, Some((keys, name, random))),
        };
        Self {
            record: record.map(WipedText::from),
            seal,
            request: request.into(),
        }
    }

    pub fn change(&self, call: impl FnOnce(Option<&str>, &str) -> Change) -> BindingChange {
        self.record().change(|record| call(record, &self.request)).into()
    }

    pub fn read(&self, call: impl FnOnce(Option<&str>, &str) -> String) -> String {
        self.record().read(|record| call(record, &self.request))
    }

    fn record(&self) -> Stored<'_> {
        let seal = self.seal.as_ref().map(|(keys, name, random)| Seal {
            keys: keys.keys(),
            name,
            random,
        });
        Stored::new(self.record.as_deref(), seal)
    }
}
