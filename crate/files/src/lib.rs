//! What Node lacks for keeping records in files: locks, atomic replacement and permission checks.
//!
//! A [`Directory`] is checked once and then stays open. Everything in it is accessed from there, never again by its
//! path. Nothing here waits for a lock: [`Directory::try_lock`] returns at once. This works on Unix only. Elsewhere the
//! crate is empty.
#![cfg(unix)]
#![forbid(unsafe_code)]

mod directory;
mod fault;
mod lock;
mod locked_file;
mod replace;
mod rules;

pub use directory::Directory;
pub use fault::{Fault, Rule};
pub use lock::Lock;
pub use locked_file::{LockedFile, Version};

#[cfg(test)]
mod testing;
