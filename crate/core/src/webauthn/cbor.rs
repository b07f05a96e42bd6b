//! Reads the CBOR of CTAP2 and COSE strictly: only definite lengths, no tags, no key twice, nothing after the end.

use minicbor::data::Type;
use minicbor::decode::Decoder;

use super::reason::Reason;

/// Deeper than the deepest attestation statement in use.
const MAX_DEPTH: usize = 8;
/// More entries than any map or array of the specification has. The limit keeps the search for duplicate keys cheap.
const MAX_ENTRIES: u64 = 64;

/// One data item. Texts and bytes are borrowed from the input.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Integer(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(Vec<Value<'a>>),
    /// Keys are integers or texts.
    Map(Vec<(Value<'a>, Value<'a>)>),
    Bool(bool),
    /// Null, undefined, floats and simple values. They are well-formed, and nothing reads them.
    Other,
}

/// Parses `bytes`, which must be exactly one data item.
pub fn parse(bytes: &[u8]) -> Result<Value<'_>, Reason> {
    match parse_prefix(bytes)? {
        (value, []) => Ok(value),
        _ => Err(Reason::Malformed),
    }
}

/// Parses the data item at the start of `bytes`. Returns it and the bytes after it.
pub fn parse_prefix(bytes: &[u8]) -> Result<(Value<'_>, &[u8]), Reason> {
    let mut decoder = Decoder::new(bytes);
    let value = item(&mut decoder, MAX_DEPTH).ok_or(Reason::Malformed)?;
    let rest = bytes.get(decoder.position()..).ok_or(Reason::Malformed)?;
    Ok((value, rest))
}

impl<'a> Value<'a> {
    /// The value at an integer key of a map.
    pub fn at(&self, key: i64) -> Option<&Value<'a>> {
        self.find(&Value::Integer(key))
    }

    /// The value at a text key of a map.
    pub fn member(&self, key: &str) -> Option<&Value<'a>> {
        self.find(&Value::Text(key))
    }

    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            _ => None,
        }
    }

    pub fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(value) => Some(value),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&'a str> {
        match self {
            Self::Text(value) => Some(value),
            _ => None,
        }
    }

    pub fn array(&self) -> Option<&[Value<'a>]> {
        match self {
            Self::Array(values) => Some(values),
            _ => None,
        }
    }

    pub fn map(&self) -> Option<&[(Value<'a>, Value<'a>)]> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    fn find(&self, key: &Value<'_>) -> Option<&Value<'a>> {
        self.map()?.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}

fn item<'a>(decoder: &mut Decoder<'a>, depth: usize) -> Option<Value<'a>> {
    let depth = depth.checked_sub(1)?;
    Some(match decoder.datatype().ok()? {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 => {
            Value::Integer(decoder.i64().ok()?)
        }
        Type::Bytes => Value::Bytes(decoder.bytes().ok()?),
        Type::String => Value::Text(decoder.str().ok()?),
        Type::Array => {
            let length = bounded(decoder.array().ok()??)?;
            Value::Array((0..length).map(|_| item(decoder, depth)).collect::<Option<_>>()?)
        }
        Type::Map => {
            let length = bounded(decoder.map().ok()??)?;
            let mut entries: Vec<(Value<'a>, Value<'a>)> = Vec::new();
            for _ in 0..length {
                let key = item(decoder, 1).filter(|key| matches!(key, Value::Integer(_) | Value::Text(_)))?;
                if entries.iter().any(|(name, _)| *name == key) {
                    return None;
                }
                entries.push((key, item(decoder, depth)?));
            }
            Value::Map(entries)
        }
        Type::Bool => Value::Bool(decoder.bool().ok()?),
        Type::Null | Type::Undefined | Type::F16 | Type::F32 | Type::F64 | Type::Simple => {
            decoder.skip().ok()?;
            Value::Other
        }
        Type::Int
        | Type::BytesIndef
        | Type::StringIndef
        | Type::ArrayIndef
        | Type::MapIndef
        | Type::Tag
        | Type::Break
        | Type::Unknown(_) => return None,
    })
}

fn bounded(length: u64) -> Option<u64> {
    (length <= MAX_ENTRIES).then_some(length)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn refused(bytes: &[u8]) {
        assert_eq!(parse(bytes), Err(Reason::Malformed), "{bytes:02x?}");
    }

    #[test]
    fn reads_maps_by_key() {
        let bytes = [0xa3, 0x01, 0x41, 0xff, 0x20, 0x82, 0xf5, 0xf6, 0x61, b'a', 0x61, b'b'];
        let value = parse(&bytes).unwrap();
        assert_eq!(value.at(1).and_then(Value::bytes), Some(&[0xff][..]));
        assert_eq!(
            value.at(-1).and_then(Value::array),
            Some(&[Value::Bool(true), Value::Other][..])
        );
        assert_eq!(value.member("a").and_then(Value::text), Some("b"));
        assert_eq!(value.at(2), None);
        assert_eq!(parse_prefix(&[0x05, 0x06]).unwrap(), (Value::Integer(5), &[0x06][..]));
    }

    #[test]
    fn refuses_what_is_not_strict() {
        refused(&[]);
        refused(&[0x05, 0x06]);
        refused(&[0xa2, 0x01, 0x02, 0x01, 0x03]);
        refused(&[0xa2, 0x01, 0x02, 0x18, 0x01, 0x03]);
        refused(&[0xa2, 0x61, b'a', 0x02, 0x61, b'a', 0x03]);
        refused(&[0xbf, 0x01, 0x02, 0xff]);
        refused(&[0x9f, 0x01, 0xff]);
        refused(&[0x5f, 0x41, 0x00, 0xff]);
        refused(&[0x7f, 0x61, b'a', 0xff]);
        refused(&[0xc2, 0x41, 0x01]);
        refused(&[0x61, 0xff]);
        refused(&[0x1c]);
        refused(&[0xff]);
        refused(&[0xa1, 0x81, 0x01, 0x01]);
        refused(&[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    }

    #[test]
    fn is_bounded() {
        refused(&vec![0x81; 100_000]);
        refused(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        refused(&[0xbb, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff]);
        refused(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        let mut nested = [0x81; MAX_DEPTH];
        nested[MAX_DEPTH - 1] = 0x01;
        assert!(parse(&nested).is_ok());
        refused(&[&[0x81][..], &nested[..]].concat());
    }
}
