//! What targets share with the core's own tests of the same: `webauthn_differential` and `webauthn_metadata` in `crate/core/tests`.

#[path = "../../crate/core/tests/differential/mod.rs"]
pub mod differential;
#[path = "../../crate/core/tests/metadata_support/mod.rs"]
pub mod metadata_support;
#[path = "../../crate/core/tests/mutants_support/mod.rs"]
pub mod mutants_support;
#[path = "../../crate/core/tests/webauthn_support/mod.rs"]
mod webauthn_support;
