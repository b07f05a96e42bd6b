//! The service: settings parsed once, and the core's functions over one user's record.

use std::sync::Arc;

use countersign_core::{Settings, browsers, enforce, enrol, envelope, index, manage, revoked, sign_in};
use napi::bindgen_prelude::Either;
use napi_derive::napi;
use zeroize::Zeroizing;

use crate::call::{BindingRecord, Call};
use crate::change::BindingChange;
use crate::metadata::BindingMetadata;
use crate::sealing::{BindingSealing, Keys};
use crate::text::Text;

/// Parses settings. Returns a failure envelope if they are wrong. `sealing`: for the records that are sealed.
#[napi(catch_unwind)]
pub fn open_service(settings: String, sealing: Option<&BindingSealing>) -> Either<BindingService, String> {
    let keys = sealing.map(|sealing| sealing.keys.clone()).unwrap_or_default();
    match Settings::parse(&settings) {
        Ok(settings) => Either::A(BindingService { settings, keys }),
        Err(failure) => Either::B(envelope::<()>(Err(failure))),
    }
}

#[napi]
pub struct BindingService {
    settings: Settings,
    keys: Keys,
}

impl BindingService {
    #[inline(never)]
    fn call(&self, record: BindingRecord, request: Text) -> Call<'_> {
        Call::new(record, &self.keys, request)
    }
}

#[napi]
impl BindingService {
    /// What later calls know of models of authenticators.
    #[napi(catch_unwind)]
    pub fn use_metadata(&mut self, metadata: Option<&BindingMetadata>) {
        self.settings.metadata = metadata.map(|metadata| Arc::clone(&metadata.0));
    }

    #[napi(catch_unwind)]
    pub fn revoked_keys(&self, record: BindingRecord, request: Text) -> Text {
        self.call(record, request)
            .read(|record, request| revoked::revoked_keys(record, &self.settings, request))
    }

    #[napi(catch_unwind)]
    pub fn factors(&self, record: BindingRecord) -> Text {
        self.call(record, Text::from(String::new()))
            .read(|record, _| manage::factors(record))
    }

    #[napi(catch_unwind)]
    pub fn status(&self, record: BindingRecord, request: Text) -> Text {
        self.call(record, request).read(manage::status)
    }

    #[napi(catch_unwind)]
    pub fn begin_challenge(&self, record: BindingRecord, random: &[u8], request: Text) -> Text {
        let call = self.call(record, request);
        sign_in::begin_challenge(&call.record(), random, &self.settings, call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn open_response(&self, record: BindingRecord, request: Text) -> Text {
        self.call(record, request)
            .read(|record, request| sign_in::open_response(record, &self.settings, request))
    }

    #[napi(catch_unwind)]
    pub fn begin_passkey(&self, key: &[u8], random: &[u8], request: String) -> String {
        let request = Zeroizing::new(request);
        sign_in::begin_passkey(key, random, &self.settings, &request)
    }

    #[napi(catch_unwind)]
    pub fn open_passkey(&self, key: &[u8], request: String) -> String {
        let request = Zeroizing::new(request);
        sign_in::open_passkey(key, &self.settings, &request)
    }

    #[napi(catch_unwind)]
    pub fn verify_passkey(&self, record: BindingRecord, key: &[u8], request: Text) -> BindingChange {
        self.call(record, request)
            .change(|record, request| sign_in::verify_passkey(record, key, &self.settings, request))
    }

    #[napi(catch_unwind)]
    pub fn signals(&self, record: BindingRecord) -> Text {
        self.call(record, Text::from(String::new()))
            .read(|record, _| manage::signals(record, &self.settings))
    }

    #[napi(catch_unwind)]
    pub fn open_yubico(&self, record: BindingRecord, request: Text) -> Text {
        self.call(record, request)
            .read(|record, request| sign_in::open_yubico(record, &self.settings, request))
    }

    #[napi(catch_unwind)]
    pub fn spend_yubico(&self, record: BindingRecord, request: Text) -> BindingChange {
        self.call(record, request).change(sign_in::spend_yubico)
    }

    #[napi(catch_unwind)]
    pub fn verify_code(&self, record: BindingRecord, request: Text) -> BindingChange {
        self.call(record, request)
            .change(|record, request| sign_in::verify_code(record, &self.settings, request))
    }

    #[napi(catch_unwind)]
    pub fn recognise_browser(&self, record: BindingRecord, request: Text) -> BindingChange {
        self.call(record, request)
            .change(|record, request| browsers::recognise_browser(record, &self.settings, request))
    }

    #[napi(catch_unwind)]
    pub fn browsers(&self, record: BindingRecord, request: Text) -> Text {
        self.call(record, request)
            .read(|record, request| browsers::browsers(record, &self.settings, request))
    }

    #[napi(catch_unwind)]
    pub fn forget_browsers(&self, record: BindingRecord, request: Text) -> BindingChange {
        self.call(record, request).change(browsers::forget_browsers)
    }

    #[napi(catch_unwind)]
    pub fn enforce(&self, record: BindingRecord, request: Text) -> BindingChange {
        self.call(record, request)
            .change(|record, request| enforce::enforce(record, &self.settings, request))
    }

    #[napi(catch_unwind)]
    pub fn clear_deadlines(&self, record: BindingRecord, request: Text) -> BindingChange {
        self.call(record, request).change(enforce::clear_deadlines)
    }

    #[napi(catch_unwind)]
    pub fn find_drift(&self, record: BindingRecord, request: Text) -> Text {
        self.call(record, request).read(sign_in::find_drift)
    }

    #[napi(catch_unwind)]
    pub fn note_drift(&self, record: BindingRecord, request: Text) -> BindingChange {
        self.call(record, request).change(sign_in::note_drift)
    }

    #[napi(catch_unwind)]
    pub fn reset_factors(&self, record: BindingRecord, request: Text) -> BindingChange {
        self.call(record, request)
            .change(|record, request| sign_in::reset_factors(record, &self.settings, request))
    }

    #[napi(catch_unwind)]
    pub fn recover_factors(&self, record: BindingRecord, request: Text) -> BindingChange {
        self.call(record, request)
            .change(|record, request| sign_in::recover_factors(record, &self.settings, request))
    }

    #[napi(catch_unwind)]
    pub fn verify_response(&self, record: BindingRecord, challenge: String, request: Text) -> BindingChange {
        self.call(record, request).change(|record, request| {
            sign_in::verify_response(record, &Zeroizing::new(challenge), &self.settings, request)
        })
    }

    #[napi(catch_unwind)]
    pub fn begin_totp(&self, record: BindingRecord, random: &[u8], request: Text) -> Text {
        let call = self.call(record, request);
        enrol::begin_totp(&call.record(), random, &self.settings, call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn finish_totp(&self, record: BindingRecord, challenge: String, random: &[u8], request: Text) -> BindingChange {
        let (call, challenge) = (self.call(record, request), Zeroizing::new(challenge));
        enrol::finish_totp(&call.record(), &challenge, random, &self.settings, call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn begin_webauthn(&self, record: BindingRecord, random: &[u8], request: Text) -> BindingChange {
        let call = self.call(record, request);
        enrol::begin_webauthn(&call.record(), random, &self.settings, call.request()).into()
    }

    #[napi(catch_unwind)]
    pub fn registration_challenge(&self, response: String) -> String {
        enrol::registration_challenge(&response)
    }

    #[napi(catch_unwind)]
    pub fn finish_webauthn(
        &self,
        record: BindingRecord,
        challenge: String,
        random: &[u8],
        request: Text,
    ) -> BindingChange {
        self.call(record, request).change(|record, request| {
            enrol::finish_webauthn(record, &Zeroizing::new(challenge), random, &self.settings, request)
        })
    }

    #[napi(catch_unwind)]
    pub fn enrol_yubico(&self, record: BindingRecord, random: &[u8], request: Text) -> BindingChange {
        self.call(record, request)
            .change(|record, request| enrol::enrol_yubico(record, random, &self.settings, request))
    }

    #[napi(catch_unwind)]
    pub fn import_factors(&self, record: BindingRecord, random: &[u8], request: Text) -> BindingChange {
        self.call(record, request)
            .change(|record, request| enrol::import_factors(record, random, &self.settings, request))
    }

    #[napi(catch_unwind)]
    pub fn import_record(&self, record: BindingRecord, request: Text) -> BindingChange {
        self.call(record, request).change(enrol::import_record)
    }

    #[napi(catch_unwind)]
    pub fn plan_index(&self, record: BindingRecord) -> Text {
        self.call(record, Text::from(String::new()))
            .read(|record, _| index::plan_index(record, &self.settings))
    }

    #[napi(catch_unwind)]
    pub fn credential_claim(&self, id: String) -> String {
        index::credential_claim(&id, &self.settings)
    }

    #[napi(catch_unwind)]
    pub fn index_record(&self, record: BindingRecord, request: Text) -> BindingChange {
        self.call(record, request)
            .change(|record, request| index::index_record(record, &self.settings, request))
    }

    #[napi(catch_unwind)]
    pub fn create_recovery_codes(&self, record: BindingRecord, random: &[u8], request: Text) -> BindingChange {
        self.call(record, request)
            .change(|record, request| enrol::create_recovery_codes(record, random, &self.settings, request))
    }

    #[napi(catch_unwind)]
    pub fn update_factor(&self, record: BindingRecord, request: Text) -> BindingChange {
        self.call(record, request).change(manage::update_factor)
    }

    #[napi(catch_unwind)]
    pub fn remove_factor(&self, record: BindingRecord, request: Text) -> BindingChange {
        self.call(record, request).change(manage::remove_factor)
    }

    #[napi(catch_unwind)]
    pub fn remove_factors(&self, record: BindingRecord, request: Text) -> BindingChange {
        self.call(record, request).change(manage::remove_factors)
    }

    #[napi(catch_unwind)]
    pub fn unlock(&self, record: BindingRecord, request: Text) -> BindingChange {
        self.call(record, request).change(manage::unlock)
    }
}
