//! The result of verifying an answer. It can be sent to the client unchanged.

use serde::Serialize;

use crate::record::{FactorType, Token};
use crate::webauthn::{Outputs, Proofs};

/// `{"ok": true, …}` or `{"ok": false, "reason"}`.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    Accepted(Accepted),
    Refused(Refusal),
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    pub factor: FactorName,
    /// For WebAuthn: whether the authenticator verified the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_verified: Option<bool>,
    /// For WebAuthn and U2F. The facade makes the assurance of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proofs: Option<Proofs>,
    /// For recovery codes: how many are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_codes_left: Option<usize>,
    /// For WebAuthn with the policy `report`: the signature counter did not increase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counter: Option<&'static str>,
    /// For WebAuthn: the signed extension outputs that were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Outputs>,
    /// If the browser is remembered: its token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// Until when it is remembered, in epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
}

/// The factor that answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FactorName {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: FactorType,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// The reason that the client may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    Rejected,
    Malformed,
    Locked,
}

impl Outcome {
    pub fn accepted(id: &str, kind: FactorType, description: &str) -> Accepted {
        let factor = FactorName {
            id: id.to_owned(),
            kind,
            description: description.to_owned(),
        };
        Accepted {
            factor,
            user_verified: None,
            proofs: None,
            recovery_codes_left: None,
            counter: None,
            extensions: None,
            token: None,
            expires: None,
        }
    }
}

impl Serialize for Outcome {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Yes<'a> {
            ok: bool,
            #[serde(flatten)]
            accepted: &'a Accepted,
        }
        #[derive(Serialize)]
        struct No {
            ok: bool,
            reason: Refusal,
        }
        match self {
            Self::Accepted(accepted) => Yes { ok: true, accepted }.serialize(serializer),
            Self::Refused(reason) => {
                let (ok, reason) = (false, *reason);
                No { ok, reason }.serialize(serializer)
            }
        }
    }
}
