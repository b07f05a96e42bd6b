//! A whole `tfa.cfg` as one object: conversion around the core's own.

use countersign_core::envelope;
use countersign_core::tfa_config::{self, Accepted, TfaConfig, WebauthnConfig, WriteOptions};
use napi::Env;
use napi::bindgen_prelude::{Either, ObjectFinalize, Uint8Array};
use napi_derive::napi;
use zeroize::Zeroizing;

use crate::text::Text;

/// Reads a file. Returns a failure envelope if it is not one. `json`: accepts only JSON.
#[napi(catch_unwind)]
pub fn parse_tfa_config(
    env: Env,
    bytes: &[u8],
    max_bytes: u32,
    additions: bool,
    json: bool,
) -> Either<BindingTfaConfig, String> {
    match TfaConfig::parse_as(bytes, max_bytes as usize, accepted(json)) {
        Ok(config) => {
            let config = config.keeping_additions(additions);
            let mut parsed = BindingTfaConfig { config, told: 0 };
            parsed.tell(env);
            Either::A(parsed)
        }
        Err(failure) => Either::B(envelope::<()>(Err(failure))),
    }
}

/// Reports the contents and mistakes of a file, in an envelope. `json`: accepts only JSON. `now`: epoch seconds.
#[napi(catch_unwind)]
pub fn examine_tfa_config(bytes: &[u8], max_bytes: u32, json: bool, now: i64) -> String {
    tfa_config::examine_as(bytes, max_bytes as usize, accepted(json), now)
}

fn accepted(json: bool) -> Accepted {
    if json { Accepted::Json } else { Accepted::Either }
}

/// Every method except `clone` and `write` returns an envelope.
#[napi(custom_finalize)]
pub struct BindingTfaConfig {
    config: TfaConfig,
    /// The memory that was reported to the garbage collector.
    told: i64,
}

impl ObjectFinalize for BindingTfaConfig {
    fn finalize(self, env: Env) -> napi::Result<()> {
        if self.told != 0 {
            env.adjust_external_memory(-self.told)?;
        }
        Ok(())
    }
}

impl BindingTfaConfig {
    /// Reports native memory to the collector, which does not see it. Otherwise many large files would pile up.
    fn tell(&mut self, env: Env) {
        let bytes = i64::try_from(self.config.file_bytes()).unwrap_or_default();
        if env.adjust_external_memory(bytes).is_ok() {
            self.told = bytes;
        }
    }
}

#[napi]
impl BindingTfaConfig {
    /// An empty configuration.
    #[napi(constructor, catch_unwind)]
    pub fn new(additions: bool) -> Self {
        Self {
            config: TfaConfig::default().keeping_additions(additions),
            told: 0,
        }
    }

    #[napi(js_name = "clone", catch_unwind)]
    #[must_use]
    pub fn duplicate(&self) -> BindingTfaConfig {
        Self {
            config: self.config.clone(),
            told: 0,
        }
    }

    /// Returns the file's bytes or a failure envelope. Without `sections`, writes those that the file had. `refused`:
    /// also writes what Proxmox refuses.
    #[napi(catch_unwind)]
    pub fn write(&self, additions: bool, sections: Option<bool>, refused: bool) -> Either<Uint8Array, String> {
        let options = WriteOptions {
            additions,
            sections: sections.into(),
            refused,
        };
        match self.config.write(options) {
            Ok(text) => Either::A(Uint8Array::new(text.into_bytes())),
            Err(failure) => Either::B(envelope::<()>(Err(failure))),
        }
    }

    #[napi(catch_unwind)]
    pub fn webauthn(&self) -> String {
        envelope(Ok(self.config.webauthn()))
    }

    /// Null if there is no section.
    #[napi(catch_unwind)]
    pub fn webauthn_digest(&self) -> String {
        envelope(Ok(self.config.webauthn().map(WebauthnConfig::digest)))
    }

    #[napi(catch_unwind)]
    pub fn set_webauthn(&mut self, section: String) -> String {
        envelope(self.config.set_webauthn(&section))
    }

    #[napi(js_name = "u2f", catch_unwind)]
    pub fn u2f(&self) -> String {
        envelope(Ok(self.config.u2f()))
    }

    #[napi(js_name = "setU2f", catch_unwind)]
    pub fn set_u2f(&mut self, section: String) -> String {
        envelope(self.config.set_u2f(&section))
    }

    #[napi(catch_unwind)]
    pub fn users(&self) -> String {
        self.config.users()
    }

    #[napi(catch_unwind, ts_return_type = "string")]
    pub fn user_data(&self, user: String) -> Text {
        self.config.user_data(&user).into()
    }

    #[napi(catch_unwind)]
    pub fn set_user_data(&mut self, user: String, record: Option<String>) -> String {
        let record = record.map(Zeroizing::new);
        envelope(self.config.set_record(&user, record.as_deref().map(String::as_str)))
    }

    #[napi(catch_unwind)]
    pub fn remove_user(&mut self, user: String) -> String {
        self.config.remove_user(&user)
    }

    #[napi(catch_unwind)]
    pub fn has_type(&self, user: String, kind: String) -> String {
        self.config.has_type(&user, &kind)
    }

    #[napi(catch_unwind)]
    pub fn yubico_keys(&self, user: String) -> String {
        self.config.yubico_keys(&user)
    }

    #[napi(catch_unwind)]
    pub fn recovery_state(&self, user: String) -> String {
        self.config.recovery_state(&user)
    }

    #[napi(catch_unwind)]
    pub fn lock_status(&self, user: String, now: i64) -> String {
        self.config.lock_status(&user, now)
    }

    #[napi(catch_unwind)]
    pub fn locked_users(&self, now: i64) -> String {
        self.config.locked_users(now)
    }

    #[napi(catch_unwind)]
    pub fn unlock(&mut self, user: String, now: i64) -> String {
        self.config.unlock(&user, now)
    }

    #[napi(catch_unwind)]
    pub fn list_entries(&self, user: String) -> String {
        self.config.list_entries(&user)
    }

    #[napi(catch_unwind)]
    pub fn get_entry(&self, user: String, id: String) -> String {
        self.config.get_entry(&user, &id)
    }

    /// Lists all users if `own` is null.
    #[napi(catch_unwind)]
    pub fn list(&self, own: Option<String>, now: i64) -> String {
        self.config.list(own.as_deref(), now)
    }

    #[napi(catch_unwind)]
    pub fn delete_entry(&mut self, user: String, id: String) -> String {
        self.config.delete_entry(&user, &id)
    }

    #[napi(catch_unwind)]
    pub fn update_entry(&mut self, user: String, request: String) -> String {
        self.config.update_entry(&user, &request)
    }

    /// `random`: 88 bytes.
    #[napi(catch_unwind, ts_return_type = "string")]
    pub fn add_entry(&mut self, user: String, random: &[u8], request: String) -> Text {
        self.config.add_entry(&user, random, &Zeroizing::new(request)).into()
    }

    /// `random`: 16 bytes.
    #[napi(catch_unwind)]
    pub fn add_totp(&mut self, user: String, random: &[u8], request: String) -> String {
        self.config.add_totp_unproved(&user, random, &Zeroizing::new(request))
    }

    /// `random`: 16 bytes.
    #[napi(catch_unwind)]
    pub fn add_response(&mut self, user: String, challenge: Option<String>, random: &[u8], request: String) -> String {
        let request = Zeroizing::new(request);
        self.config.add_response(&user, challenge.as_deref(), random, &request)
    }

    /// `random`: 32 bytes.
    #[napi(catch_unwind)]
    pub fn challenge(&self, user: String, origin: Option<String>, random: &[u8], now: i64) -> String {
        self.config.challenge(&user, origin.as_deref(), random, now)
    }

    #[napi(catch_unwind)]
    pub fn open_response(&self, user: String, request: String) -> String {
        self.config.open_response(&user, &request)
    }

    #[napi(catch_unwind)]
    pub fn open_yubico(&self, user: String, request: String) -> String {
        self.config.open_yubico(&user, &Zeroizing::new(request))
    }

    #[napi(catch_unwind)]
    pub fn verify_code(&mut self, user: String, request: String) -> String {
        self.config.verify_code(&user, &Zeroizing::new(request))
    }

    #[napi(catch_unwind)]
    pub fn verify_response(
        &mut self,
        user: String,
        origin: Option<String>,
        challenge: String,
        request: String,
    ) -> String {
        let request = Zeroizing::new(request);
        self.config
            .verify_response(&user, origin.as_deref(), &challenge, &request)
    }

    #[napi(catch_unwind, ts_return_type = "string")]
    pub fn legacy_view(&self) -> Text {
        self.config.legacy_view().into()
    }
}
