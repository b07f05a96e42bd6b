//! Text on its way to JavaScript that may hold secrets: this side's copy is wiped once the other side has its own.

use napi::bindgen_prelude::{ToNapiValue, TypeName, ValueType};
use napi::{Result, sys};
use zeroize::Zeroizing;

/// A string for JavaScript.
pub struct Text(Zeroizing<String>);

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<Zeroizing<String>> for Text {
    fn from(text: Zeroizing<String>) -> Self {
        Self(text)
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
        // SAFETY: the same contract; the engine copies the text before this returns.
        unsafe { ToNapiValue::to_napi_value(env, text.0.as_str()) }
    }
}
