//! The calls of a server. Each one is a function of one user's record, an answer and the time.

pub(crate) mod answer;
pub mod browsers;
pub(crate) mod change;
pub mod enforce;
pub mod enrol;
pub(crate) mod event;
pub(crate) mod explain;
pub mod index;
pub(crate) mod listed;
pub(crate) mod lock_state;
pub mod manage;
pub(crate) mod outcome;
pub mod reseal;
pub mod revoked;
pub(crate) mod settings;
pub mod sign_in;
pub mod stored;
