use super::*;
use crate::parse;

const SOUND: &str = include_str!("../../tests/sound.yaml");

#[track_caller]
fn procedure(source: &str) -> Procedure {
    parse(source.as_bytes()).unwrap_or_else(|findings| panic!("{findings}"))
}

#[track_caller]
fn changed(from: &str, to: &str) -> Vec<(ChangeKind, String, String)> {
    let edited = SOUND.replacen(from, to, 1);
    assert_ne!(edited, SOUND, "{from:?} is not in the file");
    let changes = diff(&procedure(SOUND), &procedure(&edited));
    changes.into_iter().map(|change| (change.kind, change.path, change.text.en)).collect()
}

#[track_caller]
fn check(from: &str, to: &str, path: &str, said: &str) {
    let changes = changed(from, to);
    let found = changes.iter().any(|(_, at, en)| at == path && en == said);
    assert!(found, "{changes:#?}");
}

#[test]
fn what_means_the_same_is_no_difference() {
    let before = procedure(SOUND);
    assert_eq!(diff(&before, &before), []);
    let commented = SOUND.replace("start: intake", "# a remark\nstart: \"intake\"");
    assert_eq!(diff(&before, &procedure(&commented)), []);
    let reordered = SOUND
        .replace("[counter, online]", "[online, counter]")
        .replace("required: [name, kind]", "required: [kind, name]")
        .replace("kind: original, hand_in: submit", "hand_in: submit, kind: original");
    assert_ne!(reordered, SOUND);
    assert_eq!(diff(&before, &procedure(&reordered)), []);
}

#[test]
fn the_order_of_steps_and_actions_is_no_difference() {
    let step = "  - id: delivered\n    name: { vi: Đã trả, en: Delivered }\n    kind: final\n    \
                status: 10\n";
    let moved = SOUND.replace(step, "").replace("anywhere:\n", &format!("{step}anywhere:\n"));
    assert_ne!(moved, SOUND);
    assert_eq!(diff(&procedure(SOUND), &procedure(&moved)), []);
    let ask = "      - { id: ask, name: { vi: Hỏi, en: Ask }, rework: true, to: opinion }\n";
    let sign = "      - id: sign\n";
    let moved = SOUND.replace(ask, "").replace(sign, &format!("{ask}{sign}"));
    assert_ne!(moved, SOUND);
    assert_eq!(diff(&procedure(SOUND), &procedure(&moved)), []);
}

#[test]
fn limits_fees_and_papers_change_in_a_readers_words() {
    check(
        "statutory: { amount: 3",
        "statutory: { amount: 5",
        "/limits/three-days/statutory",
        "limit three-days: statutory: 3 → 5 working days",
    );
    check(
        "amount: 50000",
        "amount: 120000",
        "/fees/fee/amount",
        "fee fee (Charge): amount: 50,000 đồng → 120,000 đồng",
    );
    check(
        "    when: channel == \"online\"\n",
        "",
        "/documents/D2/when",
        "document D2 (Electronic form): always asked for, no longer only when `channel == \
         \"online\"`",
    );
    check(
        "supplement: restart_full",
        "supplement: { fixed_after: 5 }",
        "/limits/three-days/resume/supplement",
        "limit three-days: after a pause (supplement): the whole limit starts again → 5 units of \
         the limit from then on",
    );
}

#[test]
fn steps_and_actions_change_in_a_readers_words() {
    check(
        "role: signing_leader",
        "role: head_of_division",
        "/steps/signature/role",
        "step signature (Signature): role: signing leader → head of division",
    );
    check(
        "rework: true, reason: true, to: examination",
        "rework: true, reason: true, to: opinion",
        "/steps/signature/actions/rework/to",
        "action rework (Rework) of step signature: leads to opinion and no longer leads to \
         examination",
    );
    check(
        "        rounds_max: 1\n        to: supplement_before",
        "        rounds_max: 2\n        to: supplement_before",
        "/steps/intake/actions/request_supplement/rounds_max",
        "action request_supplement (Ask for a supplement) of step intake: most rounds: 1 → 2",
    );
}

#[test]
fn fields_change_in_a_readers_words() {
    check(
        "required: [name, kind]",
        "required: [name, kind, number]",
        "/form/properties/number/required",
        "form, field number: now required",
    );
    check(
        "enum: [new, old]",
        "enum: [new, renewed]",
        "/form/properties/kind/enum",
        "form, field kind: choices: now also “renewed”; no longer “old”",
    );
    check(
        "maxLength: 50 }",
        "maxLength: 60 }\n    age: { type: integer, minimum: 0, maximum: 9 }",
        "/form/properties/age",
        "form, field age: new; optional, whole number",
    );
}

#[test]
fn an_action_that_several_steps_share_is_told_once() {
    let several = SOUND.replace("in: [examination]", "in: [examination, signature]");
    let edited = several.replace("Xin rút, en: Withdraw", "Xin rút, en: Ask to withdraw");
    let changes = diff(&procedure(&several), &procedure(&edited));
    assert_eq!(changes.len(), 1, "{changes:#?}");
    assert_eq!(changes[0].path, "/steps/examination,signature/actions/withdraw/name/en");
    assert_eq!(
        changes[0].text.en,
        "action withdraw (Withdraw) of steps examination, signature: name (English): “Withdraw” \
         → “Ask to withdraw”"
    );
}

#[test]
fn a_choice_taken_in_another_order_is_a_difference() {
    let both = "          - { when: channel == \"online\", to: received }\n";
    let more = format!("{both}          - {{ when: proxy, to: received }}\n");
    let turned = format!("          - {{ when: proxy, to: received }}\n{both}");
    let before = procedure(&SOUND.replace(both, &more));
    let changes = diff(&before, &procedure(&SOUND.replace(both, &turned)));
    assert_eq!(changes.len(), 1, "{changes:#?}");
}

#[test]
fn a_change_is_written_with_kind_path_and_both_languages() {
    let edited = SOUND.replace("amount: 50000", "amount: 60000");
    let changes = diff(&procedure(SOUND), &procedure(&edited));
    let json = serde_json::to_value(&changes).expect("JSON");
    let expected = serde_json::json!([{
        "kind": "changed", "path": "/fees/fee/amount",
        "vi": "phí, lệ phí fee (Lệ phí): mức: 50.000 đồng → 60.000 đồng",
        "en": "fee fee (Charge): amount: 50,000 đồng → 60,000 đồng",
    }]);
    assert_eq!(json, expected);
}

const EVERY_KEY: &str = include_str!("../../tests/every-key.yaml");
const BIRTH: &str = include_str!("../../../../catalogue/birth-registration.yaml");

/// The definition as it is written, whether it is sound or not; none when it cannot be read.
fn read(source: &str) -> Option<Definition> {
    let root = crate::yaml::read(source.as_bytes()).root?;
    let mut reader = crate::read::Reader::new(&root);
    let draft = reader.read()?;
    reader.into_findings().is_empty().then_some(draft.definition)
}

fn differences(before: &Definition, after: &Definition) -> Vec<Change> {
    let mut changes = Changes::default();
    definition(&mut changes, before, after);
    changes.into_list()
}

#[track_caller]
fn check_every_key(from: &str, to: &str, path: &str, said: &str) {
    let edited = EVERY_KEY.replacen(from, to, 1);
    assert_ne!(edited, EVERY_KEY, "{from:?} is not in the file");
    let before = read(EVERY_KEY).expect("readable");
    let changes = differences(&before, &read(&edited).expect("readable"));
    let found = changes.iter().any(|change| change.path == path && change.text.en == said);
    assert!(found, "{changes:#?}");
}

#[test]
fn branches_change_in_a_readers_words() {
    check_every_key(
        "at_least: 1, answer: agencies.objection",
        "at_least: 2, answer: agencies.objection",
        "/steps/consultation/join/early",
        "step consultation (Consultation), join: enough to join early: 1 × agencies.objection, 4 \
         × any answer → 2 × agencies.objection, 4 × any answer",
    );
    check_every_key(
        "        each_unit: true\n",
        "",
        "/steps/consultation/branches/agencies/each_unit",
        "step consultation (Consultation), branch agencies (Consulted agencies): no longer opens \
         once for each unit",
    );
    check_every_key(
        "id: consent, name: { vi: Đồng ý, en: Consent }, answer: consent",
        "id: consent, name: { vi: Đồng ý, en: Consent }, answer: silent",
        "/steps/asked/actions/consent/answer",
        "action consent (Consent) of step asked: answer of the branch: consent → silent",
    );
    check_every_key(
        "amount: 12, unit: calendar_day",
        "amount: 15, unit: calendar_day",
        "/steps/asked/timeout/after",
        "step asked (Answer), when nobody acts: after: 12 → 15 calendar days",
    );
}

#[test]
fn tariffs_windows_phases_and_clocks_change_in_a_readers_words() {
    check_every_key(
        "each: 2000",
        "each: 3000",
        "/fees/by-page/amount",
        "fee by-page (Fee by page): amount: by `form.pages`: up to 2: 2,000 đồng each, beyond: \
         1,000 đồng each, at most 200,000 đồng, times `form.copies` → by `form.pages`: up to 2: \
         3,000 đồng each, beyond: 1,000 đồng each, at most 200,000 đồng, times `form.copies`",
    );
    check_every_key(
        "amount: 90",
        "amount: 60",
        "/windows/issued_on",
        "filing window by issued_on: at most 90 calendar days after issued_on, ground law → at \
         most 60 calendar days after issued_on, ground law",
    );
    check_every_key(
        "statutory: { amount: 1, unit: month",
        "statutory: { amount: 2, unit: month",
        "/phases/second/limits/second-limit/statutory",
        "phase second (Second phase), limit second-limit: statutory: 1 → 2 months",
    );
    check_every_key(
        "pause_in: [supplement]",
        "pause_in: [supplement, ready]",
        "/clocks/admission/pause_in",
        "further clock admission (Admission): stands still in: now also ready",
    );
    check_every_key(
        "    phase: second\n",
        "",
        "/documents/D1/phase",
        "document D1 (Application): asked for: from the phase second on → from the filing on",
    );
    check_every_key(
        "valid_for: { amount: 6, unit: month }",
        "valid_for: { amount: 3, unit: month }",
        "/documents/D1/validity",
        "document D1 (Application): validity: 6 months from issued_on → 3 months from issued_on",
    );
}

#[test]
fn acts_of_the_system_are_looked_at_in_order() {
    let skip = "      - { id: skip, name: { vi: Bỏ qua, en: Skip }, act: proceed, when: proxy, to: \
                decision }\n";
    let go_on = "      - { id: go_on,";
    let moved = EVERY_KEY.replace(skip, "").replace(go_on, &format!("{skip}{go_on}"));
    let before = read(EVERY_KEY).expect("readable");
    let changes = differences(&before, &read(&moved).expect("readable"));
    assert_eq!(changes.len(), 1, "{changes:#?}");
    assert_eq!(changes[0].kind, ChangeKind::Reordered);
}

/// Each scalar of a YAML text that is no key: byte range and text.
fn scalars(source: &str) -> Vec<(std::ops::Range<usize>, String)> {
    use saphyr_parser::{Event, Parser};
    let bytes: Vec<usize> = source.char_indices().map(|(at, _)| at).chain([source.len()]).collect();
    // For each open collection: whether it is a mapping, and whether a key comes next.
    let mut open: Vec<(bool, bool)> = Vec::new();
    let mut found = Vec::new();
    for event in Parser::new_from_str(source) {
        let (event, span) = event.expect("YAML");
        let is_key = open.last().is_some_and(|(mapping, key)| *mapping && *key);
        let begins = matches!(event, Event::MappingStart(..) | Event::SequenceStart(..));
        let value = begins || matches!(event, Event::Scalar(..));
        if let Some((true, key)) = open.last_mut().filter(|_| value) {
            *key = !*key;
        }
        match event {
            Event::MappingStart(..) => open.push((true, true)),
            Event::SequenceStart(..) => open.push((false, false)),
            Event::MappingEnd | Event::SequenceEnd => drop(open.pop()),
            Event::Scalar(text, ..) if !is_key => {
                found.push((bytes[span.start.index()]..bytes[span.end.index()], text.into_owned()));
            }
            _ => {}
        }
    }
    found
}

/// Other values for a scalar: near numbers, other words of the same file, a longer text.
fn others(text: &str, words: &[String], pick: usize) -> Vec<String> {
    let mut others = vec![words[pick % words.len()].clone(), format!("\"{text}x\"")];
    others.extend(
        text.parse::<u64>().into_iter().flat_map(|n| [n + 1, n / 2]).map(|n| n.to_string()),
    );
    if let Ok(truth) = text.parse::<bool>() {
        others.push((!truth).to_string());
    }
    others
}

/// Mutates the scalar in every way that can still be read; each is a difference.
fn mutate(source: &str, index: usize, pick: usize) -> usize {
    let before = read(source).expect("readable");
    let all = scalars(source);
    let words: Vec<String> =
        all.iter().map(|(range, _)| source[range.clone()].to_owned()).collect();
    let (range, text) = &all[index % all.len()];
    let old = &source[range.clone()];
    let mut read_count = 0;
    for other in others(text, &words, pick).into_iter().filter(|other| other != old) {
        let edited = format!("{}{other}{}", &source[..range.start], &source[range.end..]);
        let Some(after) = read(&edited) else { continue };
        // The same text with and without quotes.
        if scalars(&edited)[index % all.len()].1 == *text {
            continue;
        }
        read_count += 1;
        let changes = differences(&before, &after);
        assert!(!changes.is_empty(), "{old} → {other} at byte {} is not told", range.start);
        assert!(!differences(&after, &before).is_empty());
        for Change { path, text, .. } in changes {
            assert!(path.starts_with('/') && !text.vi.is_empty() && !text.en.is_empty());
        }
    }
    read_count
}

#[test]
fn every_scalar_of_the_language_matters() {
    let count = scalars(EVERY_KEY).len();
    let read: usize = (0..count).map(|index| mutate(EVERY_KEY, index, index * 7 + 3)).sum();
    assert!(read > count / 2, "{read} of {count} mutations could be read");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn any_other_scalar_is_a_difference(index in 0_usize..10_000, pick in 0_usize..10_000) {
        mutate(BIRTH, index, pick);
        mutate(EVERY_KEY, index, pick);
    }
}

/// Pointers to everything in a value that can be taken away.
fn removable(value: &serde_json::Value, at: &str, found: &mut Vec<String>) {
    use serde_json::Value;
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                removable(value, &at, found);
                found.push(at);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let at = format!("{at}/{index}");
                removable(item, &at, found);
                found.push(at);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn without(value: &serde_json::Value, at: &str) -> serde_json::Value {
    let mut value = value.clone();
    let (parent, key) = at.rsplit_once('/').expect("a pointer");
    match value.pointer_mut(parent).expect("the place") {
        serde_json::Value::Object(members) => {
            members.remove(&key.replace("~1", "/").replace("~0", "~"));
        }
        serde_json::Value::Array(items) => {
            items.remove(key.parse().expect("an index"));
        }
        other => panic!("nothing stands in {other}"),
    }
    value
}

#[test]
fn whatever_is_taken_away_is_told_exactly_when_it_means_something() {
    let root = crate::yaml::read(EVERY_KEY.as_bytes()).root.expect("YAML");
    let mut reader = crate::read::Reader::new(&root);
    let whole = crate::read::Item { node: &root, at: String::new() }.json(&mut reader);
    // JSON is YAML; only this word must stand without quotes.
    let read =
        |value: &serde_json::Value| read(&value.to_string().replace("\"assessed\"", "assessed"));
    let before = read(&whole).expect("readable");
    let mut all = Vec::new();
    removable(&whole, "", &mut all);
    let mut told = 0;
    for at in all {
        let Some(after) = read(&without(&whole, &at)) else { continue };
        let differs = format!("{before:?}") != format!("{after:?}");
        let changes = differences(&before, &after);
        assert_eq!(!changes.is_empty(), differs, "without {at}: {changes:#?}");
        assert_eq!(!differences(&after, &before).is_empty(), differs, "with {at}");
        told += usize::from(differs);
    }
    assert!(told > 150, "{told}");
}
