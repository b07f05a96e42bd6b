//! `PublicKeyCredentialCreationOptionsJSON` and `PublicKeyCredentialRequestOptionsJSON` (5.1.9, 5.1.10).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cose::Algorithm;
use super::credential::base64url;
use super::policy::{Conveyance, RelyingParty, UserVerification};

/// The input of the options of a registration.
#[derive(Debug, Clone, Copy)]
pub struct RegistrationOptions<'a> {
    pub challenge: &'a [u8],
    pub rp: &'a RelyingParty,
    /// At most 64 random bytes, generated once for each user. Never the host's own user id.
    pub user_handle: &'a [u8],
    pub user_name: &'a str,
    pub user_display_name: &'a str,
    /// The preferred algorithm first.
    pub algorithms: &'a [Algorithm],
    /// The credentials that the user already has.
    pub exclude_credentials: &'a [AllowedCredential<'a>],
    pub user_verification: UserVerification,
    pub resident_key: ResidentKey,
    pub authenticator_attachment: Option<AuthenticatorAttachment>,
    pub hints: &'a [Hint],
    pub attestation: Conveyance,
    /// The `appid` of the U2F keys in `exclude_credentials` (10.1.2).
    pub app_id_exclude: Option<&'a str>,
    /// Milliseconds.
    pub timeout: u32,
}

/// The input of the options of an authentication.
#[derive(Debug, Clone, Copy)]
pub struct AuthenticationOptions<'a> {
    pub challenge: &'a [u8],
    pub rp_id: &'a str,
    /// Empty for a sign-in without a user name.
    pub allow_credentials: &'a [AllowedCredential<'a>],
    pub user_verification: UserVerification,
    /// The `appid` of the U2F keys in `allow_credentials` (10.1.1).
    pub app_id: Option<&'a str>,
    /// Milliseconds.
    pub timeout: u32,
}

/// A credential to allow or to exclude (5.8.3).
#[derive(Debug, Clone, Copy)]
pub struct AllowedCredential<'a> {
    pub id: &'a [u8],
    pub transports: &'a [String],
}

/// Whether the authenticator stores the user, so that nobody has to type a user name (5.4.6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResidentKey {
    /// Takes no storage on a security key, which is best for a second factor.
    #[default]
    Discouraged,
    Preferred,
    Required,
}

/// 5.4.5
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthenticatorAttachment {
    Platform,
    CrossPlatform,
}

/// What the browser should suggest first (5.8.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hint {
    SecurityKey,
    ClientDevice,
    Hybrid,
}

/// `PublicKeyCredentialCreationOptionsJSON`.
pub fn registration_options(options: &RegistrationOptions<'_>) -> Value {
    let json = CreationOptions {
        rp: Named {
            id: &options.rp.id,
            name: options.rp.display_name(),
        },
        user: User {
            id: options.user_handle,
            name: options.user_name,
            display_name: options.user_display_name,
        },
        challenge: options.challenge,
        pub_key_cred_params: options
            .algorithms
            .iter()
            .map(|alg| Parameter {
                kind: KIND,
                alg: alg.cose(),
            })
            .collect(),
        timeout: options.timeout,
        exclude_credentials: descriptors(options.exclude_credentials),
        authenticator_selection: Selection {
            authenticator_attachment: options.authenticator_attachment,
            resident_key: options.resident_key,
            // For browsers of Level 1.
            require_resident_key: options.resident_key == ResidentKey::Required,
            user_verification: options.user_verification,
        },
        hints: options.hints,
        attestation: options.attestation,
        extensions: CreationExtensions {
            cred_props: true,
            app_id_exclude: options.app_id_exclude,
        },
    };
    serde_json::to_value(json).unwrap_or_default()
}

/// `PublicKeyCredentialRequestOptionsJSON`.
pub fn authentication_options(options: &AuthenticationOptions<'_>) -> Value {
    with_hints(options, &[])
}

pub(super) fn with_hints(options: &AuthenticationOptions<'_>, hints: &[Hint]) -> Value {
    let json = RequestOptions {
        challenge: options.challenge,
        timeout: options.timeout,
        rp_id: options.rp_id,
        allow_credentials: descriptors(options.allow_credentials),
        user_verification: options.user_verification,
        hints,
        extensions: options.app_id.map(|app_id| RequestExtensions { app_id }),
    };
    serde_json::to_value(json).unwrap_or_default()
}

const KIND: &str = "public-key";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreationOptions<'a> {
    rp: Named<'a>,
    user: User<'a>,
    #[serde(serialize_with = "base64url")]
    challenge: &'a [u8],
    pub_key_cred_params: Vec<Parameter>,
    timeout: u32,
    exclude_credentials: Vec<Descriptor<'a>>,
    authenticator_selection: Selection,
    #[serde(skip_serializing_if = "<[Hint]>::is_empty")]
    hints: &'a [Hint],
    attestation: Conveyance,
    extensions: CreationExtensions<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestOptions<'a> {
    #[serde(serialize_with = "base64url")]
    challenge: &'a [u8],
    timeout: u32,
    rp_id: &'a str,
    allow_credentials: Vec<Descriptor<'a>>,
    user_verification: UserVerification,
    #[serde(skip_serializing_if = "<[Hint]>::is_empty")]
    hints: &'a [Hint],
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<RequestExtensions<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct User<'a> {
    #[serde(serialize_with = "base64url")]
    id: &'a [u8],
    name: &'a str,
    display_name: &'a str,
}

#[derive(Serialize)]
struct Parameter {
    #[serde(rename = "type")]
    kind: &'static str,
    alg: i64,
}

#[derive(Serialize)]
struct Descriptor<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(serialize_with = "base64url")]
    id: &'a [u8],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    transports: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Selection {
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticator_attachment: Option<AuthenticatorAttachment>,
    resident_key: ResidentKey,
    require_resident_key: bool,
    user_verification: UserVerification,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreationExtensions<'a> {
    cred_props: bool,
    #[serde(rename = "appidExclude", skip_serializing_if = "Option::is_none")]
    app_id_exclude: Option<&'a str>,
}

#[derive(Serialize)]
struct RequestExtensions<'a> {
    #[serde(rename = "appid")]
    app_id: &'a str,
}

/// Chromium refuses a longer list.
const MOST_LISTED: usize = 64;

/// The first credentials, and no more than browsers accept.
fn descriptors<'a>(credentials: &[AllowedCredential<'a>]) -> Vec<Descriptor<'a>> {
    let descriptor = |AllowedCredential { id, transports }: &AllowedCredential<'a>| Descriptor {
        kind: KIND,
        id,
        transports,
    };
    credentials.iter().take(MOST_LISTED).map(descriptor).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use serde_json::json;

    use super::*;

    #[test]
    fn creation_options_have_the_standard_shape() {
        let rp = serde_json::from_value(json!({ "id": "example.org", "name": "Example", "origins": [] })).unwrap();
        let transports = ["usb".to_owned()];
        let options = registration_options(&RegistrationOptions {
            challenge: &[0xff; 32],
            rp: &rp,
            user_handle: &[1, 2],
            user_name: "ann",
            user_display_name: "Ann",
            algorithms: &Algorithm::OFFERED,
            exclude_credentials: &[
                AllowedCredential {
                    id: &[0xfb],
                    transports: &transports,
                },
                AllowedCredential {
                    id: &[0],
                    transports: &[],
                },
            ],
            user_verification: UserVerification::Preferred,
            resident_key: ResidentKey::Required,
            authenticator_attachment: Some(AuthenticatorAttachment::CrossPlatform),
            hints: &[Hint::SecurityKey, Hint::ClientDevice],
            attestation: Conveyance::Direct,
            app_id_exclude: Some("https://example.org/u2f"),
            timeout: 1000,
        });
        let expected = json!({
            "rp": { "id": "example.org", "name": "Example" },
            "user": { "id": "AQI", "name": "ann", "displayName": "Ann" },
            "challenge": "__________________________________________8",
            "pubKeyCredParams": [
                { "type": "public-key", "alg": -8 },
                { "type": "public-key", "alg": -7 },
                { "type": "public-key", "alg": -257 },
            ],
            "timeout": 1000,
            "excludeCredentials": [
                { "type": "public-key", "id": "-w", "transports": ["usb"] },
                { "type": "public-key", "id": "AA" },
            ],
            "authenticatorSelection": {
                "authenticatorAttachment": "cross-platform",
                "residentKey": "required",
                "requireResidentKey": true,
                "userVerification": "preferred",
            },
            "hints": ["security-key", "client-device"],
            "attestation": "direct",
            "extensions": { "credProps": true, "appidExclude": "https://example.org/u2f" },
        });
        assert_eq!(options, expected);
    }

    #[test]
    fn request_options_have_the_standard_shape() {
        let mut options = AuthenticationOptions {
            challenge: &[0],
            rp_id: "example.org",
            allow_credentials: &[AllowedCredential {
                id: &[0xfb],
                transports: &[],
            }],
            user_verification: UserVerification::Required,
            app_id: None,
            timeout: 5,
        };
        let mut expected = json!({
            "challenge": "AA",
            "timeout": 5,
            "rpId": "example.org",
            "allowCredentials": [{ "type": "public-key", "id": "-w" }],
            "userVerification": "required",
        });
        assert_eq!(authentication_options(&options), expected);
        expected["hints"] = json!(["hybrid"]);
        assert_eq!(with_hints(&options, &[Hint::Hybrid]), expected);
        options.app_id = Some("https://example.org/u2f");
        expected["extensions"] = json!({ "appid": "https://example.org/u2f" });
        assert_eq!(with_hints(&options, &[Hint::Hybrid]), expected);
    }
}
