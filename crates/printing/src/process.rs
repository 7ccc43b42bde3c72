//! What pictures and tables say about a process: numbers of steps, actions in words, actions that
//! many steps share.

use std::collections::BTreeMap;

use motcua_deadlines::Lang;
use motcua_procedures::{
    Act, Action, Answer, Branch, ClockFrom, Definition, Guard, LimitRule, Parallel, Step, Target,
};

use crate::condition::in_words;
use crate::text::shortened;
use crate::words::{limit, other_cases, pick, role, word};

/// An action that so many steps have alike is said once, below the steps.
const SHARED_STEPS_MIN: usize = 3;

/// A definition with its steps numbered from 1 in the order of the file.
pub(crate) struct Process<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) lang: Lang,
    /// Longest condition in an action's line, characters.
    condition_chars_max: usize,
    numbers: BTreeMap<&'a str, usize>,
    shared: Vec<Shared<'a>>,
}

/// An action that several steps have alike.
pub(crate) struct Shared<'a> {
    pub(crate) action: &'a Action,
    /// Numbers of the steps.
    pub(crate) steps: Vec<usize>,
}

impl<'a> Process<'a> {
    /// Numbers the steps; `condition_chars_max` bounds how long a condition may read.
    pub(crate) fn new(
        definition: &'a Definition,
        lang: Lang,
        condition_chars_max: usize,
    ) -> Process<'a> {
        let steps = definition.steps.iter().enumerate();
        let numbers = steps.map(|(i, step)| (step.id.as_str(), i + 1)).collect();
        let shared = shared(definition);
        Process { definition, lang, condition_chars_max, numbers, shared }
    }

    pub(crate) fn number(&self, step: &str) -> usize {
        self.numbers.get(step).copied().unwrap_or_default()
    }

    pub(crate) fn step(&self, id: &str) -> Option<&'a Step> {
        self.definition.steps.iter().find(|step| step.id == id)
    }

    /// Steps of the main line.
    pub(crate) fn main_steps(&self) -> impl Iterator<Item = &'a Step> {
        self.definition.steps.iter().filter(|step| step.within.is_none())
    }

    /// Steps of a branch, the one it begins with first.
    pub(crate) fn branch_steps(&self, step: &Step, branch: &Branch) -> Vec<&'a Step> {
        let within = |one: &&Step| {
            let place = one.within.as_ref();
            place.is_some_and(|place| place.step == step.id && place.branch == branch.id)
        };
        let mut steps: Vec<&Step> = self.definition.steps.iter().filter(within).collect();
        steps.sort_by_key(|one| one.id != branch.start);
        steps
    }

    /// Actions that many steps have alike.
    pub(crate) fn shared(&self) -> &[Shared<'a>] {
        &self.shared
    }

    /// An action that many steps have alike, in one line.
    pub(crate) fn shared_action(&self, shared: &Shared<'_>) -> String {
        let action = shared.action;
        let form = action.form.map(|form| format!(" [{} {form:02}]", self.form_word()));
        let begins = self.begins(action).map(|begins| format!(" – {begins}"));
        format!(
            "{} {}: {} ({}){}{} {}",
            word(self.lang, "Ở các bước", "At steps"),
            ranges(&shared.steps),
            pick(&action.name, self.lang),
            self.roles(action),
            form.unwrap_or_default(),
            begins.unwrap_or_default(),
            self.target(&action.target, None)
        )
    }

    fn form_word(&self) -> &'static str {
        word(self.lang, "mẫu", "form")
    }

    fn is_shared(&self, step: &str, action: &Action) -> bool {
        let number = self.number(step);
        let alike = |one: &Shared<'_>| one.steps.contains(&number) && alike(one.action, action);
        self.shared.iter().any(alike)
    }

    /// Actions of a step that it does not share with many others.
    pub(crate) fn own_actions(&self, step: &'a Step) -> impl Iterator<Item = &'a Action> {
        step.actions.iter().filter(|action| !self.is_shared(&step.id, action))
    }

    /// Where else a step can say no: acts of refusal and stopping that it shares with many others
    /// are told below the steps, and without a mark it would look as if it could only grant.
    pub(crate) fn shared_refusals(&self, step: &Step) -> Option<String> {
        let refuses = |action: &&Action| matches!(action.act, Act::Refuse | Act::Stop);
        let shared = step.actions.iter().filter(refuses);
        let shared = shared.filter(|action| self.is_shared(&step.id, action));
        let names: Vec<&str> = shared.map(|action| pick(&action.name, self.lang)).collect();
        let mark = word(self.lang, "→ thao tác chung", "→ shared actions");
        (!names.is_empty()).then(|| format!("{mark}: {}", names.join("; ")))
    }

    pub(crate) fn condition(&self, guard: &Guard) -> String {
        let words = in_words(guard, self.definition, self.lang);
        shortened(&words, self.condition_chars_max)
    }

    /// An action of a step in one line: name, who else may, form, condition, where it leads.
    pub(crate) fn action(&self, step: &Step, action: &Action) -> String {
        let mut text = pick(&action.name, self.lang).to_owned();
        match action.act {
            Act::Lapse => text.push_str(word(self.lang, " (tự động khi hết hạn)", " (timeout)")),
            Act::Proceed => text.push_str(word(self.lang, " (tự động)", " (by itself)")),
            Act::Accept
            | Act::Admit
            | Act::RequestSupplement
            | Act::Supplement
            | Act::Refuse
            | Act::Advance
            | Act::Sign
            | Act::Issue
            | Act::Complete
            | Act::Deliver
            | Act::Withdraw
            | Act::DeclineWithdrawal
            | Act::Apologise
            | Act::Extend
            | Act::ChangeVariant
            | Act::Stop => {
                if action.roles != [step.role] {
                    text.push_str(&format!(" ({})", self.roles(action)));
                }
            }
        }
        if let Some(form) = action.form {
            text.push_str(&format!(" [{} {form:02}]", self.form_word()));
        }
        if let Some(guard) = &action.when {
            let only = word(self.lang, "chỉ khi", "only if");
            text.push_str(&format!(" – {only} {}", self.condition(guard)));
        }
        if let Some(begins) = self.begins(action) {
            text.push_str(&format!(" – {begins}"));
        }
        let answer = action.answer.as_deref().and_then(|id| self.answer_of(step, id));
        format!("{text} {}", self.target(&action.target, answer))
    }

    /// The phase that an action begins, with its limits and the papers that come with it.
    pub(crate) fn begins(&self, action: &Action) -> Option<String> {
        let begun = action.begins.as_deref()?;
        let phase = self.definition.phases.iter().find(|phase| phase.id == begun)?;
        let name = pick(&phase.name, self.lang);
        let mut said = format!("{} “{name}”", word(self.lang, "mở giai đoạn", "begins the phase"));
        let limits: Vec<String> = self.limits(&phase.limits).collect();
        if !limits.is_empty() {
            let clock = word(self.lang, "thời hạn tính mới", "with a limit of its own");
            said.push_str(&format!(", {clock}: {}", limits.join("; ")));
        }
        let papers = self.definition.documents.iter();
        let papers = papers.filter(|document| document.phase.as_deref() == Some(begun));
        let papers = papers.map(|document| {
            let name = format!("{} {}", document.id, pick(&document.name, self.lang));
            match &document.when {
                Some(guard) => {
                    let only = word(self.lang, "nếu", "if");
                    format!("{name} ({only} {})", self.condition(guard))
                }
                None => name,
            }
        });
        let papers: Vec<String> = papers.collect();
        if !papers.is_empty() {
            let with = word(self.lang, "giấy tờ kèm theo", "papers that come with it");
            said.push_str(&format!(", {with}: {}", papers.join("; ")));
        }
        Some(said)
    }

    pub(crate) fn roles(&self, action: &Action) -> String {
        let names: Vec<&str> = action.roles.iter().map(|one| role(*one, self.lang)).collect();
        names.join(", ")
    }

    fn answer_of(&self, step: &Step, id: &str) -> Option<&'a Answer> {
        let place = step.within.as_ref()?;
        let parallel = self.step(&place.step)?.parallel.as_ref()?;
        let branch = parallel.branches.iter().find(|branch| branch.id == place.branch)?;
        branch.answers.iter().find(|answer| answer.id == id)
    }

    /// Where an action leads, with numbers of steps.
    pub(crate) fn target(&self, target: &Target, answer: Option<&Answer>) -> String {
        match target {
            Target::Stay => word(self.lang, "(giữ nguyên bước)", "(stays)").to_owned(),
            Target::Back => word(self.lang, "← bước trước đó", "← where it was").to_owned(),
            Target::End => {
                let name = answer.map(|answer| pick(&answer.name, self.lang)).unwrap_or_default();
                let ends = word(self.lang, "→ hết nhánh, trả lời", "→ ends the branch:");
                format!("{ends} “{name}”")
            }
            Target::Step(to) => format!("→\u{a0}{}", self.number(to)),
            Target::Choice(choices) => {
                let said = choices.iter().map(|choice| {
                    let to = self.number(&choice.to);
                    match &choice.when {
                        Some(guard) => {
                            let if_ = word(self.lang, "nếu", "if");
                            format!("→\u{a0}{to} {if_} {}", self.condition(guard))
                        }
                        None => format!("→\u{a0}{to} {}", word(self.lang, "còn lại", "otherwise")),
                    }
                });
                said.collect::<Vec<_>>().join("; ")
            }
        }
    }

    /// When the branches of a step come together, and where that leads.
    pub(crate) fn join(&self, parallel: &Parallel) -> String {
        let mut text = word(
            self.lang,
            "Hợp nhánh khi mọi nhánh đã kết thúc",
            "The branches join when all of them have ended",
        )
        .to_owned();
        for early in &parallel.join.early {
            let answer = early.answer.as_ref().and_then(|(branch, answer)| {
                let branch = parallel.branches.iter().find(|one| one.id == *branch)?;
                let answer = branch.answers.iter().find(|one| one.id == *answer)?;
                Some(format!(
                    "{} “{}”",
                    pick(&branch.name, self.lang),
                    pick(&answer.name, self.lang)
                ))
            });
            let any = word(self.lang, "câu trả lời bất kỳ", "answers of any kind");
            let answer = answer.unwrap_or_else(|| any.to_owned());
            let or = word(self.lang, "hoặc đã có", "or there are");
            text.push_str(&format!(", {or} ≥ {} × {answer}", early.at_least));
        }
        format!("{text}: {}", self.target(&parallel.join.target, None))
    }

    /// When a branch opens, and how often.
    pub(crate) fn opening(&self, branch: &Branch) -> Option<String> {
        let each = branch.each_unit.then(|| {
            word(self.lang, "mỗi đơn vị được chọn một lần", "once for each chosen unit").to_owned()
        });
        let when = branch.when.as_ref().map(|guard| {
            format!("{} {}", word(self.lang, "chỉ khi", "only if"), self.condition(guard))
        });
        let said: Vec<String> = each.into_iter().chain(when).collect();
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// Each of the limits with the cases that it is for: `15 ngày (nếu …)`.
    pub(crate) fn limits(&self, rules: &'a [LimitRule]) -> impl Iterator<Item = String> {
        rules.iter().map(move |rule| {
            let length = limit(rule.committed.as_ref().unwrap_or(&rule.statutory), self.lang);
            match &rule.when {
                Some(guard) => {
                    format!("{length} ({} {})", word(self.lang, "nếu", "if"), self.condition(guard))
                }
                None if rules.len() > 1 => {
                    format!("{length} ({})", other_cases(self.lang).to_lowercase())
                }
                None => length,
            }
        })
    }

    /// What the timeout of a step is.
    pub(crate) fn timeout(&self, step: &Step) -> Option<String> {
        let timeout = step.timeout.as_ref()?;
        let after = limit(&timeout.after, self.lang);
        let action = step.actions.iter().find(|action| action.id == timeout.action);
        let name = action.map(|action| pick(&action.name, self.lang)).unwrap_or_default();
        Some(format!("{} {after}: {name}", word(self.lang, "Hết", "After")))
    }

    /// What a step does to the clocks beside the main one.
    pub(crate) fn further_clocks(&self, step: &Step) -> Vec<String> {
        let named = |ids: &[String]| ids.contains(&step.id);
        let mut said = Vec::new();
        for clock in &self.definition.clocks {
            let name = pick(&clock.name, self.lang);
            let starts = match &clock.from {
                ClockFrom::Submitted => step.id == self.definition.start,
                ClockFrom::Entered(steps) => named(steps),
            };
            let effects = [
                (starts, word(self.lang, "bắt đầu", "starts")),
                (named(&clock.pause_in), word(self.lang, "tạm dừng", "pauses")),
                (named(&clock.until), word(self.lang, "kết thúc", "stops")),
            ];
            let clock_word = word(self.lang, "Thời hạn", "Clock");
            let effects = effects.into_iter().filter(|(applies, _)| *applies);
            said.extend(effects.map(|(_, effect)| format!("{clock_word} “{name}” {effect}")));
        }
        said
    }
}

/// Steps that a target names.
pub(crate) fn targets(target: &Target) -> Vec<&str> {
    match target {
        Target::Stay | Target::Back | Target::End => Vec::new(),
        Target::Step(to) => vec![to],
        Target::Choice(choices) => choices.iter().map(|choice| choice.to.as_str()).collect(),
    }
}

fn shared(definition: &Definition) -> Vec<Shared<'_>> {
    let mut found: Vec<Shared<'_>> = Vec::new();
    for (i, step) in definition.steps.iter().enumerate() {
        for action in &step.actions {
            match found.iter_mut().find(|one| alike(one.action, action)) {
                Some(one) => one.steps.push(i + 1),
                None => found.push(Shared { action, steps: vec![i + 1] }),
            }
        }
    }
    found.retain(|one| one.steps.len() >= SHARED_STEPS_MIN && is_sideways(one.action));
    found
}

/// Acts that lead away from the main line: these may be said once for many steps.
fn is_sideways(action: &Action) -> bool {
    match action.act {
        Act::RequestSupplement
        | Act::Withdraw
        | Act::DeclineWithdrawal
        | Act::Apologise
        | Act::Extend
        | Act::ChangeVariant
        | Act::Refuse
        | Act::Stop => true,
        Act::Advance => matches!(action.target, Target::Stay),
        Act::Accept
        | Act::Admit
        | Act::Supplement
        | Act::Sign
        | Act::Issue
        | Act::Complete
        | Act::Deliver
        | Act::Lapse
        | Act::Proceed => false,
    }
}

fn alike(a: &Action, b: &Action) -> bool {
    let guard = |action: &Action| action.when.as_ref().map(|guard| guard.text().to_owned());
    let plain = |action: &Action| matches!(action.target, Target::Stay | Target::Back);
    a.id == b.id
        && a.act == b.act
        && a.name == b.name
        && a.roles == b.roles
        && a.form == b.form
        && a.begins == b.begins
        && guard(a) == guard(b)
        && targets(&a.target) == targets(&b.target)
        && plain(a) == plain(b)
        && !matches!(a.target, Target::Choice(_) | Target::End)
}

/// `1–3, 5` for 1, 2, 3, 5.
pub(crate) fn ranges(numbers: &[usize]) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            Some((_, last)) if *last == *number => {}
            Some(_) | None => parts.push((*number, *number)),
        }
    }
    let said = parts.into_iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}–{last}"),
    });
    said.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_numbers_are_drawn_together() {
        assert_eq!(ranges(&[1, 2, 3, 5, 7, 8]), "1–3, 5, 7, 8");
        assert_eq!(ranges(&[]), "");
    }
}
