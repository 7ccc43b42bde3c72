//! Each finding is provoked by one change to a small sound procedure.

mod cases;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use motcua_procedures::{CODES, Finding, Severity, check};
use proptest::prelude::*;

use cases::CASES;
use cases::parallel::CASES as PARALLEL_CASES;

const SOUND: &str = include_str!("sound.yaml");
const PARALLEL: &str = include_str!("parallel.yaml");

/// The small procedure with one text replaced, which must occur in it.
#[track_caller]
fn changed(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "{from:?} is not in the sound procedure");
    SOUND.replacen(from, to, 1)
}

#[track_caller]
fn find(source: &str, code: &str) -> Finding {
    let report = check(source.as_bytes());
    let found = report.findings.iter().find(|finding| finding.code == code);
    let seen: Vec<String> =
        report.findings.iter().map(|f| format!("{} {} {}", f.path, f.code, f.message)).collect();
    let finding = found.unwrap_or_else(|| panic!("no {code} in {seen:#?}")).clone();
    assert_eq!(report.sound, report.findings.iter().all(|f| f.severity == Severity::Warning));
    assert_eq!(report.procedure.is_some(), report.sound);
    finding
}

#[test]
fn the_small_procedure_is_sound() {
    let report = check(SOUND.as_bytes());
    assert_eq!(report.findings, []);
    assert!(report.sound);
}

#[test]
fn each_fault_is_found_where_it_is() {
    let mut missed = Vec::new();
    let small = CASES.iter().map(|case| (SOUND, case));
    for (sound, (code, from, to, path)) in
        small.chain(PARALLEL_CASES.iter().map(|case| (PARALLEL, case)))
    {
        assert!(sound.contains(from), "{from:?} is not in the sound procedure");
        let source = sound.replacen(from, to, 1);
        let report = check(source.as_bytes());
        assert_eq!(report.procedure.is_some(), report.sound);
        let found = report.findings.iter().find(|f| f.code == *code && f.path == *path);
        let Some(found) = found else {
            let seen =
                report.findings.iter().map(|f| format!("{} {} {}", f.path, f.code, f.message));
            missed.push((code, path, seen.collect::<Vec<_>>()));
            continue;
        };
        assert!(!found.remedy.is_empty() && !found.message.is_empty());
        assert!(found.line >= 1 && found.line as usize <= source.lines().count());
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn every_code_has_a_case() {
    let elsewhere =
        ["FILE_TOO_LARGE", "NOT_UTF8", "TOO_DEEP", "TOO_MANY_NODES", "EMPTY_FILE", "MORE_FINDINGS"];
    // These need offices; tests/offices.rs has them.
    let offices = ["OFFICE_UNIT", "OFFICE_ROLE", "OFFICE_FOUR_EYES"];
    let cases = CASES.iter().chain(PARALLEL_CASES).map(|case| case.0);
    // And these documents of a later phase; tests/phases.rs has them.
    let phases = ["PHASE_NEVER_BEGINS", "PHASE_WITHOUT_HAND_IN", "PHASE_UNREVIEWED"];
    let here: BTreeSet<&str> = cases.chain(elsewhere).chain(offices).chain(phases).collect();
    let known: BTreeSet<&str> = CODES.iter().map(|(code, _)| *code).collect();
    assert_eq!(here, known);
}

#[test]
fn a_finding_names_the_line_and_what_was_meant() {
    let source = changed("to: delivered", "to: deliverd");
    let finding = find(&source, "UNKNOWN_STEP");
    let line = source.lines().position(|line| line.contains("deliverd")).expect("the line") + 1;
    assert_eq!(finding.line as usize, line);
    assert_eq!(finding.message, "No step is named \"deliverd\".");
    assert_eq!(finding.remedy, "Did you mean \"delivered\"?");
}

#[test]
fn a_counter_example_is_the_shortest_way_to_the_fault() {
    let finding = find(&changed("to: signature", "to: delivered"), "STATUS_TRANSITION");
    let way: Vec<(&str, &str)> =
        finding.trace.iter().map(|step| (step.state.as_str(), step.action.as_str())).collect();
    let expected = [
        ("intake", "accept"),
        ("received", "take_over"),
        ("examination", "draft"),
        ("delivered", ""),
    ];
    assert_eq!(way, expected);
}

#[test]
fn every_fault_is_reported_at_once() {
    let source = changed("level: commune", "level: comune")
        .replacen("start: intake", "start: intak", 1)
        .replacen("ground: law }", "ground: lav }", 1)
        .replacen("form: 1\n", "form: 2\n", 1)
        .replacen("version: 1.0.0", "version: x", 1);
    let codes: BTreeSet<&str> =
        check(source.as_bytes()).findings.iter().map(|finding| finding.code).collect();
    for code in ["UNKNOWN_VALUE", "UNKNOWN_STEP", "UNKNOWN_GROUND", "ACT_FORM", "BAD_FORMAT"] {
        assert!(codes.contains(code), "{code} is not among {codes:?}");
    }
}

/// The way on is there once, and the dossier comes back.
#[test]
fn rounds_that_run_out_are_no_way_to_the_end() {
    let once = changed("en: Take over }, to:", "en: Take over }, rounds_max: 1, ground: law, to:");
    assert!(check(once.as_bytes()).sound);
    let again = once.replacen("reason: true, to: examination", "reason: true, to: received", 1);
    let finding = find(&again, "NO_WAY_TO_END");
    assert_eq!(finding.path, "/steps/2");
}

#[test]
fn a_fault_of_shape_brings_no_faults_in_its_train() {
    for (from, to) in [
        ("    status: 4\n", "    status: four\n"),
        ("to: examination", "to: 7"),
        ("amount: 3, unit: working_day, ground", "amount: three, unit: working_day, ground"),
        ("    clock: not_started\n", "    clock: sleeping\n"),
    ] {
        let codes: Vec<&str> =
            check(changed(from, to).as_bytes()).findings.iter().map(|f| f.code).collect();
        assert_eq!(codes.len(), 1, "{to}: {codes:?}");
    }
}

#[test]
fn a_definition_full_of_faults_has_a_bounded_report() {
    let keys: String = (0..5_000).map(|n| format!("k{n}: 1\n")).collect();
    let report = check(keys.as_bytes());
    assert!(report.findings.len() <= 1_001);
    assert!(report.findings.iter().any(|finding| finding.code == "MORE_FINDINGS"));
}

/// As many steps, shared actions, choices and patterns as the language allows.
fn largest() -> String {
    let names = |prefix: &str, count: usize| -> Vec<String> {
        (0..count).map(|n| format!("{prefix}{n}")).collect()
    };
    let steps = names("s", 200);
    let step = |id: &String| {
        format!(
            "  - {{ id: {id}, name: {{ vi: a, en: b }}, status: 4, \
             role: specialist, unit: competent, time: {{ amount: 1, unit: working_hour }} }}\n"
        )
    };
    let choices: String = (0..19)
        .map(|n| format!("{{ when: proxy, to: s{} }}, ", n * 10))
        .chain(["{ else: s199 }".to_owned()])
        .collect();
    let shared = |id: &String| {
        let list = steps.join(", ");
        format!(
            "  - {{ in: [{list}], id: {id}, name: {{ vi: a, en: b }}, \
             roles: [specialist], unit: competent, to: [{choices}] }}\n"
        )
    };
    let pattern = |name: &String| {
        format!(
            "    {name}: {{ type: string, maxLength: 9, pattern: \"^(\\\\w{{1,9}}\\\\d?)+$\" }}\n"
        )
    };
    let patterns: String = names("p", 60).iter().map(pattern).collect();
    let (head, _) = SOUND.split_once("steps:\n").expect("the steps");
    let head = head.replacen("  properties:\n", &format!("  properties:\n{patterns}"), 1);
    let steps: String = steps.iter().map(step).collect();
    let shared: String = names("a", 50).iter().map(shared).collect();
    format!("{head}steps:\n{steps}anywhere:\n{shared}")
}

#[test]
fn the_largest_definition_is_checked_in_bounded_time() {
    let started = Instant::now();
    let report = check(largest().as_bytes());
    assert!(report.readable && !report.sound);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    let kinds: BTreeSet<&str> = report.findings.iter().map(|finding| finding.code).collect();
    assert!(!kinds.contains("WRONG_TYPE") && !kinds.contains("OUT_OF_RANGE"), "{kinds:?}");
}

/// A thousand steps in a row, of which each starts every one of a dozen clocks.
#[test]
fn many_clocks_over_many_steps_are_checked_in_one_walk_each() {
    let ids: Vec<String> = (0..1_000).map(|n| format!("s{n}")).collect();
    let name = "name: { vi: a, en: b }";
    let step = |n: usize| {
        let to = ids.get(n + 1).map_or("examination", String::as_str);
        format!(
            "  - {{ id: s{n}, {name}, status: 4, role: specialist, unit: competent, actions: [{{ id: on, \
             {name}, to: {to} }}] }}\n"
        )
    };
    let steps: String = (0..ids.len()).map(step).collect();
    let limit = "{ amount: 5, unit: working_day, ground: law }";
    let clock = |n: usize| {
        let from = ids.join(", ");
        let rules = format!("[{{ limit: {limit} }}]");
        format!("  - {{ id: c{n}, {name}, from: [{from}], until: [completed], rules: {rules} }}\n")
    };
    let clocks: String = (0..12).map(clock).collect();
    let source = changed("en: Take over }, to: examination", "en: Take over }, to: s0")
        .replacen("  - id: examination\n", &format!("{steps}  - id: examination\n"), 1)
        .replacen("results:\n", &format!("clocks:\n{clocks}results:\n"), 1);
    let started = Instant::now();
    let report = check(source.as_bytes());
    assert!(report.sound, "{:#?}", report.findings);
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[test]
fn unreadable_files_say_so() {
    assert!(!check(b"a: [").readable);
    assert!(check(b"a: b").readable);
    assert!(!check(&vec![b'a'; 100 << 20]).readable);
}

/// Ids of the procedure with branches, to be taken for each other.
const IDS: [&str; 14] = [
    "consultation",
    "asked",
    "inspection",
    "surveying",
    "checking",
    "minutes",
    "draft",
    "agencies",
    "survey",
    "site",
    "withdrawal",
    "stopped",
    "consent",
    "done",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes_get_a_report(source in proptest::collection::vec(any::<u8>(), 0..600)) {
        let report = check(&source);
        prop_assert!(report.sound || !report.findings.is_empty());
    }

    #[test]
    fn a_damaged_definition_gets_a_report(
        branches in any::<bool>(),
        cut in 0..PARALLEL.len(),
        length in 0..60_usize,
        put in "[a-z:{}\\[\\]\"'\\-0-9 \n]{0,20}",
    ) {
        let chars: Vec<char> = if branches { PARALLEL } else { SOUND }.chars().collect();
        let cut = cut.min(chars.len());
        let end = (cut + length).min(chars.len());
        let damaged: String = [&chars[..cut], &put.chars().collect::<Vec<_>>(), &chars[end..]]
            .concat()
            .into_iter()
            .collect();
        let report = check(damaged.as_bytes());
        prop_assert_eq!(report.sound, report.procedure.is_some());
    }

    #[test]
    fn a_definition_with_mixed_up_ids_gets_a_report(
        from in 0..IDS.len(),
        to in 0..IDS.len(),
        which in 0..4_usize,
    ) {
        let places: Vec<usize> = PARALLEL.match_indices(IDS[from]).map(|(at, _)| at).collect();
        let at = places[which % places.len()];
        let end = at + IDS[from].len();
        let mixed = format!("{}{}{}", &PARALLEL[..at], IDS[to], &PARALLEL[end..]);
        let report = check(mixed.as_bytes());
        prop_assert_eq!(report.sound, report.procedure.is_some());
    }
}
