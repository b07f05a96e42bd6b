//! FIDO's metadata: verified off the JavaScript thread, and kept on this side.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use countersign_core::webauthn::Metadata;
use countersign_core::webauthn::metadata::{ModelId, verify_request};
use countersign_core::{Failure, envelope};
use napi::bindgen_prelude::{AsyncTask, Either};
use napi::{Env, Error, Result, Task};
use napi_derive::napi;

/// Verified metadata.
#[napi]
pub struct BindingMetadata(pub(crate) Arc<Metadata>);

/// `blob`: the text, which is copied. `request`: `{roots?, crls?, anySigner?, signer?, previous?, now}`. Resolves with
/// a failure envelope if the metadata is refused.
#[napi(ts_return_type = "Promise<BindingMetadata | string>")]
pub fn verify_metadata(blob: &[u8], request: String) -> AsyncTask<Verification> {
    AsyncTask::new(Verification {
        blob: blob.to_vec(),
        request,
    })
}

#[napi]
impl BindingMetadata {
    #[napi(getter)]
    pub fn no(&self) -> i64 {
        i64::try_from(self.0.no()).unwrap_or(i64::MAX)
    }

    /// `YYYY-MM-DD`
    #[napi(getter)]
    pub fn next_update(&self) -> String {
        self.0.next_update().to_string()
    }

    /// The number of models.
    #[napi(getter)]
    pub fn size(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// `now`: epoch milliseconds.
    #[napi(catch_unwind)]
    pub fn is_stale(&self, now: i64) -> bool {
        self.0.is_stale(now.div_euclid(1000))
    }

    /// An envelope: `{name?, certified?, securityLevel?, revoked?: {status, since?}}`, or null for an unknown model.
    /// `now`: epoch milliseconds.
    #[napi(catch_unwind)]
    pub fn describe(&self, id: String, now: i64) -> String {
        let id = ModelId::parse(&id);
        envelope(Ok(id.and_then(|id| self.0.describe(&id, now.div_euclid(1000)))))
    }

    /// The name of a model.
    #[napi(catch_unwind)]
    pub fn name(&self, id: String) -> Option<String> {
        let id = ModelId::parse(&id)?;
        self.0.find(&id)?.name().map(str::to_owned)
    }
}

pub struct Verification {
    blob: Vec<u8>,
    request: String,
}

impl Task for Verification {
    type Output = std::result::Result<Metadata, Failure>;
    type JsValue = Either<BindingMetadata, String>;

    fn compute(&mut self) -> Result<Self::Output> {
        let blob = std::mem::take(&mut self.blob);
        // A panic on a thread of the pool would end the process.
        catch_unwind(AssertUnwindSafe(|| verify_request(&blob, &self.request)))
            .map_err(|_| Error::from_reason("internal"))
    }

    fn resolve(&mut self, _: Env, output: Self::Output) -> Result<Self::JsValue> {
        Ok(match output {
            Ok(metadata) => Either::A(BindingMetadata(Arc::new(metadata))),
            Err(failure) => Either::B(envelope::<()>(Err(failure))),
        })
    }
}
