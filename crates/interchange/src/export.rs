//! A procedure as BPMN 2.0 with a diagram: what a procedure's process looks like to others.
//!
//! Steps become user tasks and end events, actions flows, several actions an exclusive gateway,
//! timeouts timer events on the task, branches a sub-process with a fork and a join. What BPMN has
//! no word for stands in attributes of our own namespace, which tools keep; an import of ours reads
//! them. Forms, documents, fees, limits are no part of the picture: the YAML remains the procedure.

mod layout;
mod parallel;
mod scene;
mod write;

use motcua_procedures::{Definition, Finding};

use crate::finding::{Place, Report, code};

/// Language of the names in a picture; the other one stands in attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Vietnamese.
    Vi,
    /// English.
    En,
}

/// A picture, and what is not in it.
#[derive(Clone, Debug)]
pub struct Export {
    /// BPMN 2.0 XML.
    pub xml: String,
    /// What the picture does not show.
    pub notes: Vec<Finding>,
}

/// Draws a procedure.
pub fn export_bpmn(definition: &Definition, language: Language) -> Export {
    let mut report = Report::default();
    let message = "Form, documents, fees, limits, clocks, grounds, results, the times of steps, \
                   reminders and what actions ask for are not drawn.";
    let remedy = "Keep the YAML: it remains the procedure.";
    report.note(code::EXPORT_NOT_DRAWN, &Place::default(), message, remedy);
    let scene = scene::draw(definition, language, &mut report);
    let laid = layout::lay_out(&scene);
    let xml = write::write(definition, language, &scene, &laid);
    let (_, notes) = report.into_findings();
    Export { xml, notes }
}

#[cfg(test)]
mod tests;
