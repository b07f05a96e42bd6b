//! Sealing what a store keeps, with keys that stay on this side.

use std::cell::{Ref, RefCell};
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use countersign_core::sealing::{FreshRandom, OF_ONE_CALL, Opened, Place, Plain, RANDOM, SealingKeys};
use countersign_core::{WipedText, envelope, reseal};
use napi::bindgen_prelude::Either;
use napi_derive::napi;

use crate::call::BindingRecord;
use crate::change::BindingChange;
use crate::text::Text;

/// A text that was not opened.
#[napi(object, object_from_js = false)]
pub struct BindingUnopened {
    /// The envelope of the failure.
    pub failure: String,
}

/// The keys that services share, and the random bytes with which they seal.
#[derive(Clone, Default)]
pub struct Keys(Rc<Shared>);

#[derive(Default)]
struct Shared {
    keys: RefCell<SealingKeys>,
    random: RefCell<FreshRandom>,
}

impl Keys {
    pub fn get(&self) -> Ref<'_, SealingKeys> {
        self.0.keys.borrow()
    }

    /// Bytes for one call, and never again. `None` if the system has none.
    pub fn fresh_random(&self) -> Option<[u8; OF_ONE_CALL]> {
        let moment = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut random = self.0.random.borrow_mut();
        random.take(moment, |bytes| getrandom::fill(bytes).is_ok())
    }
}

/// Without a key at first.
#[napi]
#[derive(Default)]
pub struct BindingSealing {
    pub(crate) keys: Keys,
}

#[napi]
impl BindingSealing {
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes over keys, in place of those before: 32 bytes for each id. Answers a failure envelope where they are wrong.
    #[napi(catch_unwind)]
    pub fn use_keys(&self, ids: Vec<String>, keys: &[u8], accept_plain: bool) -> String {
        let plain = if accept_plain { Plain::Accept } else { Plain::Refuse };
        let taken = SealingKeys::new(ids, keys, plain).map(|keys| {
            self.keys.0.keys.replace(keys);
        });
        envelope(taken)
    }

    /// `id`: of the challenge whose data it is; a record has none.
    #[napi(catch_unwind, ts_return_type = "string | BindingUnopened")]
    pub fn open(&self, text: String, name: String, id: Option<String>) -> Either<Text, BindingUnopened> {
        let place = place(&name, id.as_deref());
        match self.keys.get().open(&place, &text) {
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

    /// Whether this is the id of the key that seals.
    #[napi(catch_unwind)]
    pub fn seals_under(&self, id: String) -> bool {
        self.keys.get().seals_under(&id)
    }

    #[napi(catch_unwind)]
    pub fn reseal(&self, record: BindingRecord) -> BindingChange {
        let name = record.name.as_deref().unwrap_or_default();
        let random = self.keys.fresh_random();
        let random = random
            .as_ref()
            .and_then(|random| random.get(..RANDOM))
            .unwrap_or_default();
        reseal::reseal(&self.keys.get(), name, record.text.as_deref(), random).into()
    }
}

fn place<'a>(name: &'a str, id: Option<&'a str>) -> Place<'a> {
    match id {
        None => Place::Record(name),
        Some(id) => Place::Challenge { key: name, id },
    }
}
