//! Events that the host may log or tell the user about. They are never part of an answer to the client.

use serde::Serialize;

use crate::record::FactorType;

/// One event. The facade adds the user and the time.
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
    /// The malformed member: a name from a fixed list, never one that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<&'static str>,
    /// The origin of the page, if it may be shown, and the accepted origins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
    /// The number of steps by which the clock would have to be off for the code to be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<i64>,
    /// The id of the remembered browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
    /// Who did it, as the host said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventType {
    Enrolled,
    /// Imported from another system, without a proof here.
    Imported,
    Updated,
    Removed,
    /// An administrator requires the user to enrol again.
    EnrolmentRequired,
    Verified,
    Rejected,
    Locked,
    Unlocked,
    RecoveryCodesCreated,
    RecoveryCodeUsed,
    BrowserRemembered,
    /// A remembered browser signed in without a factor.
    BrowserRecognised,
    BrowserForgotten,
    /// A token that was replaced before came again: somebody copied it. The browser is forgotten.
    BrowserTokenReused,
    /// It was written until when the user has to enrol.
    DeadlineSet,
    /// An administrator deleted what was written of that.
    DeadlineCleared,
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
            browser: None,
            by: None,
        }
    }

    /// A refused answer of this type. Only the log sees the reason.
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

    pub fn of_browser(kind: EventType, id: &str) -> Self {
        Self {
            browser: Some(id.to_owned()),
            ..Self::new(kind)
        }
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

    /// An answer of this type that was refused because this member can't be read.
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
