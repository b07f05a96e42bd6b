//! Text on its way to JavaScript that may hold secrets: this side's copy is wiped once the other side has its own.

use countersign_core::WipedText;
use napi::bindgen_prelude::{ToNapiValue, TypeName, ValueType};
use napi::{Error, Result, Status, sys};

/// A string for JavaScript.
pub struct Text(WipedText);

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

impl ToNapiValue for Text {
    unsafe fn to_napi_value(env: sys::napi_env, text: Self) -> Result<sys::napi_value> {
        let text: &str = &text.0;
        if !text.is_ascii() {
            // SAFETY: the same contract; the engine copies the text before this returns.
            return unsafe { ToNapiValue::to_napi_value(env, text) };
        }
        let length = isize::try_from(text.len()).map_err(|_| Error::from_status(Status::InvalidArg))?;
        let mut value = std::ptr::null_mut();
        // Nearly all of it is ASCII, which needs no decoding. SAFETY: `length` bytes are there, and are copied.
        let status = unsafe { sys::napi_create_string_latin1(env, text.as_ptr().cast(), length, &raw mut value) };
        match Status::from(status) {
            Status::Ok => Ok(value),
            failed => Err(Error::from_status(failed)),
        }
    }
}
