//! Ceremonies to this library and to webauthn-rs-core: none is accepted here that the other refuses, but for what that
//! one lacks. `fuzz` does the same with inputs of its own.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod differential;
mod mutants_support;
mod webauthn_support;

use std::collections::BTreeSet;

use differential::{Verdict, authentication, exceptions, registration};
use mutants_support::Random;

const CEREMONIES: usize = 30_000;

#[test]
fn authentication() {
    let mut random = Random::new(1);
    let mut found = Found::default();
    for _ in 0..CEREMONIES {
        let question = authentication::Question::any(&mut random);
        let verdict = question.verdict();
        if let Verdict::Excepted(names) = &verdict {
            hides_nothing(
                names,
                [question.unsigned().judge(true), question.misdirected().judge(true)],
            );
        }
        found.count(verdict);
    }
    found.check(exceptions::AUTHENTICATION.iter().map(|exception| exception.name));
}

#[test]
fn registration() {
    let mut random = Random::new(2);
    let mut found = Found::default();
    for _ in 0..CEREMONIES {
        let question = registration::Question::any(&mut random);
        let verdict = question.verdict();
        if let Verdict::Excepted(names) = &verdict {
            hides_nothing(names, [question.misdirected().judge(true)]);
            let signed = !names.contains(exceptions::UNVERIFIED);
            let unsigned = question.unsigned().filter(|_| signed);
            hides_nothing(names, unsigned.map(|question| question.judge(true)));
        }
        found.count(verdict);
    }
    found.check(exceptions::REGISTRATION.iter().map(|exception| exception.name));
}

/// `wrong`: verdicts of the same ceremony made plainly wrong, were it accepted here even so.
fn hides_nothing(names: &BTreeSet<&str>, wrong: impl IntoIterator<Item = Verdict>) {
    for verdict in wrong {
        assert!(matches!(verdict, Verdict::Find(_)), "{names:?} would hide more");
    }
}

#[derive(Default)]
struct Found {
    accepted: usize,
    refused: usize,
    stricter: usize,
    excepted: BTreeSet<&'static str>,
}

impl Found {
    fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::BothAccept => self.accepted += 1,
            Verdict::BothRefuse => self.refused += 1,
            Verdict::Stricter => self.stricter += 1,
            Verdict::Excepted(names) => self.excepted.extend(names),
            Verdict::Find(find) => panic!("{find}"),
        }
    }

    /// Every exception was needed, and the ceremonies were right often enough to tell.
    fn check(&self, listed: impl Iterator<Item = &'static str>) {
        assert_eq!(self.excepted, listed.collect());
        let counts = [self.accepted, self.refused, self.stricter];
        let least = [CEREMONIES / 10, CEREMONIES / 10, CEREMONIES / 100];
        assert!(
            counts.iter().zip(least).all(|(count, least)| *count > least),
            "{counts:?}"
        );
        println!("{counts:?}");
    }
}
