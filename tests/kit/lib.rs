//! What tests of the whole system need: a world with a server in it, people with tokens, filings
//! that are valid, and the way of a dossier to any step.
//!
//! The smallest test:
//!
//! ```no_run
//! use motcua_tests::{World, filing, people};
//!
//! # async fn test() {
//! let world = World::start().await;
//! let citizen = world.client(&people::MAI);
//! let filed = citizen.submit(filing::birth_online(&citizen).await).await.expect("filed");
//! assert_eq!(filed.state, "intake");
//! # }
//! ```
//!
//! # The most common change
//!
//! A new procedure: its file in `catalogue/`, its name in `world.rs`, a valid filing in
//! `filing.rs`, and its path in `life.rs`.
//!
//! # Map
//!
//! [`World`] a server of its own with a clock that tests set · [`people`] who acts · [`Client`] a
//! person at the API, one method for each act · [`filing`] valid filings · [`life`] the way to a
//! step · [`refused`] what a refusal says · [`files`] small real documents · [`until`] waiting by
//! condition · [`process`] the executable as a process of its own.

pub mod client;
pub mod database;
pub mod files;
pub mod filing;
pub mod life;
pub mod people;
pub mod process;
pub mod refusal;
pub mod wait;
pub mod world;

pub use client::Client;
pub use refusal::{Refused, refused};
pub use wait::until;
pub use world::{World, instant};
