//! The extension outputs that an authenticator signs (9.5), and what a relying party expects of them.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::cbor::{self, Value};
use super::reason::Reason;

/// The levels of `credProtect` (CTAP 2.2, 12.1).
const PROTECTION_LEVELS: std::ops::RangeInclusive<i64> = 1..=3;
/// The lengths that a PIN may have, in code points (CTAP 2.2, 6.5.1).
const PIN_LENGTHS: std::ops::RangeInclusive<i64> = 4..=63;

/// What a ceremony asked for, and what its signed outputs have to meet. It is one text of words, because it is kept with
/// the challenge:
///
/// - the least level of `credProtect`, or 0 if any will do
/// - `enforced` if that output must not be missing, else `reported`
/// - `ignore` or `refuse`: what to do with outputs that nobody asked for
/// - then the extensions that were asked for, as authenticator data spells them
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExtensionRules(String);

const EMPTY_MAP: [u8; 1] = [0xa0];

/// The known outputs that were asked for, as JSON.
pub type Outputs = Map<String, Json>;

/// Checks the outputs in verified authenticator data. Returns those that were asked for, or `None` if there are none.
/// Without rules, all are ignored.
pub(super) fn judge(rules: Option<&ExtensionRules>, outputs: Option<&[u8]>) -> Result<Option<Outputs>, Reason> {
    rules.map_or(Ok(None), |rules| rules.judge(outputs))
}

impl ExtensionRules {
    // Few ceremonies come here: the others stay small.
    #[inline(never)]
    fn judge(&self, outputs: Option<&[u8]>) -> Result<Option<Outputs>, Reason> {
        let mut words = self.0.split(' ');
        let least = words.next().and_then(|level| level.parse().ok()).unwrap_or(0);
        let enforced = words.next() == Some("enforced");
        let ignore = words.next() == Some("ignore");
        let asked: Vec<_> = words.collect();
        let map = cbor::parse(outputs.unwrap_or(&EMPTY_MAP))?;
        let mut known = Outputs::new();
        for (name, output) in map.map().unwrap_or_default() {
            let name = name.text().unwrap_or_default();
            if !asked.contains(&name) {
                if ignore {
                    continue;
                }
                return Err(Reason::ExtensionInvalid);
            }
            if let Some(output) = read(name, output)? {
                known.insert(name.to_owned(), output);
            }
        }
        let level = known.get("credProtect").and_then(Json::as_i64);
        if level.map_or(enforced, |level| level < least) {
            return Err(Reason::ExtensionInvalid);
        }
        Ok((!known.is_empty()).then_some(known))
    }
}

/// One output as JSON. `None` for an encrypted one, which only the browser can read, and for an unknown extension.
fn read(name: &str, output: &Value<'_>) -> Result<Option<Json>, Reason> {
    let json = match (name, output) {
        ("credProtect", Value::Integer(level)) if PROTECTION_LEVELS.contains(level) => Json::from(*level),
        ("minPinLength", Value::Integer(length)) if PIN_LENGTHS.contains(length) => Json::from(*length),
        // Whether it was stored at a registration, the blob itself at an authentication.
        ("credBlob" | "hmac-secret", Value::Bool(done)) => Json::from(*done),
        ("credBlob", Value::Bytes(blob)) => Json::from(BASE64URL_NOPAD.encode(blob)),
        ("hmac-secret", Value::Bytes(_)) => return Ok(None),
        ("credProtect" | "minPinLength" | "credBlob" | "hmac-secret", _) => return Err(Reason::ExtensionInvalid),
        _ => return Ok(None),
    };
    Ok(Some(json))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn rules(words: &str) -> ExtensionRules {
        ExtensionRules(words.to_owned())
    }

    fn judge(rules: &ExtensionRules, bytes: &[u8]) -> Result<Option<Json>, Reason> {
        rules.judge(Some(bytes)).map(|known| known.map(Json::Object))
    }

    /// A map of one output.
    fn output(name: &str, value: &[u8]) -> Vec<u8> {
        let length = 0x60 + u8::try_from(name.len()).unwrap();
        [&[0xa1, length], name.as_bytes(), value].concat()
    }

    #[test]
    fn outputs_have_the_type_that_their_extension_says() {
        let (yes, three, six, blob) = (&[0xf5][..], &[3][..], &[6][..], &[0x42, 0xff, 0x00][..]);
        for (name, value, expected) in [
            ("credProtect", three, Some(json!({ "credProtect": 3 }))),
            ("minPinLength", six, Some(json!({ "minPinLength": 6 }))),
            ("credBlob", yes, Some(json!({ "credBlob": true }))),
            ("credBlob", &[0xf4], Some(json!({ "credBlob": false }))),
            ("credBlob", blob, Some(json!({ "credBlob": "_wA" }))),
            ("hmac-secret", yes, Some(json!({ "hmac-secret": true }))),
            ("hmac-secret", blob, None),
            ("thirdPartyPayment", yes, None),
        ] {
            assert_eq!(
                judge(&rules(&format!("0 reported ignore {name}")), &output(name, value)),
                Ok(expected),
                "{name}"
            );
        }
        for (name, value) in [
            ("credProtect", yes),
            ("credProtect", &[0]),
            ("credProtect", &[4]),
            ("credProtect", &[0x20]),
            ("minPinLength", three),
            ("minPinLength", &[0x18, 64]),
            ("minPinLength", yes),
            ("credBlob", six),
            ("hmac-secret", six),
        ] {
            let refused = judge(&rules(&format!("0 reported ignore {name}")), &output(name, value));
            assert_eq!(refused, Err(Reason::ExtensionInvalid), "{name} {value:?}");
        }
    }

    #[test]
    fn what_nobody_asked_for_is_ignored_or_refused() {
        let asked = output("credBlob", &[0xf5]);
        let (rules, strict) = (
            rules("0 reported ignore minPinLength"),
            rules("0 reported refuse minPinLength"),
        );
        assert_eq!(judge(&rules, &asked), Ok(None));
        // Not even its type matters.
        assert_eq!(judge(&rules, &output("credProtect", &[0xf5])), Ok(None));
        assert_eq!(judge(&rules, &[0xa1, 0x01, 0x01]), Ok(None));
        assert_eq!(judge(&strict, &asked), Err(Reason::ExtensionInvalid));
        assert_eq!(judge(&strict, &[0xa1, 0x01, 0x01]), Err(Reason::ExtensionInvalid));
        assert_eq!(judge(&strict, &[0xa0]), Ok(None));
        assert_eq!(strict.judge(None), Ok(None));
    }

    #[test]
    fn an_enforced_protection_is_a_least_level() {
        let (rules, asked) = (
            rules("2 enforced ignore credProtect"),
            rules("2 reported ignore credProtect"),
        );
        let level = |level| judge(&rules, &output("credProtect", &[level]));
        assert_eq!(level(1), Err(Reason::ExtensionInvalid));
        assert_eq!(level(2), Ok(Some(json!({ "credProtect": 2 }))));
        assert_eq!(level(3), Ok(Some(json!({ "credProtect": 3 }))));
        assert_eq!(rules.judge(None), Err(Reason::ExtensionInvalid));
        // An authenticator that lacks the extension says nothing. One that has it does as it was told.
        assert_eq!(asked.judge(None), Ok(None));
        assert_eq!(
            judge(&asked, &output("credProtect", &[1])),
            Err(Reason::ExtensionInvalid)
        );
    }
}
