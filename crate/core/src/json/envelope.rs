//! The JSON text in which every answer crosses to the facade.

use serde::Serialize;

use crate::challenges::challenge::OpenChallenge;
use crate::json::failure::Failure;
use crate::json::wiped::to_json;
use crate::service::event::Event;

/// An answer with what the facade does beside passing it on. Not for debug prints: it may be recovery codes.
#[derive(Serialize)]
pub struct Answer<T> {
    pub value: T,
    /// To tell the host once the store has committed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// To put into the challenge store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<OpenChallenge>,
}

impl<T> Answer<T> {
    pub fn new(value: T) -> Self {
        Self {
            value,
            events: Vec::new(),
            challenge: None,
        }
    }

    #[must_use]
    pub fn with_event(mut self, event: Event) -> Self {
        self.events.push(event);
        self
    }

    #[must_use]
    pub fn with_challenge(mut self, challenge: OpenChallenge) -> Self {
        self.challenge = Some(challenge);
        self
    }
}

/// `{"value": …}`, or `{"failure": {"code", "detail"?}}`.
pub fn envelope<T: Serialize>(result: Result<T, Failure>) -> String {
    answer_envelope(result.map(Answer::new))
}

/// `{"value": …, "events"?: […], "challenge"?: {…}}`, or `{"failure": {"code", "detail"?}}`.
pub fn answer_envelope<T: Serialize>(result: Result<Answer<T>, Failure>) -> String {
    match result {
        Ok(answer) => to_json(&answer).unwrap_or_else(|_| UNSERIALISABLE.into()),
        Err(failure) => {
            let failure = FailureWire {
                failure: Wire {
                    code: failure.code(),
                    detail: failure.detail(),
                },
            };
            serde_json::to_string(&failure).unwrap_or_else(|_| UNSERIALISABLE.into())
        }
    }
}

/// Nothing here holds a map with keys other than strings, so this is never seen.
const UNSERIALISABLE: &str = r#"{"failure":{"code":"internal"}}"#;

#[derive(Serialize)]
struct FailureWire<'a> {
    failure: Wire<'a>,
}

#[derive(Serialize)]
struct Wire<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
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
    }
}
