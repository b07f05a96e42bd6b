//! What Node lacks for keeping records in files: locks, atomic replacement and permission checks.
//!
//! A [`Directory`] is checked once, then held open; everything in it is reached from there, never again by its path.
//! Nothing here waits for a lock: [`Directory::try_lock`] answers at once. Unix only; elsewhere the crate is empty.
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
