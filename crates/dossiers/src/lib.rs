//! The pure core: decides commands, evolves dossiers, derives what a history means.
//!
//! Three functions carry everything:
//!
//! - [`decide`](decide::decide): what a command means for a dossier, as events, or why not;
//! - [`evolve`](evolve::evolve): the state after an event;
//! - [`fold`](codec::fold): the same from the stored fields of the audit format.
//!
//! To add a lawful act: a variant of [`Command`](command::Command), a branch in
//! [`decide`](mod@decide) with its rule in one of the files below it, and, if it says something no
//! event says yet, a member of [`Facts`](event::Facts) that [`evolve`](mod@evolve) applies and
//! `docs/fields.md` lists.

pub mod codec;
pub mod command;
pub mod decide;
pub mod dossier;
pub mod event;
pub mod evolve;
pub mod explain;
pub mod forms;
pub mod names;
pub mod policy;
pub mod rejection;
pub mod units;

pub use decide::{Context, Offer, after, decide, fire_timers, local_date, merged_form, offers};
pub use evolve::{Recorded, evolve};
