//! Open challenges, as the challenge store keeps them: the data that a ceremony was started with.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::json::wiped::{WipedText, to_json};
use crate::webauthn::{Conveyance, ExtensionRules, UserVerification};

/// What a challenge was made for. An answer for one purpose doesn't count for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    SignIn,
    StepUp,
    /// A sign-in without a user name. Its challenge is not stored.
    #[serde(skip)]
    Passkey,
    Register,
    TotpEnrol,
}

/// A challenge on its way to the store.
#[derive(Serialize)]
pub struct OpenChallenge {
    pub id: String,
    pub purpose: Purpose,
    /// JSON text that only the core reads.
    pub data: WipedText,
    /// Epoch milliseconds.
    pub expires: i64,
}

/// Without the data, which may hold a secret that is being enrolled.
impl fmt::Debug for OpenChallenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OpenChallenge")
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// What a challenge is bound to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bound {
    pub purpose: Purpose,
    /// Empty if it isn't known yet who will answer. No user has an empty name.
    pub user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Epoch milliseconds. The store checks the time too, with its own clock.
    pub expires: i64,
}

/// What an answer is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    pub purpose: Purpose,
    pub user: &'a str,
    pub session: Option<&'a str>,
    /// Epoch milliseconds.
    pub now: i64,
}

impl Bound {
    /// True if the answer has the user, purpose and session of the challenge and is in time.
    pub fn admits(&self, presented: &Presented) -> bool {
        self.purpose == presented.purpose
            && self.user == presented.user
            && self.session.as_deref() == presented.session
            && presented.now < self.expires
    }
}

/// An enrolment that was started.
pub(crate) trait Pending: DeserializeOwned {
    fn bound(&self) -> &Bound;
}

impl Pending for Registration {
    fn bound(&self) -> &Bound {
        &self.bound
    }
}

impl Pending for U2fRegistration {
    fn bound(&self) -> &Bound {
        &self.bound
    }
}

impl Pending for PendingTotp {
    fn bound(&self) -> &Bound {
        &self.bound
    }
}

/// An authentication ceremony.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authentication {
    #[serde(flatten)]
    pub bound: Bound,
    /// base64url
    pub challenge: String,
    pub rp_id: String,
    pub user_verification: UserVerification,
    /// The `appid` with which U2F keys were asked to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<ExtensionRules>,
}

/// A registration ceremony.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    #[serde(flatten)]
    pub bound: Bound,
    /// base64url
    pub challenge: String,
    pub rp_id: String,
    pub user_verification: UserVerification,
    pub algorithms: Vec<i64>,
    pub attestation: Conveyance,
    /// base64url
    pub user_handle: String,
    /// Started for conditional create, where user presence may be missing.
    #[serde(default)]
    pub conditional: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<ExtensionRules>,
}

/// A registration of a U2F key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct U2fRegistration {
    #[serde(flatten)]
    pub bound: Bound,
    /// base64url
    pub challenge: String,
    pub app_id: String,
}

/// A TOTP secret that has not been verified yet.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingTotp {
    #[serde(flatten)]
    pub bound: Bound,
    pub uri: Zeroizing<String>,
    pub tries_left: u8,
}

/// Converts the data of a ceremony into the store's form.
pub fn open<T: Serialize>(id: &str, bound: &Bound, data: &T) -> Option<OpenChallenge> {
    let data = to_json(data).ok()?.into();
    Some(OpenChallenge {
        id: id.to_owned(),
        purpose: bound.purpose,
        data,
        expires: bound.expires,
    })
}

/// Reads the data back. `None` if it was written for another purpose.
pub fn read<T: DeserializeOwned>(data: &str) -> Option<T> {
    serde_json::from_str(data).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_data() {
        let open = OpenChallenge {
            id: "id".into(),
            purpose: Purpose::TotpEnrol,
            data: String::from(r#"{"uri":"otpauth://totp/ann?secret=ORSXG5A"}"#).into(),
            expires: 0,
        };
        assert_eq!(format!("{open:?}"), "OpenChallenge { purpose: TotpEnrol, .. }");
    }
}
