//! The service: settings parsed once, and the core's functions over one user's record.

use std::sync::Arc;

use countersign_core::{Action, Change, Settings, browsers, enforce, enrol, envelope, index, manage, revoked, sign_in};
use napi::bindgen_prelude::Either;
use napi_derive::napi;
use zeroize::Zeroizing;

use crate::metadata::BindingMetadata;
use crate::text::Text;

/// What the store does with a record, and the envelope for the facade.
#[napi(object, object_from_js = false)]
pub struct BindingChange {
    #[napi(ts_type = "'leave' | 'write' | 'delete'")]
    pub action: &'static str,
    #[napi(ts_type = "string")]
    pub record: Option<Text>,
    pub handle: Option<String>,
    pub claims: Option<Vec<String>>,
    #[napi(ts_type = "string")]
    pub value: Text,
}

impl From<Change> for BindingChange {
    fn from(change: Change) -> Self {
        let action = match change.action {
            Action::Leave => "leave",
            Action::Write => "write",
            Action::Delete => "delete",
        };
        Self {
            action,
            record: change.record.map(Into::into),
            handle: change.handle,
            claims: change.claims,
            value: change.value.into(),
        }
    }
}

/// Parses settings. Returns a failure envelope if they are wrong.
#[napi(catch_unwind)]
pub fn open_service(settings: String) -> Either<BindingService, String> {
    match Settings::parse(&settings) {
        Ok(settings) => Either::A(BindingService { settings }),
        Err(failure) => Either::B(envelope::<()>(Err(failure))),
    }
}

#[napi]
pub struct BindingService {
    settings: Settings,
}

#[napi]
impl BindingService {
    /// What later calls know of models of authenticators.
    #[napi(catch_unwind)]
    pub fn use_metadata(&mut self, metadata: Option<&BindingMetadata>) {
        self.settings.metadata = metadata.map(|metadata| Arc::clone(&metadata.0));
    }

    #[napi(catch_unwind)]
    pub fn revoked_keys(&self, record: Option<String>, request: String) -> String {
        let call = Call::new(record, request);
        revoked::revoked_keys(call.record(), &self.settings, call.request())
    }

    #[napi(catch_unwind)]
    pub fn factors(&self, record: Option<String>) -> String {
        manage::factors(Call::new(record, String::new()).record())
    }

    #[napi(catch_unwind)]
    pub fn status(&self, record: Option<String>, request: String) -> String {
        let call = Call::new(record, request);
        manage::status(call.record(), call.request())
    }

    #[napi(catch_unwind)]
    pub fn begin_challenge(&self, record: Option<String>, random: &[u8], request: String) -> String {
        let call = Call::new(record, request);
        sign_in::begin_challenge(call.record(), random, &self.settings, call.request())
    }

    #[napi(catch_unwind)]
    pub fn open_response(&self, record: Option<String>, request: String) -> String {
        let call = Call::new(record, request);
        sign_in::open_response(call.record(), &self.settings, call.request())
    }

    #[napi(catch_unwind)]
    pub fn begin_passkey(&self, key: &[u8], random: &[u8], request: String) -> String {
        let call = Call::new(None, request);
        sign_in::begin_passkey(key, random, &self.settings, call.request())
    }

    #[napi(catch_unwind)]
    pub fn open_passkey(&self, key: &[u8], request: String) -> String {
        let call = Call::new(None, request);
        sign_in::open_passkey(key, &self.settings, call.request())
    }

    #[napi(catch_unwind)]
    pub fn verify_passkey(&self, record: Option<String>, key: &[u8], request: String) -> BindingChange {
        let call = Call::new(record, request);
        sign_in::verify_passkey(call.record(), key, &self.settings, call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn signals(&self, record: Option<String>) -> String {
        let call = Call::new(record, String::new());
        manage::signals(call.record(), &self.settings)
    }

    #[napi(catch_unwind)]
    pub fn open_yubico(&self, record: Option<String>, request: String) -> String {
        let call = Call::new(record, request);
        sign_in::open_yubico(call.record(), &self.settings, call.request())
    }

    #[napi(catch_unwind)]
    pub fn spend_yubico(&self, record: Option<String>, request: String) -> BindingChange {
        let call = Call::new(record, request);
        sign_in::spend_yubico(call.record(), call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn verify_code(&self, record: Option<String>, request: String) -> BindingChange {
        let call = Call::new(record, request);
        sign_in::verify_code(call.record(), &self.settings, call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn recognise_browser(&self, record: Option<String>, request: String) -> BindingChange {
        let call = Call::new(record, request);
        browsers::recognise_browser(call.record(), &self.settings, call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn browsers(&self, record: Option<String>, request: String) -> String {
        let call = Call::new(record, request);
        browsers::browsers(call.record(), &self.settings, call.request())
    }

    #[napi(catch_unwind)]
    pub fn forget_browsers(&self, record: Option<String>, request: String) -> BindingChange {
        let call = Call::new(record, request);
        browsers::forget_browsers(call.record(), call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn enforce(&self, record: Option<String>, request: String) -> BindingChange {
        let call = Call::new(record, request);
        enforce::enforce(call.record(), &self.settings, call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn clear_deadlines(&self, record: Option<String>, request: String) -> BindingChange {
        let call = Call::new(record, request);
        enforce::clear_deadlines(call.record(), call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn find_drift(&self, record: Option<String>, request: String) -> String {
        let call = Call::new(record, request);
        sign_in::find_drift(call.record(), call.request())
    }

    #[napi(catch_unwind)]
    pub fn note_drift(&self, record: Option<String>, request: String) -> BindingChange {
        let call = Call::new(record, request);
        sign_in::note_drift(call.record(), call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn reset_factors(&self, record: Option<String>, request: String) -> BindingChange {
        let call = Call::new(record, request);
        sign_in::reset_factors(call.record(), &self.settings, call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn recover_factors(&self, record: Option<String>, request: String) -> BindingChange {
        let call = Call::new(record, request);
        sign_in::recover_factors(call.record(), &self.settings, call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn verify_response(&self, record: Option<String>, challenge: String, request: String) -> BindingChange {
        let call = Call::new(record, request);
        sign_in::verify_response(
            call.record(),
            &Zeroizing::new(challenge),
            &self.settings,
            call.request(),
        )
        .into()
    }

    #[napi(catch_unwind, ts_return_type = "string")]
    pub fn begin_totp(&self, record: Option<String>, random: &[u8], request: String) -> Text {
        let call = Call::new(record, request);
        enrol::begin_totp(call.record(), random, &self.settings, call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn finish_totp(
        &self,
        record: Option<String>,
        challenge: String,
        random: &[u8],
        request: String,
    ) -> BindingChange {
        let call = Call::new(record, request);
        enrol::finish_totp(
            call.record(),
            &Zeroizing::new(challenge),
            random,
            &self.settings,
            call.request(),
        )
        .into()
    }

    #[napi(catch_unwind)]
    pub fn begin_webauthn(&self, record: Option<String>, random: &[u8], request: String) -> BindingChange {
        let call = Call::new(record, request);
        enrol::begin_webauthn(call.record(), random, &self.settings, call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn registration_challenge(&self, response: String) -> String {
        enrol::registration_challenge(&response)
    }

    #[napi(catch_unwind)]
    pub fn finish_webauthn(
        &self,
        record: Option<String>,
        challenge: String,
        random: &[u8],
        request: String,
    ) -> BindingChange {
        let call = Call::new(record, request);
        enrol::finish_webauthn(
            call.record(),
            &Zeroizing::new(challenge),
            random,
            &self.settings,
            call.request(),
        )
        .into()
    }

    #[napi(catch_unwind)]
    pub fn enrol_yubico(&self, record: Option<String>, random: &[u8], request: String) -> BindingChange {
        let call = Call::new(record, request);
        enrol::enrol_yubico(call.record(), random, &self.settings, call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn import_factors(&self, record: Option<String>, random: &[u8], request: String) -> BindingChange {
        let call = Call::new(record, request);
        enrol::import_factors(call.record(), random, &self.settings, call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn import_record(&self, record: Option<String>, request: String) -> BindingChange {
        let call = Call::new(record, request);
        enrol::import_record(call.record(), call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn plan_index(&self, record: Option<String>) -> String {
        index::plan_index(Call::new(record, String::new()).record(), &self.settings)
    }

    #[napi(catch_unwind)]
    pub fn credential_claim(&self, id: String) -> String {
        index::credential_claim(&id, &self.settings)
    }

    #[napi(catch_unwind)]
    pub fn index_record(&self, record: Option<String>, request: String) -> BindingChange {
        let call = Call::new(record, request);
        index::index_record(call.record(), &self.settings, call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn create_recovery_codes(&self, record: Option<String>, random: &[u8], request: String) -> BindingChange {
        let call = Call::new(record, request);
        enrol::create_recovery_codes(call.record(), random, &self.settings, call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn update_factor(&self, record: Option<String>, request: String) -> BindingChange {
        let call = Call::new(record, request);
        manage::update_factor(call.record(), call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn remove_factor(&self, record: Option<String>, request: String) -> BindingChange {
        let call = Call::new(record, request);
        manage::remove_factor(call.record(), call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn remove_factors(&self, record: Option<String>, request: String) -> BindingChange {
        let call = Call::new(record, request);
        manage::remove_factors(call.record(), call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn unlock(&self, record: Option<String>, request: String) -> BindingChange {
        let call = Call::new(record, request);
        manage::unlock(call.record(), call.request()).into()
    }
}

/// The arguments of a call. They may be secret, so this side's copy is wiped after the call.
struct Call {
    record: Option<Zeroizing<String>>,
    request: Zeroizing<String>,
}

impl Call {
    fn new(record: Option<String>, request: String) -> Self {
        Self {
            record: record.map(Zeroizing::new),
            request: Zeroizing::new(request),
        }
    }

    fn record(&self) -> Option<&str> {
        self.record.as_deref().map(String::as_str)
    }

    fn request(&self) -> &str {
        &self.request
    }
}
