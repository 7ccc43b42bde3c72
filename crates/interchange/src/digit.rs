//! DIGIT business services: JSON from the workflow service of eGov's DIGIT.
//!
//! A service has states; the one without a name is where an application comes into being. A state
//! has actions with roles and the next state, by name in a create request and by UUID in the
//! answer of a search. Deadlines (`sla`, `businessServiceSla`) are in milliseconds of elapsed time.

mod escalations;
mod service;
mod shape;
mod states;

use crate::finding::{Place, Report, code, quoted};
use crate::json;
use crate::outline::Outline;
use crate::soundness;

/// Most services whose names a message lists.
const NAMES_MAX: usize = 20;

/// Reads one service; none when there is no draft to write.
pub(crate) fn read(source: &[u8], only: Option<&str>, report: &mut Report) -> Option<Outline> {
    let root = match json::read(source) {
        Ok(root) => root,
        Err(refusal) => {
            report.refuse(refusal);
            return None;
        }
    };
    let found = shape::services(&root);
    let chosen = choose(&found.services, only, report);
    if let [service] = chosen.as_slice() {
        return service::read(service, &found.escalations, report);
    }
    // Several have no draft, and yet each of them may have defects.
    for service in chosen {
        if let Some(outline) = service::read(service, &found.escalations, report) {
            soundness::examine(&outline, report);
        }
    }
    None
}

/// The service that is asked for, or all of them.
fn choose<'n, 'f>(
    found: &'f [shape::Found<'n>],
    only: Option<&str>,
    report: &mut Report,
) -> Vec<&'f shape::Found<'n>> {
    let root = Place { path: String::new(), line: 1 };
    let names: Vec<String> =
        found.iter().take(NAMES_MAX).map(|found| quoted(&found.name())).collect();
    let chosen: Vec<_> = match only {
        Some(name) => found.iter().filter(|found| found.name() == name).collect(),
        None => found.iter().collect(),
    };
    match (chosen.as_slice(), only) {
        ([_], _) => {}
        ([], None) => {
            let message = "No business service with states is found.";
            let remedy = "Give a create request, the answer of a search, master data, or a bare \
                          service: an object with `businessService` and `states`.";
            report.note(code::IMPORT_NOTHING_FOUND, &root, message, remedy);
        }
        ([], Some(name)) => {
            let message = format!("No business service is called {}.", quoted(name));
            let remedy = format!("There are: {}.", names.join(", "));
            report.note(code::IMPORT_NOTHING_FOUND, &root, message, remedy);
        }
        (several, _) => {
            let message = format!("{} business services: {}.", several.len(), names.join(", "));
            let remedy = "Import one at a time: name it with --only.";
            let place = several.get(1).map_or(root, |second| second.node.at(&second.path));
            report.note(code::IMPORT_SEVERAL_FOUND, &place, message, remedy);
        }
    }
    chosen
}

#[cfg(test)]
mod tests;
