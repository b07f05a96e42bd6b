//! Reading and writing JSON, and the failures of a call.

pub(crate) mod distinct;
pub(crate) mod envelope;
pub(crate) mod failure;
pub(crate) mod from_outside;
pub(crate) mod growing;
pub(crate) mod members;
pub(crate) mod raw;
pub(crate) mod request;
pub(crate) mod wiped;
