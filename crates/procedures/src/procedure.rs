//! From bytes to a procedure, or to the list of what is wrong with them.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::definition::{Action, Definition, DocumentRequirement, Step, Variant};
use crate::finding::{Finding, Findings, Severity, severity_of};
use crate::{check as rules, read, yaml};

/// Which published procedure a dossier is bound to (L8).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProcedureRef {
    /// National code such as `1.001193`.
    pub code: String,
    /// Version of the definition.
    pub version: String,
    /// SHA-256 of the published bytes, lower-case hexadecimal.
    pub digest: String,
}

/// A sound procedure with the bytes it was published as.
#[derive(Debug)]
pub struct Procedure {
    reference: ProcedureRef,
    definition: Definition,
    source: Vec<u8>,
}

impl Procedure {
    /// Code, version and digest.
    pub fn reference(&self) -> &ProcedureRef {
        &self.reference
    }

    /// Its parts.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// The bytes that the digest is over.
    pub fn source(&self) -> &[u8] {
        &self.source
    }

    /// The step of that id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.definition.steps.iter().find(|step| step.id == id)
    }

    /// The required document of that id.
    pub fn document(&self, id: &str) -> Option<&DocumentRequirement> {
        self.definition.documents.iter().find(|document| document.id == id)
    }

    /// The variant of that id.
    pub fn variant(&self, id: &str) -> Option<&Variant> {
        self.definition.variants.iter().find(|variant| variant.id == id)
    }

    /// An action of a step, by the ids of both.
    pub fn action(&self, step: &str, action: &str) -> Option<&Action> {
        self.step(step)?.actions.iter().find(|found| found.id == action)
    }
}

/// What a check found.
#[derive(Debug)]
pub struct Report {
    /// No finding is an error: the definition may be published.
    pub sound: bool,
    /// Every finding, in the order of the file.
    pub findings: Vec<Finding>,
    /// The procedure, when it is sound.
    pub procedure: Option<Procedure>,
    /// Whether the file could be read as YAML at all.
    pub readable: bool,
}

/// Reads a definition and checks it.
///
/// # Errors
/// Every finding, when at least one of them is an error.
pub fn parse(source: &[u8]) -> Result<Procedure, Findings> {
    let report = check(source);
    report.procedure.ok_or(Findings(report.findings))
}

/// Reads a definition and reports everything there is to say about it. Time and memory are
/// bounded whatever the bytes are.
pub fn check(source: &[u8]) -> Report {
    let outcome = yaml::read(source);
    let mut findings: Vec<Finding> = outcome.faults.into_iter().map(of_fault).collect();
    let Some(root) = outcome.root else {
        return Report { sound: false, findings, procedure: None, readable: false };
    };
    let mut reader = read::Reader::new(&root);
    let draft = reader.read();
    if let Some(draft) = &draft {
        rules::run(draft, &mut reader);
    }
    findings.extend(reader.into_findings());
    findings.sort_by_key(|finding| finding.line);
    let sound = findings.iter().all(|finding| finding.severity != Severity::Error);
    let procedure = draft.filter(|_| sound).map(|draft| pinned(draft.definition, source));
    Report { sound, findings, procedure, readable: true }
}

fn pinned(definition: Definition, source: &[u8]) -> Procedure {
    let digest: String = Sha256::digest(source).iter().map(|byte| format!("{byte:02x}")).collect();
    let reference =
        ProcedureRef { code: definition.code.clone(), version: definition.version.clone(), digest };
    Procedure { reference, definition, source: source.to_vec() }
}

fn of_fault(fault: yaml::Fault) -> Finding {
    Finding {
        code: fault.code,
        severity: severity_of(fault.code),
        message: fault.message,
        path: String::new(),
        line: fault.line,
        remedy: fault.remedy.to_owned(),
        trace: Vec::new(),
    }
}
