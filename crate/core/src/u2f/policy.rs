//! The application that keys belong to, and the pages that may use it (FIDO `AppID` and Facet Specification).

use serde::Deserialize;

use crate::json::failure::Failure;
use crate::webauthn::client_data::sha256;
use crate::webauthn::policy::is_origin;
use crate::webauthn::{Reason, RelyingParty};

/// The application. It is configured and never fetched.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct U2fPolicy {
    /// An `https` URL or an origin. Keys are bound to its exact text.
    pub app_id: String,
    /// The origins that may use it, compared without changes. `None` for those of the relying party.
    #[serde(default)]
    pub facets: Option<Vec<String>>,
}

impl U2fPolicy {
    /// Refuses an application or a facet that no client could use.
    pub fn check(&self) -> Result<(), Failure> {
        if !is_app_id(&self.app_id) {
            return Err(Failure::InvalidArgument("u2f.appId"));
        }
        let named = |facets: &Vec<String>| !facets.is_empty() && facets.iter().all(|facet| is_origin(facet));
        if self.facets.as_ref().is_none_or(named) {
            Ok(())
        } else {
            Err(Failure::InvalidArgument("u2f.facets"))
        }
    }

    /// The messages' application parameter.
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.app_id.as_bytes())
    }

    pub(super) fn check_origin(&self, origin: &str, rp: &RelyingParty) -> Result<(), Reason> {
        match &self.facets {
            None => rp.check_origin(origin),
            Some(facets) if facets.iter().any(|facet| facet == origin) => Ok(()),
            Some(_) => Err(Reason::OriginMismatch),
        }
    }
}

/// The origin in a URL must have the same form as an origin by itself.
fn is_app_id(text: &str) -> bool {
    let graphic = text.len() <= 512 && text.bytes().all(|byte| byte.is_ascii_graphic());
    let end = text.strip_prefix("https://").and_then(|rest| rest.find(['/', '?']));
    let origin = end.map_or(Some(text), |end| text.get(..end + "https://".len()));
    graphic && !text.contains('#') && origin.is_some_and(is_origin)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn policy(app_id: &str, facets: Option<&[&str]>) -> U2fPolicy {
        U2fPolicy {
            app_id: app_id.into(),
            facets: facets.map(|facets| facets.iter().map(ToString::to_string).collect()),
        }
    }

    #[test]
    fn applications_are_urls_or_origins() {
        for app_id in [
            "https://example.org",
            "https://example.org:8006",
            "https://example.org/u2f/app-id.json",
            "https://example.org:8006/app?id=1",
            "http://localhost:8080",
            "android:apk-key-hash:abc",
        ] {
            assert_eq!(policy(app_id, None).check(), Ok(()), "{app_id}");
        }
        for app_id in [
            "",
            "example.org",
            "http://example.org/app",
            "https://",
            "https:///app",
            "https://EXAMPLE.org",
            "https://example.org:/",
            "https://ann@example.org/",
            "https://example.org/a b",
            "https://example.org/#a",
            "https://exämple.org",
        ] {
            let refused = Err(Failure::InvalidArgument("u2f.appId"));
            assert_eq!(policy(app_id, None).check(), refused, "{app_id}");
        }
        let long = format!("https://example.org/{}", "a".repeat(512));
        assert!(policy(&long, None).check().is_err());
    }

    #[test]
    fn facets_are_exact_and_default_to_the_origins() {
        let rp: RelyingParty =
            serde_json::from_str(r#"{"id":"example.org","origins":["https://example.org"],"allowSubdomains":true}"#)
                .unwrap();
        let open = policy("https://example.org", None);
        assert_eq!(open.check_origin("https://example.org", &rp), Ok(()));
        assert_eq!(open.check_origin("https://a.example.org", &rp), Ok(()));
        assert_eq!(open.check_origin("https://evil.test", &rp), Err(Reason::OriginMismatch));
        let closed = policy("https://example.org", Some(&["https://app.example.org"]));
        assert_eq!(closed.check(), Ok(()));
        assert_eq!(closed.check_origin("https://app.example.org", &rp), Ok(()));
        for origin in [
            "https://example.org",
            "https://app.example.org/",
            "https://a.app.example.org",
            "",
        ] {
            assert_eq!(
                closed.check_origin(origin, &rp),
                Err(Reason::OriginMismatch),
                "{origin}"
            );
        }
        for facets in [&[][..], &["example.org"], &["https://example.org", ""]] {
            let refused = Err(Failure::InvalidArgument("u2f.facets"));
            assert_eq!(policy("https://example.org", Some(facets)).check(), refused);
        }
    }
}
