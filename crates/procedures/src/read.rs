//! From the YAML tree to the parts of a definition: every fault is noted, reading goes on.
//!
//! A part that cannot be read leaves a placeholder, and its pointer in [`Reader::is_faulty`], so
//! that later checks keep silent about what follows from it. Nothing of a definition with faults
//! leaves this crate.

mod action;
mod branch;
mod case;
mod clock;
mod fields;
mod limit;
mod root;
mod step;
pub(crate) mod words;

use std::collections::BTreeSet;

use crate::definition::Definition;
use crate::finding::{FINDINGS_MAX, Finding, TraceStep, code, severity_of};
use crate::yaml::{Node, line_of};

pub(crate) use fields::{Fields, Item};

/// How much of everything a definition may have, for whatever describes the language.
pub(crate) mod bounds {
    pub(crate) use super::action::{
        CHOICES_MAX, EXTENSION_MAX, NOT_BY_MAX, PROVED_BY_MAX, ROUNDS_MAX, VERIFIES_MAX,
    };
    pub(crate) use super::branch::{ANSWERS_MAX, BRANCHES_MAX, JOIN_COUNT_MAX};
    pub(crate) use super::case::{
        BRACKETS_MAX, FEE_MAX, MEDIA_MAX, OWNERS_MAX, PARTS_MAX, SHEETS_MAX, UPLOAD_BYTES_MAX,
    };
    pub(crate) use super::clock::{CLOCKS_MAX, RULES_MAX};
    pub(crate) use super::fields::TEXT_CHARS_MAX;
    pub(crate) use super::limit::{AMOUNT_MAX, LIMITS_MAX, PHASES_MAX};
    pub(crate) use super::root::GROUNDS_MAX;
    pub(crate) use super::step::{ACTIONS_MAX, REMIND_DAYS_MAX, STEPS_MAX};
}

/// Most schemas of the data of actions in one definition.
const DATA_SCHEMAS_MAX: usize = 16;

/// A definition as far as it could be read, and where its parts stand.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The parts; placeholders stand for what could not be read.
    pub(crate) definition: Definition,
    /// Pointer to each step.
    pub(crate) steps_at: Vec<String>,
    /// Pointer to each action of each step; those of `anywhere` point there.
    pub(crate) actions_at: Vec<Vec<String>>,
}

/// Notes what is wrong while the tree is read.
pub(crate) struct Reader<'a> {
    root: &'a Node,
    findings: Vec<Finding>,
    faulty: BTreeSet<String>,
    data_schemas: usize,
}

impl<'a> Reader<'a> {
    /// A reader of the tree.
    pub(crate) fn new(root: &'a Node) -> Self {
        Self { root, findings: Vec::new(), faulty: BTreeSet::new(), data_schemas: 0 }
    }

    /// Reads the definition; none when the root is no mapping.
    pub(crate) fn read(&mut self) -> Option<Draft> {
        root::read(self, Item { node: self.root, at: String::new() })
    }

    /// Notes a fault of shape at `at`: what depends on it is not checked.
    pub(crate) fn fault(
        &mut self,
        code: &'static str,
        at: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.faulty.insert(at.to_owned());
        self.report(code, at, message, remedy, Vec::new());
    }

    /// Marks a place whose faults are noted in its parts.
    pub(crate) fn fault_silently(&mut self, at: &str) {
        self.faulty.insert(at.to_owned());
    }

    /// Notes a fault of meaning, unless the place itself could not be read.
    pub(crate) fn report(
        &mut self,
        code: &'static str,
        at: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
        trace: Vec<TraceStep>,
    ) {
        if self.findings.len() > FINDINGS_MAX {
            return;
        }
        let full = self.findings.len() == FINDINGS_MAX;
        let line = line_of(self.root, at);
        let finding = if full {
            Finding {
                code: code::MORE_FINDINGS,
                severity: severity_of(code::MORE_FINDINGS),
                message: format!("More than {FINDINGS_MAX} findings; the rest is not listed."),
                path: at.to_owned(),
                line,
                remedy: "Correct the findings above and check again.".into(),
                trace: Vec::new(),
            }
        } else {
            Finding {
                code,
                severity: severity_of(code),
                message: message.into(),
                path: at.to_owned(),
                line,
                remedy: remedy.into(),
                trace,
            }
        };
        if full || !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Whether a fault of shape was noted at `at`.
    pub(crate) fn is_faulty(&self, at: &str) -> bool {
        self.faulty.contains(at)
    }

    /// Everything noted, in the order of the file.
    pub(crate) fn into_findings(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(|finding| finding.line);
        self.findings
    }
}

/// The word of `known` nearest to `word`, if it is near enough to be a slip.
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let near = |candidate: &&str| candidate.len().abs_diff(word.len()) <= 3;
    let best = known.filter(near).map(|name| (distance(word, name), name)).min()?;
    (best.0 <= 1 + word.len() / 4).then_some(best.1)
}

/// `Did you mean …?`, or the list of what is possible.
pub fn suggestion<'k>(word: &str, known: impl Iterator<Item = &'k str> + Clone) -> String {
    if let Some(name) = nearest(word, known.clone()) {
        return format!("Did you mean {name:?}?");
    }
    let names: Vec<&str> = known.take(40).collect();
    match names.is_empty() {
        true => "None is declared.".into(),
        false => format!("Use one of: {}.", names.join(", ")),
    }
}

/// Number of single-letter edits between two words; words over 64 bytes are far from all.
fn distance(a: &str, b: &str) -> usize {
    const LENGTH_MAX: usize = 64;
    if a.len() > LENGTH_MAX || b.len() > LENGTH_MAX {
        return LENGTH_MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_gets_the_right_word() {
        let known = ["approved", "applicant", "refused"];
        assert_eq!(nearest("aproved", known.into_iter()), Some("approved"));
        assert_eq!(nearest("refuse", known.into_iter()), Some("refused"));
        assert_eq!(nearest("zzz", known.into_iter()), None);
    }
}
