//! Procedures from and to the notations of others: DIGIT business services, BPMN 2.0.
//!
//! Pure: no I/O, no clock, no randomness; bounded time and memory for any bytes.
//!
//! ```
//! let source = br#"{"BusinessServices":[{"businessService":"PGR","states":[]}]}"#;
//! let imported = motcua_interchange::import_digit(source, None);
//! assert!(!imported.sound);
//! for finding in &imported.findings {
//!     println!("{}: {} {}", finding.line, finding.message, finding.remedy);
//! }
//! ```
//!
//! **An import never guesses silently.** What the source says is carried over; what the language
//! needs and the source does not say becomes a placeholder ([`FILL_IN`]) that the checker refuses,
//! and a finding; what the source says and the language cannot express, and every defect of the
//! source, becomes a finding. Errors are defects and what was declined; warnings are what a person
//! has to fill in or look at.
//!
//! The way in: `json` or `xml` (a tree that knows its lines, within limits) → `digit` or `bpmn`
//! (what the source means) → `outline` (a process without what no source says) → `soundness`
//! (states that cannot be reached, that cannot finish) → `draft` (the YAML). The way out: `export`
//! (a graph, a layout, XML).
//!
//! **To import one more notation**: a module that makes an `Outline` and findings, a function here,
//! a fuzz target, a table in `docs/interchange.md`.

mod bpmn;
mod digit;
mod draft;
mod export;
mod finding;
mod json;
mod outline;
mod soundness;
mod xml;

use motcua_procedures::Finding;

pub use draft::FILL_IN;
pub use export::{Export, Language, export_bpmn};
pub use finding::{CODES, code};

/// Largest source that is read, bytes.
pub const SOURCE_BYTES_MAX: usize = 1 << 20;

/// What an import brought.
#[derive(Clone, Debug)]
pub struct Imported {
    /// No finding is an error: the source has no known defect and nothing of it was declined.
    /// Warnings still name what has to be filled in before the draft passes the checker.
    pub sound: bool,
    /// Whether the source could be read at all.
    pub readable: bool,
    /// Every finding, in the order of the source.
    pub findings: Vec<Finding>,
    /// The draft of a procedure, when there is one.
    pub yaml: Option<String>,
}

/// Reads a DIGIT business service: the body of a create request, the answer of a search, master
/// data, or a bare configuration. `only` names the service where the source has several.
pub fn import_digit(source: &[u8], only: Option<&str>) -> Imported {
    let mut report = finding::Report::default();
    let outline = digit::read(source, only, &mut report);
    finish(outline, report)
}

/// Reads an executable BPMN 2.0 process. `only` is the id of the process where the source has
/// several.
pub fn import_bpmn(source: &[u8], only: Option<&str>) -> Imported {
    let mut report = finding::Report::default();
    let outline = bpmn::read(source, only, &mut report);
    finish(outline, report)
}

fn finish(outline: Option<outline::Outline>, mut report: finding::Report) -> Imported {
    let yaml = outline.and_then(|outline| {
        soundness::examine(&outline, &mut report);
        draft::write(&outline, &mut report)
    });
    let readable = report.readable();
    let (sound, findings) = report.into_findings();
    Imported { sound, readable, findings, yaml }
}
