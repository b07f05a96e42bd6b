//! The server's part of a configuration: the sections `webauthn` and `u2f`.

use std::net::IpAddr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};
use url::Url;

use crate::u2f::U2fPolicy;
use crate::webauthn::RelyingParty;

/// The relying party, as Proxmox's configuration spells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WebauthnConfig {
    /// The name that browsers show.
    pub rp: String,
    /// `https://host[:port]`. The path of a URL is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read_origin")]
    pub origin: Option<String>,
    /// The domain that credentials belong to.
    pub id: String,
    /// Whether pages on subdomains of the configured origin are accepted too. The default is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_subdomains: Option<bool>,
}

/// The application that U2F keys were registered for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct U2fConfig {
    pub appid: String,
    /// The page's origin. The default is the `appid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Members that Proxmox ignores.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl WebauthnConfig {
    /// A fingerprint that protects the section against lost updates: the SHA-256 in hex of what Proxmox hashes.
    /// `allow-subdomains` is not part of it.
    pub fn digest(&self) -> String {
        let Self { rp, origin, id, .. } = self;
        let mut text = format!("rp={rp:?}\nid={id:?}\n");
        if let Some(origin) = origin {
            text.push_str("origin=");
            text.push_str(origin);
            text.push('\n');
        }
        HEXLOWER.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref())
    }

    /// The relying party for a page of `origin`, which takes precedence over the configured one. `None` if no ceremony
    /// could succeed: there is no origin, it is outside the domain, or it is an IP address.
    pub fn relying_party(&self, origin: Option<&str>) -> Option<RelyingParty> {
        let origin = match origin {
            Some(given) => origin_of(given)?,
            None => self.origin.clone()?,
        };
        let host = host_of(&origin)?;
        let labels = host.strip_suffix(self.id.as_str())?;
        let party = RelyingParty {
            id: self.id.clone(),
            name: Some(self.rp.clone()),
            origins: vec![origin.clone()],
            allow_subdomains: self.allow_subdomains.unwrap_or(true),
            allow_any_port: false,
        };
        let usable = (labels.is_empty() || labels.ends_with('.')) && host.parse::<IpAddr>().is_err();
        (usable && party.check().is_ok()).then_some(party)
    }

    /// Whether Proxmox can't read the section, and so refuses the file.
    pub fn is_refused(&self) -> bool {
        self.origin.as_deref().is_some_and(|origin| Url::parse(origin).is_err())
    }

    /// What is wrong with a section that can be read, for the end of a sentence.
    pub fn problem(&self) -> Option<&'static str> {
        self.origin.as_ref()?;
        if self.is_refused() {
            return Some("its origin needs a valid host and a port up to 65535: Proxmox refuses the file");
        }
        let fits = self.relying_party(None).is_some();
        (!fits).then_some("its id is not the domain of its origin, or a parent of it: no page there can use a key")
    }
}

impl U2fConfig {
    /// The application and its only facet. `None` for an `appid` that no client could use.
    pub fn policy(&self) -> Option<U2fPolicy> {
        let policy = U2fPolicy {
            app_id: self.appid.clone(),
            facets: Some(vec![origin_of(self.origin.as_deref().unwrap_or(&self.appid))?]),
        };
        policy.check().is_ok().then_some(policy)
    }
}

/// The host of an origin, or of a URL that looks like one.
pub fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split([':', '/', '?']).next()
}

/// The origin of an `http(s)` URL, as browsers spell it. `None` for any other text.
fn origin_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (scheme, authority) = (scheme.to_ascii_lowercase(), rest.get(..end)?.to_ascii_lowercase());
    let default = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    // A port that is empty is the default one.
    let stripped = authority.strip_suffix(default).or_else(|| authority.strip_suffix(':'));
    // Not of what has two: a second reading would strip the other.
    let authority = stripped
        .filter(|host| host.ends_with(']') || !host.contains(':'))
        .unwrap_or(&authority);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    (!authority.is_empty() && authority.bytes().all(plain)).then(|| format!("{scheme}://{authority}"))
}

fn read_origin<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let url = Option::<String>::deserialize(deserializer)?;
    let Some(url) = url else { return Ok(None) };
    origin_of(&url)
        .map(Some)
        .ok_or_else(|| de::Error::custom("not an http(s) URL"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn config(text: &str) -> Option<WebauthnConfig> {
        serde_json::from_str(text).ok()
    }

    const EXAMPLE: &str = r#"{"rp":"Example RP","origin":"https://pve.example.com:8006","id":"example.com"}"#;

    #[test]
    fn the_digest_is_the_origin_s() {
        let example = config(EXAMPLE).unwrap();
        let digest = "2dc40cb1ee3197c3703392daaf4fa31643fd46de59e6dd87c31033f1ffe95df7";
        assert_eq!(example.digest(), digest);
        assert_eq!(serde_json::to_string(&example).unwrap(), EXAMPLE);
        let narrower = WebauthnConfig {
            allow_subdomains: Some(false),
            ..example.clone()
        };
        assert_eq!(narrower.digest(), digest);
        for other in [
            WebauthnConfig {
                origin: None,
                ..example.clone()
            },
            WebauthnConfig {
                rp: "Other \"RP\"".into(),
                ..example.clone()
            },
            WebauthnConfig {
                id: "example.org".into(),
                ..example
            },
        ] {
            assert_ne!(other.digest(), digest);
        }
    }

    #[test]
    fn an_origin_is_a_url_s() {
        for (url, origin) in [
            ("https://a.b", "https://a.b"),
            ("https://a.b/", "https://a.b"),
            ("HTTPS://A.b:443/path?x#y", "https://a.b"),
            ("http://localhost:80", "http://localhost"),
            ("https://a.b:", "https://a.b"),
            ("https://a.b::443", "https://a.b::443"),
            ("https://a.b:443:443", "https://a.b:443:443"),
            ("https://[::1]:443", "https://[::1]"),
            ("https://a.b:/x", "https://a.b"),
            ("https://a.b:8006", "https://a.b:8006"),
            ("https://[::1]:8006/", "https://[::1]:8006"),
        ] {
            assert_eq!(origin_of(url).as_deref(), Some(origin), "{url}");
        }
        for url in [
            "",
            "a.b",
            "https://",
            "https:///x",
            "https://:",
            "ftp://a.b",
            "https://me@a.b",
            "https://ä.b",
            "https://a b",
        ] {
            assert_eq!(origin_of(url), None, "{url}");
        }
        assert!(config(r#"{"rp":"","origin":"pve","id":""}"#).is_none());
        assert!(config(r#"{"rp":"","id":"","more":1}"#).is_none());
        assert!(config(r#"{"rp":"","origin":null,"id":""}"#).unwrap().origin.is_none());
    }

    #[test]
    fn a_section_that_no_browser_can_use_has_a_problem() {
        let problem = |origin: &str, id: &str| {
            let text = serde_json::json!({ "rp": "x", "id": id, "origin": origin }).to_string();
            config(&text).unwrap().problem().unwrap_or_default()
        };
        assert_eq!(config(r#"{"rp":"x","id":"a.b"}"#).unwrap().problem(), None);
        for origin in [
            "https://a.b",
            "https://c.a.b:8006/path",
            "http://a.b:80",
            "https://a.b:65535",
        ] {
            assert_eq!(problem(origin, "a.b"), "", "{origin}");
        }
        for origin in [
            "https://a.b:80070",
            "https://a.b:x",
            "https://1.2.3.256",
            "https://[::g]",
            "https://a.b:1:2",
            "https://[a.b",
        ] {
            assert!(problem(origin, "a.b").starts_with("its origin needs"), "{origin}");
        }
        for (origin, id) in [
            ("https://a.c", "a.b"),
            ("https://xa.b", "a.b"),
            ("https://10.0.0.1", "10.0.0.1"),
        ] {
            assert!(problem(origin, id).starts_with("its id is not"), "{origin}");
        }
    }

    #[test]
    fn the_application_and_its_page() {
        let facets = |text: &str| {
            serde_json::from_str::<U2fConfig>(text)
                .unwrap()
                .policy()
                .map(|policy| policy.facets)
        };
        let page = |origin: &str| Some(Some(vec![origin.to_owned()]));
        assert_eq!(facets(r#"{"appid":"https://a.b/id"}"#), page("https://a.b"));
        assert_eq!(
            facets(r#"{"appid":"https://a.b","origin":"https://c.b:8006/"}"#),
            page("https://c.b:8006")
        );
        assert_eq!(facets(r#"{"appid":"a.b"}"#), None);
    }

    #[test]
    fn the_relying_party_of_a_page() {
        let example = config(EXAMPLE).unwrap();
        let origins = |config: &WebauthnConfig, origin| config.relying_party(origin).map(|party| party.origins);
        let configured = vec!["https://pve.example.com:8006".to_owned()];
        assert_eq!(origins(&example, None), Some(configured));
        for (origin, accepted) in [
            ("https://other.example.com/", true),
            ("https://example.com", true),
            ("https://example.com.evil.test", false),
            ("https://badexample.com", false),
            ("https://example.org", false),
            ("https://10.0.0.1:8006", false),
            ("nonsense", false),
        ] {
            assert_eq!(origins(&example, Some(origin)).is_some(), accepted, "{origin}");
        }
        let id = |id: &str| WebauthnConfig {
            id: id.into(),
            origin: None,
            ..example.clone()
        };
        assert!(id("localhost").relying_party(Some("http://localhost:8006")).is_some());
        assert!(id("10.0.0.1").relying_party(Some("https://10.0.0.1:8006")).is_none());
        assert!(id("").relying_party(Some("https://example.com")).is_none());
        assert!(id("example.com").relying_party(None).is_none());
        let wide = example.relying_party(None).unwrap();
        assert!(wide.allow_subdomains && !wide.allow_any_port && wide.display_name() == "Example RP");
    }
}
