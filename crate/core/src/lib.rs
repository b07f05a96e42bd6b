//! Second factors: verification, records, locks and open challenges.
//!
//! Pure functions over JSON text and bytes. There is no clock, no I/O and no global state here: the time and every
//! random byte are parameters. No input panics, and no failure carries what was passed in.
#![forbid(unsafe_code)]

mod envelope;
mod failure;

pub use envelope::envelope;
pub use failure::Failure;
