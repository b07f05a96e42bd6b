//! What a call answers, with what the facade does beside passing it on.

use serde::Serialize;

use super::event::Event;
use crate::challenges::challenge::OpenChallenge;
use crate::json::envelope::envelope_of;
use crate::json::failure::Failure;

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

/// `{"value": …, "events"?: […], "challenge"?: {…}}`, or `{"failure": {"code", "detail"?}}`.
pub fn answer_envelope<T: Serialize>(result: Result<Answer<T>, Failure>) -> String {
    envelope_of(result)
}
