//! The semantics of procedures, stated once.
#![doc = include_str!("semantics.md")]
