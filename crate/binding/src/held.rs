//! A file lock whose holder lives in JavaScript: it is gone with its environment, and never while its work goes on.

use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_files::{Fault, Lock};

/// Holds one lock.
pub struct Held(Mutex<State>);

enum State {
    Free,
    Lock(Lock),
    /// The JavaScript side is gone. An attempt in progress must not leave a lock that nobody releases.
    Abandoned,
}

impl Held {
    pub fn new() -> Self {
        Self(Mutex::new(State::Free))
    }

    /// Keeps a lock that was just taken.
    pub fn keep(&self, lock: Lock) {
        let mut state = self.state();
        if !matches!(*state, State::Abandoned) {
            *state = State::Lock(lock);
        }
    }

    /// Hands the lock to the work that needs it: owned there until the work is done, whatever becomes of the
    /// environment meanwhile.
    pub fn take(&self) -> Result<Lock, Fault> {
        self.replace(State::Free).ok_or(Fault::NotHeld)
    }

    pub fn release(&self) {
        drop(self.replace(State::Free));
    }

    pub fn abandon(&self) {
        drop(self.replace(State::Abandoned));
    }

    fn replace(&self, next: State) -> Option<Lock> {
        let mut state = self.state();
        let next = if matches!(*state, State::Abandoned) {
            State::Abandoned
        } else {
            next
        };
        match std::mem::replace(&mut *state, next) {
            State::Lock(lock) => Some(lock),
            State::Free | State::Abandoned => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
