//! Steps and their branches.

use super::action;
use super::changes::{Changes, Label, Parts, Place};
use super::words::{Said, both, joined, listed};
use crate::definition::{
    Act, Answer, Branch, BranchRef, Join, JoinWhen, Parallel, Step, StepKind, Text, Timeout,
};

const STEP: Label = ("bước", "step");

pub(super) fn steps(changes: &mut Changes, before: &[Step], after: &[Step]) {
    let how = Parts {
        key: "steps",
        noun: STEP,
        id: |step: &Step| &step.id,
        name: |step| Some(&step.name),
        summary,
        compare: step,
    };
    changes.parts(&Place::root(), &how, before, after);
    action::all(changes, before, after);
}

/// What is worth saying of a new step.
fn summary(step: &Step) -> Text {
    let status = step.status.said();
    let status = both(format!("trạng thái {}", status.vi), format!("status {}", status.en));
    if step.kind == StepKind::Final {
        return joined([status, step.kind.said()]);
    }
    let actions: Vec<&str> = step.actions.iter().map(|action| action.id.as_str()).collect();
    let actions = actions.join(", ");
    let actions = both(format!("các việc: {actions}"), format!("actions: {actions}"));
    joined([status, step.role.said(), step.unit.said(), actions])
}

fn step(changes: &mut Changes, place: &Place, before: &Step, after: &Step) {
    let Step {
        id: _,
        name,
        kind,
        status,
        role,
        unit,
        time,
        clock,
        timeout,
        reviews,
        within,
        parallel,
        actions,
    } = before;
    changes.text(place, "name", ("tên", "name"), name, &after.name);
    changes.value(place, "kind", ("loại bước", "kind"), kind, &after.kind);
    // What a step of a branch takes from the step that opens it is reported there.
    if within.is_none() || after.within.is_none() {
        changes.value(place, "status", ("trạng thái", "status"), status, &after.status);
        changes.value(place, "clock", ("đồng hồ thời hạn", "clock"), clock, &after.clock);
    }
    changes.value(place, "role", ("người làm", "role"), role, &after.role);
    changes.value(place, "unit", ("đơn vị", "unit"), unit, &after.unit);
    changes.value(place, "time", ("thời gian của bước", "time"), time, &after.time);
    self::timeout(changes, place, timeout.as_ref(), after.timeout.as_ref());
    let words = [
        ("nay được xét giấy tờ ở đây", "documents are now decided here"),
        ("không còn xét giấy tờ ở đây", "documents are no longer decided here"),
    ];
    changes.flag(place, "reviews", words, (*reviews, after.reviews));
    let label = ("thuộc nhánh", "lies in");
    changes.value(place, "within", label, within, &after.within);
    self::parallel(changes, place, parallel.as_ref(), after.parallel.as_ref());
    let ids = |actions: &[crate::definition::Action]| -> Vec<String> {
        let by_system = actions.iter().filter(|action| action.act == Act::Proceed);
        by_system.map(|action| action.id.clone()).collect()
    };
    let (old, now) = (ids(actions), ids(&after.actions));
    let old: Vec<&str> = old.iter().map(String::as_str).collect();
    let now: Vec<&str> = now.iter().map(String::as_str).collect();
    let label = ("thứ tự hệ thống xét", "order in which the system looks at");
    changes.order(place, "actions", label, &old, &now);
}

impl Said for BranchRef {
    fn said(&self) -> Text {
        let BranchRef { step, branch } = self;
        both(format!("nhánh {branch} của bước {step}"), format!("branch {branch} of step {step}"))
    }
}

fn timeout(
    changes: &mut Changes,
    place: &Place,
    before: Option<&Timeout>,
    after: Option<&Timeout>,
) {
    let place = place.part("timeout", both("khi không ai làm gì", "when nobody acts"));
    match (before, after) {
        (None, None) => {}
        (Some(_), None) => changes.removed(&place),
        (None, Some(now)) => {
            let after = now.after.said();
            let vi = format!("sau {} thì {}", after.vi, now.action);
            changes.added(&place, &both(vi, format!("{} after {}", now.action, after.en)));
        }
        (Some(old), Some(now)) => {
            let Timeout { after, action, remind_days_before, ground } = old;
            changes.value(&place, "after", ("sau", "after"), after, &now.after);
            changes.value(&place, "action", ("việc", "action"), action, &now.action);
            let label = ("nhắc trước (ngày)", "reminder (days before)");
            let remind = &now.remind_days_before;
            changes.value(&place, "remind_days_before", label, remind_days_before, remind);
            changes.value(&place, "ground", ("căn cứ", "ground"), ground, &now.ground);
        }
    }
}

fn parallel(
    changes: &mut Changes,
    place: &Place,
    before: Option<&Parallel>,
    after: Option<&Parallel>,
) {
    match (before, after) {
        (None, None) => {}
        (Some(old), Some(now)) => {
            let Parallel { branches, join } = old;
            self::branches(changes, place, branches, &now.branches);
            self::join(changes, place, join, &now.join);
        }
        (None, Some(now)) => {
            self::branches(changes, place, &[], &now.branches);
            let to = action::target(&now.join.target);
            let early = early(&now.join.early);
            changes.added(&joint(place), &joined([early, to]));
        }
        (Some(old), None) => {
            self::branches(changes, place, &old.branches, &[]);
            changes.removed(&joint(place));
        }
    }
}

fn joint(place: &Place) -> Place {
    place.part("join", both("hợp nhánh", "join"))
}

fn branches(changes: &mut Changes, place: &Place, before: &[Branch], after: &[Branch]) {
    let how = Parts {
        key: "branches",
        noun: ("nhánh", "branch"),
        id: |branch: &Branch| &branch.id,
        name: |branch| Some(&branch.name),
        summary: |branch| {
            let answers = listed(branch.answers.iter().map(|answer| answer.id.said()));
            let answers = answers.unwrap_or_else(|| both("", ""));
            both(
                format!("kết thúc bằng {}", answers.vi),
                format!("ends with one of {}", answers.en),
            )
        },
        compare: branch,
    };
    changes.parts(place, &how, before, after);
}

fn branch(changes: &mut Changes, place: &Place, before: &Branch, after: &Branch) {
    let Branch { id: _, name, when, each_unit, start, answers } = before;
    changes.text(place, "name", ("tên", "name"), name, &after.name);
    changes.guard(place, ("mở", "opened"), when.as_ref(), after.when.as_ref());
    let words = [
        ("nay mở cho từng đơn vị", "now opens once for each unit"),
        ("không còn mở cho từng đơn vị", "no longer opens once for each unit"),
    ];
    changes.flag(place, "each_unit", words, (*each_unit, after.each_unit));
    changes.value(place, "start", ("bước đầu tiên", "first step"), start, &after.start);
    let how = Parts {
        key: "answers",
        noun: ("câu trả lời", "answer"),
        id: |answer: &Answer| &answer.id,
        name: |answer| Some(&answer.name),
        summary: |_| both("", ""),
        compare: |changes, place, before, after| {
            let Answer { id: _, name } = before;
            changes.text(place, "name", ("tên", "name"), name, &after.name);
        },
    };
    changes.parts(place, &how, answers, &after.answers);
}

fn join(changes: &mut Changes, place: &Place, before: &Join, after: &Join) {
    let Join { early: reasons, target } = before;
    let place = joint(place);
    let (old, now) = (early(reasons), early(&after.early));
    if old != now {
        changes.arrow(&place, "early", ("đủ để hợp sớm", "enough to join early"), &old, &now);
    }
    action::leads(changes, &place, target, &after.target);
}

/// What is enough, in words that tell every two lists apart; the order says nothing.
fn early(reasons: &[JoinWhen]) -> Text {
    let mut reasons: Vec<&JoinWhen> = reasons.iter().collect();
    reasons.sort_by_key(|reason| (reason.at_least, reason.answer.clone()));
    let said = |reason: &JoinWhen| {
        let JoinWhen { at_least, answer } = reason;
        match answer {
            Some((branch, answer)) => both(
                format!("{at_least} nhánh trả lời {branch}.{answer}"),
                format!("{at_least} × {branch}.{answer}"),
            ),
            None => both(format!("{at_least} nhánh đã xong"), format!("{at_least} × any answer")),
        }
    };
    let all = listed(reasons.into_iter().map(said));
    all.unwrap_or_else(|| both("khi mọi nhánh đã xong", "only when all branches have ended"))
}
