//! Round trips: what an import reads in an export is the process that was exported.

use std::collections::{BTreeMap, BTreeSet};

use motcua_procedures::{
    Act, Action, Answer, Branch, BranchRef, Choice, ClockEffect, Definition, FormSchema, Guard,
    Join, JoinWhen, Kind, Level, NumberAt, Parallel, Parties, Role, Status, Step, StepKind, Target,
    Text, Timeout, UnitRef,
};
use proptest::prelude::*;

use super::{Language, export_bpmn};
use crate::finding::Report;
use crate::outline::{self, Condition, Lead, Outline};
use crate::xml::{self, Element};

fn text(name: &str) -> Text {
    Text { vi: format!("{name} <ở>"), en: format!("{name} & \"co\"") }
}

fn definition(start: &str, steps: Vec<Step>) -> Definition {
    Definition {
        kind: Kind::Procedure,
        code: "1.000001".into(),
        version: "1.0.0".into(),
        effective_from: "2026-07-01".parse().expect("a date"),
        name: text("Thử"),
        field: text("field"),
        level: Level::Commune,
        grounds: BTreeMap::new(),
        channels: Vec::new(),
        number_at: NumberAt::Accept,
        parties: Parties { owners_min: 1, owners_max: 1, proxy: false },
        form: FormSchema::default(),
        variants: Vec::new(),
        documents: Vec::new(),
        fees: Vec::new(),
        windows: Vec::new(),
        limits: Vec::new(),
        phases: Vec::new(),
        clocks: Vec::new(),
        results: Vec::new(),
        start: start.into(),
        steps,
    }
}

fn step(id: &str, actions: Vec<Action>) -> Step {
    Step {
        id: id.into(),
        name: text(id),
        kind: StepKind::Task,
        status: Status::Processing,
        role: Role::Specialist,
        unit: UnitRef::Competent,
        time: None,
        clock: ClockEffect::Runs,
        timeout: None,
        reviews: false,
        within: None,
        parallel: None,
        actions,
    }
}

fn end(id: &str) -> Step {
    Step { kind: StepKind::Final, status: Status::Delivered, ..step(id, Vec::new()) }
}

fn action(id: &str, target: Target) -> Action {
    Action {
        id: id.into(),
        name: text(id),
        act: Act::Advance,
        roles: vec![Role::Specialist],
        unit: UnitRef::Competent,
        target,
        answer: None,
        when: None,
        reason: false,
        form: None,
        outcome: None,
        rounds_max: None,
        reserves: None,
        rework: false,
        all_owners: false,
        not_by: Vec::new(),
        verifies: Vec::new(),
        begins: None,
        assesses: None,
        extension: None,
        data: None,
        ground: None,
    }
}

fn to(id: &str, step: &str) -> Action {
    action(id, Target::Step(step.into()))
}

fn answering(id: &str, answer: &str) -> Action {
    Action { answer: Some(answer.into()), ..action(id, Target::End) }
}

fn within(step: Step, outer: &str, branch: &str) -> Step {
    let within = Some(BranchRef { step: outer.into(), branch: branch.into() });
    Step { within, ..step }
}

fn guard(text: &str) -> Guard {
    Guard::compile(text).expect("a condition")
}

fn timeout(action: &str, amount: u32, unit: &str) -> Option<Timeout> {
    let after = serde_json::json!({ "unit": unit, "amount": amount, "cutoff": null });
    let after = serde_json::from_value(after).expect("a limit");
    Some(Timeout { after, action: action.into(), remind_days_before: None, ground: "law".into() })
}

fn lapse(mut action: Action) -> Action {
    action.act = Act::Lapse;
    action.roles = vec![Role::System];
    action
}

fn answers(ids: &[&str]) -> Vec<Answer> {
    ids.iter().map(|id| Answer { id: (*id).into(), name: text(id) }).collect()
}

/// A consultation of many agencies beside a check, with everything that branches have.
fn consultation() -> Definition {
    let mut consult = step("consult", vec![to("close", "draft"), to("give.up", "done")]);
    consult.timeout = timeout("late", 12, "working_day");
    consult.actions.push(lapse(to("late", "draft")));
    consult.parallel = Some(Parallel {
        branches: vec![
            Branch {
                id: "agencies".into(),
                name: text("agencies"),
                when: Some(guard("channel == \"online\"")),
                each_unit: true,
                start: "asked".into(),
                answers: answers(&["consent", "objection", "silent"]),
            },
            Branch {
                id: "site".into(),
                name: text("site"),
                when: None,
                each_unit: false,
                start: "visit".into(),
                answers: answers(&["seen"]),
            },
        ],
        join: Join {
            early: vec![JoinWhen {
                at_least: 1,
                answer: Some(("agencies".into(), "objection".into())),
            }],
            target: Target::Choice(vec![
                Choice {
                    when: Some(guard("answers.agencies.objection > 0")),
                    to: "reconsider".into(),
                },
                Choice { when: None, to: "draft".into() },
            ]),
        },
    });
    let mut asked = step(
        "asked",
        vec![
            answering("consent", "consent"),
            answering("object", "objection"),
            lapse(answering("silence", "silent")),
        ],
    );
    asked.role = Role::ConsultedAgency;
    asked.actions[0].roles = vec![Role::ConsultedAgency];
    asked.unit = UnitRef::Branch;
    asked.timeout = timeout("silence", 2, "month");
    let mut supplement = step("supplement", vec![action("answer", Target::Back)]);
    supplement.kind = StepKind::Supplement;
    supplement.status = Status::SupplementRequired;
    definition(
        "intake",
        vec![
            step(
                "intake",
                vec![
                    to("accept", "consult"),
                    to("ask", "supplement"),
                    action("note", Target::Stay),
                ],
            ),
            supplement,
            consult,
            within(asked, "consult", "agencies"),
            within(step("visit", vec![to("measure", "report")]), "consult", "site"),
            within(
                step("report", vec![answering("finish", "seen"), to("again", "visit")]),
                "consult",
                "site",
            ),
            step("reconsider", vec![to("back_to_it", "consult")]),
            step("draft", vec![to("sign", "done"), to("ask", "supplement")]),
            end("done"),
        ],
    )
}

fn imported(xml: &str) -> (Outline, Report) {
    let mut report = Report::default();
    let outline = crate::bpmn::read(xml.as_bytes(), None, &mut report).expect("an outline");
    (outline, report)
}

/// Everything about the course of a definition, one fact a line.
fn facts_of(definition: &Definition) -> BTreeSet<String> {
    let mut facts = BTreeSet::from([format!("start {}", definition.start)]);
    for step in &definition.steps {
        let within = step.within.as_ref().map(|w| format!("{}.{}", w.step, w.branch));
        let within = within.unwrap_or_default();
        let is_final = step.kind == StepKind::Final;
        let kind = if is_final { "final".to_owned() } else { word(&step.kind) };
        let status =
            if step.within.is_none() { u8::from(step.status).to_string() } else { String::new() };
        let (role, unit) = match is_final {
            true => (String::new(), String::new()),
            false => (step.role.as_str().to_owned(), word(&step.unit)),
        };
        facts.insert(format!(
            "step {within}/{} {kind} {status} {role} {unit} {}{}",
            step.id, step.name.vi, step.name.en
        ));
        if let Some(timeout) = &step.timeout {
            let (amount, unit) = (timeout.after.amount, word(&timeout.after.unit));
            facts.insert(format!("timeout {} {amount} {unit} {}", step.id, timeout.action));
        }
        for action in &step.actions {
            if step.parallel.is_some() && matches!(action.target, Target::Stay) {
                continue;
            }
            let roles: Vec<&str> = action.roles.iter().map(|role| role.as_str()).collect();
            let roles = if action.roles == [step.role] { String::new() } else { roles.join(" ") };
            let when = action.when.as_ref().map_or("", Guard::text);
            let lead = lead_of(&action.target, action.answer.as_deref());
            let (id, act) = (&action.id, action.act.as_str());
            let name = format!("{}{}", action.name.vi, action.name.en);
            facts.insert(format!("action {}.{id} {act} {roles} {when} {name} {lead}", step.id));
        }
        let Some(parallel) = &step.parallel else { continue };
        facts.insert(format!("join {} {}", step.id, lead_of(&parallel.join.target, None)));
        for branch in &parallel.branches {
            let used: BTreeSet<&str> = definition
                .steps
                .iter()
                .filter(|s| {
                    s.within.as_ref().is_some_and(|w| w.step == step.id && w.branch == branch.id)
                })
                .flat_map(|s| &s.actions)
                .filter_map(|a| a.answer.as_deref())
                .collect();
            let when = branch.when.as_ref().map_or("", Guard::text);
            let Branch { id, each_unit, start, .. } = branch;
            facts.insert(format!("branch {}.{id} {when} {each_unit} {start} {used:?}", step.id));
        }
    }
    facts
}

fn word<T: serde::Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).expect("a word");
    value.as_str().expect("a word").to_owned()
}

fn lead_of(target: &Target, answer: Option<&str>) -> String {
    match target {
        Target::Stay => "stay".into(),
        Target::Back => "back".into(),
        Target::End => format!("answer {}", answer.unwrap_or_default()),
        Target::Step(step) => format!("to {step}"),
        Target::Choice(choices) => choices
            .iter()
            .map(|choice| {
                format!("[{} {}]", choice.when.as_ref().map_or("else", Guard::text), choice.to)
            })
            .collect(),
    }
}

/// The same of an outline.
fn facts_in(outline: &Outline) -> BTreeSet<String> {
    let start = outline.start.clone().unwrap_or_default();
    let mut facts = BTreeSet::from([format!("start {start}")]);
    steps_in(&outline.steps, "", &mut facts);
    facts
}

fn steps_in(steps: &[outline::Step], within: &str, facts: &mut BTreeSet<String>) {
    for step in steps {
        let known = |text: &Option<String>| text.clone().unwrap_or_default();
        let kind = step.kind.as_deref().unwrap_or("task");
        let (status, role, unit) = (known(&step.status), known(&step.role), known(&step.unit));
        let name = format!("{}{}", known(&step.name.vi), known(&step.name.en));
        facts.insert(format!("step {within}/{} {kind} {status} {role} {unit} {name}", step.id));
        if let Some(timeout) = &step.timeout {
            let amount = timeout.after.amount.unwrap_or_default();
            let unit = known(&timeout.after.unit);
            facts.insert(format!("timeout {} {amount} {unit} {}", step.id, timeout.action));
        }
        for action in &step.actions {
            let when = condition(action.when.as_ref());
            let (id, act, roles) = (&action.id, known(&action.act), action.roles.join(" "));
            let name = format!("{}{}", known(&action.name.vi), known(&action.name.en));
            let lead = lead_in(&action.lead);
            facts.insert(format!("action {}.{id} {act} {roles} {when} {name} {lead}", step.id));
        }
        let Some(outline::Parallel::Block { branches, join }) = &step.parallel else { continue };
        facts.insert(format!("join {} {}", step.id, lead_in(join)));
        for branch in branches {
            let (id, each_unit, start) = (&branch.id, branch.each_unit, known(&branch.start));
            let used: BTreeSet<&str> = branch.answers.iter().map(String::as_str).collect();
            let when = condition(branch.when.as_ref());
            facts.insert(format!("branch {}.{id} {when} {each_unit} {start} {used:?}", step.id));
            steps_in(&branch.steps, &format!("{}.{id}", step.id), facts);
        }
    }
}

fn condition(condition: Option<&Condition>) -> &str {
    match condition {
        Some(Condition::Ours(text)) => text,
        Some(Condition::Foreign(_)) => "foreign",
        None => "",
    }
}

fn lead_in(lead: &Lead) -> String {
    match lead {
        Lead::Nowhere => "nowhere".into(),
        Lead::To(step) => format!("to {step}"),
        Lead::Answer(answer) => format!("answer {answer}"),
        Lead::Stay => "stay".into(),
        Lead::Back => "back".into(),
        Lead::Choice(ways) => ways
            .iter()
            .map(|way| {
                let when = way.when.as_ref().map_or("else", |when| condition(Some(when)));
                format!("[{when} {}]", way.to.as_deref().unwrap_or_default())
            })
            .collect(),
    }
}

#[track_caller]
fn comes_back(definition: &Definition, language: Language) {
    let xml = export_bpmn(definition, language).xml;
    let (outline, report) = imported(&xml);
    let (sound, findings) = report.into_findings();
    assert!(sound, "{findings:#?}\n{xml}");
    let (wanted, found) = (facts_of(definition), facts_in(&outline));
    let missing: Vec<&String> = wanted.difference(&found).collect();
    let extra: Vec<&String> = found.difference(&wanted).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "missing {missing:#?}\nextra {extra:#?}\n{xml}"
    );
}

/// Every element has a place: shapes with bounds that are positive, edges with two points at least.
fn is_drawn(xml: &str) {
    let root = xml::read(xml.as_bytes()).expect("well-formed XML");
    let mut ids = BTreeSet::new();
    let mut wanted = BTreeSet::new();
    let mut drawn = BTreeSet::new();
    walk(&root, &mut |element| {
        if let Some(id) = element.get("id") {
            assert!(ids.insert(id.to_owned()), "{id} stands twice");
        }
        let waits = ["Event", "Task", "Gateway", "subProcess", "sequenceFlow"];
        let is_node = element.namespace == crate::bpmn::MODEL && element.get("id").is_some();
        if is_node && waits.iter().any(|end| element.name.ends_with(end)) {
            wanted.extend(element.get("id").map(str::to_owned));
        }
        if element.name == "BPMNShape" {
            let bounds = element.child("Bounds").expect("bounds");
            let number =
                |key| bounds.get(key).and_then(|n| n.parse::<i32>().ok()).expect("a number");
            assert!(
                number("x") >= 0 && number("y") >= 0 && number("width") > 0 && number("height") > 0
            );
            drawn.extend(element.get("bpmnElement").map(str::to_owned));
        }
        if element.name == "BPMNEdge" {
            assert!(element.children.len() >= 2);
            drawn.extend(element.get("bpmnElement").map(str::to_owned));
        }
        for reference in ["sourceRef", "targetRef", "attachedToRef"] {
            if let Some(id) = element.get(reference) {
                assert!(xml.contains(&format!("id=\"{id}\"")), "{id} is not there");
            }
        }
    });
    assert_eq!(wanted, drawn);
}

fn walk(element: &Element, visit: &mut dyn FnMut(&Element)) {
    visit(element);
    element.children.iter().for_each(|child| walk(child, visit));
}

#[test]
fn a_consultation_with_branches_comes_back_as_it_was() {
    for language in [Language::Vi, Language::En] {
        comes_back(&consultation(), language);
        is_drawn(&export_bpmn(&consultation(), language).xml);
    }
}

#[test]
fn what_a_picture_does_not_show_is_said() {
    let notes = export_bpmn(&consultation(), Language::En).notes;
    assert!(notes.iter().any(|note| note.message.contains("Form, documents, fees")));
    assert!(notes.iter().any(|note| note.message.contains("1 times objection")), "{notes:#?}");
}

#[test]
fn the_catalogue_comes_back_as_it_was() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|end| end != "yaml") {
            continue;
        }
        let source = std::fs::read(&path).expect("a file");
        // What other work on the catalogue has not made sound yet says nothing about pictures.
        if let Ok(procedure) = motcua_procedures::parse(&source) {
            comes_back(procedure.definition(), Language::Vi);
            is_drawn(&export_bpmn(procedure.definition(), Language::Vi).xml);
            count += 1;
        }
    }
    assert!(count > 0);
}

#[test]
fn two_thousand_steps_are_drawn_in_time() {
    let started = std::time::Instant::now();
    let many = |count: usize| {
        let of = |n: usize| {
            let back = format!("s{}", n / 2);
            step(&format!("s{n}"), vec![to("on", &format!("s{}", n + 1)), to("back", &back)])
        };
        let steps = (0..count).map(of).chain([end(&format!("s{count}"))]);
        definition("s0", steps.collect())
    };
    assert!(!export_bpmn(&many(2_000), Language::En).xml.is_empty());
    comes_back(&many(300), Language::En);
    assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
}

/// Choices of a generator, one after the other.
struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn below(&mut self, most: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or_default()) % most.max(1)
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 1
    }
}

/// Steps in a row, each with a way to the next and ways to any; `last` is where the last leads.
fn row(
    dice: &mut Dice<'_>,
    prefix: &str,
    last: &dyn Fn(&str) -> Action,
    depth: usize,
) -> Vec<Step> {
    let count = 1 + dice.below(4);
    let ids: Vec<String> = (0..count).map(|n| format!("{prefix}{n}")).collect();
    let mut steps = Vec::new();
    for (n, id) in ids.iter().enumerate() {
        let onward = match ids.get(n + 1) {
            Some(next) => to("on", next),
            None => last("on"),
        };
        let mut found = step(id, vec![onward]);
        for extra in 0..dice.below(3) {
            let any = &ids[dice.below(count)];
            let id = format!("extra{extra}");
            found.actions.push(match dice.below(5) {
                0 => action(&id, Target::Stay),
                1 => last(&id),
                2 => action(
                    &id,
                    Target::Choice(vec![
                        Choice { when: Some(guard("channel == \"post\"")), to: any.clone() },
                        Choice { when: None, to: ids[dice.below(count)].clone() },
                    ]),
                ),
                _ => to(&id, any),
            });
        }
        if dice.one_in(3) {
            found.actions[0].when = Some(guard("owners > 1"));
        }
        if dice.one_in(3) {
            found.timeout = timeout("late", 30, "calendar_day");
            found.actions.push(lapse(to("late", &ids[dice.below(count)])));
        }
        if depth < 2 && dice.one_in(3) {
            let join = ids.get(n + 1).cloned().unwrap_or_else(|| ids[0].clone());
            let inner = parallel(dice, &mut found, join, depth);
            steps.push(found);
            steps.extend(inner);
        } else {
            steps.push(found);
        }
    }
    steps
}

/// Gives a step branches; the steps in them.
fn parallel(dice: &mut Dice<'_>, step: &mut Step, join: String, depth: usize) -> Vec<Step> {
    let mut branches = Vec::new();
    let mut inner = Vec::new();
    for n in 0..1 + dice.below(3) {
        let (id, prefix) = (format!("b{n}"), format!("{}_b{n}_", step.id));
        let steps = row(dice, &prefix, &|id| answering(id, "ready"), depth + 1);
        branches.push(Branch {
            id: id.clone(),
            name: text(&id),
            when: dice.one_in(3).then(|| guard("proxy")),
            each_unit: dice.one_in(3),
            start: steps[0].id.clone(),
            answers: answers(&["ready"]),
        });
        inner.extend(steps.into_iter().map(|found| match found.within {
            Some(_) => found,
            None => within(found, &step.id, &id),
        }));
    }
    step.parallel =
        Some(Parallel { branches, join: Join { early: Vec::new(), target: Target::Step(join) } });
    inner
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_structured_procedure_comes_back_as_it_was(
        choices in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut dice = Dice(choices.iter());
        let mut steps = row(&mut dice, "s", &|id| to(id, "end_"), 0);
        steps.push(end("end_"));
        let definition = definition("s0", steps);
        comes_back(&definition, Language::En);
        is_drawn(&export_bpmn(&definition, Language::Vi).xml);
    }
}
