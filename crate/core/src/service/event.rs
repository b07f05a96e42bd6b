//! What the host may log or tell the user: never part of an answer to the client.

use serde::Serialize;

use crate::record::FactorType;

/// One thing that happened; the facade adds the user and the time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    #[serde(rename = "type")]
    pub kind: EventType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub factor: Option<EventFactor>,
    /// The inner reason of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Recovery codes left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<usize>,
    /// What is malformed: a name out of a fixed list, never one that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<&'static str>,
    /// The origin of the page, where it is one that may be shown, and those that are accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
    /// How many steps away a wrong code is right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<i64>,
    /// Who did it, in the host's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventType {
    Enrolled,
    /// Taken over from another system, without a proof here.
    Imported,
    Updated,
    Removed,
    /// An administrator demanded that the user enrols anew.
    EnrolmentRequired,
    Verified,
    Rejected,
    Locked,
    Unlocked,
    RecoveryCodesCreated,
    RecoveryCodeUsed,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventFactor {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "type")]
    pub kind: FactorType,
}

impl Event {
    pub fn new(kind: EventType) -> Self {
        Self {
            kind,
            factor: None,
            reason: None,
            left: None,
            member: None,
            origin: None,
            origins: Vec::new(),
            drift: None,
            by: None,
        }
    }

    /// A refused answer of this type, with the reason that only the log sees.
    pub fn rejected(kind: FactorType, reason: &'static str) -> Self {
        Self::new(EventType::Rejected).of_type(kind).because(reason)
    }

    #[must_use]
    pub fn of(mut self, id: &str, kind: FactorType) -> Self {
        self.factor = Some(EventFactor {
            id: Some(id.to_owned()),
            kind,
        });
        self
    }

    #[must_use]
    pub fn of_type(mut self, kind: FactorType) -> Self {
        self.factor = Some(EventFactor { id: None, kind });
        self
    }

    #[must_use]
    pub fn by(mut self, who: Option<&str>) -> Self {
        self.by = who.map(str::to_owned);
        self
    }

    #[must_use]
    pub fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// A refused answer that can't be read, for this member of it.
    pub fn malformed(kind: FactorType, member: &'static str) -> Self {
        Self {
            member: Some(member),
            ..Self::rejected(kind, "malformed")
        }
    }

    #[must_use]
    pub fn leaving(mut self, left: usize) -> Self {
        self.left = Some(left);
        self
    }
}
