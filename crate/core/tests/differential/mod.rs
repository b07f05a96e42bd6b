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
mod oracle_state;
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

/// A response in its parts, as it was accepted here.
trait Ceremony: Sized + 'static {
    /// All that the oracle is known to lack.
    const EXCEPTIONS: &'static [exceptions::Exception<Self>];

    /// Whether anything in it is signed.
    fn is_signed(&self) -> bool;

    /// Signs it and puts it to the oracle.
    fn ask(self) -> Result<(), oracle::Refusal>;
}

impl Verdict {
    /// What both sides say; where only we accept, `explain` finds out whether that is excepted.
    fn of(accepted: bool, theirs: Result<(), oracle::Refusal>, explain: impl FnOnce(oracle::Refusal) -> Self) -> Self {
        match (accepted, theirs) {
            (true, Ok(())) => Self::BothAccept,
            (false, Ok(())) => Self::Stricter,
            (false, Err(_)) => Self::BothRefuse,
            (true, Err(refusal)) => explain(refusal),
        }
    }

    /// Of what is accepted here alone: excepted if the oracle accepts it once all that it lacks is put right.
    /// `given`: the response as it was read again; `signed`: what our key has signed.
    fn explain<C: Ceremony>(
        refusal: &oracle::Refusal,
        given: Option<(C, Signed)>,
        signed: &Signed,
        describe: impl Fn() -> String,
    ) -> Self {
        let find = |why: &str| Self::Find(format!("{why}: {refusal}: {}", describe()));
        let Some((mut ceremony, given)) = given else {
            return find("a response that can't be read");
        };
        let lacks = exceptions::mend(C::EXCEPTIONS, &mut ceremony);
        if lacks.is_empty() {
            return find("accepted here alone");
        }
        // What is signed anew must have been signed before.
        if ceremony.is_signed() && given != *signed {
            return find("a signature that was not made");
        }
        match ceremony.ask() {
            Ok(()) => Self::Excepted(lacks),
            Err(other) => find(&format!("not explained by {lacks:?}, but for {other}")),
        }
    }
}
