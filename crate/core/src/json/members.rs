//! Reads objects: known members into fields, and all other members unchanged.
//!
//! serde's `flatten` has the same result, but first copies every value into a form of its own.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::json::distinct::Text;

/// Takes the members that it knows.
pub trait Known<'de>: Default {
    /// Reads the value of `name` and returns true, or leaves it unread and returns false.
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error>;
}

/// Reads an object and returns the known members and all others.
pub fn with_others<'de, T, D>(deserializer: D) -> Result<(T, Map<String, Value>), D::Error>
where
    T: Known<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(Object(PhantomData))
}

/// Reads a member, which may occur only once.
pub fn once<'de, T, A>(slot: &mut Option<T>, map: &mut A) -> Result<bool, A::Error>
where
    T: Deserialize<'de>,
    A: MapAccess<'de>,
{
    if slot.is_some() {
        return Err(A::Error::custom("a name occurs twice"));
    }
    *slot = Some(map.next_value()?);
    Ok(true)
}

/// The value of a required member.
pub fn required<T, E: Error>(slot: Option<T>, name: &'static str) -> Result<T, E> {
    slot.ok_or_else(|| E::missing_field(name))
}

/// Whether a member can be left out, because reading gives its default.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Known<'de>> Visitor<'de> for Object<T> {
    type Value = (T, Map<String, Value>);

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut known, mut others) = (T::default(), Map::new());
        while let Some(Text(name)) = map.next_key::<Text<'de>>()? {
            if !known.take(&name, &mut map)? {
                others.insert(name.into_owned(), map.next_value()?);
            }
        }
        Ok((known, others))
    }
}
