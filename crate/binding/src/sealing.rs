//! Sealing what a store keeps, with keys that stay on this side.

use countersign_core::sealing::{Opened, Place, Plain, SealingKeys};
use countersign_core::{WipedText, envelope, reseal};
use napi::bindgen_prelude::Either;
use napi_derive::napi;

use crate::change::BindingChange;
use crate::text::Text;

/// A text that was not opened.
#[napi(object, object_from_js = false)]
pub struct BindingUnopened {
    /// The envelope of the failure.
    pub failure: String,
}

/// Takes over keys: 32 bytes for each id. Answers a failure envelope where they are wrong.
#[napi(catch_unwind)]
pub fn open_sealing(ids: Vec<String>, keys: &[u8], accept_plain: bool) -> Either<BindingSealing, String> {
    let plain = if accept_plain { Plain::Accept } else { Plain::Refuse };
    match SealingKeys::new(ids, keys, plain) {
        Ok(keys) => Either::A(BindingSealing { keys }),
        Err(failure) => Either::B(envelope::<()>(Err(failure))),
    }
}

#[napi]
pub struct BindingSealing {
    keys: SealingKeys,
}

impl BindingSealing {
    pub fn keys(&self) -> &SealingKeys {
        &self.keys
    }
}

#[napi]
impl BindingSealing {
    /// `id`: of the challenge whose data it is; a record has none.
    #[napi(catch_unwind, ts_return_type = "string | BindingUnopened")]
    pub fn open(&self, text: String, name: String, id: Option<String>) -> Either<Text, BindingUnopened> {
        let place = place(&name, id.as_deref());
        match self.keys.open(&place, &text) {
            Ok(Opened::Sealed(opened)) => Either::A(opened.into()),
            Ok(Opened::Plain(_)) => Either::A(text.into()),
            Err(unopened) => {
                // It may be one that is not sealed.
                drop(WipedText::from(text));
                Either::B(BindingUnopened {
                    failure: envelope::<()>(Err(unopened.failure(&place))),
                })
            }
        }
    }

    /// `random`: 32 bytes for this one call; null for any other number.
    #[napi(catch_unwind, ts_return_type = "string | null")]
    pub fn seal(&self, text: String, name: String, id: Option<String>, random: &[u8]) -> Option<Text> {
        self.keys
            .seal(&place(&name, id.as_deref()), &WipedText::from(text), random)
            .map(Text::from)
    }

    /// Whether this is the id of the key that seals.
    #[napi(catch_unwind)]
    pub fn seals_under(&self, id: String) -> bool {
        self.keys.seals_under(&id)
    }

    #[napi(catch_unwind)]
    pub fn reseal(&self, record: Option<String>, name: String, random: &[u8]) -> BindingChange {
        let record = record.map(WipedText::from);
        reseal::reseal(&self.keys, &name, record.as_deref(), random).into()
    }
}

fn place<'a>(name: &'a str, id: Option<&'a str>) -> Place<'a> {
    match id {
        None => Place::Record(name),
        Some(id) => Place::Challenge { key: name, id },
    }
}
