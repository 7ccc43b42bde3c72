#![doc = include_str!("semantics.md")]
