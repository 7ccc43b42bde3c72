//! Actions. One that several steps share changes alike in all of them and is told once.

use super::changes::{Changes, Place};
use super::words::{Said, both, joined};
use super::{Change, ChangeKind, form};
use crate::definition::{Action, Choice, Extension, Reservation, Step, Target, Text, Verified};

/// A change of an action, and the steps that have it.
struct Shared<'a> {
    steps: Vec<&'a str>,
    action: &'a Action,
    /// Path and words below the action.
    change: Change,
}

/// The actions of all steps that both versions have.
pub(super) fn all(changes: &mut Changes, before: &[Step], after: &[Step]) {
    let mut shared: Vec<Shared<'_>> = Vec::new();
    for old in before {
        let Some(now) = after.iter().find(|step| step.id == old.id) else {
            continue;
        };
        for (action, change) in of_step(&old.actions, &now.actions) {
            let same = |known: &&mut Shared<'_>| {
                known.action.id == action.id
                    && known.action.name == action.name
                    && known.change == change
            };
            match shared.iter_mut().find(same) {
                Some(known) => known.steps.push(&old.id),
                None => shared.push(Shared { steps: vec![&old.id], action, change }),
            }
        }
    }
    for Shared { steps, action, change } in shared {
        let several = if steps.len() == 1 { "" } else { "s" };
        let names = steps.join(", ");
        let Text { vi, en } = &action.name;
        let Action { id, .. } = action;
        let head_vi = format!("việc {id} ({vi}) của bước {names}");
        let head_en = format!("action {id} ({en}) of step{several} {names}");
        let path = format!("/steps/{}/actions/{id}{}", steps.join(","), change.path);
        let Text { vi, en } = change.text;
        let text = both(format!("{head_vi}: {vi}"), format!("{head_en}: {en}"));
        changes.push(Change { kind: change.kind, path, text });
    }
}

fn of_step<'a>(before: &'a [Action], after: &'a [Action]) -> Vec<(&'a Action, Change)> {
    let mut found = Vec::new();
    let mut take = |action: &'a Action, changes: Changes| {
        found.extend(changes.into_list().into_iter().map(|change| (action, change)));
    };
    let place = Place::root();
    for old in before {
        let mut changes = Changes::default();
        match after.iter().find(|action| action.id == old.id) {
            Some(now) => action(&mut changes, &place, old, now),
            None => changes.removed(&place),
        }
        take(old, changes);
    }
    for now in after.iter().filter(|now| !before.iter().any(|old| old.id == now.id)) {
        let mut changes = Changes::default();
        changes.added(&place, &joined([now.act.said(), target(&now.target)]));
        take(now, changes);
    }
    found
}

fn action(changes: &mut Changes, place: &Place, before: &Action, after: &Action) {
    let Action {
        id: _,
        name,
        act,
        roles,
        unit,
        target,
        answer,
        when,
        reason,
        form,
        outcome,
        rounds_max,
        reserves,
        rework,
        all_owners,
        not_by,
        begins,
        assesses,
        verifies,
        extension,
        data,
        ground,
    } = before;
    changes.text(place, "name", ("tên", "name"), name, &after.name);
    changes.value(place, "act", ("loại việc", "act"), act, &after.act);
    changes.set(place, "roles", ("người được làm", "roles"), roles, &after.roles);
    changes.value(place, "unit", ("đơn vị", "unit"), unit, &after.unit);
    leads(changes, place, target, &after.target);
    let label = ("câu trả lời của nhánh", "answer of the branch");
    changes.value(place, "answer", label, answer, &after.answer);
    changes.guard(place, ("được phép", "allowed"), when.as_ref(), after.when.as_ref());
    let label = ("mẫu", "form");
    changes.value(place, "form", label, form, &after.form);
    changes.value(place, "outcome", ("kết quả", "result"), outcome, &after.outcome);
    let label = ("số lần tối đa", "most rounds");
    changes.value(place, "rounds_max", label, rounds_max, &after.rounds_max);
    let label = ("giữ chỗ", "reserves");
    changes.value(place, "reserves", label, reserves, &after.reserves);
    flags(changes, place, [*reason, *rework, *all_owners], after);
    let label = ("không do người vừa làm bước", "not by who held");
    changes.set(place, "not_by", label, not_by, &after.not_by);
    changes.value(place, "begins", ("mở giai đoạn", "begins phase"), begins, &after.begins);
    let label = ("xác định mức phí", "assesses fee");
    changes.value(place, "assesses", label, assesses, &after.assesses);
    let label = ("xác minh thành phần", "verifies");
    changes.set(place, "verifies", label, verifies, &after.verifies);
    let label = ("gia hạn", "extension");
    changes.value(place, "extension", label, extension, &after.extension);
    self::data(changes, place, data.as_ref(), after.data.as_ref());
    changes.value(place, "ground", ("căn cứ", "ground"), ground, &after.ground);
}

fn flags(changes: &mut Changes, place: &Place, before: [bool; 3], after: &Action) {
    let [reason, rework, all_owners] = before;
    let words = [
        ("nay phải nêu lý do", "a written reason is now required"),
        ("không còn phải nêu lý do", "a written reason is no longer required"),
    ];
    changes.flag(place, "reason", words, (reason, after.reason));
    let words = [
        ("nay là làm lại, không tính vào thời gian", "now counts as rework"),
        ("không còn là làm lại", "no longer counts as rework"),
    ];
    changes.flag(place, "rework", words, (rework, after.rework));
    let words = [
        ("nay mọi chủ hồ sơ phải có mặt", "all owners must now appear"),
        ("không còn cần mọi chủ hồ sơ có mặt", "all owners need no longer appear"),
    ];
    changes.flag(place, "all_owners", words, (all_owners, after.all_owners));
}

fn data(
    changes: &mut Changes,
    place: &Place,
    before: Option<&crate::form::FormSchema>,
    after: Option<&crate::form::FormSchema>,
) {
    let place = place.part("data", both("dữ liệu", "data"));
    match (before, after) {
        (None, None) => {}
        (Some(_), None) => changes.removed(&place),
        (None, Some(now)) => {
            let fields: Vec<&str> = now.properties().collect();
            changes.added(&place, &fields.join(", ").said());
        }
        (Some(old), Some(now)) => form::schema(changes, &place, old.schema(), now.schema()),
    }
}

impl Said for Reservation {
    fn said(&self) -> Text {
        let Reservation { scope, field } = self;
        both(format!("{scope} theo {field}"), format!("{scope} by {field}"))
    }
}

impl Said for Verified {
    fn said(&self) -> Text {
        let Verified { data, document, proved_by } = self;
        let values = proved_by.join(", ");
        both(
            format!("{document} theo {data} khi {values}"),
            format!("{document} by {data} when {values}"),
        )
    }
}

impl Said for Extension {
    fn said(&self) -> Text {
        let Extension { amount_max } = self;
        both(format!("nhiều nhất {amount_max}"), format!("at most {amount_max}"))
    }
}

/// Where an action or a join leads.
pub(super) fn leads(changes: &mut Changes, place: &Place, before: &Target, after: &Target) {
    let (old, now) = (target(before), target(after));
    if old != now {
        let vi = format!("{}, không còn {}", now.vi, old.vi);
        let en = format!("{} and no longer {}", now.en, old.en);
        changes.note(ChangeKind::Changed, place, "to", &both(vi, en));
    }
}

/// A target in words that tell every two targets apart.
pub(super) fn target(target: &Target) -> Text {
    match target {
        Target::Stay => both("ở lại bước", "stays where it is"),
        Target::Back => both("trở về bước trước đó", "goes back"),
        Target::End => both("kết thúc nhánh", "ends the branch"),
        Target::Step(step) => both(format!("chuyển đến {step}"), format!("leads to {step}")),
        Target::Choice(choices) => {
            let vi: Vec<String> = choices.iter().map(|one| choice(one, "nếu", "còn lại")).collect();
            let en: Vec<String> = choices.iter().map(|one| choice(one, "if", "else")).collect();
            both(format!("chuyển đến ({})", vi.join("; ")), format!("leads to ({})", en.join("; ")))
        }
    }
}

fn choice(choice: &Choice, when: &str, otherwise: &str) -> String {
    let Choice { when: guard, to } = choice;
    match guard {
        Some(guard) => format!("{to} {when} `{}`", guard.text()),
        None => format!("{to} {otherwise}"),
    }
}
