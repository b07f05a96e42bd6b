//! Moves one record to the key that seals now.

use serde::Serialize;

use crate::json::envelope::envelope;
use crate::json::failure::Failure;
use crate::record::Record;
use crate::sealing::{Place, SealingKeys, key_id};
use crate::service::change::{Action, Change};

/// Seals the record that the store keeps under `name` again, unless it is under the first key already. `value` is
/// `"resealed"`, `"current"` or `"gone"`.
///
/// Nothing else of it changes: the text is the same, and the store keeps the same handle and claims with it. `random`:
/// 32 bytes for this run alone.
pub fn reseal(keys: &SealingKeys, name: &str, record: Option<&str>, random: &[u8]) -> Change {
    decide(keys, name, record, random).unwrap_or_else(|failure| leave::<()>(Err(failure)))
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Done {
    Resealed,
    Current,
    Gone,
}

fn decide(keys: &SealingKeys, name: &str, record: Option<&str>, random: &[u8]) -> Result<Change, Failure> {
    let Some(record) = record else {
        return Ok(leave(Ok(Done::Gone)));
    };
    if key_id(record).is_some_and(|id| keys.seals_under(id)) {
        return Ok(leave(Ok(Done::Current)));
    }
    let place = Place::Record(name);
    let opened = keys.open(&place, record).map_err(|unopened| unopened.failure(&place))?;
    let read = Record::parse(Some(opened.text()))?;
    // Which handle leads to it can't be told, and the store would drop it.
    if let Some(problem) = read.whole_problem() {
        return Err(Failure::RecordCorrupt(problem.to_owned()));
    }
    let sealed = keys.seal(&place, opened.text(), random);
    Ok(Change {
        action: Action::Write,
        record: Some(sealed.ok_or(Failure::InvalidArgument("random"))?),
        handle: read.user_handle,
        claims: None,
        value: envelope(Ok(Done::Resealed)),
    })
}

fn leave<T: Serialize>(value: Result<T, Failure>) -> Change {
    Change {
        action: Action::Leave,
        record: None,
        handle: None,
        claims: None,
        value: envelope(value),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::sealing::Plain;

    const RECORD: &str =
        r#"{"yubico":[{"id":"1","description":"","created":0,"entry":"cccccccccccc"}],"user-handle":"AAAA"}"#;

    fn keys(ids: &[&str], plain: Plain) -> SealingKeys {
        let bytes: Vec<u8> = ids.iter().flat_map(|id| [id.as_bytes()[0]; 32]).collect();
        SealingKeys::new(ids.iter().map(ToString::to_string).collect(), &bytes, plain).unwrap()
    }

    #[test]
    fn a_record_moves_to_the_first_key_with_its_handle() {
        let (old, both) = (keys(&["a"], Plain::Refuse), keys(&["b", "a"], Plain::Refuse));
        let sealed = old.seal(&Place::Record("ann"), RECORD, &[1; 32]).unwrap();
        let moved = reseal(&both, "ann", Some(&sealed), &[2; 32]);
        assert_eq!(
            (moved.action, moved.handle.as_deref(), &moved.claims),
            (Action::Write, Some("AAAA"), &None)
        );
        assert_eq!(moved.value, r#"{"value":"resealed"}"#);
        let text = moved.record.unwrap();
        assert_eq!(key_id(&text), Some("b"));
        assert_eq!(both.open(&Place::Record("ann"), &text).unwrap().text(), RECORD);
        let again = reseal(&both, "ann", Some(&text), &[3; 32]);
        assert_eq!(
            (again.action, again.value.as_str()),
            (Action::Leave, r#"{"value":"current"}"#)
        );
        assert_eq!(reseal(&both, "ann", None, &[3; 32]).value, r#"{"value":"gone"}"#);
    }

    #[test]
    fn what_does_not_open_or_is_no_record_stays() {
        let (old, new) = (keys(&["a"], Plain::Refuse), keys(&["b"], Plain::Refuse));
        let sealed = old.seal(&Place::Record("ann"), RECORD, &[1; 32]).unwrap();
        for (name, text, code) in [
            ("ann", sealed.as_str(), "record-sealed"),
            ("ann", RECORD, "record-sealed"),
            ("ann", "{", "record-sealed"),
        ] {
            let stays = reseal(&new, name, Some(text), &[2; 32]);
            assert_eq!(stays.action, Action::Leave);
            assert!(stays.value.contains(code), "{}", stays.value);
        }
        let accepting = keys(&["b"], Plain::Accept);
        assert_eq!(reseal(&accepting, "ann", Some(RECORD), &[2; 32]).action, Action::Write);
        for text in ["", "{", "[]", r#"{"user-handle":5}"#] {
            let stays = reseal(&accepting, "ann", Some(text), &[2; 32]);
            assert_eq!(stays.action, Action::Leave);
            assert!(stays.value.contains("record-corrupt"), "{}", stays.value);
        }
    }
}
