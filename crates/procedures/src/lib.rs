//! Turns a YAML document into a validated, pinned procedure, or into the full list of what is
//! wrong with it.
//!
//! Pure: no I/O, no clock, no randomness; bounded time and memory for any bytes.
//!
//! ```
//! let report = motcua_procedures::check(b"procedure: 1.001193\nstepz: []\n");
//! assert!(!report.sound);
//! for finding in &report.findings {
//!     println!("{}: {} {}", finding.line, finding.message, finding.remedy);
//! }
//! ```
//!
//! The way of a document: `yaml` (a tree that knows its lines) → `read` (typed parts, every fault
//! of shape noted) → `check` (one file for each family of rules) → [`Procedure`].
//!
//! **To add a rule**: give it a code in `finding.rs`, report it from the file of its family in
//! `check/`, add a case to `tests/findings.rs`, and explain the code in `docs/procedures.md` (a
//! test demands it). **To add a key**: a field in `definition.rs`, a line in the part of `read/`
//! that reads its mapping, a row in `docs/procedures.md`, a property in
//! `schema/` for editors (then `motcua procedure schema > docs/procedure.schema.json`), what a
//! change of it means in `diff/`, and a line in `tests/every-key.yaml`.

mod check;
pub mod definition;
mod diff;
mod finding;
mod form;
mod guard;
mod procedure;
mod read;
mod schema;
pub mod semantics;
mod template;
pub mod yaml;

pub use check::offices::{OfficePart, OfficeStaff, Staffing, check_offices, check_staffing};
pub use definition::*;
pub use diff::{Change, ChangeKind, diff};
pub use finding::{CODES, Finding, Findings, Severity, TraceStep, code};
pub use form::{
    FORM_BYTES_MAX, FORM_DEPTH_MAX, FORM_NODES_MAX, FormFault, FormSchema, PROPERTIES_MAX,
    SCHEMA_NODES_MAX, read_form,
};
pub use guard::{
    DocumentFacts, Facts, FeeFacts, Formula, GUARD_BYTES_MAX, GUARD_DEPTH_MAX, GUARD_NODES_MAX,
    Guard, GuardError, UnitFacts,
};
pub use procedure::{Procedure, ProcedureRef, Report, check, parse};
pub use read::{nearest, suggestion};
pub use schema::schema;
pub use template::Template;
