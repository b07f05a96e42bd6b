//! The relying party and its policy: its id and origins, and what it requires of an authenticator.

use serde::{Deserialize, Serialize};

use super::reason::Reason;
use crate::json::failure::Failure;

/// The relying party (5.4.2) and the origins of its pages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RelyingParty {
    /// A domain name in lower case, such as `example.com`.
    pub id: String,
    /// The name that the browser shows. The id is shown if there is none.
    #[serde(default)]
    pub name: Option<String>,
    /// Compared without changes: `https://example.com`, or the text that a native app sends (`android:apk-key-hash:…`).
    pub origins: Vec<String>,
    /// Also accepts the subdomains of each web origin.
    #[serde(default)]
    pub allow_subdomains: bool,
    /// Also accepts each web origin with another port.
    #[serde(default)]
    pub allow_any_port: bool,
}

/// Whether the authenticator verifies the user (5.8.6). Only `Required` is enforced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserVerification {
    Required,
    Preferred,
    /// Asks for no PIN, which is best for a second factor beside a password.
    #[default]
    Discouraged,
}

/// Which attestation is asked for (5.4.7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Conveyance {
    #[default]
    None,
    Indirect,
    Direct,
    Enterprise,
}

/// What to do if a signature counter did not grow (6.1.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CounterPolicy {
    #[default]
    Refuse,
    /// Accepts the response, and reports it in the result.
    Report,
}

/// The sites whose pages may embed the ceremony in a frame. Without this policy, none may.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CrossOrigin {
    /// The origins of these pages, compared without changes.
    pub top_origins: Vec<String>,
    /// Also accepts `crossOrigin` from a browser that does not name the site.
    #[serde(default)]
    pub allow_missing: bool,
}

impl RelyingParty {
    /// Reads and checks a relying party. `None` if it can't be used.
    pub fn parse(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok().filter(|rp: &Self| rp.check().is_ok())
    }

    /// Refuses an id or an origin that no browser sends.
    pub fn check(&self) -> Result<(), Failure> {
        self.check_id()?;
        if self.origins.is_empty() || !self.origins.iter().all(|origin| is_origin(origin)) {
            return Err(Failure::InvalidArgument("rp.origins"));
        }
        Ok(())
    }

    pub(super) fn check_id(&self) -> Result<(), Failure> {
        if is_domain(&self.id) && self.id.parse::<std::net::IpAddr>().is_err() {
            Ok(())
        } else {
            Err(Failure::InvalidArgument("rp.id"))
        }
    }

    /// The name to show.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    pub(crate) fn check_origin(&self, origin: &str) -> Result<(), Reason> {
        let accepted = self.origins.iter().any(|own| own == origin)
            || ((self.allow_subdomains || self.allow_any_port)
                && self.origins.iter().any(|own| self.widely(own, origin)));
        if accepted { Ok(()) } else { Err(Reason::OriginMismatch) }
    }

    fn widely(&self, own: &str, other: &str) -> bool {
        let (Some(own), Some(other)) = (WebOrigin::parse(own), WebOrigin::parse(other)) else {
            return false;
        };
        let subdomain = other
            .host
            .strip_suffix(own.host)
            .is_some_and(|labels| labels.len() > 1 && labels.ends_with('.'));
        own.scheme == other.scheme
            && (own.host == other.host || (self.allow_subdomains && subdomain))
            && (own.port == other.port || self.allow_any_port)
    }
}

impl CounterPolicy {
    /// Whether the counter is greater than the stored one, or both are 0. Returns false only for `Report`; `Refuse` is
    /// an error.
    pub(crate) fn check(self, stored: u32, given: u32) -> Result<bool, Reason> {
        let increased = given > stored || (given == 0 && stored == 0);
        if !increased && self == Self::Refuse {
            return Err(Reason::CounterNotIncreased);
        }
        Ok(increased)
    }
}

impl CrossOrigin {
    /// Checks `crossOrigin` and `topOrigin` for both ceremonies.
    pub(super) fn check(policy: Option<&Self>, cross_origin: bool, top_origin: Option<&str>) -> Result<(), Reason> {
        let accepted = match (policy, cross_origin, top_origin) {
            (_, false, None) => true,
            (Some(policy), true, None) => policy.allow_missing,
            (Some(policy), true, Some(top)) => policy.top_origins.iter().any(|own| own == top),
            // A browser sends `topOrigin` only from inside a frame.
            (_, false, Some(_)) | (None, true, _) => false,
        };
        if accepted { Ok(()) } else { Err(Reason::CrossOrigin) }
    }
}

/// The parts of a web origin, without normalisation.
struct WebOrigin<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<&'a str>,
}

impl<'a> WebOrigin<'a> {
    fn parse(origin: &'a str) -> Option<Self> {
        let (scheme, rest) = origin.split_once("://")?;
        let (host, port) = match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        };
        let digits = |port: &str| port.parse::<u16>().is_ok_and(|number| number.to_string() == port);
        (matches!(scheme, "https" | "http") && is_domain(host) && port.is_none_or(digits)).then_some(Self {
            scheme,
            host,
            port,
        })
    }
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// Whether this is exactly a web origin: scheme, host and port, in ASCII.
pub(super) fn web_origin(text: &str) -> bool {
    let bracketed = text.strip_prefix("http://[").or_else(|| text.strip_prefix("https://["));
    match bracketed.and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            let port = port
                .strip_prefix(':')
                .map_or(port.is_empty(), |port| port.parse::<u16>().is_ok());
            port && address.parse::<std::net::Ipv6Addr>().is_ok()
        }
        None => WebOrigin::parse(text).is_some(),
    }
}

pub(crate) fn is_origin(text: &str) -> bool {
    let web = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http"));
    let plain = text.len() <= 512 && text.contains(':') && text.bytes().all(|byte| byte.is_ascii_graphic());
    plain && (!web || text.starts_with("http://[") || text.starts_with("https://[") || WebOrigin::parse(text).is_some())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn rp(origins: &[&str], allow_subdomains: bool, allow_any_port: bool) -> RelyingParty {
        let origins = origins.iter().map(ToString::to_string).collect();
        RelyingParty {
            id: "example.org".into(),
            name: None,
            origins,
            allow_subdomains,
            allow_any_port,
        }
    }

    #[test]
    fn origins_match_as_they_stand() {
        let strict = rp(&["https://example.org", "android:apk-key-hash:abc"], false, false);
        assert_eq!(strict.check(), Ok(()));
        assert_eq!(strict.check_origin("https://example.org"), Ok(()));
        assert_eq!(strict.check_origin("android:apk-key-hash:abc"), Ok(()));
        for origin in [
            "",
            "null",
            "http://example.org",
            "https://example.org/",
            "https://EXAMPLE.org",
            "https://example.org:443",
            "https://example.org:8443",
            "https://www.example.org",
            "https://example.org.evil.test",
            "android:apk-key-hash:abcd",
        ] {
            assert_eq!(strict.check_origin(origin), Err(Reason::OriginMismatch), "{origin}");
        }
    }

    #[test]
    fn subdomains_and_ports_only_when_configured() {
        let subdomains = rp(&["https://example.org"], true, false);
        assert_eq!(subdomains.check_origin("https://a.b.example.org"), Ok(()));
        let ports = rp(&["https://example.org"], false, true);
        assert_eq!(ports.check_origin("https://example.org:8443"), Ok(()));
        let both = rp(&["https://example.org"], true, true);
        assert_eq!(both.check_origin("https://a.example.org:1"), Ok(()));
        assert!(subdomains.check_origin("https://a.example.org:8443").is_err());
        assert!(ports.check_origin("https://a.example.org").is_err());
        for origin in [
            "https://.example.org",
            "https://evilexample.org",
            "https://evil.test/.example.org",
            "https://evil.test#.example.org",
            "https://a@b.example.org",
            "https://A.example.org",
            "http://a.example.org",
            "https://example.org:",
            "https://example.org:0443",
            "https://example.org:65536",
            "https://example.org:1/",
            "https://a..example.org",
        ] {
            assert_eq!(both.check_origin(origin), Err(Reason::OriginMismatch), "{origin}");
        }
    }

    #[test]
    fn what_no_browser_could_match_is_refused_early() {
        for id in [
            "",
            "Example.org",
            "https://example.org",
            "example.org:443",
            "127.0.0.1",
            "a..b",
            ".org",
        ] {
            let party = RelyingParty {
                id: id.into(),
                ..rp(&["https://example.org"], false, false)
            };
            assert_eq!(party.check(), Err(Failure::InvalidArgument("rp.id")), "{id}");
        }
        for origin in [
            "",
            "example.org",
            "https://example.org/",
            "HTTPS://example.org",
            "https://a b",
        ] {
            assert_eq!(
                rp(&[origin], false, false).check(),
                Err(Failure::InvalidArgument("rp.origins")),
                "{origin}"
            );
        }
        assert_eq!(
            rp(&[], false, false).check(),
            Err(Failure::InvalidArgument("rp.origins"))
        );
        assert_eq!(rp(&["http://localhost:8080"], false, false).check(), Ok(()));
    }

    #[test]
    fn cross_origin_needs_a_policy_that_names_the_site() {
        let policy = |allow_missing| CrossOrigin {
            top_origins: vec!["https://shop.test".into()],
            allow_missing,
        };
        let refused = Err(Reason::CrossOrigin);
        assert_eq!(CrossOrigin::check(None, false, None), Ok(()));
        assert_eq!(CrossOrigin::check(None, true, None), refused);
        assert_eq!(CrossOrigin::check(None, true, Some("https://shop.test")), refused);
        assert_eq!(CrossOrigin::check(None, false, Some("https://shop.test")), refused);
        assert_eq!(CrossOrigin::check(Some(&policy(false)), false, None), Ok(()));
        assert_eq!(CrossOrigin::check(Some(&policy(false)), true, None), refused);
        assert_eq!(CrossOrigin::check(Some(&policy(true)), true, None), Ok(()));
        assert_eq!(
            CrossOrigin::check(Some(&policy(false)), true, Some("https://shop.test")),
            Ok(())
        );
        assert_eq!(
            CrossOrigin::check(Some(&policy(true)), true, Some("https://shop.test/")),
            refused
        );
        assert_eq!(
            CrossOrigin::check(Some(&policy(true)), false, Some("https://shop.test")),
            refused
        );
    }

    #[test]
    fn policies_read_as_the_standard_spells_them() {
        let party: RelyingParty =
            serde_json::from_str(r#"{"id":"a.test","origins":["https://a.test"],"allowSubdomains":true}"#).unwrap();
        assert!(party.allow_subdomains && !party.allow_any_port && party.display_name() == "a.test");
        assert!(serde_json::from_str::<RelyingParty>(r#"{"id":"a.test","origins":[],"origin":""}"#).is_err());
        assert_eq!(
            serde_json::from_str::<Conveyance>(r#""direct""#).unwrap(),
            Conveyance::Direct
        );
        assert!(serde_json::from_str::<CrossOrigin>(r#"{"topOrigins":[],"allow":true}"#).is_err());
    }
}
