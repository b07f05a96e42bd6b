//! A record as the store has it, for one call: opened before it, and sealed again after it. So is a challenge that the call
//! makes.

use serde::Serialize;

use crate::json::envelope::failure_envelope;
use crate::json::failure::Failure;
use crate::json::wiped::WipedText;
use crate::sealing::{Opened, Place, RANDOM, SealingKeys};
use crate::service::answer::{Answer, answer_envelope};
use crate::service::change::{Change, Decision};

/// What the store has of a user: the record as it is, or sealed.
pub struct Stored<'a> {
    text: Option<&'a str>,
    seal: Option<Seal<'a>>,
}

/// How a record is sealed.
pub struct Seal<'a> {
    pub keys: &'a SealingKeys,
    /// The name of the record in the store.
    pub name: &'a str,
    /// 64 bytes for this call alone: one half for the record, the other one for a challenge.
    pub random: &'a [u8],
}

/// A record that is not sealed.
impl<'a> From<Option<&'a str>> for Stored<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::new(text, None)
    }
}

impl<'a> Stored<'a> {
    pub fn new(text: Option<&'a str>, seal: Option<Seal<'a>>) -> Self {
        Self { text, seal }
    }

    // Apart from `open` and `seal`, these are copied for each call.

    /// Runs a call that may change the record.
    pub fn change(&self, call: impl FnOnce(Option<&str>) -> Change) -> Change {
        match self.open() {
            Ok(record) => self.seal(call(record.as_ref().map(Opened::text))),
            Err(failure) => Change::failed(&failure),
        }
    }

    /// Runs a call that only reads the record. Returns its envelope.
    pub fn read(&self, call: impl FnOnce(Option<&str>) -> String) -> String {
        match self.open() {
            Ok(record) => call(record.as_ref().map(Opened::text)),
            Err(failure) => failure_envelope(&failure),
        }
    }

    /// Runs a call that may change the record, and may make a challenge for the store.
    pub(crate) fn decide<T: Serialize>(&self, call: impl FnOnce(Option<&str>) -> Decision<T>) -> Change {
        self.change(|record| {
            let decided = call(record).and_then(|(record, answer)| Ok((record, self.sealing_challenge(answer)?)));
            Change::from_decision(decided)
        })
    }

    /// Runs a call that only reads the record, and may make a challenge for the store. Returns its envelope.
    pub(crate) fn ask<T: Serialize>(&self, call: impl FnOnce(Option<&str>) -> Result<Answer<T>, Failure>) -> String {
        self.read(|record| answer_envelope(call(record).and_then(|answer| self.sealing_challenge(answer))))
    }

    fn sealing_challenge<T>(&self, mut answer: Answer<T>) -> Result<Answer<T>, Failure> {
        if let (Some(seal), Some(challenge)) = (&self.seal, &mut answer.challenge) {
            let place = Place::Challenge {
                key: seal.name,
                id: &challenge.id,
            };
            challenge.data = seal.text(&place, &challenge.data, 1)?.into();
        }
        Ok(answer)
    }

    #[inline(never)]
    fn open(&self) -> Result<Option<Opened<'a>>, Failure> {
        let Some(text) = self.text else {
            return Ok(None);
        };
        let Some(seal) = &self.seal else {
            return Ok(Some(Opened::Plain(text)));
        };
        let place = Place::Record(seal.name);
        let opened = seal.keys.open(&place, text);
        opened.map(Some).map_err(|unopened| unopened.failure(&place))
    }

    #[inline(never)]
    fn seal(&self, change: Change) -> Change {
        let Some(seal) = &self.seal else {
            return change;
        };
        let Some(record) = change.record.map(WipedText::from) else {
            return Change { record: None, ..change };
        };
        match seal.text(&Place::Record(seal.name), &record, 0) {
            Ok(sealed) => Change {
                record: Some(sealed),
                ..change
            },
            Err(failure) => Change::failed(&failure),
        }
    }
}

impl Seal<'_> {
    /// Seals a text with one of the halves.
    #[inline(never)]
    fn text(&self, place: &Place, text: &str, half: usize) -> Result<String, Failure> {
        let random = self.random.chunks_exact(RANDOM).nth(half);
        let sealed = random.and_then(|random| self.keys.seal(place, text, random));
        sealed.ok_or(Failure::InvalidArgument("random"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::challenges::challenge::{OpenChallenge, Purpose};
    use crate::sealing::Plain;
    use crate::service::change::Action;

    const RECORD: &str = r#"{"yubico":[]}"#;
    /// The halves differ.
    const RANDOM: [u8; 64] = {
        let mut bytes = [7; 64];
        bytes[32] = 8;
        bytes
    };

    fn keys(id: &str, plain: Plain) -> SealingKeys {
        SealingKeys::new(vec![id.into()], &[1; 32], plain).unwrap()
    }

    fn sealed(keys: &SealingKeys) -> String {
        keys.seal(&Place::Record("ann"), RECORD, &[1; 32]).unwrap()
    }

    fn in_store<'a>(text: Option<&'a str>, keys: &'a SealingKeys, name: &'a str) -> Stored<'a> {
        let random = &RANDOM;
        Stored::new(text, Some(Seal { keys, name, random }))
    }

    /// A call that answers what it was given, and would store `after`.
    fn call(after: Option<&str>) -> impl FnOnce(Option<&str>) -> Change {
        let after = after.map(ToOwned::to_owned);
        move |before| Change {
            action: if after.is_some() { Action::Write } else { Action::Leave },
            record: after,
            handle: Some("handle".into()),
            claims: Some(vec!["claim".into()]),
            value: before.unwrap_or("none").to_owned(),
        }
    }

    #[test]
    fn a_call_gets_the_record_and_the_store_a_sealed_one() {
        let keys = keys("a", Plain::Refuse);
        let before = sealed(&keys);
        let change = in_store(Some(&before), &keys, "ann").change(call(Some("after")));
        assert_eq!((change.action, change.value.as_str()), (Action::Write, RECORD));
        assert_eq!(change.handle.as_deref(), Some("handle"));
        assert_eq!(change.claims.unwrap(), ["claim"]);
        let expected = keys.seal(&Place::Record("ann"), "after", &RANDOM[..32]).unwrap();
        assert_eq!(change.record.unwrap(), expected);
        assert_eq!(in_store(Some(&before), &keys, "ann").change(call(None)).record, None);
        let first = in_store(None, &keys, "ann").change(call(Some("after")));
        assert_eq!((first.value.as_str(), first.record.unwrap()), ("none", expected));
        let read = in_store(Some(&before), &keys, "ann").read(|record| record.unwrap().to_owned());
        assert_eq!(read, RECORD);
    }

    #[test]
    fn a_challenge_is_sealed_with_the_other_half() {
        let keys = keys("a", Plain::Refuse);
        let made = || {
            Answer::new(()).with_challenge(OpenChallenge {
                id: "c1".into(),
                purpose: Purpose::Register,
                data: String::from("data").into(),
                expires: 1,
            })
        };
        let place = Place::Challenge { key: "ann", id: "c1" };
        let sealed = keys.seal(&place, "data", &RANDOM[32..]).unwrap();
        assert_ne!(sealed, keys.seal(&place, "data", &RANDOM[..32]).unwrap());
        let data = |envelope: &str| {
            let envelope: serde_json::Value = serde_json::from_str(envelope).unwrap();
            envelope["challenge"]["data"].as_str().map(ToOwned::to_owned)
        };
        let store = in_store(None, &keys, "ann");
        assert_eq!(data(&store.ask(|_| Ok(made()))), Some(sealed.clone()));
        assert_eq!(data(&store.decide(|_| Ok((None, made()))).value), Some(sealed));
        assert_eq!(data(&Stored::from(None).ask(|_| Ok(made()))), Some("data".into()));
        // Each text needs all of its own bytes.
        let random = &RANDOM[..63];
        let seal = Seal {
            keys: &keys,
            name: "ann",
            random,
        };
        let refused = Stored::new(None, Some(seal)).ask(|_| Ok(made()));
        assert!(refused.contains("failure") && !refused.contains("data"), "{refused}");
    }

    #[test]
    fn without_keys_both_are_as_they_are() {
        let change = Stored::new(Some(RECORD), None).change(call(Some("after")));
        assert_eq!(
            (change.value.as_str(), change.record.as_deref()),
            (RECORD, Some("after"))
        );
        assert_eq!(Stored::new(None, None).read(|record| format!("{record:?}")), "None");
    }

    #[test]
    fn what_does_not_open_reaches_no_call_and_changes_nothing() {
        let (own, other) = (keys("a", Plain::Refuse), keys("b", Plain::Refuse));
        let text = sealed(&own);
        for (text, keys, name, unknown) in [
            (text.as_str(), &other, "ann", true),
            (&text, &own, "eve", false),
            (RECORD, &own, "ann", false),
            ("", &own, "ann", false),
        ] {
            let refused = in_store(Some(text), keys, name).change(|_| panic!("called"));
            assert_eq!((refused.action, refused.record), (Action::Leave, None));
            assert!(refused.value.starts_with(r#"{"failure":{"code":"record-sealed""#));
            assert_eq!(
                refused.value.contains(r#""unknownKey":true"#),
                unknown,
                "{}",
                refused.value
            );
            assert_eq!(
                in_store(Some(text), keys, name).read(|_| panic!("called")),
                refused.value
            );
        }
        let accepting = self::keys("a", Plain::Accept);
        let change = in_store(Some(RECORD), &accepting, "ann").change(call(Some("after")));
        assert_eq!(change.value, RECORD);
        assert!(change.record.unwrap().starts_with("cs1.a."));
    }

    #[test]
    fn without_randomness_nothing_is_stored() {
        let keys = keys("a", Plain::Refuse);
        let random = &RANDOM[..31];
        let name = "ann";
        let change = Stored::new(
            None,
            Some(Seal {
                keys: &keys,
                name,
                random,
            }),
        )
        .change(call(Some("after")));
        assert_eq!((change.action, change.record), (Action::Leave, None));
        assert!(change.value.contains("failure") && !change.value.contains("after"));
    }
}
