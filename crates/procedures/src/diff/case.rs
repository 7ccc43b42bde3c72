//! What a case brings along: grounds, parties, variants, documents, fees, windows, results.

use std::collections::BTreeMap;

use super::ChangeKind;
use super::changes::{Changes, Parts, Place};
use super::words::{Said, both, joined, money};
use crate::definition::{
    Amount, Bracket, DocumentRequirement, Fee, Parties, ResultType, Tariff, Text, Validity,
    Variant, Window,
};

pub(super) fn grounds(
    changes: &mut Changes,
    before: &BTreeMap<String, Text>,
    after: &BTreeMap<String, Text>,
) {
    let named =
        |id: &str| Place::root().named("grounds", ("căn cứ pháp lý", "legal ground"), id, None);
    for (id, old) in before {
        match after.get(id) {
            Some(now) => changes.text(&Place::root(), &format!("grounds/{id}"), LABEL, old, now),
            None => changes.removed(&named(id)),
        }
    }
    for (id, text) in after.iter().filter(|(id, _)| !before.contains_key(*id)) {
        changes.added(&named(id), text);
    }
    const LABEL: (&str, &str) = ("căn cứ pháp lý", "legal ground");
}

pub(super) fn parties(changes: &mut Changes, before: &Parties, after: &Parties) {
    let Parties { owners_min, owners_max, proxy } = before;
    let place = Place::root().part("parties", both("người nộp", "parties"));
    let label = ("số chủ hồ sơ tối thiểu", "fewest owners");
    changes.value(&place, "owners/min", label, owners_min, &after.owners_min);
    let label = ("số chủ hồ sơ tối đa", "most owners");
    changes.value(&place, "owners/max", label, owners_max, &after.owners_max);
    let words = [
        ("nay được ủy quyền", "an authorised person may now act"),
        ("không còn được ủy quyền", "an authorised person may no longer act"),
    ];
    changes.flag(&place, "proxy", words, (*proxy, after.proxy));
}

pub(super) fn variants(changes: &mut Changes, before: &[Variant], after: &[Variant]) {
    let how = Parts {
        key: "variants",
        noun: ("trường hợp", "variant"),
        id: |variant: &Variant| &variant.id,
        name: |variant| Some(&variant.name),
        summary: |_| both("", ""),
        compare: |changes, place, before, after| {
            let Variant { id: _, name, when } = before;
            changes.text(place, "name", ("tên", "name"), name, &after.name);
            changes.guard(place, ("áp dụng", "chosen"), when.as_ref(), after.when.as_ref());
        },
    };
    changes.parts(&Place::root(), &how, before, after);
}

pub(super) fn documents(
    changes: &mut Changes,
    before: &[DocumentRequirement],
    after: &[DocumentRequirement],
) {
    let how = Parts {
        key: "documents",
        noun: ("giấy tờ", "document"),
        id: |document: &DocumentRequirement| &document.id,
        name: |document| Some(&document.name),
        summary: |document| {
            let when = document.when.as_ref().map(|when| {
                both(
                    format!("chỉ yêu cầu khi `{}`", when.text()),
                    format!("asked for only when `{}`", when.text()),
                )
            });
            let when = when.unwrap_or_else(|| both("luôn yêu cầu", "always asked for"));
            let phase = document.phase.as_deref().map(|phase| asked_from(Some(phase)));
            let said = [document.kind.said(), document.hand_in.said(), when];
            joined(said.into_iter().chain(phase))
        },
        compare: document,
    };
    changes.parts(&Place::root(), &how, before, after);
    let ids = |documents: &[DocumentRequirement]| -> Vec<String> {
        documents.iter().map(|document| document.id.clone()).collect()
    };
    let (before, after) = (ids(before), ids(after));
    let label = ("thứ tự trên giấy tiếp nhận", "order on the receipt");
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let after: Vec<&str> = after.iter().map(String::as_str).collect();
    changes.order(&Place::root(), "documents", label, &before, &after);
}

fn document(
    changes: &mut Changes,
    place: &Place,
    before: &DocumentRequirement,
    after: &DocumentRequirement,
) {
    let DocumentRequirement {
        id: _,
        name,
        kind,
        hand_in,
        originals,
        copies,
        when,
        phase,
        data_source,
        media,
        size_max,
        original_at_delivery,
        validity,
        ground,
    } = before;
    changes.text(place, "name", ("tên", "name"), name, &after.name);
    changes.value(place, "kind", ("loại", "kind"), kind, &after.kind);
    changes.value(place, "hand_in", ("cách nộp", "hand in"), hand_in, &after.hand_in);
    changes.value(place, "originals", ("số bản chính", "originals"), originals, &after.originals);
    changes.value(place, "copies", ("số bản sao", "copies"), copies, &after.copies);
    changes.guard(place, ("yêu cầu", "asked for"), when.as_ref(), after.when.as_ref());
    if *phase != after.phase {
        let (from, to) = (asked_from(phase.as_deref()), asked_from(after.phase.as_deref()));
        changes.arrow(place, "phase", ("yêu cầu", "asked for"), &from, &to);
    }
    let label = ("nguồn dữ liệu thay thế", "register that stands in for it");
    changes.value(place, "data_source", label, data_source, &after.data_source);
    changes.set(place, "media", ("định dạng tệp", "media types"), media, &after.media);
    let label = ("tệp lớn nhất (byte)", "largest file (bytes)");
    changes.value(place, "size_max", label, size_max, &after.size_max);
    let words = [
        ("nay đối chiếu bản chính khi trả", "the original is now taken in on delivery"),
        ("không còn đối chiếu bản chính khi trả", "the original is no longer taken in on delivery"),
    ];
    let pair = (*original_at_delivery, after.original_at_delivery);
    changes.flag(place, "original_at_delivery", words, pair);
    let label = ("giá trị sử dụng", "validity");
    changes.value(place, "validity", label, validity, &after.validity);
    changes.value(place, "ground", ("căn cứ", "ground"), ground, &after.ground);
}

/// From when on a paper is asked for.
fn asked_from(phase: Option<&str>) -> Text {
    match phase {
        Some(phase) => both(format!("từ giai đoạn {phase}"), format!("from the phase {phase} on")),
        None => both("từ khi nộp hồ sơ", "from the filing on"),
    }
}

impl Said for Validity {
    fn said(&self) -> Text {
        let Validity { issued_on, valid_for } = self;
        let valid_for = valid_for.said();
        both(
            format!("{} kể từ {issued_on}", valid_for.vi),
            format!("{} from {issued_on}", valid_for.en),
        )
    }
}

pub(super) fn fees(changes: &mut Changes, before: &[Fee], after: &[Fee]) {
    let how = Parts {
        key: "fees",
        noun: ("phí, lệ phí", "fee"),
        id: |fee: &Fee| &fee.id,
        name: |fee| Some(&fee.name),
        summary: |fee| joined([amount(&fee.amount), fee.collect.said()]),
        compare: |changes, place, before, after| {
            let Fee { id: _, name, amount: old, when, collect, refundable, ground } = before;
            changes.text(place, "name", ("tên", "name"), name, &after.name);
            let (from, to) = (amount(old), amount(&after.amount));
            if from != to {
                changes.arrow(place, "amount", ("mức", "amount"), &from, &to);
            }
            changes.guard(place, ("phải nộp", "owed"), when.as_ref(), after.when.as_ref());
            changes.value(place, "collect", ("thu", "collected"), collect, &after.collect);
            let words = [
                ("nay được hoàn lại", "now given back after a refusal"),
                ("không còn được hoàn lại", "no longer given back after a refusal"),
            ];
            changes.flag(place, "refundable", words, (*refundable, after.refundable));
            changes.value(place, "ground", ("căn cứ", "ground"), ground, &after.ground);
        },
    };
    changes.parts(&Place::root(), &how, before, after);
}

/// The price in words that tell every two prices apart.
fn amount(amount: &Amount) -> Text {
    match amount {
        Amount::Fixed(amount) => money(*amount),
        Amount::Assessed => both("do cơ quan khác xác định", "assessed by an action"),
        Amount::Tariff(tariff) => self::tariff(tariff),
    }
}

fn tariff(tariff: &Tariff) -> Text {
    let Tariff { quantity, brackets, at_most, times } = tariff;
    let each = joined(brackets.iter().map(bracket));
    let most = at_most.map(money);
    let most =
        most.map(|most| both(format!("nhiều nhất {}", most.vi), format!("at most {}", most.en)));
    let times = times.as_ref().map(|times| {
        both(format!("nhân với `{}`", times.text()), format!("times `{}`", times.text()))
    });
    let each = both(
        format!("theo `{}`: {}", quantity.text(), each.vi),
        format!("by `{}`: {}", quantity.text(), each.en),
    );
    joined([Some(each), most, times].into_iter().flatten())
}

fn bracket(bracket: &Bracket) -> Text {
    let Bracket { up_to, each } = bracket;
    let each = money(*each);
    match up_to {
        Some(up_to) => both(
            format!("đến {up_to}: {} mỗi đơn vị", each.vi),
            format!("up to {up_to}: {} each", each.en),
        ),
        None => {
            both(format!("còn lại: {} mỗi đơn vị", each.vi), format!("beyond: {} each", each.en))
        }
    }
}

/// Windows have no ids: equal ones are left aside, the others pair up by their date.
pub(super) fn windows(changes: &mut Changes, before: &[Window], after: &[Window]) {
    let said = |windows: &[Window]| -> Vec<(String, Text)> {
        windows.iter().map(|window| (window.field.clone(), self::window(window))).collect()
    };
    let (mut old, mut now) = (said(before), said(after));
    old.retain(|window| match now.iter().position(|other| other == window) {
        Some(index) => {
            now.remove(index);
            false
        }
        None => true,
    });
    for (field, from) in old {
        let noun = ("khung thời gian nộp theo", "filing window by");
        let place = Place::root().named("windows", noun, &field, None);
        match now.iter().position(|(other, _)| *other == field) {
            Some(index) => {
                let (_, to) = now.remove(index);
                let vi = format!("{} → {}", from.vi, to.vi);
                let en = format!("{} → {}", from.en, to.en);
                changes.note(ChangeKind::Changed, &place, "", &both(vi, en));
            }
            None => changes.removed(&place),
        }
    }
    for (field, text) in now {
        let noun = ("khung thời gian nộp theo", "filing window by");
        changes.added(&Place::root().named("windows", noun, &field, None), &text);
    }
}

/// The window in words that tell every two windows apart.
fn window(window: &Window) -> Text {
    let Window { field, when, side, at_least, at_most, ground } = window;
    let side = side.said();
    let least = at_least.as_ref().map(|least| {
        let least = least.said();
        both(format!("ít nhất {}", least.vi), format!("at least {}", least.en))
    });
    let most = at_most.as_ref().map(|most| {
        let most = most.said();
        both(format!("nhiều nhất {}", most.vi), format!("at most {}", most.en))
    });
    let bounds = joined([least, most].into_iter().flatten());
    let bounds = both(
        format!("{} {} {field}", bounds.vi, side.vi),
        format!("{} {} {field}", bounds.en, side.en),
    );
    let when = when
        .as_ref()
        .map(|when| both(format!("khi `{}`", when.text()), format!("when `{}`", when.text())));
    let ground = both(format!("căn cứ {ground}"), format!("ground {ground}"));
    joined([Some(bounds), when, Some(ground)].into_iter().flatten())
}

pub(super) fn results(changes: &mut Changes, before: &[ResultType], after: &[ResultType]) {
    let how = Parts {
        key: "results",
        noun: ("kết quả", "result"),
        id: |result: &ResultType| &result.id,
        name: |result| Some(&result.name),
        summary: |_| both("", ""),
        compare: |changes, place, before, after| {
            let ResultType { id: _, code, name, positive } = before;
            changes.value(place, "code", ("mã kết quả", "national code"), code, &after.code);
            changes.text(place, "name", ("tên", "name"), name, &after.name);
            let words = [
                ("nay là kết quả đồng ý", "now counts as what was asked for"),
                ("không còn là kết quả đồng ý", "no longer counts as what was asked for"),
            ];
            changes.flag(place, "positive", words, (*positive, after.positive));
        },
    };
    changes.parts(&Place::root(), &how, before, after);
}
