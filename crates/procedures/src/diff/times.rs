//! Limits, later phases and further clocks.

use std::collections::BTreeMap;

use motcua_deadlines::Regime;

use super::ChangeKind;
use super::changes::{Changes, Parts, Place};
use super::words::{Said, both, joined};
use crate::definition::{ClockRule, FurtherClock, LimitRule, PauseGround, Phase, Text};

pub(super) fn limits(
    changes: &mut Changes,
    place: &Place,
    before: &[LimitRule],
    after: &[LimitRule],
) {
    let how = Parts {
        key: "limits",
        noun: ("thời hạn", "limit"),
        id: |limit: &LimitRule| &limit.id,
        name: |_| None,
        summary: |limit| limit.statutory.said(),
        compare: limit,
    };
    changes.parts(place, &how, before, after);
    let ids = |limits| -> Vec<&str> { Vec::from_iter(ids(limits)) };
    let label = ("thời hạn, cái đầu tiên đúng được áp dụng", "limits, of which the first applies");
    changes.order(place, "limits", label, &ids(before), &ids(after));
}

fn ids(limits: &[LimitRule]) -> impl Iterator<Item = &str> {
    limits.iter().map(|limit| limit.id.as_str())
}

fn limit(changes: &mut Changes, place: &Place, before: &LimitRule, after: &LimitRule) {
    let LimitRule {
        id: _,
        when,
        start,
        statutory,
        statutory_ground,
        committed,
        committed_ground,
        resume,
    } = before;
    changes.guard(place, ("áp dụng", "applies"), when.as_ref(), after.when.as_ref());
    changes.value(place, "start", ("tính từ khi", "counted from"), start, &after.start);
    let label = ("theo luật định", "statutory");
    changes.value(place, "statutory", label, statutory, &after.statutory);
    let label = ("căn cứ của thời hạn luật định", "ground of the statutory limit");
    changes.value(place, "statutory/ground", label, statutory_ground, &after.statutory_ground);
    let label = ("theo cam kết", "committed");
    changes.value(place, "committed", label, committed, &after.committed);
    let label = ("căn cứ của thời hạn cam kết", "ground of the committed limit");
    changes.value(place, "committed/ground", label, committed_ground, &after.committed_ground);
    self::resume(changes, place, resume, &after.resume);
}

fn resume(
    changes: &mut Changes,
    place: &Place,
    before: &BTreeMap<PauseGround, Regime>,
    after: &BTreeMap<PauseGround, Regime>,
) {
    for ground in PAUSE_GROUNDS {
        let (old, now) = (before.get(&ground).copied(), after.get(&ground).copied());
        if old != now {
            let (said, from, to) = (ground.said(), old.said(), now.said());
            let vi = format!("sau khi tạm dừng ({}): {} → {}", said.vi, from.vi, to.vi);
            let en = format!("after a pause ({}): {} → {}", said.en, from.en, to.en);
            let key = format!("resume/{}", crate::read::words::pause_ground(ground));
            changes.note(ChangeKind::Changed, place, &key, &both(vi, en));
        }
    }
}

const PAUSE_GROUNDS: [PauseGround; 5] = [
    PauseGround::Supplement,
    PauseGround::Payment,
    PauseGround::Withdrawal,
    PauseGround::Verification,
    PauseGround::Applicant,
];

pub(super) fn phases(changes: &mut Changes, before: &[Phase], after: &[Phase]) {
    let how = Parts {
        key: "phases",
        noun: ("giai đoạn", "phase"),
        id: |phase: &Phase| &phase.id,
        name: |phase| Some(&phase.name),
        summary: |phase| joined(phase.limits.iter().map(|limit| limit.statutory.said())),
        compare: |changes, place, before, after| {
            let Phase { id: _, name, limits } = before;
            changes.text(place, "name", ("tên", "name"), name, &after.name);
            self::limits(changes, place, limits, &after.limits);
        },
    };
    changes.parts(&Place::root(), &how, before, after);
}

pub(super) fn clocks(changes: &mut Changes, before: &[FurtherClock], after: &[FurtherClock]) {
    let how = Parts {
        key: "clocks",
        noun: ("thời hạn khác", "further clock"),
        id: |clock: &FurtherClock| &clock.id,
        name: |clock| Some(&clock.name),
        summary: |clock| joined(clock.rules.iter().map(rule)),
        compare: clock,
    };
    changes.parts(&Place::root(), &how, before, after);
}

fn clock(changes: &mut Changes, place: &Place, before: &FurtherClock, after: &FurtherClock) {
    let FurtherClock { id: _, name, from, until, pause_in, resume, rules } = before;
    changes.text(place, "name", ("tên", "name"), name, &after.name);
    let (old, now) = (from.said(), after.from.said());
    if old != now {
        changes.arrow(place, "from", ("tính từ", "starts with"), &old, &now);
    }
    changes.set(place, "until", ("dừng khi vào bước", "stops in"), until, &after.until);
    let label = ("tạm dừng ở bước", "stands still in");
    changes.set(place, "pause_in", label, pause_in, &after.pause_in);
    let label = ("sau khi tạm dừng", "after a pause");
    changes.value(place, "resume", label, resume, &after.resume);
    let said = |rules: &[ClockRule]| {
        let mut vi = Vec::new();
        let mut en = Vec::new();
        for text in rules.iter().map(rule) {
            vi.push(text.vi);
            en.push(text.en);
        }
        both(vi.join("; "), en.join("; "))
    };
    let (old, now) = (said(rules), said(&after.rules));
    if old != now {
        changes.arrow(place, "rules", ("mức", "limit"), &old, &now);
    }
}

/// The rule in words that tell every two rules apart.
fn rule(rule: &ClockRule) -> Text {
    let ClockRule { when, limit, ground } = rule;
    let limit = limit.as_ref().map(Said::said);
    let limit = limit.unwrap_or_else(|| both("không có thời hạn", "no limit"));
    let when = when
        .as_ref()
        .map(|when| both(format!("khi `{}`", when.text()), format!("when `{}`", when.text())));
    let ground = both(format!("căn cứ {ground}"), format!("ground {ground}"));
    joined([Some(limit), when, Some(ground)].into_iter().flatten())
}
