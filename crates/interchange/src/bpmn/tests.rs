mod blocks;
mod events;
mod flows;
mod parts;

use motcua_procedures::{Finding, Severity};

use crate::{Imported, import_bpmn};

/// A document with one process that holds these elements.
fn document(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <bpmn:definitions xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\" id=\"d\" targetNamespace=\"t\">\n\
         <bpmn:process id=\"p\" name=\"Permit\" isExecutable=\"true\">\n{body}\n</bpmn:process>\n\
         </bpmn:definitions>"
    )
}

/// Elements from short lines: `task id name`, `a -> b`, `a -> b : name`, `a -> b ? condition`;
/// whatever begins with `<` stands as it is.
fn elements(lines: &str) -> String {
    let mut body = String::new();
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    for (number, line) in lines.enumerate() {
        if line.starts_with('<') {
            body.push_str(line);
        } else if let Some((from, to)) = line.split_once(" -> ") {
            let (to, condition) = to.split_once(" ? ").unwrap_or((to, ""));
            let (to, name) = to.split_once(" : ").unwrap_or((to, ""));
            let name = if name.is_empty() { String::new() } else { format!(" name=\"{name}\"") };
            let condition = match condition.is_empty() {
                true => String::new(),
                false => format!(
                    "<bpmn:conditionExpression xsi:type=\"bpmn:tFormalExpression\">\
                     {condition}</bpmn:conditionExpression>"
                ),
            };
            body.push_str(&format!(
                "<bpmn:sequenceFlow id=\"f{number}\" sourceRef=\"{from}\" targetRef=\"{to}\"{name}>\
                 {condition}</bpmn:sequenceFlow>"
            ));
        } else {
            let mut words = line.splitn(3, ' ');
            let (kind, id) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let kind = match kind {
                "start" => "startEvent",
                "end" => "endEvent",
                "task" => "userTask",
                "xor" => "exclusiveGateway",
                "and" => "parallelGateway",
                "or" => "inclusiveGateway",
                other => other,
            };
            let name = words.next().map_or(String::new(), |name| format!(" name=\"{name}\""));
            body.push_str(&format!("<bpmn:{kind} id=\"{id}\"{name} />"));
        }
        body.push('\n');
    }
    body
}

fn import(lines: &str) -> Imported {
    let imported = import_bpmn(document(&elements(lines)).as_bytes(), None);
    if let Some(yaml) = &imported.yaml {
        let report = motcua_procedures::check(yaml.as_bytes());
        assert!(report.readable && !report.sound, "{:#?}", report.findings);
    }
    imported
}

/// The draft of a source without a known defect.
#[track_caller]
fn draft(lines: &str) -> String {
    let imported = import(lines);
    assert!(imported.sound, "{:#?}", errors(&imported));
    imported.yaml.expect("a draft")
}

fn errors(imported: &Imported) -> Vec<&Finding> {
    imported.findings.iter().filter(|f| f.severity == Severity::Error).collect()
}

#[track_caller]
fn only_error(lines: &str) -> (&'static str, String) {
    let imported = import(lines);
    let errors = errors(&imported);
    assert_eq!(errors.len(), 1, "{errors:#?}");
    (errors[0].code, errors[0].message.clone())
}

#[track_caller]
fn finding(lines: &str, code: &str) -> Finding {
    let imported = import(lines);
    let found = imported.findings.iter().find(|finding| finding.code == code);
    found.unwrap_or_else(|| panic!("{code} is not in {:#?}", imported.findings)).clone()
}

/// The parts stand in the draft in this order.
#[track_caller]
fn has(draft: &str, parts: &[&str]) {
    let mut rest = draft;
    for part in parts {
        let at = rest.find(part);
        let at = at.unwrap_or_else(|| panic!("{part:?} is not (there) in\n{draft}"));
        rest = &rest[at + part.len()..];
    }
}

const TIMER: &str = "<bpmn:timerEventDefinition><bpmn:timeDuration xsi:type='bpmn:tFormalExpression'>P30D\
                     </bpmn:timeDuration></bpmn:timerEventDefinition>";
