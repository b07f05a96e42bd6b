//! Whether a text is the JSON of a value, found out without making it: nothing is escaped, copied or wiped.

use std::fmt::{self, Write};

use serde::Serialize;
use serde::ser::{self, Impossible, Serializer};

/// Whether `text`, which is valid JSON, is what `serde_json::to_string` gives for a value.
///
/// False, too, where that takes a closer look: for texts that need an escape, and for numbers that are no integers.
pub fn is_json<T: Serialize>(value: &T, text: &str) -> bool {
    let mut rest = Rest(text.as_bytes());
    value.serialize(&mut rest).is_ok() && rest.0.is_empty()
}

/// What has to come still.
struct Rest<'a>(&'a [u8]);

/// Something else came.
#[derive(Debug)]
struct Differs;

impl Rest<'_> {
    #[inline]
    fn expect(&mut self, bytes: &[u8]) -> Result<(), Differs> {
        self.0 = self.0.strip_prefix(bytes).ok_or(Differs)?;
        Ok(())
    }

    fn number(&mut self, number: impl fmt::Display) -> Result<(), Differs> {
        write!(self, "{number}").map_err(|_| Differs)
    }
}

impl Write for Rest<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.expect(text.as_bytes()).map_err(|_| fmt::Error)
    }
}

/// An array or an object, begun already.
struct Parts<'r, 'a> {
    rest: &'r mut Rest<'a>,
    first: bool,
    end: &'static [u8],
}

impl<'r, 'a> Parts<'r, 'a> {
    fn begin(rest: &'r mut Rest<'a>, begin: u8, end: &'static [u8]) -> Result<Self, Differs> {
        rest.expect(&[begin])?;
        let first = true;
        Ok(Self { rest, first, end })
    }

    fn part<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), Differs> {
        if !self.first {
            self.rest.expect(b",")?;
        }
        self.first = false;
        part.serialize(&mut *self.rest)
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Differs> {
        self.rest.expect(b":")?;
        value.serialize(&mut *self.rest)
    }

    fn finish(self) -> Result<(), Differs> {
        self.rest.expect(self.end)
    }
}

impl<'r, 'a> Serializer for &'r mut Rest<'a> {
    type Ok = ();
    type Error = Differs;
    type SerializeSeq = Parts<'r, 'a>;
    type SerializeTuple = Parts<'r, 'a>;
    type SerializeTupleStruct = Impossible<(), Differs>;
    type SerializeTupleVariant = Impossible<(), Differs>;
    type SerializeMap = Parts<'r, 'a>;
    type SerializeStruct = Parts<'r, 'a>;
    type SerializeStructVariant = Parts<'r, 'a>;

    fn serialize_bool(self, value: bool) -> Result<(), Differs> {
        self.expect(if value { b"true" } else { b"false" })
    }

    fn serialize_str(self, text: &str) -> Result<(), Differs> {
        let plain = text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
        self.expect(b"\"")?;
        self.expect(text.as_bytes())?;
        self.expect(b"\"").and(if plain { Ok(()) } else { Err(Differs) })
    }

    fn serialize_i8(self, number: i8) -> Result<(), Differs> {
        self.number(number)
    }

    fn serialize_i16(self, number: i16) -> Result<(), Differs> {
        self.number(number)
    }

    fn serialize_i32(self, number: i32) -> Result<(), Differs> {
        self.number(number)
    }

    fn serialize_i64(self, number: i64) -> Result<(), Differs> {
        self.number(number)
    }

    fn serialize_u8(self, number: u8) -> Result<(), Differs> {
        self.number(number)
    }

    fn serialize_u16(self, number: u16) -> Result<(), Differs> {
        self.number(number)
    }

    fn serialize_u32(self, number: u32) -> Result<(), Differs> {
        self.number(number)
    }

    fn serialize_u64(self, number: u64) -> Result<(), Differs> {
        self.number(number)
    }

    fn serialize_f32(self, _: f32) -> Result<(), Differs> {
        Err(Differs)
    }

    fn serialize_f64(self, _: f64) -> Result<(), Differs> {
        Err(Differs)
    }

    fn serialize_char(self, character: char) -> Result<(), Differs> {
        self.serialize_str(character.encode_utf8(&mut [0; 4]))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Differs> {
        Err(Differs)
    }

    fn serialize_none(self) -> Result<(), Differs> {
        self.expect(b"null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Differs> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Differs> {
        self.expect(b"null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Differs> {
        self.expect(b"null")
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Differs> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Differs> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Differs> {
        let mut outer = Parts::begin(self, b'{', b"}")?;
        outer.part(variant)?;
        outer.value(value)?;
        outer.finish()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'r, 'a>, Differs> {
        Parts::begin(self, b'[', b"]")
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'r, 'a>, Differs> {
        Parts::begin(self, b'[', b"]")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Impossible<(), Differs>, Differs> {
        Err(Differs)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Differs>, Differs> {
        Err(Differs)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'r, 'a>, Differs> {
        Parts::begin(self, b'{', b"}")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'r, 'a>, Differs> {
        Parts::begin(self, b'{', b"}")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'r, 'a>, Differs> {
        self.expect(b"{")?;
        self.serialize_str(variant)?;
        self.expect(b":")?;
        Parts::begin(self, b'{', b"}}")
    }
}

impl ser::SerializeSeq for Parts<'_, '_> {
    type Ok = ();
    type Error = Differs;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Differs> {
        self.part(value)
    }

    fn end(self) -> Result<(), Differs> {
        self.finish()
    }
}

impl ser::SerializeTuple for Parts<'_, '_> {
    type Ok = ();
    type Error = Differs;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Differs> {
        self.part(value)
    }

    fn end(self) -> Result<(), Differs> {
        self.finish()
    }
}

impl ser::SerializeMap for Parts<'_, '_> {
    type Ok = ();
    type Error = Differs;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Differs> {
        self.part(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Differs> {
        self.value(value)
    }

    fn end(self) -> Result<(), Differs> {
        self.finish()
    }
}

impl ser::SerializeStruct for Parts<'_, '_> {
    type Ok = ();
    type Error = Differs;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Differs> {
        self.part(name)?;
        self.value(value)
    }

    fn end(self) -> Result<(), Differs> {
        self.finish()
    }
}

impl ser::SerializeStructVariant for Parts<'_, '_> {
    type Ok = ();
    type Error = Differs;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Differs> {
        self.part(name)?;
        self.value(value)
    }

    fn end(self) -> Result<(), Differs> {
        self.finish()
    }
}

impl fmt::Display for Differs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("another text")
    }
}

impl std::error::Error for Differs {}

impl ser::Error for Differs {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;

    use super::is_json;

    #[derive(Debug, Clone, Serialize)]
    #[serde(rename_all = "kebab-case")]
    enum Kind {
        Unit,
        New(Option<i64>),
        Struct { a: u8, b: Vec<String> },
    }

    fn kinds() -> impl Strategy<Value = Kind> {
        prop_oneof![
            Just(Kind::Unit),
            any::<Option<i64>>().prop_map(Kind::New),
            (any::<u8>(), prop::collection::vec(".{0,4}", 0..3)).prop_map(|(a, b)| Kind::Struct { a, b }),
        ]
    }

    fn needs_a_closer_look(text: &str) -> bool {
        text.contains('\\')
    }

    proptest! {
        #[test]
        fn says_what_making_it_would(
            value in prop::collection::btree_map(".{0,4}", (any::<bool>(), kinds(), any::<(u64, i8)>()), 0..4),
            place in any::<prop::sample::Index>(),
            other in 0x20u8..0x7f,
        ) {
            let text = serde_json::to_string(&value).unwrap_or_default();
            prop_assert_eq!(is_json(&value, &text), !needs_a_closer_look(&text));
            let mut damaged = text.clone().into_bytes();
            let place = place.index(damaged.len());
            if let Some(byte) = damaged.get_mut(place) {
                *byte = other;
            }
            if let Ok(damaged) = String::from_utf8(damaged) && damaged != text {
                prop_assert!(!is_json(&value, &damaged));
            }
            let spaced = format!("{text} ");
            prop_assert!(!is_json(&value, &spaced));
        }
    }

    #[test]
    fn what_takes_a_closer_look() {
        for value in [
            serde_json::json!(1.5),
            serde_json::json!("\""),
            serde_json::json!({ "\n": 1 }),
        ] {
            assert!(!is_json(&value, &value.to_string()), "{value}");
        }
        // Members that run together are not taken for the text that they spell.
        assert!(!is_json(
            &serde_json::json!({ "a": "x\",\"b\":\"y" }),
            r#"{"a":"x","b":"y"}"#
        ));
    }
}
