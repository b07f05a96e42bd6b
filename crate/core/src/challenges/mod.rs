//! Open challenges: their data, and a book that keeps them in memory.

pub mod book;
pub(crate) mod challenge;
pub(crate) mod sealed;
