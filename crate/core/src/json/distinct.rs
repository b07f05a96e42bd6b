//! JSON objects in which no name may occur twice. Two readers could take different values of such a name, so the object
//! is refused.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// More members than any object of these ceremonies has. Keeps the search for duplicates cheap.
const MAX_MEMBERS: usize = 64;

/// Takes the members of an object that it knows.
pub trait Members<'de>: Default {
    /// Reads the value of `name` and returns true, or leaves it unread and returns false.
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error>;
}

/// Reads `T` from an object without duplicate names. Members that `T` doesn't know are skipped.
pub struct Distinct<T>(pub T);

impl<'de, T: Members<'de>> Deserialize<'de> for Distinct<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object(PhantomData)).map(Self)
    }
}

/// A text that is borrowed if it has no escape.
#[derive(Default)]
pub struct Text<'de>(pub Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor).map(Self)
    }
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Members<'de>> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut members = T::default();
        let mut seen: Vec<Cow<'de, str>> = Vec::with_capacity(8);
        while let Some(Text(name)) = map.next_key::<Text<'de>>()? {
            if seen.len() == MAX_MEMBERS || seen.contains(&name) {
                return Err(A::Error::custom("a name occurs twice"));
            }
            if !members.take(&name, &mut map)? {
                map.next_value::<Skipped>()?;
            }
            seen.push(name);
        }
        Ok(members)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// Any value, which is skipped. Objects inside it may not repeat a name either.
struct Skipped;

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SkippedVisitor)
    }
}

/// Knows no member. It only checks that no name occurs twice.
#[derive(Default)]
pub struct Nothing;

impl<'de> Members<'de> for Nothing {
    fn take<A: MapAccess<'de>>(&mut self, _: &str, _: &mut A) -> Result<bool, A::Error> {
        Ok(false)
    }
}

struct SkippedVisitor;

impl<'de> Visitor<'de> for SkippedVisitor {
    type Value = Skipped;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Skipped, E> {
        Ok(Skipped)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Skipped, E> {
        Ok(Skipped)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Skipped, E> {
        Ok(Skipped)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Skipped, E> {
        Ok(Skipped)
    }

    fn visit_str<E>(self, _: &str) -> Result<Skipped, E> {
        Ok(Skipped)
    }

    fn visit_unit<E>(self) -> Result<Skipped, E> {
        Ok(Skipped)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Skipped, A::Error> {
        while sequence.next_element::<Skipped>()?.is_some() {}
        Ok(Skipped)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Skipped, A::Error> {
        Object::<Nothing>(PhantomData).visit_map(map).map(|_| Skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct One<'a>(Option<Text<'a>>);

    impl<'de> Members<'de> for One<'de> {
        fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
            if name == "one" {
                self.0 = Some(map.next_value()?);
            }
            Ok(name == "one")
        }
    }

    fn one(json: &str) -> Option<String> {
        let Distinct(One(text)) = serde_json::from_str(json).ok()?;
        text.map(|Text(text)| text.into_owned())
    }

    #[test]
    fn skips_what_is_unknown() {
        let json = r#"{"a":[1,-1,1.5,"x",null,true,{"a":{}}],"\u006fne":"\u0031","b":{"a":1}}"#;
        assert_eq!(one(json).as_deref(), Some("1"));
    }

    #[test]
    fn refuses_a_name_twice() {
        for json in [
            r#"{"one":"1","one":"1"}"#,
            r#"{"one":"1","\u006fne":"1"}"#,
            r#"{"one":"1","a":1,"a":1}"#,
            r#"{"one":"1","a":{"b":1,"b":1}}"#,
            r#"{"one":"1","a":[[{"b":1,"b":1}]]}"#,
        ] {
            assert_eq!(one(json), None, "{json}");
        }
        let many = (0..=MAX_MEMBERS)
            .map(|n| format!(r#""{n}":1"#))
            .collect::<Vec<_>>()
            .join(",");
        assert_eq!(one(&format!(r#"{{"one":"1",{many}}}"#)), None);
    }
}
