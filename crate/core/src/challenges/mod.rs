//! Open challenges: what they hold, and a book of them in memory.

pub mod book;
pub(crate) mod challenge;
pub(crate) mod sealed;
