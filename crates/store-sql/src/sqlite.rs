//! SQLite: one file, one connection that writes, a few that read.

pub(crate) mod open;
pub(crate) mod rows;
pub(crate) mod write;
pub(crate) mod writer;
