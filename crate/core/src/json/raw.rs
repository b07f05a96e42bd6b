//! Takes JSON text apart by one level. The parts stay exactly as they are in the text.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object, in their original order.
pub struct RawMembers<'a>(pub Vec<(String, &'a str)>);

impl<'a> RawMembers<'a> {
    /// `None` if the text is not a JSON object, or if a name occurs twice.
    pub fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| *value)
    }
}

/// The elements of an array, or `None` if the text is not an array.
pub fn raw_elements(text: &str) -> Option<Vec<&str>> {
    let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

/// Whether the text is a JSON object.
pub fn is_object(text: &str) -> bool {
    text.trim_ascii_start().starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok()
}

impl<'de> Deserialize<'de> for RawMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor).map(Self)
    }
}

struct MembersVisitor;

/// More members than any object of a record has. Keeps the search for duplicates cheap.
const MAX_MEMBERS: usize = 256;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Vec<(String, &'de str)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Self::Value = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.len() == MAX_MEMBERS || members.iter().any(|(own, _)| *own == name) {
                return Err(A::Error::custom("a name occurs twice"));
            }
            members.push((name, map.next_value::<&RawValue>()?.get()));
        }
        Ok(members)
    }
}
