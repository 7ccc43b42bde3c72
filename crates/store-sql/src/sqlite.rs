//! SQLite: one file, one thread that writes, a few that read.

mod checkpoints;
pub(crate) mod open;
pub(crate) mod write;
pub(crate) mod writer;
