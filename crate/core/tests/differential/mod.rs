//! The same ceremony to this library and to webauthn-rs-core: whatever that one refuses, this one has to refuse.
//!
//! A ceremony is an honest one of a software key, bent here and there, and mostly signed after that. Where the oracle
//! refuses what is accepted here, the response is read again, all that the oracle is known to lack (`exceptions`) is
//! put right in it and it is signed anew: the oracle has to accept that. So an exception can hide what it names, and
//! nothing that stands beside it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, dead_code)]

pub mod authentication;
mod authenticator_data;
mod cbor;
mod client_data;
pub mod exceptions;
mod key;
mod oracle;
mod party;
mod policy;
pub mod registration;
mod statement;

use std::collections::BTreeSet;

/// What the two sides say of one ceremony.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    BothAccept,
    BothRefuse,
    /// Accepted by the oracle alone.
    Stricter,
    /// Accepted here alone, for what the oracle lacks.
    Excepted(BTreeSet<&'static str>),
    /// Accepted here alone: a mistake, of one side or of the exceptions.
    Find(String),
}

/// Bytes that one of our keys has signed, and how.
#[derive(Clone, PartialEq, Eq)]
struct Signed {
    message: Vec<u8>,
    signature: Vec<u8>,
}
