//! The draft: an outline as YAML, with a placeholder and a finding for everything that the
//! language needs and the source does not say.

use crate::finding::{Place, Report, code, quoted};
use crate::outline::{
    Action, Branch, Condition, Label, Lead, Outline, Parallel, Span, Step, Timeout,
};

/// What stands in a draft where a person has to write something. The checker refuses it.
pub const FILL_IN: &str = "FILL_IN";

/// Longest comment, characters.
const COMMENT_CHARS_MAX: usize = 300;

/// Most steps and most bytes of a draft: what the checker reads.
const STEPS_MAX: usize = 2_000;
const DRAFT_BYTES_MAX: usize = 1 << 20;

/// Writes the draft, and notes each gap in it; none when it would be more than the checker reads.
pub(crate) fn write(outline: &Outline, report: &mut Report) -> Option<String> {
    let count = steps(&outline.steps);
    if count > STEPS_MAX {
        let message = format!("There are {count} steps; a procedure holds at most {STEPS_MAX}.");
        let remedy = "Divide the process.";
        report.note(code::IMPORT_TOO_MANY_PARTS, &outline.at, message, remedy);
        return None;
    }
    let text = all(outline, report);
    if text.len() > DRAFT_BYTES_MAX {
        let message = format!("The draft would have {} bytes: more than is read.", text.len());
        let remedy = "Divide the process.";
        report.note(code::IMPORT_TOO_MANY_PARTS, &outline.at, message, remedy);
        return None;
    }
    Some(text)
}

/// Steps, those of branches included.
fn steps(found: &[Step]) -> usize {
    let inner = |step: &Step| match &step.parallel {
        Some(Parallel::Block { branches, .. }) => {
            branches.iter().map(|branch| steps(&branch.steps)).sum()
        }
        Some(Parallel::Refused) | None => 0,
    };
    found.iter().map(|step| 1 + inner(step)).sum()
}

fn all(outline: &Outline, report: &mut Report) -> String {
    let mut draft = Draft { text: String::new(), report };
    draft.head(outline);
    draft.line(0, "steps:");
    draft.steps(&outline.steps, 1, false);
    draft.text
}

struct Draft<'r> {
    text: String,
    report: &'r mut Report,
}

/// Keys of the whole that no foreign notation says: code of the finding, keys, what is missing,
/// what to write.
const GAPS: [(&str, &[&str], &str, &str); 7] = [
    (
        code::IMPORT_FACTS_MISSING,
        &["procedure", "version", "effective_from", "field", "level"],
        "The source says neither the national code nor version, first day, field and level.",
        "Write `procedure`, `version`, `effective_from`, `field` and `level`.",
    ),
    (
        code::IMPORT_GROUND_MISSING,
        &["grounds"],
        "The source names no legal text.",
        "List the legal texts under `grounds` and name them wherever `ground` stands.",
    ),
    (
        code::IMPORT_FILING_MISSING,
        &["channels", "parties"],
        "The source does not say how one may file, nor who may.",
        "Write `channels` and `parties`.",
    ),
    (
        code::IMPORT_FORM_MISSING,
        &["form"],
        "The source has no electronic form.",
        "Write `form`, a JSON Schema within the allowed profile.",
    ),
    (
        code::IMPORT_VARIANTS_MISSING,
        &["variants"],
        "The source knows no case variants.",
        "Write `variants`, at least one.",
    ),
    (
        code::IMPORT_DOCUMENTS_MISSING,
        &["documents"],
        "The source does not say which documents the case needs.",
        "Write `documents`, each with its kind, number and ground.",
    ),
    (
        code::IMPORT_FEES_MISSING,
        &["fees"],
        "The source says nothing about fees.",
        "Write `fees`; `[]` when it is free.",
    ),
];

impl Draft<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        self.text.push_str(&"  ".repeat(depth));
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// A line with a remark behind it.
    fn remarked(&mut self, depth: usize, text: &str, remark: &str) {
        match remark.is_empty() {
            true => self.line(depth, text),
            false => self.line(depth, &format!("{text} # {}", comment(remark))),
        }
    }

    fn gap(&mut self, code: &'static str, place: &Place, message: String, remedy: &str) {
        self.report.note(code, place, message, remedy);
    }

    fn head(&mut self, outline: &Outline) {
        let origin = comment(&outline.origin);
        self.line(0, &format!("# A draft, imported from {origin}. It is no procedure yet: write"));
        self.line(0, &format!("# what belongs where {FILL_IN} or an empty text stands, then run"));
        self.line(0, "# `motcua procedure check`.");
        let name = label(&outline.name);
        for (code, keys, message, remedy) in GAPS {
            self.gap(code, &outline.at, message.to_owned(), remedy);
            for key in keys {
                self.line(0, &format!("{key}: {FILL_IN}"));
                if *key == "effective_from" {
                    self.line(0, &format!("name: {name}"));
                }
            }
        }
        let missing = missing_names(&outline.name, "the procedure");
        self.names_gap(&outline.at, missing);
        self.limit(outline);
        let message = "The source does not say what the procedure can end with.".to_owned();
        let remedy = "Write `results`, and `outcome` on the actions that decide on them.";
        self.gap(code::IMPORT_RESULTS_MISSING, &outline.at, message, remedy);
        self.line(0, &format!("results: {FILL_IN}"));
        let start = outline.start.as_deref().map_or(FILL_IN.to_owned(), word);
        self.line(0, &format!("start: {start}"));
    }

    fn limit(&mut self, outline: &Outline) {
        let remedy = "Write the limit of the law under `limits`, with its unit and its ground.";
        let Some(span) = &outline.limit else {
            let message = "The source sets no limit for the whole.".to_owned();
            self.gap(code::IMPORT_LIMIT_MISSING, &outline.at, message, remedy);
            self.line(0, &format!("limits: {FILL_IN}"));
            return;
        };
        let source = &span.source;
        let message = format!("The source allows {source}, and not which time counts, nor why.");
        self.gap(code::IMPORT_LIMIT_MISSING, &outline.at, message, remedy);
        self.line(0, "limits:");
        self.line(1, "- id: imported");
        let limit = amount(span);
        let text = format!("statutory: {{ {limit}, ground: {FILL_IN} }}");
        self.remarked(2, &text, &span.source);
    }

    fn steps(&mut self, steps: &[Step], depth: usize, within: bool) {
        for step in steps {
            self.step(step, depth, within);
        }
    }

    fn step(&mut self, step: &Step, depth: usize, within: bool) {
        let id = word(&step.id);
        let remark = if step.id == step.called { "" } else { step.called.as_str() };
        self.remarked(depth, &format!("- id: {id}"), remark);
        let inner = depth + 1;
        self.line(inner, &format!("name: {}", label(&step.name)));
        self.step_names(step);
        if let Some(kind) = &step.kind {
            self.line(inner, &format!("kind: {kind}"));
        }
        if !within {
            self.status(step, inner);
        }
        if !step.is_final() {
            self.who(step, inner);
        }
        if let Some(time) = &step.time {
            self.remarked(inner, &format!("time: {{ {} }}", amount(time)), &time.source);
            self.time_unit(step, time);
        }
        if let Some(timeout) = &step.timeout {
            self.timeout(step, timeout, inner);
        }
        match &step.parallel {
            Some(Parallel::Block { branches, join }) => self.block(branches, join, inner),
            Some(Parallel::Refused) => {
                self.remarked(inner, &format!("branches: {FILL_IN}"), "the fork was refused");
            }
            None => {}
        }
        if !step.actions.is_empty() {
            self.line(inner, "actions:");
            step.actions.iter().for_each(|action| self.action(action, inner + 1));
        }
    }

    fn step_names(&mut self, step: &Step) {
        let mut missing = missing_names(&step.name, &quoted(&step.called));
        for action in &step.actions {
            missing
                .extend(missing_names(&action.name, &format!("action {}", quoted(&action.called))));
        }
        self.names_gap(&step.at, missing);
        let unknown: Vec<String> = step
            .actions
            .iter()
            .filter(|action| action.act.is_none())
            .map(|action| quoted(&action.called))
            .collect();
        if !unknown.is_empty() {
            let (called, unknown) = (quoted(&step.called), unknown.join(", "));
            let message = format!("Which lawful acts are the actions of {called}: {unknown}?");
            let remedy =
                "Write `act`: accept, request_supplement, refuse, sign, complete … or advance.";
            self.gap(code::IMPORT_ACT_UNKNOWN, &step.at, message, remedy);
        }
    }

    fn names_gap(&mut self, place: &Place, missing: Vec<String>) {
        if !missing.is_empty() {
            let message = format!("Missing: {}.", missing.join(", "));
            let remedy = "Write each name in Vietnamese (`vi`) and in English (`en`).";
            self.gap(code::IMPORT_NAME_MISSING, place, message, remedy);
        }
    }

    fn status(&mut self, step: &Step, depth: usize) {
        let status = step.status.as_deref().unwrap_or(FILL_IN);
        self.line(depth, &format!("status: {status}"));
        if step.status.is_none() {
            let message = format!("Which national status has {}?", quoted(&step.called));
            let remedy = "Write `status` 1 to 10, and `kind` and `clock` where the office waits.";
            self.gap(code::IMPORT_STATUS_MISSING, &step.at, message, remedy);
        }
    }

    fn who(&mut self, step: &Step, depth: usize) {
        let roles = step.source_roles.join(", ");
        let remark = if step.role.is_some() { String::new() } else { roles.clone() };
        let role = step.role.as_deref().unwrap_or(FILL_IN);
        self.remarked(depth, &format!("role: {role}"), &remark);
        let called = quoted(&step.called);
        if step.role.is_none() {
            let message = match roles.is_empty() {
                true => format!("The source does not say who works on {called}."),
                false => format!("Which of our roles are those of {called}: {roles}?"),
            };
            let remedy = "Write `role`, and `roles` on the actions that others do.";
            self.gap(code::IMPORT_ROLE_UNKNOWN, &step.at, message, remedy);
        }
        let unit = step.unit.as_deref().unwrap_or(FILL_IN);
        self.line(depth, &format!("unit: {unit}"));
        if step.unit.is_none() {
            let message = format!("In which unit is {called} worked on?");
            let remedy = "Write `unit`: receiving, competent or chosen.";
            self.gap(code::IMPORT_UNIT_MISSING, &step.at, message, remedy);
        }
    }

    fn time_unit(&mut self, step: &Step, span: &Span) {
        if span.unit.is_none() || span.amount.is_none() {
            let (called, source) = (quoted(&step.called), &span.source);
            let message = format!("The time of {called} is {source}: does it count working time?");
            let remedy = "Write amount and unit: working_day, calendar_day, working_hour, month.";
            self.gap(code::IMPORT_TIME_UNIT, &step.at, message, remedy);
        }
    }

    fn timeout(&mut self, step: &Step, timeout: &Timeout, depth: usize) {
        let (after, action) = (amount(&timeout.after), word(&timeout.action));
        let text =
            format!("timeout: {{ after: {{ {after} }}, action: {action}, ground: {FILL_IN} }}");
        self.remarked(depth, &text, &timeout.after.source);
        self.time_unit(step, &timeout.after);
        let message = format!("Which legal text sets the timeout of {}?", quoted(&step.called));
        let remedy = "Name it in `ground`.";
        self.gap(code::IMPORT_GROUND_MISSING, &step.at, message, remedy);
    }

    fn block(&mut self, branches: &[Branch], join: &Lead, depth: usize) {
        self.line(depth, "branches:");
        for branch in branches {
            let inner = depth + 2;
            self.line(depth + 1, &format!("- id: {}", word(&branch.id)));
            self.line(inner, &format!("name: {}", label(&branch.name)));
            if let Some(when) = &branch.when {
                let (text, remark) = condition(when);
                self.remarked(inner, &format!("when: {text}"), &remark);
            }
            if branch.each_unit {
                self.line(inner, "each_unit: true");
            }
            let start = branch.start.as_deref().map_or(FILL_IN.to_owned(), word);
            self.line(inner, &format!("start: {start}"));
            self.line(inner, "answers:");
            for answer in &branch.answers {
                let id = word(answer);
                self.line(
                    inner + 1,
                    &format!("- {{ id: {id}, name: {} }}", label(&Label::default())),
                );
            }
            self.line(inner, "steps:");
            let place = branch.steps.first().map(|step| step.at.clone()).unwrap_or_default();
            let mut missing =
                missing_names(&branch.name, &format!("branch {}", quoted(&branch.id)));
            missing.extend(branch.answers.iter().map(|id| format!("the answer {id:?}")));
            self.names_gap(&place, missing);
            self.steps(&branch.steps, inner + 1, true);
        }
        self.line(depth, "join:");
        self.lead("to", join, depth + 1);
    }

    fn action(&mut self, action: &Action, depth: usize) {
        let id = word(&action.id);
        let remark = if action.id == action.called { "" } else { action.called.as_str() };
        self.remarked(depth, &format!("- id: {id}"), remark);
        let inner = depth + 1;
        self.line(inner, &format!("name: {}", label(&action.name)));
        let act = action.act.as_deref().unwrap_or(FILL_IN);
        self.line(inner, &format!("act: {act}"));
        if !action.roles.is_empty() {
            self.line(inner, &format!("roles: [{}]", action.roles.join(", ")));
        } else if !action.source_roles.is_empty() {
            let roles = action.source_roles.join(", ");
            self.remarked(inner, &format!("roles: [{FILL_IN}]"), &roles);
        }
        if let Some(when) = &action.when {
            let (text, remark) = condition(when);
            self.remarked(inner, &format!("when: {text}"), &remark);
        }
        self.lead("to", &action.lead, inner);
    }

    fn lead(&mut self, key: &str, lead: &Lead, depth: usize) {
        match lead {
            Lead::Nowhere => self.line(depth, &format!("{key}: {FILL_IN}")),
            Lead::To(step) => self.line(depth, &format!("{key}: {}", word(step))),
            Lead::Stay => self.line(depth, &format!("{key}: stay")),
            Lead::Back => self.line(depth, &format!("{key}: back")),
            Lead::Answer(answer) => self.line(depth, &format!("answer: {}", word(answer))),
            Lead::Choice(ways) => {
                self.line(depth, &format!("{key}:"));
                for way in ways {
                    let to = way.to.as_deref().map_or(FILL_IN.to_owned(), word);
                    match &way.when {
                        None => self.line(depth + 1, &format!("- {{ else: {to} }}")),
                        Some(when) => {
                            let (text, remark) = condition(when);
                            let text = format!("- {{ when: {text}, to: {to} }}");
                            self.remarked(depth + 1, &text, &remark);
                        }
                    }
                }
            }
        }
    }
}

/// A condition in the draft, and what the source says where it speaks another language.
fn condition(condition: &Condition) -> (String, String) {
    match condition {
        Condition::Ours(text) => (text_of(text), String::new()),
        Condition::Foreign(text) => (FILL_IN.to_owned(), text.clone()),
    }
}

fn amount(span: &Span) -> String {
    let amount = span.amount.map_or(FILL_IN.to_owned(), |amount| amount.to_string());
    format!("amount: {amount}, unit: {}", span.unit.as_deref().unwrap_or(FILL_IN))
}

/// `{ vi: "…", en: "…" }`, with an empty text where the source has none.
fn label(label: &Label) -> String {
    let text = |text: &Option<String>| text_of(text.as_deref().unwrap_or_default());
    format!("{{ vi: {}, en: {} }}", text(&label.vi), text(&label.en))
}

fn missing_names(label: &Label, of: &str) -> Vec<String> {
    match (&label.vi, &label.en) {
        (Some(_), Some(_)) => Vec::new(),
        (None, Some(_)) => vec![format!("the Vietnamese name of {of}")],
        (Some(_), None) => vec![format!("the English name of {of}")],
        (None, None) => vec![format!("the name of {of}")],
    }
}

/// A text in double quotes; JSON's are YAML's, once control characters are gone.
fn text_of(text: &str) -> String {
    let text: String = text.chars().map(|c| if is_odd(c) { ' ' } else { c }).collect();
    serde_json::Value::from(text).to_string()
}

/// Characters that YAML does not print.
fn is_odd(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// An id; in quotes when YAML would take it for something else.
fn word(id: &str) -> String {
    let lower = id.to_ascii_lowercase();
    let special = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    match special.contains(&lower.as_str()) {
        true => text_of(id),
        false => id.to_owned(),
    }
}

/// A remark on one line.
fn comment(text: &str) -> String {
    let plain = text.chars().map(|c| if is_odd(c) { ' ' } else { c });
    plain.take(COMMENT_CHARS_MAX).collect()
}
