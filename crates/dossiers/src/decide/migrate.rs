//! Migration of an open dossier to another version of its procedure: never silent, by a named
//! person on a legal ground, and only to where the other version could have led this very case (L8).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use motcua_deadlines::{Clock, DeadlineError, Limit, is_late};
use motcua_procedures::{ClockEffect, Guard, Procedure, Role, Status, Step, Target};
use serde_json::json;

use super::act::round_name;
use super::filing::{applicable, form_violations, requirements};
use super::limits::{longer, relimited};
use super::money::fees;
use super::transition::Change;
use super::{Case, Context, deadline_rule, dossier_closed, reject, violation};
use crate::command::{ItemName, Migrate, MigratedLimits};
use crate::dossier::{BranchState, Clocks, Dossier, SupplementRequested, WorkItem};
use crate::event::Event;
use crate::explain::rule_of;
use crate::rejection::{Reason, Rejection, Violation};

/// What a case brings about only on its way; a condition that looks at it may hold at some time.
const LATER: [&str; 4] = ["outcome", "answers", "fees", "documents"];

pub(super) fn migrate(
    dossier: &Dossier,
    migrate: &Migrate,
    ctx: &Context<'_>,
) -> Result<Event, Rejection> {
    if ctx.actor.role != Role::Administrator {
        return Err(reject(
            Reason::RoleRequired,
            "Chỉ người quản trị thủ tục được chuyển hồ sơ sang phiên bản khác.",
            "Only an administrator moves dossiers to another version of a procedure.",
        ));
    }
    if dossier.closed {
        return Err(dossier_closed());
    }
    let target = ctx.target.expect("the version to move to comes with the command");
    let faults = faults(dossier, migrate, target, ctx)?;
    if !faults.is_empty() {
        let version = &target.definition().version;
        let mut rejection = reject(
            Reason::MigrationUnlawful,
            format!("Hồ sơ không chuyển được sang phiên bản {version}."),
            format!("The dossier cannot be moved to version {version}."),
        );
        rejection.violations = faults;
        return Err(rejection);
    }
    let bound = ctx.procedure;
    let ctx = &Context { procedure: target, ..ctx.clone() };
    let case = Case::of(dossier, ctx);
    let mut change = Change::plain(dossier, "migrate", ctx);
    change.go_to_step(mapped(&dossier.state, migrate));
    change.facts.procedure = Some(target.reference().clone());
    change.facts.required = Some(requirements(&case, ctx)?);
    change.facts.fees = Some(fees(&case, &dossier.fees, ctx)?);
    change.facts.items = moved_items(dossier, migrate, target);
    let back = moved_back(dossier, migrate);
    change.facts.back = (back != dossier.back).then_some(back);
    change.facts.supplement = moved_supplement(dossier, target);
    if let Some(clocks) = moved_clocks(dossier, (migrate, bound), &case, ctx)? {
        change.set_clocks(clocks)?;
    }
    change.personal("reason", json!(migrate.ground));
    change.finish()
}

fn mapped<'a>(step: &'a str, migrate: &'a Migrate) -> &'a str {
    migrate.steps.get(step).map_or(step, String::as_str)
}

/// Why the dossier cannot stand in the other version where it stands now; all at once.
fn faults(
    dossier: &Dossier,
    migrate: &Migrate,
    target: &Procedure,
    ctx: &Context<'_>,
) -> Result<Vec<Violation>, Rejection> {
    if dossier.procedure.digest != migrate.from {
        // What follows is said of the version that the migration was made for.
        let bound = &dossier.procedure.version;
        return Ok(vec![violation(
            "from",
            "OTHER_VERSION",
            format!("Hồ sơ đã thuộc phiên bản {bound}, không còn ở phiên bản cần chuyển."),
            format!("The dossier is bound to version {bound} by now: plan from that one."),
        )]);
    }
    let definition = target.definition();
    let mut faults = Vec::new();
    let mut fault = |subject: &str, code, vi: String, en: String| {
        faults.push(violation(subject, code, vi, en));
    };
    if definition.code != dossier.procedure.code {
        let code = &dossier.procedure.code;
        fault(
            "to",
            "OTHER_PROCEDURE",
            format!("Phiên bản đích không thuộc thủ tục {code}."),
            format!("The version is none of procedure {code}."),
        );
    }
    if let Some(effective) = ctx.effective.filter(|_| dossier.status == Status::Submitted) {
        // Its next check would pin the version in effect again (L8).
        let version = &effective.definition().version;
        fault(
            "to",
            "NOT_IN_EFFECT",
            format!("Hồ sơ chưa tiếp nhận theo phiên bản đang có hiệu lực: {version}."),
            format!("Until reception version {version} counts, which is in effect: move it there."),
        );
    }
    if !definition.channels.contains(&dossier.filing.channel) {
        fault(
            "channel",
            "CHANNEL_NOT_OFFERED",
            "Phiên bản đích không nhận kênh nộp của hồ sơ.".into(),
            "The version does not offer the channel of the dossier.".into(),
        );
    }
    if target.variant(&dossier.filing.variant).is_none() {
        let variant = &dossier.filing.variant;
        fault(
            "variant",
            "UNKNOWN_VARIANT",
            format!("Phiên bản đích không có trường hợp {variant}."),
            format!("The version has no variant {variant}."),
        );
    }
    faults.extend(phase_fault(dossier, target));
    faults.extend(position_faults(dossier, migrate, target));
    faults.extend(branch_faults(dossier, migrate, target));
    faults.extend(form_violations(target, ctx.form));
    faults.extend(supplement_fault(dossier, target));
    if faults.is_empty() {
        let ctx = Context { procedure: target, ..ctx.clone() };
        let case = Case::of(dossier, &ctx);
        faults.extend(unreachable(mapped(&dossier.state, migrate), target, &case)?);
    }
    Ok(faults)
}

/// The phase that is going on has limits and documents of its own, which the other version must have.
fn phase_fault(dossier: &Dossier, target: &Procedure) -> Option<Violation> {
    let phase = dossier.clocks.as_ref()?.phase.as_ref()?;
    if target.definition().phases.iter().any(|known| known.id == *phase) {
        return None;
    }
    Some(violation(
        format!("phase:{phase}"),
        "PHASE_ABSENT",
        format!("Phiên bản đích không có giai đoạn {phase} mà hồ sơ đang ở."),
        format!("The version has no phase {phase}, in which the dossier is."),
    ))
}

/// Steps in which the dossier stands, or to which it may come back, and that the other version
/// lacks or means otherwise.
fn position_faults(dossier: &Dossier, migrate: &Migrate, target: &Procedure) -> Vec<Violation> {
    let mut faults = Vec::new();
    let mut fault = |step: &str, code, vi: String, en: String| {
        faults.push(violation(format!("step:{step}"), code, vi, en));
    };
    let left = dossier.back.iter().map(|left| left.step.as_str());
    let main = left.chain([dossier.state.as_str()]);
    let in_branches = work_in_branches(dossier).map(|(step, _)| step);
    for (step, is_main) in main.map(|step| (step, true)).chain(in_branches.map(|s| (s, false))) {
        let to = mapped(step, migrate);
        let found = target.step(to).filter(|found| !is_main || found.within.is_none());
        let Some(found) = found else {
            fault(
                step,
                "STEP_ABSENT",
                format!("Phiên bản đích không có bước {to} như thế."),
                format!("The version has no such step {to}; name the step that takes its place."),
            );
            continue;
        };
        let is_present = step == dossier.state;
        if is_present && found.status != dossier.status {
            let (is, was) = (u8::from(found.status), u8::from(dossier.status));
            fault(
                step,
                "STATUS_DIFFERS",
                format!("Bước {to} có trạng thái {is}, hồ sơ đang ở trạng thái {was}."),
                format!("Step {to} has national status {is}, the dossier has {was}."),
            );
        }
        if is_present && !fits_clock(found, dossier) {
            fault(
                step,
                "CLOCK_DIFFERS",
                format!("Thời hạn ở bước {to} không khớp với thời hạn của hồ sơ."),
                format!("What step {to} does to the clock does not fit the dossier's."),
            );
        }
    }
    faults
}

/// The work in branches, open now or left by an interruption: its step and the key of its branch.
fn work_in_branches(dossier: &Dossier) -> impl Iterator<Item = (&str, &str)> {
    let open = dossier.items.values();
    let open = open.filter_map(|item| Some((item.step.as_str(), item.branch.as_deref()?)));
    let left = dossier.back.iter().flat_map(|left| &left.items);
    open.chain(left.map(|item| (item.step.as_str(), item.branch.as_str())))
}

/// Branches that the other version does not have where the dossier has them. The keys of branches
/// name the step that opened them, so that one keeps its name.
fn branch_faults(dossier: &Dossier, migrate: &Migrate, target: &Procedure) -> Vec<Violation> {
    let mut faults = Vec::new();
    for (step, key) in work_in_branches(dossier) {
        let to = mapped(step, migrate);
        let state = dossier.branches.get(key);
        let is_there = target.step(to).is_some();
        if is_there && !state.is_some_and(|state| lies_in(to, state, target)) {
            faults.push(violation(
                format!("step:{step}"),
                "BRANCH_ABSENT",
                format!("Phiên bản đích không có nhánh {key} như hồ sơ."),
                format!("The version has no branch {key} like the dossier's."),
            ));
        }
    }
    let opened: BTreeSet<&str> = dossier.branches.values().map(|b| b.step.as_str()).collect();
    for step in opened.into_iter().filter(|step| mapped(step, migrate) != *step) {
        faults.push(violation(
            format!("step:{step}"),
            "BRANCHES_KEPT",
            format!("Hồ sơ còn các nhánh của bước {step}, bước này không đổi tên được."),
            format!("The dossier holds branches of step {step}: that step keeps its name."),
        ));
    }
    faults
}

/// Whether the step of the other version lies in the branch that the dossier opened.
fn lies_in(step: &str, state: &BranchState, target: &Procedure) -> bool {
    let within = target.step(step).and_then(|step| step.within.as_ref());
    let same = within.filter(|w| w.step == state.step && w.branch == state.branch);
    let parallel = target.step(&state.step).and_then(|step| step.parallel.as_ref());
    let branches = parallel.map_or(&[][..], |parallel| &parallel.branches);
    let branch = branches.iter().find(|branch| branch.id == state.branch);
    same.is_some() && branch.is_some_and(|branch| branch.each_unit == state.unit.is_some())
}

/// Whether the other version can be answered for what was asked of the citizen.
fn is_known(item: &ItemName, target: &Procedure) -> bool {
    match item {
        ItemName::Document(id) => target.document(id).is_some(),
        ItemName::Field(name) => target.definition().form.properties().any(|p| p == name),
    }
}

/// A citizen who was asked must be able to answer.
fn supplement_fault(dossier: &Dossier, target: &Procedure) -> Option<Violation> {
    let asked = &dossier.supplement.as_ref()?.items;
    if asked.iter().any(|item| is_known(item, target)) {
        return None;
    }
    Some(violation(
        asked.first()?.to_string(),
        "UNANSWERABLE",
        "Phiên bản đích không có mục nào đang được yêu cầu bổ sung.",
        "The version knows nothing of what the citizen was asked for; wait for the answer.",
    ))
}

/// The open request without what the other version does not know.
fn moved_supplement(dossier: &Dossier, target: &Procedure) -> Option<SupplementRequested> {
    let open = dossier.supplement.as_ref()?;
    let known = open.items.iter().filter(|item| is_known(item, target));
    let items: Vec<ItemName> = known.cloned().collect();
    (items.len() < open.items.len()).then_some(SupplementRequested { items, at: open.at })
}

fn fits_clock(step: &Step, dossier: &Dossier) -> bool {
    let Some(clocks) = &dossier.clocks else {
        return !matches!(step.clock, ClockEffect::Paused { .. });
    };
    match &step.clock {
        ClockEffect::NotStarted => false,
        ClockEffect::Runs => clocks.statutory.is_running(),
        ClockEffect::Paused { on, .. } => clocks.paused_on == Some(*on),
        ClockEffect::Stopped => !clocks.statutory.is_running() && !clocks.statutory.is_paused(),
    }
}

/// A way from one step to the next that this case could take.
struct Way<'p> {
    from: &'p str,
    action: &'p str,
    to: &'p str,
    /// The condition that this case does not fulfil; none when the way is open.
    closed_by: Option<&'p str>,
}

/// Whether no lawful path of the other version leads this case to the step; the witness is the
/// shortest path there is, up to the first condition that the case does not fulfil.
fn unreachable(
    to: &str,
    target: &Procedure,
    case: &Case<'_>,
) -> Result<Option<Violation>, Rejection> {
    let ways = ways(target, case)?;
    let start = target.definition().start.as_str();
    if path(&ways, start, to, |way| way.closed_by.is_none()).is_some() {
        return Ok(None);
    }
    let Some(path) = path(&ways, start, to, |_| true) else {
        return Ok(Some(violation(
            format!("step:{to}"),
            "NO_WAY",
            format!("Không có thao tác nào dẫn đến bước {to}."),
            format!("No action of the version leads to step {to}."),
        )));
    };
    let names: Vec<String> =
        path.iter().map(|way| format!("{}/{}", way.from, way.action)).collect();
    let closed = path.iter().find_map(|way| Some((way, way.closed_by?)));
    let (way, condition) = closed.expect("an open path would have been found before");
    let (witness, place) = (names.join(" → "), format!("{}/{}", way.from, way.action));
    Ok(Some(violation(
        format!("step:{to}"),
        "NO_LAWFUL_WAY",
        format!("Hồ sơ này không thể đến bước {to}: {place} cần {condition} ({witness})."),
        format!(
            "This case cannot get to step {to}: {place} needs {condition}; the shortest way is \
             {witness}."
        ),
    )))
}

fn path<'w, 'p>(
    ways: &'w [Way<'p>],
    start: &str,
    to: &str,
    open: impl Fn(&Way<'p>) -> bool,
) -> Option<Vec<&'w Way<'p>>> {
    let mut arrived: BTreeMap<&str, Option<&'w Way<'p>>> = BTreeMap::from([(start, None)]);
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for way in ways.iter().filter(|way| way.from == at && open(way)) {
            if !arrived.contains_key(way.to) {
                arrived.insert(way.to, Some(way));
                queue.push_back(way.to);
            }
        }
    }
    let mut path = Vec::new();
    let mut way = *arrived.get(to)?;
    while let Some(found) = way {
        path.push(found);
        way = arrived.get(found.from).copied().flatten();
    }
    path.reverse();
    Some(path)
}

/// Every way of the main line, with the condition that closes it to this case. What an interruption
/// gives back was reached before it, so `back` leads nowhere new.
fn ways<'p>(target: &'p Procedure, case: &Case<'_>) -> Result<Vec<Way<'p>>, Rejection> {
    let mut ways = Vec::new();
    for step in target.definition().steps.iter().filter(|step| step.within.is_none()) {
        for action in &step.actions {
            let closed = closed(action.when.as_ref(), case)?;
            let of = (step, action.id.as_str());
            ways_to(of, &action.target, closed, case, &mut ways)?;
        }
        if let Some(parallel) = &step.parallel {
            ways_to((step, "join"), &parallel.join.target, None, case, &mut ways)?;
        }
    }
    Ok(ways)
}

fn ways_to<'p>(
    (step, action): (&'p Step, &'p str),
    target: &'p Target,
    closed_by: Option<&'p str>,
    case: &Case<'_>,
    ways: &mut Vec<Way<'p>>,
) -> Result<(), Rejection> {
    let from = step.id.as_str();
    match target {
        Target::Stay | Target::Back | Target::End => {}
        Target::Step(to) => ways.push(Way { from, action, to, closed_by }),
        Target::Choice(choices) => {
            // The first branch that certainly holds shuts those behind it.
            let mut shut: Option<&'p str> = None;
            for choice in choices {
                let own = closed(choice.when.as_ref(), case)?;
                let closed_by = closed_by.or(shut).or(own);
                ways.push(Way { from, action, to: &choice.to, closed_by });
                let certain = |guard: &&Guard| !guard.looks_at(&LATER);
                if let Some(guard) = choice.when.as_ref().filter(certain)
                    && own.is_none()
                {
                    shut = shut.or(Some(guard.text()));
                }
            }
        }
    }
    Ok(())
}

/// The text of a condition that this case can never fulfil.
fn closed<'p>(guard: Option<&'p Guard>, case: &Case<'_>) -> Result<Option<&'p str>, Rejection> {
    match guard.filter(|guard| !guard.looks_at(&LATER)) {
        Some(guard) if !case.holds(Some(guard))? => Ok(Some(guard.text())),
        Some(_) | None => Ok(None),
    }
}

/// The open work under the names and roles of the other version; whoever held work keeps it where
/// the role stays the same.
fn moved_items(dossier: &Dossier, migrate: &Migrate, target: &Procedure) -> Vec<WorkItem> {
    let moved = |item: &WorkItem| {
        let to = mapped(&item.step, migrate);
        let role = target.step(to).map_or(item.role, |step| step.role);
        let assignee = item.assignee.clone().filter(|_| role == item.role);
        WorkItem { step: to.to_owned(), role, assignee, ..item.clone() }
    };
    let changed = dossier.items.values().map(|item| (item, moved(item)));
    changed.filter(|(item, moved)| *item != moved).map(|(_, moved)| moved).collect()
}

fn moved_back(dossier: &Dossier, migrate: &Migrate) -> Vec<crate::dossier::Interrupted> {
    let mut back = dossier.back.clone();
    for left in &mut back {
        left.step = mapped(&left.step, migrate).to_owned();
        for item in &mut left.items {
            item.step = mapped(&item.step, migrate).to_owned();
        }
    }
    back
}

/// The clocks under the rule of the other version; its limit counts only when that is asked for,
/// with the extensions that were granted: a decision on the case outlives the rule (T30).
fn moved_clocks(
    dossier: &Dossier,
    (migrate, bound): (&Migrate, &Procedure),
    case: &Case<'_>,
    ctx: &Context<'_>,
) -> Result<Option<Clocks>, Rejection> {
    let Some(clocks) = &dossier.clocks else { return Ok(None) };
    let definition = ctx.procedure.definition();
    let phase = clocks.phase.as_ref();
    let phase = phase.and_then(|id| definition.phases.iter().find(|phase| phase.id == *id));
    let rules = phase.map_or(&definition.limits, |phase| &phase.limits);
    let Some(rule) = applicable(rules, case)? else { return Ok(None) };
    let moved = match migrate.limits {
        MigratedLimits::New if clocks.statutory.is_running() => {
            let granted = granted(dossier, clocks, &rule.statutory, bound)?;
            let statutory = longer(&rule.statutory, granted);
            let committed = rule.committed.as_ref().map(|limit| longer(limit, granted));
            let moved = relimited(dossier, clocks, (&statutory, committed.as_ref()), ctx)?;
            not_late_at_once(&moved, ctx)?;
            moved
        }
        MigratedLimits::New | MigratedLimits::Keep => clocks.clone(),
    };
    let moved = Clocks { rule: rule.id.clone(), ..moved };
    Ok((moved != *clocks).then_some(moved))
}

/// Refuses dates that have passed already: a migration makes no dossier late.
fn not_late_at_once(clocks: &Clocks, ctx: &Context<'_>) -> Result<(), Rejection> {
    let both = [clocks.appointment(), &clocks.statutory].into_iter();
    let mut missed = both.filter(|clock| is_late(clock, ctx.now));
    let Some(due_on) = missed.find_map(Clock::due_on) else { return Ok(()) };
    let vi = format!("thời hạn mới đã hết ngày {due_on}; hãy giữ thời hạn hiện tại của hồ sơ");
    let en = format!("the new limit would have ended on {due_on}; keep the limit of the dossier");
    let mut rejection = reject(
        Reason::DeadlineRule,
        format!("Không tính được thời hạn: {vi}."),
        format!("The deadline rules do not allow it: {en}."),
    );
    rejection.violations = vec![violation("deadline", "RELIMIT_INTO_PAST", vi, en)];
    Err(rejection)
}

/// What extensions by decision added to the rule by which the clocks were started: what they go
/// beyond it, at most what was allowed as often as it was used. A limit that an earlier migration
/// kept is longer or shorter than the rule as well, which nobody granted.
fn granted(
    dossier: &Dossier,
    clocks: &Clocks,
    new: &Limit,
    bound: &Procedure,
) -> Result<u32, Rejection> {
    let most = extended_at_most(dossier, bound);
    let Some(rule) = rule_of(bound, clocks).filter(|_| most > 0) else { return Ok(0) };
    let limit = clocks.statutory.limit();
    if new.unit != limit.unit {
        // What was granted in days is no number of hours.
        let error = DeadlineError::UnitChanged { from: limit.unit, to: new.unit };
        return Err(deadline_rule(&error));
    }
    let is_same = rule.statutory.unit == limit.unit;
    Ok(if is_same { limit.amount.saturating_sub(rule.statutory.amount).min(most) } else { most })
}

/// The most that the extensions of the dossier may have added.
fn extended_at_most(dossier: &Dossier, bound: &Procedure) -> u32 {
    let mut most: BTreeMap<String, u32> = BTreeMap::new();
    for step in &bound.definition().steps {
        for action in &step.actions {
            let Some(extension) = &action.extension else { continue };
            let amount = most.entry(round_name(step, action)).or_default();
            *amount = extension.amount_max.max(*amount);
        }
    }
    let used = |name: &String| dossier.rounds.get(name).copied().unwrap_or(0);
    most.iter().map(|(name, amount)| amount.saturating_mul(used(name))).sum()
}
