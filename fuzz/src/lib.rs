//! What the differential targets share with the core's own test of the same: `crate/core/tests/webauthn_differential.rs`.

#[path = "../../crate/core/tests/differential/mod.rs"]
pub mod differential;
#[path = "../../crate/core/tests/mutants_support/mod.rs"]
pub mod mutants_support;
#[path = "../../crate/core/tests/webauthn_support/mod.rs"]
mod webauthn_support;
