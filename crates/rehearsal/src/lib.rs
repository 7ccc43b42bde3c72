//! Plays procedures before anybody depends on them: scenarios with expected outcomes, and random
//! lawful lives.
//!
//! Both run the core that the server runs, in memory, on a calendar of their own: an act is decided
//! and folded, timers fire at their instants in order. Pure: files are read by the caller, and
//! chance comes from a seed.
//!
//! ```
//! use motcua_rehearsal::{Setting, procedure_of, read, rehearse};
//!
//! let source = include_bytes!("../../../catalogue/household-business.scenarios.yaml");
//! assert_eq!(procedure_of(source).expect("a file of scenarios"), "household-business.yaml");
//! let procedure = include_bytes!("../../../catalogue/household-business.yaml");
//! let procedure = motcua_procedures::parse(procedure).expect("sound");
//! let suite = read(source, &procedure).expect("well written");
//! let calendar = Setting::shipped_calendar().expect("sound");
//! let setting = Setting::new(calendar, suite.units()).expect("sound");
//! let (verdicts, coverage) = rehearse(&suite, &procedure, &setting);
//! assert!(verdicts.iter().all(|verdict| verdict.failure.is_none()));
//! assert!(coverage.missing(&procedure).is_empty());
//! ```
//!
//! The way of a scenario: `read` (typed, every fault at once) → `play` (who does what, as a
//! command) → `world` (the dossier and its laws) → `expect` (what is, beside what was expected).
//! `simulate` walks the same world by chance.
//!
//! **To add a key to `expect`**: a row in `expect::KEYS`, its value in `expect::picture`, a row in
//! `docs/scenarios.md`. **To add a detail of an act**: a field of `scenario::With`, a line in
//! `read::with`, its use in `play::command`.

mod coverage;
mod expect;
mod handing_in;
mod instant;
mod play;
mod read;
mod scenario;
mod setting;
mod simulate;
mod world;

pub use coverage::Coverage;
pub use play::{Failure, Verdict, rehearse};
pub use read::{procedure_of, read};
pub use scenario::{Scenario, Suite};
pub use setting::Setting;
pub use simulate::{Dead, LIVES_MAX, Lives, Plan, Spread, simulate};
pub use world::Happening;
