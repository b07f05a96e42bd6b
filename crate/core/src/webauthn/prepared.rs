//! Ceremonies for servers that keep their own tables. The host's policy is read once. Each call then passes one text:
//! the values of this ceremony, and the response.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::attestation::{Attestation, AttestationPolicy, TrustAnchors};
use super::authentication::{self, Authenticated, AuthenticationExpectation};
use super::authenticators::{AuthenticatorPolicy, Authenticators};
use super::client_data::sha256;
use super::cose::{Algorithm, CoseKey};
use super::credential::Credential;
use super::expectation::RegistrationExpectation;
use super::extensions::{ExtensionRules, Outputs};
use super::json::{algorithms, check_challenge, read};
use super::metadata::Metadata;
use super::policy::{Conveyance, CounterPolicy, CrossOrigin, RelyingParty, UserVerification};
use super::reason::Reason;
use super::registration;
use super::response::{Response, split_line};
use crate::json::envelope::envelope;
use crate::json::failure::Failure;

/// The policy of authentications.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthenticationPolicy {
    rp: RelyingParty,
    #[serde(default)]
    user_verification: UserVerification,
    #[serde(default)]
    cross_origin: Option<CrossOrigin>,
    #[serde(default)]
    counter: CounterPolicy,
    #[serde(default)]
    extensions: Option<ExtensionRules>,
    /// 10.1.1
    #[serde(default)]
    app_id: Option<String>,
}

/// The policy of registrations.
#[derive(Debug)]
pub struct RegistrationPolicy {
    about: AboutRegistrations,
    algorithms: Vec<Algorithm>,
    trust_anchors: TrustAnchors,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AboutRegistrations {
    rp: RelyingParty,
    #[serde(default)]
    user_verification: UserVerification,
    #[serde(default)]
    algorithms: Option<Vec<i64>>,
    #[serde(default)]
    attestation: Conveyance,
    #[serde(default)]
    trust_anchors: Vec<String>,
    #[serde(default)]
    attestation_policy: AttestationPolicy,
    #[serde(default)]
    cross_origin: Option<CrossOrigin>,
    #[serde(default)]
    conditional: bool,
    #[serde(default)]
    extensions: Option<ExtensionRules>,
    #[serde(default)]
    authenticators: AuthenticatorPolicy,
}

/// The members of a stored credential that are not text.
#[derive(Debug, Clone, Copy)]
pub struct StoredState {
    pub sign_count: u32,
    pub backup_eligible: bool,
    pub backup_state: bool,
    /// Whether an authenticator has reported the two flags.
    pub backup_recorded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RegistrationVerdict {
    ok: bool,
    credential: Credential,
    attestation: Attestation,
    user_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    discoverable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<Outputs>,
}

#[derive(Serialize)]
struct Refused {
    ok: bool,
    reason: Reason,
}

#[derive(Serialize)]
#[serde(untagged)]
// It is written as soon as it is made.
#[allow(clippy::large_enum_variant)]
enum Verdict {
    Accepted(RegistrationVerdict),
    Refused(Refused),
}

impl AuthenticationPolicy {
    /// Reads `{rp, userVerification?, crossOrigin?, counter?, extensions?, appId?}`.
    pub fn parse(json: &str) -> Result<Self, Failure> {
        let policy: Self = read(json)?;
        policy.rp.check()?;
        Ok(policy)
    }

    /// Verifies an assertion (7.2). `texts` are lines: the challenge, then id, key and user handle as they are stored,
    /// all base64url, the last one empty where there is none; then the response, as [`Response::of_assertion`] reads
    /// it.
    ///
    /// An error is an envelope: `{ok: false, reason}`, or a failure.
    pub fn verify(&self, texts: &str, stored: StoredState) -> Result<Authenticated, String> {
        match self.verdict(texts, stored) {
            Ok(Ok(authenticated)) => Ok(authenticated),
            Ok(Err(reason)) => Err(envelope(Ok(Refused { ok: false, reason }))),
            Err(failure) => Err(envelope::<()>(Err(failure))),
        }
    }

    fn verdict(&self, texts: &str, stored: StoredState) -> Result<Result<Authenticated, Reason>, Failure> {
        let mut lines = Lines(Some(texts));
        let challenge = lines.bytes("challenge")?;
        check_challenge(&challenge)?;
        let credential = Credential {
            id: lines.bytes("credential.id")?,
            public_key: lines.bytes("credential.publicKey")?,
            user_handle: lines.optional_bytes("credential.userHandle")?,
            sign_count: stored.sign_count,
            backup_eligible: stored.backup_eligible,
            backup_state: stored.backup_state,
            backup_recorded: stored.backup_recorded,
            // Members that no check reads.
            transports: Vec::new(),
            aaguid: [0; 16],
            user_verified: false,
        };
        let response = lines.rest("response")?;
        let key = CoseKey::parse_stored(&credential.public_key);
        // A stored key that can't be read is an error of the host, not a refusal of the client.
        if let Err(Reason::Malformed | Reason::KeyInvalid) = key {
            return Err(Failure::InvalidArgument("credential.publicKey"));
        }
        let expected = AuthenticationExpectation {
            challenge: &challenge,
            rp: &self.rp,
            user_verification: self.user_verification,
            cross_origin: self.cross_origin.as_ref(),
            counter: self.counter,
            app_id_hash: self.app_id.as_ref().map(|app_id| sha256(app_id.as_bytes())),
            extensions: self.extensions.as_ref(),
        };
        Ok(Response::of_assertion(response)
            .and_then(|response| authentication::verify(&response, credential, key, &expected)))
    }
}

impl RegistrationPolicy {
    /// Reads `{rp, userVerification?, algorithms?, attestation?, trustAnchors?, attestationPolicy?, crossOrigin?,
    /// conditional?, extensions?, authenticators?}`.
    pub fn parse(json: &str) -> Result<Self, Failure> {
        let about: AboutRegistrations = read(json)?;
        about.rp.check()?;
        Ok(Self {
            algorithms: algorithms(about.algorithms.as_deref())?,
            trust_anchors: TrustAnchors::parse(&about.trust_anchors)?,
            about,
        })
    }

    /// Verifies a registration (7.1). `texts` are lines: the challenge and the user handle, base64url, the latter empty
    /// where there is none; then the response, as [`Response::of_registration`] reads it. `now` is in epoch
    /// milliseconds.
    ///
    /// Returns an envelope. `value`: `{ok: true, credential, attestation, userVerified, discoverable?, extensions?}` or
    /// `{ok: false, reason}`.
    pub fn verify(&self, texts: &str, now: i64, metadata: Option<&Metadata>) -> String {
        envelope(self.verdict(texts, now, metadata))
    }

    fn verdict(&self, texts: &str, now: i64, metadata: Option<&Metadata>) -> Result<Verdict, Failure> {
        let mut lines = Lines(Some(texts));
        let challenge = lines.bytes("challenge")?;
        check_challenge(&challenge)?;
        let user_handle = lines.optional_bytes("userHandle")?;
        let response = lines.rest("response")?;
        let expected = RegistrationExpectation {
            challenge: &challenge,
            rp: &self.about.rp,
            user_verification: self.about.user_verification,
            algorithms: &self.algorithms,
            attestation: self.about.attestation,
            trust_anchors: &self.trust_anchors,
            attestation_policy: &self.about.attestation_policy,
            cross_origin: self.about.cross_origin.as_ref(),
            user_presence_optional: self.about.conditional,
            user_handle: user_handle.as_deref(),
            extensions: self.about.extensions.as_ref(),
            now: now.div_euclid(1000),
        };
        let authenticators = Authenticators {
            policy: &self.about.authenticators,
            metadata,
        };
        let registered = Response::of_registration(response)
            .and_then(|response| registration::verify(&response, &expected, Some(&authenticators)));
        Ok(match registered {
            Ok(registered) => Verdict::Accepted(RegistrationVerdict {
                ok: true,
                credential: registered.credential,
                attestation: registered.attestation,
                user_verified: registered.user_verified,
                discoverable: registered.discoverable,
                extensions: registered.extensions,
            }),
            Err(reason) => Verdict::Refused(Refused { ok: false, reason }),
        })
    }
}

/// Splits the lines of the host. After them is the response, with all of its own lines.
struct Lines<'a>(Option<&'a str>);

impl<'a> Lines<'a> {
    fn next(&mut self, name: &'static str) -> Result<&'a str, Failure> {
        let text = self.rest(name)?;
        let (line, rest) = split_line(text).map_or((text, None), |(line, rest)| (line, Some(rest)));
        self.0 = rest;
        Ok(line)
    }

    fn rest(&self, name: &'static str) -> Result<&'a str, Failure> {
        self.0.ok_or(Failure::InvalidArgument(name))
    }

    fn bytes(&mut self, name: &'static str) -> Result<Vec<u8>, Failure> {
        BASE64URL_NOPAD
            .decode(self.next(name)?.as_bytes())
            .map_err(|_| Failure::InvalidArgument(name))
    }

    fn optional_bytes(&mut self, name: &'static str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(Some(self.bytes(name)?).filter(|bytes| !bytes.is_empty()))
    }
}
