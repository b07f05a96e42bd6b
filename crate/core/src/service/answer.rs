//! The result of a call, and what the facade has to do besides passing it on.

use serde::Serialize;

use super::event::Event;
use crate::challenges::challenge::OpenChallenge;
use crate::json::envelope::envelope_of;
use crate::json::failure::Failure;

/// The result of a call, and what the facade has to do besides passing it on. It has no `Debug`, because the value may
/// be recovery codes.
#[derive(Serialize)]
pub struct Answer<T> {
    pub value: T,
    /// Events for the host, after the store has committed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// A challenge to put into the challenge store.
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

/// `{"value": …, "events"?: […], "challenge"?: {…}}`, or `{"failure": {"code", "detail"?}}`.
pub fn answer_envelope<T: Serialize>(result: Result<Answer<T>, Failure>) -> String {
    envelope_of(result)
}
