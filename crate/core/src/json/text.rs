//! JSON text of a value, written or compared. `serde_json` has the last word on whatever is not plain: texts with escapes,
//! and numbers that are no integers.

use std::fmt;

use serde::Serialize;
use serde::ser::{self, Impossible, Serializer};

use super::growing::Growing;

/// Whether `text`, which is valid JSON, is what `serde_json::to_string` gives for a value, found out without making it:
/// nothing is escaped, copied or wiped.
///
/// False, too, where that takes a closer look: for texts that need an escape, and for numbers that are no integers.
pub fn is_json<T: Serialize>(value: &T, text: &str) -> bool {
    let mut rest = Rest(text.as_bytes());
    value.serialize(Json(&mut rest)).is_ok() && rest.0.is_empty()
}

/// Writes what `serde_json::to_string` gives, in less time: it looks at most texts 16 bytes at a time, and at the names
/// of fields not at all. It fails for bytes, tuple structs and raw JSON. Keys of maps have to be texts.
pub fn write_json<T: Serialize>(value: &T, text: &mut Growing) -> Result<(), Stop> {
    value.serialize(Json(text))
}

/// Where the text goes.
trait Sink {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Stop>;

    /// A text that needs no escapes.
    fn quoted(&mut self, text: &str) -> Result<(), Stop>;

    /// Anything that is not plain.
    fn other<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop>;
}

/// What has to come still.
struct Rest<'a>(&'a [u8]);

impl Sink for Rest<'_> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.0 = self.0.strip_prefix(bytes).ok_or(Stop)?;
        Ok(())
    }

    fn quoted(&mut self, text: &str) -> Result<(), Stop> {
        self.put(b"\"")?;
        self.put(text.as_bytes())?;
        self.put(b"\"")
    }

    fn other<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Stop> {
        Err(Stop)
    }
}

impl Sink for Growing {
    #[inline]
    fn put(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.push(bytes);
        Ok(())
    }

    #[inline]
    fn quoted(&mut self, text: &str) -> Result<(), Stop> {
        self.push_quoted(text.as_bytes());
        Ok(())
    }

    fn other<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        serde_json::to_writer(self, value).map_err(|_| Stop)
    }
}

/// Something else came, or is not for this writer.
#[derive(Debug)]
pub struct Stop;

struct Json<'s, S>(&'s mut S);

impl<S: Sink> Json<'_, S> {
    #[inline]
    fn number(self, number: impl itoa::Integer) -> Result<(), Stop> {
        self.0.put(itoa::Buffer::new().format(number).as_bytes())
    }
}

#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches the compiler looks at many bytes at a time"
)]
fn is_plain(text: &str) -> bool {
    let odd = |byte: u8| (byte < 0x20) | (byte == b'"') | (byte == b'\\');
    !text.bytes().fold(false, |any, byte| any | odd(byte))
}

/// An array or an object, begun already.
struct Parts<'s, S> {
    sink: &'s mut S,
    first: bool,
    end: &'static [u8],
}

impl<'s, S: Sink> Parts<'s, S> {
    fn begin(sink: &'s mut S, begin: &[u8], end: &'static [u8]) -> Result<Self, Stop> {
        sink.put(begin)?;
        let first = true;
        Ok(Self { sink, first, end })
    }

    #[inline]
    fn next(&mut self) -> Result<(), Stop> {
        if std::mem::take(&mut self.first) {
            Ok(())
        } else {
            self.sink.put(b",")
        }
    }

    #[inline]
    fn part<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), Stop> {
        self.next()?;
        part.serialize(Json(self.sink))
    }

    #[inline]
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.sink.put(b":")?;
        value.serialize(Json(self.sink))
    }

    /// The names of our own fields need no escapes.
    #[inline]
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Stop> {
        debug_assert!(is_plain(name));
        self.next()?;
        self.sink.quoted(name)?;
        self.value(value)
    }

    fn finish(self) -> Result<(), Stop> {
        self.sink.put(self.end)
    }
}

impl<'s, S: Sink> Serializer for Json<'s, S> {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Parts<'s, S>;
    type SerializeTuple = Parts<'s, S>;
    type SerializeTupleStruct = Impossible<(), Stop>;
    type SerializeTupleVariant = Impossible<(), Stop>;
    type SerializeMap = Parts<'s, S>;
    type SerializeStruct = Parts<'s, S>;
    type SerializeStructVariant = Parts<'s, S>;

    fn serialize_bool(self, value: bool) -> Result<(), Stop> {
        self.0.put(if value { b"true" } else { b"false" })
    }

    fn serialize_str(self, text: &str) -> Result<(), Stop> {
        if is_plain(text) {
            self.0.quoted(text)
        } else {
            self.0.other(text)
        }
    }

    fn serialize_i8(self, number: i8) -> Result<(), Stop> {
        self.number(number)
    }

    fn serialize_i16(self, number: i16) -> Result<(), Stop> {
        self.number(number)
    }

    fn serialize_i32(self, number: i32) -> Result<(), Stop> {
        self.number(number)
    }

    fn serialize_i64(self, number: i64) -> Result<(), Stop> {
        self.number(number)
    }

    fn serialize_u8(self, number: u8) -> Result<(), Stop> {
        self.number(number)
    }

    fn serialize_u16(self, number: u16) -> Result<(), Stop> {
        self.number(number)
    }

    fn serialize_u32(self, number: u32) -> Result<(), Stop> {
        self.number(number)
    }

    fn serialize_u64(self, number: u64) -> Result<(), Stop> {
        self.number(number)
    }

    fn serialize_f32(self, number: f32) -> Result<(), Stop> {
        self.0.other(&number)
    }

    fn serialize_f64(self, number: f64) -> Result<(), Stop> {
        self.0.other(&number)
    }

    fn serialize_char(self, character: char) -> Result<(), Stop> {
        self.serialize_str(character.encode_utf8(&mut [0; 4]))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Stop> {
        Err(Stop)
    }

    fn serialize_none(self) -> Result<(), Stop> {
        self.0.put(b"null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Stop> {
        self.0.put(b"null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Stop> {
        self.0.put(b"null")
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Stop> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Stop> {
        let mut outer = Parts::begin(self.0, b"{", b"}")?;
        outer.part(variant)?;
        outer.value(value)?;
        outer.finish()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'s, S>, Stop> {
        Parts::begin(self.0, b"[", b"]")
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'s, S>, Stop> {
        Parts::begin(self.0, b"[", b"]")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Impossible<(), Stop>, Stop> {
        Err(Stop)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Stop>, Stop> {
        Err(Stop)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'s, S>, Stop> {
        Parts::begin(self.0, b"{", b"}")
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Parts<'s, S>, Stop> {
        // Of serde_json's own: raw JSON.
        if name.starts_with('$') {
            return Err(Stop);
        }
        Parts::begin(self.0, b"{", b"}")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'s, S>, Stop> {
        self.0.put(b"{")?;
        self.0.quoted(variant)?;
        Parts::begin(self.0, b":{", b"}}")
    }
}

impl<S: Sink> ser::SerializeSeq for Parts<'_, S> {
    type Ok = ();
    type Error = Stop;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.part(value)
    }

    fn end(self) -> Result<(), Stop> {
        self.finish()
    }
}

impl<S: Sink> ser::SerializeTuple for Parts<'_, S> {
    type Ok = ();
    type Error = Stop;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.part(value)
    }

    fn end(self) -> Result<(), Stop> {
        self.finish()
    }
}

impl<S: Sink> ser::SerializeMap for Parts<'_, S> {
    type Ok = ();
    type Error = Stop;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Stop> {
        self.part(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.value(value)
    }

    fn end(self) -> Result<(), Stop> {
        self.finish()
    }
}

impl<S: Sink> ser::SerializeStruct for Parts<'_, S> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Stop> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), Stop> {
        self.finish()
    }
}

impl<S: Sink> ser::SerializeStructVariant for Parts<'_, S> {
    type Ok = ();
    type Error = Stop;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Stop> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), Stop> {
        self.finish()
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("another text")
    }
}

impl std::error::Error for Stop {}

impl ser::Error for Stop {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;

    use super::{is_json, write_json};
    use crate::json::growing::Growing;

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

    fn written<T: Serialize>(value: &T) -> Option<String> {
        let mut text = Growing::of(16);
        write_json(value, &mut text).ok()?;
        text.finish().ok()
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
            prop_assert_eq!(written(&value), Some(text.clone()));
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
            assert_eq!(written(&value), Some(value.to_string()));
        }
        // Members that run together are not taken for the text that they spell.
        assert!(!is_json(
            &serde_json::json!({ "a": "x\",\"b\":\"y" }),
            r#"{"a":"x","b":"y"}"#
        ));
    }

    #[test]
    fn texts_of_every_length_with_an_odd_character_anywhere() {
        for length in 0..70 {
            for odd in ['"', '\\', '\n', '\u{1f}', '\u{7f}', 'é', '\u{2028}', ' '] {
                for place in 0..=length {
                    let text: String = (0..=length).map(|at| if at == place { odd } else { 'a' }).collect();
                    assert_eq!(written(&text), serde_json::to_string(&text).ok());
                }
            }
        }
    }

    #[test]
    fn raw_json_is_not_for_this_writer() {
        let raw: Box<serde_json::value::RawValue> = serde_json::from_str("[1]").unwrap();
        assert_eq!(written(&raw), None);
    }
}
