//! The directory store's file work, off the JavaScript thread. Nothing here waits for a lock.
// N-API hands over owned values.
#![allow(clippy::needless_pass_by_value)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_files::{Directory, Fault};
use napi::bindgen_prelude::{AsyncTask, Either, ToNapiValue, TypeName};
use napi::{Env, Error, Result, Task};
use napi_derive::napi;
use zeroize::Zeroizing;

use crate::held::Held;
use crate::text::Text;

/// Why file work failed: a code of the facade's errors, and a detail. The detail names places, never contents.
#[napi(object)]
pub struct BindingFault {
    pub code: String,
    pub detail: String,
}

#[napi(object, object_from_js = false, use_nullable = true)]
pub struct BindingText {
    #[napi(ts_type = "string")]
    pub text: Option<Text>,
    pub fault: Option<BindingFault>,
}

#[napi(object, use_nullable = true)]
pub struct BindingNames {
    pub names: Vec<String>,
    pub fault: Option<BindingFault>,
}

#[napi(object, object_from_js = false, use_nullable = true)]
pub struct BindingAttempt {
    /// False if someone else holds the lock.
    pub held: bool,
    /// The contents of the file, read under the lock.
    #[napi(ts_type = "string")]
    pub text: Option<Text>,
    pub fault: Option<BindingFault>,
}

// Nullable, so that a property is always there: an absent one would be looked up in the prototype.
/// One file to write, or to remove if `text` is null.
#[napi(object, use_nullable = true)]
pub struct BindingStep {
    pub folder: String,
    pub name: String,
    pub text: Option<String>,
}

/// Folder, name and text of a step. The text may be a record with secrets.
type WipedStep = (String, String, Option<Zeroizing<String>>);

/// A checked directory that stays open.
#[napi]
pub struct BindingDirectory(Arc<Directory>);

#[napi]
pub fn open_directory(path: String, folders: Vec<String>, group: bool) -> Either<BindingDirectory, BindingFault> {
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    match Directory::open(Path::new(&path), &folders, group) {
        Ok(directory) => Either::A(BindingDirectory(Arc::new(directory))),
        Err(fault) => Either::B(fault.into()),
    }
}

#[napi]
impl BindingDirectory {
    #[napi(ts_return_type = "Promise<BindingText>")]
    pub fn read(&self, folder: String, name: String) -> AsyncTask<Job<BindingText>> {
        let directory = Arc::clone(&self.0);
        job(move || match directory.read(&folder, &name) {
            Ok(text) => BindingText {
                text: text.map(Into::into),
                fault: None,
            },
            Err(fault) => BindingText {
                text: None,
                fault: Some(fault.into()),
            },
        })
    }

    #[napi(ts_return_type = "Promise<BindingNames>")]
    pub fn names(&self, folder: String, shard: String) -> AsyncTask<Job<BindingNames>> {
        let directory = Arc::clone(&self.0);
        job(move || match directory.names(&folder, &shard) {
            Ok(names) => BindingNames { names, fault: None },
            Err(fault) => BindingNames {
                names: Vec::new(),
                fault: Some(fault.into()),
            },
        })
    }

    /// Removes temporary files older than `age` seconds in one shard of every folder.
    #[napi(ts_return_type = "Promise<BindingFault | null>")]
    pub fn sweep(&self, shard: String, age: u32) -> AsyncTask<Job<Option<BindingFault>>> {
        let directory = Arc::clone(&self.0);
        job(move || {
            directory
                .sweep(&shard, Duration::from_secs(age.into()))
                .err()
                .map(Into::into)
        })
    }

    /// A lock with this name. It is not taken yet.
    #[napi]
    pub fn lock(&self, name: String) -> BindingLock {
        let holder = Arc::new(Holder {
            directory: Arc::clone(&self.0),
            name,
            held: Held::new(),
        });
        BindingLock(holder)
    }
}

/// Released by `finish`, `release` or the garbage collector, or when its environment ends.
#[napi]
pub struct BindingLock(Arc<Holder>);

#[napi]
impl BindingLock {
    /// Tries once to take the lock. If that succeeds, reads a file. After a fault, the lock is not held.
    #[napi(ts_return_type = "Promise<BindingAttempt>")]
    pub fn attempt(&self, folder: String, name: String) -> AsyncTask<Job<BindingAttempt>> {
        let holder = Arc::clone(&self.0);
        job(move || holder.attempt(&folder, &name).unwrap_or_else(BindingAttempt::failed))
    }

    /// Does the steps in order until one fails, then releases the lock.
    #[napi(ts_return_type = "Promise<BindingFault | null>")]
    pub fn finish(&self, steps: Vec<BindingStep>) -> AsyncTask<Job<Option<BindingFault>>> {
        let holder = Arc::clone(&self.0);
        let wiped = |step: BindingStep| (step.folder, step.name, step.text.map(Zeroizing::new));
        let steps: Vec<WipedStep> = steps.into_iter().map(wiped).collect();
        job(move || holder.finish(&steps).err().map(Into::into))
    }

    #[napi]
    pub fn release(&self) {
        self.0.held.release();
    }
}

impl Drop for BindingLock {
    fn drop(&mut self) {
        self.0.held.abandon();
    }
}

pub struct Holder {
    directory: Arc<Directory>,
    name: String,
    held: Held,
}

impl Holder {
    fn attempt(&self, folder: &str, name: &str) -> std::result::Result<BindingAttempt, Fault> {
        let Some(lock) = self.directory.try_lock(&self.name)? else {
            return Ok(BindingAttempt::missed());
        };
        let text = self.directory.read(folder, name)?;
        self.held.keep(lock);
        Ok(BindingAttempt::held(text.map(Into::into)))
    }

    fn finish(&self, steps: &[WipedStep]) -> std::result::Result<(), Fault> {
        let lock = self.held.take()?;
        for (folder, name, text) in steps {
            match text {
                Some(text) => self.directory.replace(&lock, folder, name, text)?,
                None => self.directory.remove(&lock, folder, name)?,
            }
        }
        Ok(())
    }
}

impl BindingAttempt {
    pub(crate) fn held(text: Option<Text>) -> Self {
        Self {
            held: true,
            text,
            fault: None,
        }
    }

    /// Someone else holds the lock.
    pub(crate) fn missed() -> Self {
        Self {
            held: false,
            text: None,
            fault: None,
        }
    }

    pub(crate) fn failed(fault: impl Into<BindingFault>) -> Self {
        Self {
            fault: Some(fault.into()),
            ..Self::missed()
        }
    }
}

impl From<Fault> for BindingFault {
    fn from(fault: Fault) -> Self {
        Self {
            code: fault.code().into(),
            detail: fault.to_string(),
        }
    }
}

type Work<T> = Box<dyn FnOnce() -> T + Send>;

/// One piece of work for the thread pool.
pub struct Job<T>(Option<Work<T>>);

pub(crate) fn job<T>(work: impl FnOnce() -> T + Send + 'static) -> AsyncTask<Job<T>>
where
    T: ToNapiValue + TypeName + Send + 'static,
{
    AsyncTask::new(Job(Some(Box::new(work))))
}

impl<T: ToNapiValue + TypeName + Send + 'static> Task for Job<T> {
    type Output = T;
    type JsValue = T;

    fn compute(&mut self) -> Result<T> {
        // A panic on a pool thread would abort the process.
        let result = self.0.take().map(|work| catch_unwind(AssertUnwindSafe(work)));
        match result {
            Some(Ok(output)) => Ok(output),
            _ => Err(Error::from_reason("the file work did not end")),
        }
    }

    fn resolve(&mut self, _env: Env, output: T) -> Result<T> {
        Ok(output)
    }
}
