//! The JSON text in which every result is passed to the facade.

use serde::Serialize;

use crate::json::failure::Failure;
use crate::json::wiped::to_json;

/// `{"value": …}`, or `{"failure": {"code", "detail"?}}`.
pub fn envelope<T: Serialize>(result: Result<T, Failure>) -> String {
    envelope_of(result.map(|value| Value { value }))
}

/// The same, for a type that has a member `value` itself.
pub fn envelope_of<T: Serialize>(result: Result<T, Failure>) -> String {
    match result {
        Ok(members) => to_json(&members).unwrap_or_else(|_| UNSERIALISABLE.into()),
        Err(failure) => failure_envelope(&failure),
    }
}

/// `{"failure": {"code", "detail"?, "unknownKey"?}}`. Apart from the generic code, of which there is a copy for each type.
#[inline(never)]
pub fn failure_envelope(failure: &Failure) -> String {
    let failure = FailureWire {
        failure: Wire {
            code: failure.code(),
            detail: failure.detail(),
            unknown_key: matches!(failure, Failure::RecordSealed { unknown_key: true, .. }),
        },
    };
    serde_json::to_string(&failure).unwrap_or_else(|_| UNSERIALISABLE.into())
}

/// Never used, because nothing here has a map with keys that are not strings.
const UNSERIALISABLE: &str = r#"{"failure":{"code":"internal"}}"#;

#[derive(Serialize)]
struct Value<T> {
    value: T,
}

#[derive(Serialize)]
struct FailureWire<'a> {
    failure: Wire<'a>,
}

#[derive(Serialize)]
struct Wire<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    /// Whether the host is asked for its keys once more.
    #[serde(rename = "unknownKey", skip_serializing_if = "std::ops::Not::not")]
    unknown_key: bool,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_and_failures() {
        assert_eq!(envelope(Ok(json!({ "ok": true }))), r#"{"value":{"ok":true}}"#);
        assert_eq!(
            envelope::<()>(Err(Failure::InvalidArgument("rp"))),
            r#"{"failure":{"code":"invalid-argument","detail":"rp"}}"#
        );
        assert_eq!(
            envelope::<()>(Err(Failure::FactorLimit)),
            r#"{"failure":{"code":"factor-limit"}}"#
        );
        let sealed = |unknown_key| {
            let why = "why".to_owned();
            envelope::<()>(Err(Failure::RecordSealed { why, unknown_key }))
        };
        assert_eq!(sealed(false), r#"{"failure":{"code":"record-sealed","detail":"why"}}"#);
        assert_eq!(
            sealed(true),
            r#"{"failure":{"code":"record-sealed","detail":"why","unknownKey":true}}"#
        );
    }
}
