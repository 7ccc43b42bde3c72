//! The state diagram as Mermaid text: branches are regions of a composite state.

use std::fmt::Write as _;

use motcua_deadlines::Lang;
use motcua_procedures::{Definition, Step, StepKind, Target};

use crate::process::{Process, targets};
use crate::words::{clock, limit, pick, role, status, word};

/// Longest condition in a label, characters.
const CONDITION_CHARS_MAX: usize = 60;

/// The diagram.
pub(crate) fn text(definition: &Definition, lang: Lang) -> String {
    let process = Process::new(definition, lang, CONDITION_CHARS_MAX);
    let mut writer = Writer { process: &process, out: String::new() };
    writer.line(0, &format!("%% {} {}", definition.code, definition.version));
    writer.line(0, "stateDiagram-v2");
    writer.line(1, "direction TB");
    for step in process.main_steps() {
        writer.state(step, 1);
    }
    writer.line(1, &format!("[*] --> {}", writer.id(&definition.start)));
    for step in process.main_steps() {
        writer.transitions(step, 1);
    }
    writer.shared();
    writer.out
}

struct Writer<'a> {
    process: &'a Process<'a>,
    out: String,
}

impl Writer<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        let _infallible = writeln!(self.out, "{}{text}", "    ".repeat(depth));
    }

    /// `s` and the number: ids of steps may hold what Mermaid reads otherwise.
    fn id(&self, step: &str) -> String {
        format!("s{}", self.process.number(step))
    }

    fn state(&mut self, step: &Step, depth: usize) {
        let lang = self.process.lang;
        let id = self.id(&step.id);
        let title = escape(&title(self.process, step));
        let Some(parallel) = &step.parallel else {
            self.line(depth, &format!("state \"{title}\" as {id}"));
            return;
        };
        self.line(depth, &format!("state \"{title}\" as {id} {{"));
        for (i, branch) in parallel.branches.iter().enumerate() {
            if i > 0 {
                self.line(depth + 1, "--");
            }
            let mut name =
                format!("{}: {}", word(lang, "Nhánh", "Branch"), pick(&branch.name, lang));
            if let Some(opening) = self.process.opening(branch) {
                let _infallible = write!(name, " ({opening})");
            }
            let region = format!("{id}b{}", i + 1);
            self.line(depth + 1, &format!("state \"{}\" as {region} {{", escape(&name)));
            self.line(depth + 2, "direction TB");
            let steps = self.process.branch_steps(step, branch);
            for inner in &steps {
                self.state(inner, depth + 2);
            }
            self.line(depth + 2, &format!("[*] --> {}", self.id(&branch.start)));
            for inner in &steps {
                self.transitions(inner, depth + 2);
            }
            self.line(depth + 1, "}");
        }
        self.line(depth, "}");
        self.line(depth, &format!("state {id}join <<join>>"));
    }

    fn transitions(&mut self, step: &Step, depth: usize) {
        let id = self.id(&step.id);
        if step.kind == StepKind::Final {
            self.line(depth, &format!("{id} --> [*]"));
        }
        if let Some(parallel) = &step.parallel {
            let label = escape(&self.process.join(parallel));
            self.line(depth, &format!("{id} --> {id}join : {label}"));
            self.leads(&format!("{id}join"), &parallel.join.target, None, depth);
        }
        for action in self.process.own_actions(step) {
            let mut name = pick(&action.name, self.process.lang).to_owned();
            if let Some(begins) = self.process.begins(action) {
                let _infallible = write!(name, " – {begins}");
            }
            match &action.target {
                Target::End => {
                    let label = escape(&self.process.action(step, action));
                    self.line(depth, &format!("{id} --> [*] : {label}"));
                }
                Target::Back => {
                    let label = escape(&self.process.action(step, action));
                    self.line(depth, &format!("note right of {id} : {label}"));
                }
                Target::Stay => self.line(depth, &format!("{id} --> {id} : {}", escape(&name))),
                Target::Step(_) | Target::Choice(_) => {
                    self.leads(&id, &action.target, Some(&name), depth);
                }
            }
        }
    }

    /// What many steps have alike, as a note: as arrows it would cover the picture.
    fn shared(&mut self) {
        let process = self.process;
        let said = process.shared().iter().map(|shared| process.shared_action(shared));
        let said: Vec<String> = said.collect();
        if !said.is_empty() {
            let id = self.id(&process.definition.start);
            self.line(1, &format!("note left of {id} : {}", escape(&said.join("; "))));
        }
    }

    /// One line for each step that a target names.
    fn leads(&mut self, from: &str, target: &Target, name: Option<&str>, depth: usize) {
        let lang = self.process.lang;
        let choices = match target {
            Target::Choice(choices) => choices.as_slice(),
            Target::Stay | Target::Back | Target::End | Target::Step(_) => &[],
        };
        for (i, to) in targets(target).into_iter().enumerate() {
            let when = choices.get(i).map(|choice| match &choice.when {
                Some(guard) => {
                    format!("{} {}", word(lang, "nếu", "if"), self.process.condition(guard))
                }
                None => word(lang, "còn lại", "otherwise").to_owned(),
            });
            let label: Vec<&str> = name.into_iter().chain(when.as_deref()).collect();
            let label = escape(&label.join(", "));
            let colon = if label.is_empty() { "" } else { " : " };
            self.line(depth, &format!("{from} --> {}{colon}{label}", self.id(to)));
        }
    }
}

/// Number, name, status, who, clock, time.
fn title(process: &Process<'_>, step: &Step) -> String {
    let lang = process.lang;
    let mut title = format!("{}. {}", process.number(&step.id), pick(&step.name, lang));
    if step.within.is_none() {
        let _infallible =
            write!(title, " · {} {}", u8::from(step.status), status(step.status, lang));
    }
    if step.kind != StepKind::Final {
        let _infallible = write!(title, " · {}", role(step.role, lang));
    }
    if step.within.is_none() {
        let _infallible = write!(title, " · {}", clock(&step.clock, lang));
    }
    if let Some(time) = &step.time {
        let _infallible = write!(title, " · {}", limit(time, lang));
    }
    if let Some(mark) = process.shared_refusals(step) {
        let _infallible = write!(title, " · {mark}");
    }
    title
}

/// Text as Mermaid takes it: what it could read as syntax becomes a character code.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '#' | ';' | ':' | '[' | ']' | '{' | '}' | '(' | ')' | '<' | '>' | '|' | '&'
            | '`' | '\\' | '%' | '-' => {
                let _infallible = write!(out, "#{};", u32::from(c));
            }
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_mermaid_reads_becomes_a_code() {
        assert_eq!(escape("a\"b[c]: --> d"), "a#34;b#91;c#93;#58; #45;#45;#62; d");
    }
}
