//! Text on its way over the boundary that may hold secrets: this side's copy is wiped once it is used, or the other side has
//! its own. Nearly all of it is ASCII, which needs no decoding.

use std::ops::Deref;
use std::ptr::null_mut;

use countersign_core::WipedText;
use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, TypeName, ValidateNapiValue, ValueType};
use napi::{Error, Result, Status, sys};
use napi_derive::napi;

/// A text that may hold secrets.
#[napi(js_name = "Text")]
pub type TextType = String;

/// The same, which is wiped.
pub struct Text(WipedText);

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<T: Into<WipedText>> From<T> for Text {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl TypeName for Text {
    fn type_name() -> &'static str {
        "String"
    }

    fn value_type() -> ValueType {
        ValueType::String
    }
}

impl ValidateNapiValue for Text {}

impl FromNapiValue for Text {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let mut length = 0;
        // SAFETY: the same contract, here and below; nothing is written.
        checked(unsafe { sys::napi_get_value_string_utf8(env, value, null_mut(), 0, &raw mut length) })?;
        // One more, since both end what they write with a null.
        let mut bytes: Vec<u8> = Vec::with_capacity(length + 1);
        let (start, mut written) = (bytes.as_mut_ptr().cast(), 0);
        // SAFETY: there is room for that many bytes.
        checked(unsafe { sys::napi_get_value_string_latin1(env, value, start, length + 1, &raw mut written) })?;
        // As many bytes as characters: all of them are ASCII.
        if written != length {
            checked(unsafe { sys::napi_get_value_string_utf8(env, value, start, length + 1, &raw mut written) })?;
        }
        // SAFETY: so many were written, ASCII or the engine's UTF-8.
        let text = unsafe {
            bytes.set_len(written);
            String::from_utf8_unchecked(bytes)
        };
        Ok(text.into())
    }
}

impl ToNapiValue for Text {
    unsafe fn to_napi_value(env: sys::napi_env, text: Self) -> Result<sys::napi_value> {
        let text: &str = &text.0;
        if !text.is_ascii() {
            // SAFETY: the same contract; the engine copies the text before this returns.
            return unsafe { ToNapiValue::to_napi_value(env, text) };
        }
        let length = isize::try_from(text.len()).map_err(|_| Error::from_status(Status::InvalidArg))?;
        let mut value = null_mut();
        // SAFETY: `length` bytes are there, and are copied.
        checked(unsafe { sys::napi_create_string_latin1(env, text.as_ptr().cast(), length, &raw mut value) })?;
        Ok(value)
    }
}

fn checked(status: sys::napi_status) -> Result<()> {
    match Status::from(status) {
        Status::Ok => Ok(()),
        failed => Err(Error::from_status(failed)),
    }
}
