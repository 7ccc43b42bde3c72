//! What the keys of a case and of its actions refer to: form fields, fees, phases, steps.

use std::collections::{BTreeMap, BTreeSet};

use motcua_deadlines::Unit;

use super::graph::Edge;
use super::{ActionAt, Checker, called, references};
use crate::definition::{Act, Amount, ClockStart, Definition, Kind, Parallel, Target};
use crate::finding::code;
use crate::read::suggestion;

pub(super) fn check(checker: &mut Checker<'_, '_, '_>) {
    let definition = checker.definition();
    for (index, window) in definition.windows.iter().enumerate() {
        let side = match window.side {
            crate::definition::Side::Before => "before",
            crate::definition::Side::After => "after",
        };
        date_field(checker, &window.field, &format!("/windows/{index}/{side}"));
    }
    for (index, document) in definition.documents.iter().enumerate() {
        if let Some(validity) = &document.validity {
            let at = format!("/documents/{index}/validity/issued_on");
            date_field(checker, &validity.issued_on, &at);
        }
    }
    for action in checker.actions() {
        not_by(checker, action);
        assesses(checker, action);
        super::verified::check(checker, action);
        extension(checker, action);
        variant(checker, action);
        proceed(checker, action);
    }
    late_four_eyes(checker);
    proceed_circles(checker);
    assessed(checker);
    starts(checker);
}

/// A top-level field of the form that holds a date.
fn date_field(checker: &mut Checker<'_, '_, '_>, field: &str, at: &str) {
    if !checker.is_sure("", &["form"]) {
        return;
    }
    let form = &checker.definition().form;
    let Some(schema) = form.at(&[field.to_owned()]) else {
        let message = format!("The form has no field {field:?}.");
        let names: Vec<&str> = form.properties().collect();
        checker.report(code::UNKNOWN_FIELD, at, message, suggestion(field, names.into_iter()));
        return;
    };
    if schema["format"] != "date" {
        let message = format!("The field {field:?} holds no date.");
        let remedy = "Name a field with `type: string` and `format: date`.";
        checker.report(code::FIELD_TYPE, at, message, remedy);
    }
}

/// Four eyes: somebody else than the last holder of these steps.
fn not_by(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    for (index, id) in action.action.not_by.iter().enumerate() {
        let at = format!("{}/not_by/{index}", action.at);
        references::step(checker, id, &at);
        if *id == action.step.step.id {
            let message = format!("{} excludes whoever holds the step itself.", called(action));
            let remedy = "Name an earlier step: whoever worked there may not do this.";
            checker.report(code::FOUR_EYES, &at, message, remedy);
        }
    }
}

/// Of the excluded steps one at least can come before, or four eyes are asked of nobody.
fn late_four_eyes(checker: &mut Checker<'_, '_, '_>) {
    if !checker.are_ways_sure() {
        return;
    }
    // An action that several steps share is asked in all of them together.
    let mut comes: BTreeMap<&str, (ActionAt<'_>, bool)> = BTreeMap::new();
    for step in checker.steps() {
        let excludes = |action: &&ActionAt<'_>| !action.action.not_by.is_empty();
        let actions: Vec<ActionAt<'_>> =
            checker.actions_of(step).filter(|action| excludes(&action)).collect();
        if actions.is_empty() {
            continue;
        }
        let before = checker.graph.comes_before(&[step.index]);
        for action in actions {
            // What does not exist has its own finding, and so has the step itself.
            let precedes = action.action.not_by.iter().any(|id| {
                let index = checker.index.get(id.as_str()).copied();
                index.is_none_or(|index| index == step.index || before[index])
            });
            comes.entry(action.at).or_insert((action, false)).1 |= precedes;
        }
    }
    for (action, _) in comes.into_values().filter(|(_, precedes)| !precedes) {
        let message = format!("{} excludes steps that never come before.", called(action));
        let remedy = "Name a step in which somebody works before this.";
        checker.report(code::FOUR_EYES_NEVER, &format!("{}/not_by", action.at), message, remedy);
    }
}

fn assesses(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    let Some(id) = &action.action.assesses else {
        return;
    };
    let at = format!("{}/assesses", action.at);
    let fees = &checker.definition().fees;
    let place = fees.iter().position(|fee| fee.id == *id);
    match place.map(|index| (index, &fees[index])) {
        None => {
            let message = format!("No fee is named {id:?}.");
            let remedy = suggestion(id, fees.iter().map(|fee| fee.id.as_str()));
            checker.report(code::UNKNOWN_FEE, &at, message, remedy);
        }
        Some((index, fee)) if !matches!(fee.amount, Amount::Assessed) => {
            if checker.is_sure(&format!("/fees/{index}"), &["amount"]) {
                let message = format!("The amount of fee {id:?} is known already.");
                let remedy = "Write `amount: assessed` in the fee, or remove `assesses:`.";
                checker.report(code::FEE_ASSESSMENT, &at, message, remedy);
            }
        }
        Some(_) => {}
    }
}

/// A fee whose amount somebody must name is named by somebody.
fn assessed(checker: &mut Checker<'_, '_, '_>) {
    let definition = checker.definition();
    let actions = definition.steps.iter().flat_map(|step| &step.actions);
    let named: BTreeSet<&str> = actions.filter_map(|action| action.assesses.as_deref()).collect();
    for (index, fee) in definition.fees.iter().enumerate() {
        let is_open = matches!(fee.amount, Amount::Assessed) && !named.contains(fee.id.as_str());
        let at = format!("/fees/{index}");
        if is_open && checker.is_sure(&at, &["amount"]) {
            let message = format!("No action assesses the fee {:?}.", fee.id);
            let remedy = "Add `assesses:` to the action of whoever names the amount.";
            checker.report(code::FEE_ASSESSMENT, &at, message, remedy);
        }
    }
}

/// An extension says by how much, and only an extension does (T30).
fn extension(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    let extends = action.action.act == Act::Extend;
    let at = format!("{}/extension", action.at);
    if !checker.is_sure(action.at, &["act", "extension"]) {
        return;
    }
    if extends && action.action.extension.is_none() {
        let message = format!("{} does not say by how much it extends.", called(action));
        let remedy = "Add `extension: { amount_max: … }`, in the unit of the limit.";
        checker.report(code::ACT_EXTENSION, &at, message, remedy);
    }
    if extends && knows_one_day_only(checker, action) {
        let message = format!("{} extends a limit of the same day.", called(action));
        let remedy = "Remove the action, or give the longer case a limit of its own.";
        checker.report(code::ACT_EXTENSION, &format!("{}/act", action.at), message, remedy);
    }
    if !extends && action.action.extension.is_some() {
        let message = format!("{} extends nothing.", called(action));
        let remedy = "Write `act: extend`, or remove `extension:`.";
        checker.report(code::ACT_EXTENSION, &at, message, remedy);
    }
}

/// Whether every limit that may run in the step ends on the day on which it starts: such a limit
/// has no unit in which it could be longer.
fn knows_one_day_only(checker: &Checker<'_, '_, '_>, action: ActionAt<'_>) -> bool {
    let definition = checker.definition();
    if !checker.is_sure("", &["limits", "phases"]) {
        return false;
    }
    let of_phase = definition.phases.iter().map(|phase| (Some(&*phase.id), &phase.limits));
    let lists = std::iter::once((None, &definition.limits)).chain(of_phase);
    let runs = |phase: Option<&str>| {
        let steps = super::clocks::phase_steps(checker, phase);
        steps.is_none_or(|steps| steps.contains(&action.step.index))
    };
    let lists = lists.filter(|(phase, limits)| !limits.is_empty() && runs(*phase));
    let mut limits = lists.flat_map(|(_, limits)| limits).peekable();
    limits.peek().is_some() && limits.all(|limit| limit.statutory.unit == Unit::SameDay)
}

fn variant(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    let few = checker.definition().variants.len() < 2;
    let changes = action.action.act == Act::ChangeVariant;
    if few && changes && checker.is_sure("", &["variants"]) {
        let message = format!("{} has no other variant to change to.", called(action));
        let remedy = "Name at least two variants, or remove the action.";
        checker.report(code::ACT_VARIANT, &format!("{}/act", action.at), message, remedy);
    }
}

/// The system proceeds on a condition, and moves on.
fn proceed(checker: &mut Checker<'_, '_, '_>, action: ActionAt<'_>) {
    if action.action.act != Act::Proceed || !checker.is_sure(action.at, &["act", "when", "to"]) {
        return;
    }
    if action.action.when.is_none() {
        let message = format!("{} has no condition to wait for.", called(action));
        let remedy = "Add `when:`; what always follows is the target of the action before.";
        checker.report(code::PROCEED_WHEN, &format!("{}/when", action.at), message, remedy);
    }
    if matches!(action.action.target, Target::Stay | Target::Back) {
        let message = format!("{} does not move on and would be taken again.", called(action));
        let remedy = "Name a step, or an answer.";
        checker.report(code::PROCEED_CIRCLE, &format!("{}/to", action.at), message, remedy);
    }
}

/// What the system does by itself, `proceed` actions and joins that nobody brings about, forms no
/// circle.
fn proceed_circles(checker: &mut Checker<'_, '_, '_>) {
    let definition = checker.definition();
    let falling = falling_joins(checker);
    let by_itself = |edge: &Edge| is_by_itself(definition, &falling, edge);
    let edges: Vec<Edge> =
        checker.graph.edges().filter(|edge| !edge.is_back() && by_itself(edge)).copied().collect();
    let pairs: Vec<(usize, usize)> = edges.iter().map(|edge| (edge.from, edge.to)).collect();
    let circle = super::times::circles(definition.steps.len(), &pairs);
    let key = |edge: &Edge| (edge.from, edge.action(), edge.to);
    let on_circle = edges.iter().filter(|edge| circle[edge.from] == circle[edge.to]);
    let closes: BTreeSet<_> = on_circle.map(key).collect();
    for leads in checker.moves() {
        if leads.edges.iter().any(|edge| !edge.is_back() && closes.contains(&key(edge))) {
            let message = format!("{} lies on a circle that nobody interrupts.", leads.called());
            let remedy = "Let a person, or an event, act somewhere on the circle.";
            let trace = checker.trace_of_move(&leads);
            checker.report_with_trace(code::PROCEED_CIRCLE, &leads.at, message, remedy, trace);
        }
    }
}

/// Whether nobody need do anything for the dossier to go this way.
fn is_by_itself(definition: &Definition, falling: &[bool], edge: &Edge) -> bool {
    match edge.action() {
        Some(action) => definition.steps[edge.from].actions[action].act == Act::Proceed,
        None => falling[edge.from],
    }
}

/// The steps whose branches can come together without anybody doing anything: none opens, or all
/// proceed to their ends, or as many as an early reason asks for.
fn falling_joins(checker: &Checker<'_, '_, '_>) -> Vec<bool> {
    let definition = checker.definition();
    let graph = &checker.graph;
    let mut falling = vec![false; definition.steps.len()];
    // By region: the answers with which it can end by itself.
    let mut ends = vec![BTreeSet::new(); graph.regions.len()];
    for (number, region) in graph.regions.iter().enumerate().rev() {
        // The branches of these steps are regions behind this one, so they are known.
        for step in &region.steps {
            if let Some(parallel) = &definition.steps[*step].parallel {
                falling[*step] = falls_through(parallel, &graph.opened[*step], &ends);
            }
        }
        let walk = graph.walk(region.start, |edge| is_by_itself(definition, &falling, edge));
        let actions = walk.reached.iter().flat_map(|step| &definition.steps[*step].actions);
        let last = actions
            .filter(|action| action.act == Act::Proceed && matches!(action.target, Target::End));
        ends[number] = last.map(|action| action.answer.as_deref().unwrap_or_default()).collect();
    }
    falling
}

fn falls_through(parallel: &Parallel, regions: &[usize], ends: &[BTreeSet<&str>]) -> bool {
    let branches = || parallel.branches.iter().zip(regions.iter().map(|region| &ends[*region]));
    let all = branches().all(|(branch, ends)| branch.when.is_some() || !ends.is_empty());
    all || parallel.join.early.iter().any(|early| {
        let least = early.at_least as usize;
        let counts = branches().filter(|(branch, ends)| match &early.answer {
            None => !ends.is_empty(),
            Some((id, answer)) => branch.id == *id && ends.contains(answer.as_str()),
        });
        let most = counts.map(|(branch, _)| if branch.each_unit { least } else { 1 });
        most.sum::<usize>() >= least
    })
}

/// The act at which a limit starts is there; without limits there is nothing to pause.
fn starts(checker: &mut Checker<'_, '_, '_>) {
    let definition = checker.definition();
    let acts = || definition.steps.iter().flat_map(|step| &step.actions).map(|action| action.act);
    for (index, limit) in definition.limits.iter().enumerate() {
        let at = format!("/limits/{index}");
        let (act, word) = match limit.start {
            ClockStart::Accept => (Act::Accept, "accept"),
            ClockStart::Admit => (Act::Admit, "admit"),
            ClockStart::Submitted => continue,
        };
        let other = acts().any(|found| matches!(found, Act::Accept | Act::Admit));
        if other && !acts().any(|found| found == act) && checker.is_sure(&at, &["start"]) {
            let message = format!("The limit {:?} never starts: no act is {word}.", limit.id);
            let remedy = format!("Add an action with `act: {word}`, or correct `start:`.");
            checker.report(code::LIMIT_START, &format!("{at}/start"), message, remedy);
        }
    }
    let paused = definition
        .steps
        .iter()
        .any(|step| matches!(step.clock, crate::definition::ClockEffect::Paused { .. }));
    let needs = definition.kind == Kind::Procedure && paused;
    if definition.limits.is_empty() && needs && checker.is_sure("", &["limits"]) {
        let message = "Steps pause the clock of a limit, but there is no limit.";
        let remedy = "Name the limit of the law; where it sets none, let no step pause.";
        checker.report(code::LIMITS_MISSING, "/limits", message, remedy);
    }
}
