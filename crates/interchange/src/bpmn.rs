//! BPMN 2.0: the executable subset, in and out of tools.
//!
//! Tasks and events that wait become steps, flows become actions, end events final steps.
//! Gateways become choices, decisions of a person, or branches; a fork and its join must enclose a
//! block. `read` makes a graph of the XML with the `marks` of tools, `blocks` finds what a fork
//! encloses, `leads` follows flows through gateways, `gateways` says what those lack, `steps` puts
//! it together.

mod blocks;
mod gateways;
mod graph;
mod leads;
mod marks;
mod read;
mod steps;
mod timer;

use crate::finding::{Place, Report, code, quoted};
use crate::outline::Outline;
use crate::xml::{self, Element};

/// Namespace of the elements of BPMN 2.0.
pub(crate) const MODEL: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
/// Namespace of what exports of ours add.
pub(crate) const OURS: &str = "https://motcua.example/bpmn/1";
/// Language of conditions that are taken over as they are.
pub(crate) const CEL: &str = "https://cel.dev";
/// What an action is called where the flow has no name.
pub(crate) const DONE: &str = "done";

/// Most processes whose names a message lists.
const NAMES_MAX: usize = 20;

/// Reads one process; none when there is no draft to write.
pub(crate) fn read(source: &[u8], only: Option<&str>, report: &mut Report) -> Option<Outline> {
    let root = match xml::read(source) {
        Ok(root) => root,
        Err(refusal) => {
            report.refuse(refusal);
            return None;
        }
    };
    let place = Place { path: format!("/{}", root.name), line: root.line };
    if root.namespace != MODEL || root.name != "definitions" {
        let message = "This is no BPMN 2.0: the root is not `definitions` of its namespace.";
        let remedy = "Save the diagram as BPMN 2.0 XML.";
        report.note(code::IMPORT_NOTHING_FOUND, &place, message, remedy);
        return None;
    }
    let process = choose(&root, &place, only, report)?;
    let graph = read::graph(&root, process, report);
    let blocks = blocks::find(&graph, report);
    let mut outline = steps::outline(&graph, &blocks, report);
    let name = process.get("name").or(process.get("id")).unwrap_or_default();
    outline.origin = format!("the BPMN process {}", quoted(name));
    outline.name = read::label(process);
    outline.at = Place { path: read::place_of("/definitions", process), line: process.line };
    Some(outline)
}

fn choose<'x>(
    root: &'x Element,
    place: &Place,
    only: Option<&str>,
    report: &mut Report,
) -> Option<&'x Element> {
    let is_process = |child: &&Element| child.namespace == MODEL && child.name == "process";
    let all: Vec<&Element> = root.children.iter().filter(is_process).collect();
    let called = |process: &Element| process.get("id").unwrap_or_default().to_owned();
    let names: Vec<String> =
        all.iter().take(NAMES_MAX).map(|process| quoted(&called(process))).collect();
    let is_wanted = |process: &&&Element| only.is_none_or(|only| called(process) == only);
    let chosen: Vec<&&Element> = all.iter().filter(is_wanted).collect();
    match (chosen.as_slice(), only) {
        ([process], _) => Some(process),
        ([], Some(only)) => {
            let message = format!("No process has the id {}.", quoted(only));
            let remedy = format!("There are: {}.", names.join(", "));
            report.note(code::IMPORT_NOTHING_FOUND, place, message, remedy);
            None
        }
        ([], None) => {
            let message = "There is no process.";
            let remedy = "Draw one: a diagram of a choreography or conversation has none.";
            report.note(code::IMPORT_NOTHING_FOUND, place, message, remedy);
            None
        }
        (several, _) => {
            let message = format!("There are {} processes: {}.", several.len(), names.join(", "));
            let remedy = "Import one at a time: name its id with --only.";
            report.note(code::IMPORT_SEVERAL_FOUND, place, message, remedy);
            None
        }
    }
}

#[cfg(test)]
mod tests;
