//! The JSON text in which every answer crosses to the facade.

use serde::Serialize;
use serde_json::{Value, json};

use crate::failure::Failure;

/// `{"value": …}`, or `{"failure": {"code", "detail"?}}`.
pub fn envelope<T: Serialize>(result: Result<T, Failure>) -> String {
    match result {
        Ok(value) => match serde_json::to_value(value) {
            Ok(value) => json!({ "value": value }).to_string(),
            Err(_) => failure_text("internal", None),
        },
        Err(failure) => failure_text(failure.code(), failure.detail()),
    }
}

fn failure_text(code: &str, detail: Option<&str>) -> String {
    let mut failure = json!({ "code": code });
    if let (Some(detail), Some(fields)) = (detail, failure.as_object_mut()) {
        fields.insert("detail".into(), Value::from(detail));
    }
    json!({ "failure": failure }).to_string()
}

#[cfg(test)]
mod tests {
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
    }
}
