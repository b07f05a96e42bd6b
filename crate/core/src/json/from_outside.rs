//! JSON objects that clients send. Each name may occur once at every level. A member is only checked where it is used.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use memchr::{memchr, memchr2};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::distinct::Text;

/// More nested levels than any real response has.
const MAX_DEPTH: usize = 100;

/// An object. Only the names of its members have been looked at.
pub struct FromOutside<'a>(Vec<(Cow<'a, str>, &'a str)>);

/// A member of such an object. A member that is null counts as absent.
#[derive(Default, Clone)]
pub enum Member<'a> {
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Texts(Vec<&'a str>),
    /// The JSON of a value that is not a string.
    Other(&'a str),
}

/// A member doesn't have the type that its use requires.
#[derive(Debug, PartialEq, Eq)]
pub struct Unfit;

impl<'a> FromOutside<'a> {
    /// `None` if the text is not an object, if a name occurs twice, or if objects are nested too deeply.
    pub fn parse(json: &'a str) -> Option<Self> {
        let object: Self = serde_json::from_str(json).ok()?;
        names_are_distinct(json).then_some(object)
    }

    pub fn member(&self, name: &str) -> Member<'a> {
        self.json(name).map(Member::of).unwrap_or_default()
    }

    /// A member that must be an object.
    pub fn object(&self, name: &str) -> Option<Self> {
        // Its names were already checked together with the outer object.
        serde_json::from_str(self.json(name)?).ok()
    }

    fn json(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, json)| *json)
    }
}

impl<'a> Member<'a> {
    /// Reads a member from its JSON, which is valid.
    pub fn of(json: &'a str) -> Self {
        let Some(text) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
            return if json == "null" {
                Self::Absent
            } else {
                Self::Other(json)
            };
        };
        if !is_escaped(text) {
            return Self::Text(Cow::Borrowed(text));
        }
        // A lone surrogate is not text.
        serde_json::from_str(json).map_or(Self::Other(json), |text| Self::Text(Cow::Owned(text)))
    }

    pub fn text(&self) -> Result<Option<&str>, Unfit> {
        match self {
            Self::Absent => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Texts(_) | Self::Other(_) => Err(Unfit),
        }
    }

    /// Reads base64 in either alphabet, see [`bytes`].
    pub fn bytes(&self) -> Result<Option<Vec<u8>>, Unfit> {
        self.text()?.map(|text| bytes(text).ok_or(Unfit)).transpose()
    }

    /// The same, for a required member.
    pub fn required_bytes(&self) -> Result<Vec<u8>, Unfit> {
        self.bytes()?.ok_or(Unfit)
    }

    pub fn flag(&self) -> Result<Option<bool>, Unfit> {
        match self {
            Self::Absent => Ok(None),
            Self::Other("true") => Ok(Some(true)),
            Self::Other("false") => Ok(Some(false)),
            Self::Text(_) | Self::Texts(_) | Self::Other(_) => Err(Unfit),
        }
    }

    pub fn texts(&self) -> Result<Vec<Cow<'a, str>>, Unfit> {
        match self {
            Self::Absent => Ok(Vec::new()),
            Self::Text(_) => Err(Unfit),
            Self::Texts(texts) => Ok(texts.iter().map(|text| Cow::Borrowed(*text)).collect()),
            Self::Other(json) => {
                let texts: Vec<Text<'a>> = serde_json::from_str(json).map_err(|_| Unfit)?;
                Ok(texts.into_iter().map(|Text(text)| text).collect())
            }
        }
    }

    pub fn object(&self) -> Result<Option<FromOutside<'a>>, Unfit> {
        match self {
            Self::Absent => Ok(None),
            Self::Text(_) | Self::Texts(_) => Err(Unfit),
            Self::Other(json) => serde_json::from_str(json).map(Some).map_err(|_| Unfit),
        }
    }
}

/// Reads base64 in the standard or in the URL alphabet, but not both mixed. The padding is correct or absent. Unused
/// bits must be zero, so that the same bytes have only one spelling in each alphabet.
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
    let plain = text.get(..text.len() - padding)?.as_bytes();
    if padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) {
        return None;
    }
    let standard = memchr2(b'+', b'/', plain).is_some();
    let encoding = if standard { BASE64_NOPAD } else { BASE64URL_NOPAD };
    encoding.decode(plain).ok()
}

impl<'de> Deserialize<'de> for FromOutside<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = FromOutside<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(8);
        while let Some((Text(name), value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
            members.push((name, value.get()));
        }
        Ok(FromOutside(members))
    }
}

/// Whether all objects in this valid JSON have distinct names and are not nested too deeply.
fn names_are_distinct(json: &str) -> bool {
    // The names in each open object, or `None` for a list.
    let mut open: Vec<Option<BTreeSet<Cow<'_, str>>>> = Vec::new();
    let mut is_name = false;
    let mut rest = json;
    while let Some(found) = rest.find(['{', '}', '[', ']', ',', ':', '"']) {
        let (sign, after) = rest.split_at(found).1.split_at(1);
        rest = after;
        match sign {
            "{" => open.push(Some(BTreeSet::new())),
            "[" => open.push(None),
            "}" | "]" => drop(open.pop()),
            "\"" => {
                let Some((text, after)) = end_of_text(after) else {
                    return false;
                };
                rest = after;
                if let (true, Some(Some(names))) = (is_name, open.last_mut())
                    && !names.insert(unescaped(text))
                {
                    return false;
                }
            }
            _ => {}
        }
        if open.len() > MAX_DEPTH {
            return false;
        }
        is_name = matches!(sign, "{" | ",");
    }
    true
}

/// Splits a text at the quotation mark that ends a string.
fn end_of_text(text: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    loop {
        let place = at + memchr2(b'"', b'\\', text.as_bytes().get(at..)?)?;
        if text.as_bytes().get(place) == Some(&b'"') {
            return Some((text.get(..place)?, text.get(place + 1..)?));
        }
        // A backslash is followed by at least one ASCII character.
        at = place + 2;
    }
}

/// `memchr`: a signature or a client data has a thousand characters, which `str::contains` looks at eight at a time.
fn is_escaped(text: &str) -> bool {
    memchr(b'\\', text.as_bytes()).is_some()
}

fn unescaped(text: &str) -> Cow<'_, str> {
    if !is_escaped(text) {
        return Cow::Borrowed(text);
    }
    serde_json::from_str(&format!("\"{text}\"")).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn either_alphabet_with_the_right_padding_or_none() {
        for text in ["-_8", "-_8=", "+/8", "+/8="] {
            assert_eq!(bytes(text), Some(vec![0xfb, 0xff]), "{text}");
        }
        for (text, length) in [("", 0), ("AQ", 1), ("AQ==", 1), ("AQID", 3), ("++++", 3), ("----", 3)] {
            assert_eq!(bytes(text).map(|bytes| bytes.len()), Some(length), "{text}");
        }
        for text in [
            "+_8", "-/8=", "++__", "-_8==", "AQ=", "AQ===", "AQID=", "AQID====", "=", "A", "AQI=D", "AQ==AQ==", "-_9",
            "+/9=", "AR", "AR==", " AQ", "AQ\n", "AQ ID", "A\u{e9}",
        ] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn a_member_is_judged_where_it_is_used() {
        let json = r#"{"none":null,"text":"a","escaped":"\u0061","flag":true,"many":["a","\u0062"],"number":1e999,
            "lone":"\ud800","inner":{"text":"\"}"},"":[[[{}]],"\\"]}"#;
        let object = FromOutside::parse(json).unwrap();
        let text = |name| object.member(name).text().map(|text| text.map(ToOwned::to_owned));
        assert_eq!((text("none"), text("other")), (Ok(None), Ok(None)));
        assert_eq!(
            (text("text"), text("escaped")),
            (Ok(Some("a".into())), Ok(Some("a".into())))
        );
        for name in ["flag", "many", "number", "lone", "inner", ""] {
            assert_eq!(text(name), Err(Unfit), "{name}");
        }
        assert_eq!(object.member("flag").flag(), Ok(Some(true)));
        assert_eq!(object.member("none").flag(), Ok(None));
        assert_eq!(object.member("text").flag(), Err(Unfit));
        assert_eq!(object.member("many").texts().unwrap(), ["a", "b"]);
        assert!(object.member("none").texts().unwrap().is_empty());
        assert!(object.member("text").texts().is_err() && object.member("number").texts().is_err());
        assert_eq!(object.object("inner").unwrap().member("text").text(), Ok(Some("\"}")));
        assert!(object.object("none").is_none() && object.object("text").is_none() && object.object("many").is_none());
        assert!(object.member("many").object().is_err() && object.member("none").object().unwrap().is_none());
    }

    #[test]
    fn no_name_occurs_twice_at_any_level() {
        for json in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"{"a":{"b":1,"b":1}}"#,
            r#"{"a":[[{"b":1,"c":[],"b":1}]]}"#,
            r#"{"a":{"b":{},"c":{"d":1}},"e":{"f":"{","f":1}}"#,
            r#"{"\ud800":1,"\ud800":1}"#,
            r#"{"a\\":1,"a\\":1}"#,
            r#"{"a\"":1,"a\"":1}"#,
        ] {
            assert!(FromOutside::parse(json).is_none(), "{json}");
        }
        for json in [
            "{}",
            r#"{"a":["a","a"],"b":"a","c":{"a":1,"b":"a,\"a\":"}}"#,
            r#"{"a":[{"a":1},{"a":1}],"b":[1,{"a":1},"a","a"]}"#,
            r#" { "a" : "b" , "b" : "a" } "#,
        ] {
            assert!(FromOutside::parse(json).is_some(), "{json}");
        }
        for json in [
            "",
            "null",
            "[]",
            "\"\"",
            "{",
            "{}}",
            "{\"a\":}",
            "{\"a\":1,}",
            "\u{feff}{}",
        ] {
            assert!(FromOutside::parse(json).is_none(), "{json}");
        }
    }

    #[test]
    fn many_members_are_read_and_too_deep_ones_are_not() {
        let many: Vec<_> = (0..5000).map(|number| format!("\"{number}\":{{}}")).collect();
        let began = std::time::Instant::now();
        assert!(FromOutside::parse(&format!("{{{}}}", many.join(","))).is_some());
        assert!(began.elapsed().as_millis() < 500, "{:?}", began.elapsed());
        let deep = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(FromOutside::parse(&deep(MAX_DEPTH - 1)).is_some());
        assert!(FromOutside::parse(&deep(MAX_DEPTH)).is_none());
        assert!(FromOutside::parse(&deep(30_000)).is_none());
    }
}
