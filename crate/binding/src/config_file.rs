//! One `tfa.cfg` that several processes share, off the JavaScript thread. Nothing here waits for a lock.
// N-API hands over owned values.
#![allow(clippy::needless_pass_by_value)]

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use countersign_core::tfa_config::{self, Accepted, Sections, TfaConfig, WriteOptions};
use countersign_core::{Failure, envelope, index};
use countersign_files::{Fault, LockedFile, Version};
use napi::bindgen_prelude::{AsyncTask, Either};
use napi_derive::napi;
use zeroize::Zeroizing;

use crate::files::{BindingAttempt, BindingFault, BindingNames, BindingText, Job, job};
use crate::held::Held;
use crate::text::Text;

/// The file, and its contents when it was last read.
#[napi]
pub struct BindingConfigFile(Arc<ConfigFile>);

/// Fails if the file is missing or if others could change it.
#[napi]
pub fn open_config_file(
    path: String,
    lock: String,
    group: bool,
    max_bytes: u32,
) -> Either<BindingConfigFile, BindingFault> {
    let opened = LockedFile::new(Path::new(&path), Path::new(&lock), group).and_then(|file| match file.version()? {
        Some(_) => Ok(file),
        None => Err(file.missing()),
    });
    match opened {
        Ok(file) => Either::A(BindingConfigFile(Arc::new(ConfigFile {
            file,
            max_bytes: max_bytes as usize,
            accepted: Accepted::by_name(&path),
            known: Mutex::new(None),
        }))),
        Err(fault) => Either::B(fault.into()),
    }
}

/// Joins a record of the file and its additions. Returns an envelope with `{record, mended?}`. `now`: epoch seconds.
#[napi(catch_unwind, ts_return_type = "string")]
pub fn join_additions(record: String, additions: Option<String>, now: i64) -> Text {
    let (record, additions) = (Zeroizing::new(record), additions.map(Zeroizing::new));
    let additions = additions.as_deref().map(String::as_str);
    envelope(tfa_config::join(&record, additions, now)).into()
}

/// The claims of a record. Returns an envelope with a list of texts.
#[napi(catch_unwind)]
pub fn record_claims(record: String) -> String {
    index::record_claims(&Zeroizing::new(record))
}

/// Splits a record. Returns an envelope with `{record, additions, settled}`. `beside`: the current additions.
#[napi(catch_unwind, ts_return_type = "string")]
pub fn split_additions(record: String, beside: Option<String>) -> Text {
    let (record, beside) = (Zeroizing::new(record), beside.map(Zeroizing::new));
    let beside = beside.as_deref().map(String::as_str);
    envelope(tfa_config::split(&record, beside)).into()
}

/// The record of a user who is not in the file. Returns an envelope with the text, or null.
#[napi(catch_unwind)]
pub fn emptied_record(additions: String) -> String {
    envelope(tfa_config::emptied(&Zeroizing::new(additions)))
}

#[napi]
impl BindingConfigFile {
    /// The user's record, as it is in the file.
    #[napi(ts_return_type = "Promise<BindingText>")]
    pub fn read(&self, user: String) -> AsyncTask<Job<BindingText>> {
        let file = Arc::clone(&self.0);
        job(move || match file.load() {
            Ok(config) => BindingText {
                text: config.record(&user).map(|text| text.to_owned().into()),
                fault: None,
            },
            Err(fault) => BindingText {
                text: None,
                fault: Some(fault),
            },
        })
    }

    /// All users in the file.
    #[napi(ts_return_type = "Promise<BindingNames>")]
    pub fn users(&self) -> AsyncTask<Job<BindingNames>> {
        let file = Arc::clone(&self.0);
        job(move || match file.load() {
            Ok(config) => BindingNames {
                names: config.user_names().map(str::to_owned).collect(),
                fault: None,
            },
            Err(fault) => BindingNames {
                names: Vec::new(),
                fault: Some(fault),
            },
        })
    }

    /// The file's lock, not taken yet.
    #[napi]
    pub fn lock(&self) -> BindingConfigLock {
        let holder = Arc::new(Holder {
            file: Arc::clone(&self.0),
            held: Held::new(),
            read: Mutex::new(None),
        });
        BindingConfigLock(holder)
    }
}

/// Released by `release`, by the garbage collector, or when its environment ends.
#[napi]
pub struct BindingConfigLock(Arc<Holder>);

#[napi]
impl BindingConfigLock {
    /// Tries once to take the lock. If that succeeds, reads a user's record. After a fault, the lock is not held.
    #[napi(ts_return_type = "Promise<BindingAttempt>")]
    pub fn attempt(&self, user: String) -> AsyncTask<Job<BindingAttempt>> {
        let holder = Arc::clone(&self.0);
        job(move || holder.attempt(&user).unwrap_or_else(BindingAttempt::failed))
    }

    /// Sets a user's record, or removes the user, and replaces the file if that changed it. The lock is kept.
    #[napi(ts_return_type = "Promise<BindingFault | null>")]
    pub fn write(&self, user: String, record: Option<String>) -> AsyncTask<Job<Option<BindingFault>>> {
        let holder = Arc::clone(&self.0);
        let record = record.map(Zeroizing::new);
        job(move || holder.write(&user, record.as_deref().map(String::as_str)).err())
    }

    #[napi]
    pub fn release(&self) {
        self.0.held.release();
    }
}

impl Drop for BindingConfigLock {
    fn drop(&mut self) {
        self.0.held.abandon();
    }
}

pub struct ConfigFile {
    file: LockedFile,
    max_bytes: usize,
    accepted: Accepted,
    known: Mutex<Option<Known>>,
}

struct Known {
    version: Version,
    /// True if the version was old enough when it was read. Then no later change can have the same version.
    settled: bool,
    config: TfaConfig,
}

impl ConfigFile {
    /// The current contents. Reads the file again, unless it certainly has not changed.
    fn load(&self) -> Result<TfaConfig, BindingFault> {
        let version = self.file.version()?;
        let known = unpoisoned(&self.known);
        if let Some(known) = known
            .as_ref()
            .filter(|known| known.settled && Some(known.version) == version)
        {
            return Ok(known.config.clone());
        }
        drop(known);
        let now = SystemTime::now();
        let (bytes, version) = self.file.read()?.ok_or_else(|| self.file.missing())?;
        let bytes = Zeroizing::new(bytes);
        let config = TfaConfig::parse_as(&bytes, self.max_bytes, self.accepted)?;
        *unpoisoned(&self.known) = Some(Known {
            version,
            settled: version.is_settled(now),
            config: config.clone(),
        });
        Ok(config)
    }
}

pub struct Holder {
    file: Arc<ConfigFile>,
    held: Held,
    /// The contents when the lock was taken, or what was written since.
    read: Mutex<Option<TfaConfig>>,
}

impl Holder {
    fn attempt(&self, user: &str) -> Result<BindingAttempt, BindingFault> {
        let Some(lock) = self.file.file.try_lock()? else {
            return Ok(BindingAttempt::missed());
        };
        let config = self.file.load()?;
        let record = config.record(user).map(|text| text.to_owned().into());
        *unpoisoned(&self.read) = Some(config);
        self.held.keep(lock);
        Ok(BindingAttempt::held(record))
    }

    fn write(&self, user: &str, record: Option<&str>) -> Result<(), BindingFault> {
        let lock = self.held.take()?;
        let mut config = unpoisoned(&self.read).take().ok_or(Fault::NotHeld)?;
        let changed = config.set_record(user, record)?;
        // Additions go by ids: those that were given in reading have to be the file's, whoever changes it next.
        if changed || config.is_renamed() {
            // Additions that stand in the file stay there; none of ours are put in.
            let options = WriteOptions {
                additions: true,
                sections: Sections::AsRead,
                // One bad entry must not keep all others from signing in.
                refused: true,
            };
            let text = Zeroizing::new(config.write(options)?);
            self.file.file.replace(&lock, text.as_bytes())?;
        }
        *unpoisoned(&self.read) = Some(config);
        self.held.keep(lock);
        Ok(())
    }
}

impl From<Failure> for BindingFault {
    fn from(failure: Failure) -> Self {
        Self {
            code: failure.code().into(),
            detail: failure.detail().unwrap_or_default().into(),
        }
    }
}

/// Ignores poisoning: each value is set in one step, so a panic elsewhere leaves a complete one.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
