//! Each finding is provoked by one change to a small sound procedure.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use motcua_procedures::{CODES, Finding, Severity, check};
use proptest::prelude::*;

const SOUND: &str = include_str!("sound.yaml");

/// The small procedure with one text replaced, which must occur in it.
#[track_caller]
fn changed(from: &str, to: &str) -> String {
    assert!(
        SOUND.contains(from),
        "{from:?} is not in the sound procedure"
    );
    SOUND.replacen(from, to, 1)
}

#[track_caller]
fn find(source: &str, code: &str) -> Finding {
    let report = check(source.as_bytes());
    let found = report.findings.iter().find(|finding| finding.code == code);
    let seen: Vec<String> = report
        .findings
        .iter()
        .map(|f| format!("{} {} {}", f.path, f.code, f.message))
        .collect();
    let finding = found
        .unwrap_or_else(|| panic!("no {code} in {seen:#?}"))
        .clone();
    assert_eq!(
        report.sound,
        report
            .findings
            .iter()
            .all(|f| f.severity == Severity::Warning)
    );
    assert_eq!(report.procedure.is_some(), report.sound);
    finding
}

/// (code, text replaced, by what, path of the finding)
const CASES: &[(&str, &str, &str, &str)] = &[
    ("YAML_SYNTAX", "level: commune", "level: [commune", ""),
    (
        "MULTIPLE_DOCUMENTS",
        "level: commune",
        "---\nlevel: commune",
        "",
    ),
    ("ANCHOR_OR_ALIAS", "level: commune", "level: &a commune", ""),
    ("TAG_NOT_ALLOWED", "level: commune", "level: !x commune", ""),
    (
        "MERGE_KEY",
        "level: commune",
        "level: commune\n<<: {a: b}",
        "",
    ),
    (
        "KEY_NOT_TEXT",
        "level: commune",
        "level: commune\n[a]: b",
        "",
    ),
    (
        "DUPLICATE_KEY",
        "level: commune",
        "level: commune\nlevel: province",
        "",
    ),
    ("NUL_CHARACTER", "level: commune", "level: com\0mune", ""),
    (
        "UNKNOWN_KEY",
        "level: commune",
        "level: commune\nlevle: commune",
        "/levle",
    ),
    (
        "UNKNOWN_KEY",
        "amount: 3, unit",
        "cutoff: \"15:00\", amount: 3, unit",
        "/limits/0/statutory/cutoff",
    ),
    ("MISSING_KEY", "level: commune\n", "", "/level"),
    (
        "MISSING_KEY",
        "    clock: not_started\n",
        "",
        "/steps/1/clock",
    ),
    (
        "WRONG_TYPE",
        "proxy: false",
        "proxy: \"no\"",
        "/parties/proxy",
    ),
    (
        "WRONG_TYPE",
        "procedure: \"1.000001\"",
        "procedure: 1.000001",
        "/procedure",
    ),
    (
        "OUT_OF_RANGE",
        "status: 10",
        "status: 11",
        "/steps/10/status",
    ),
    (
        "OUT_OF_RANGE",
        "amount: 50000",
        "amount: 0",
        "/fees/0/amount",
    ),
    (
        "OUT_OF_RANGE",
        "channels: [counter, online]",
        "channels: []",
        "/channels",
    ),
    ("UNKNOWN_VALUE", "level: commune", "level: comune", "/level"),
    (
        "UNKNOWN_VALUE",
        "role: specialist",
        "role: specialst",
        "/steps/2/role",
    ),
    ("BAD_FORMAT", "\"1.000001\"", "\"4.000001\"", "/procedure"),
    (
        "BAD_FORMAT",
        "version: 1.0.0",
        "version: 1.0.0.0",
        "/version",
    ),
    ("BAD_FORMAT", "2026-07-01", "2026-02-30", "/effective_from"),
    ("EMPTY_TEXT", "vi: Thủ tục thử", "vi: \" \"", "/name/vi"),
    ("DUPLICATE_ID", "- id: D2", "- id: D1", "/documents/1/id"),
    (
        "DUPLICATE_ID",
        "in: [examination]",
        "in: [examination, examination]",
        "/anywhere/0/in/1",
    ),
    (
        "RESERVED_ID",
        "- id: completed",
        "- id: back",
        "/steps/9/id",
    ),
    ("UNKNOWN_STEP", "start: intake", "start: intak", "/start"),
    (
        "UNKNOWN_STEP",
        "to: delivered",
        "to: deliverd",
        "/steps/9/actions/0/to",
    ),
    (
        "UNKNOWN_STEP",
        "in: [examination]",
        "in: [examinaton]",
        "/anywhere/0/in/0",
    ),
    (
        "UNKNOWN_ACTION",
        "action: lapse",
        "action: laps",
        "/steps/1/timeout/action",
    ),
    (
        "UNKNOWN_GROUND",
        "amount: 3, unit: working_day, ground: law",
        "amount: 3, unit: working_day, ground: lav",
        "/limits/0/statutory/ground",
    ),
    (
        "UNKNOWN_RESULT",
        "outcome: notice",
        "outcome: notce",
        "/steps/3/actions/2/outcome",
    ),
    (
        "UNKNOWN_FIELD",
        "field: name",
        "field: nam",
        "/steps/0/actions/0/reserves/field",
    ),
    (
        "GROUND_MISSING",
        "refundable: false, ground: law",
        "refundable: false",
        "/fees/0/ground",
    ),
    (
        "GROUND_MISSING",
        "        rounds_max: 1\n        to: supplement_before\n        ground: law\n",
        "        rounds_max: 1\n        to: supplement_before\n",
        "/steps/0/actions/1/ground",
    ),
    (
        "GROUND_UNUSED",
        "grounds:\n",
        "grounds:\n  other: { vi: a, en: b }\n",
        "/grounds/other",
    ),
    (
        "RESULT_UNUSED",
        "results:\n",
        "results:\n  - { id: other, name: { vi: a, en: b }, positive: true }\n",
        "/results/0",
    ),
    (
        "FORM_SCHEMA",
        "type: string, maxLength: 50",
        "type: string",
        "/form/properties/name",
    ),
    (
        "FORM_SCHEMA",
        "pattern: \"^[0-9]{9}$\"",
        "pattern: \"^(?=a)$\"",
        "/form/properties/number/pattern",
    ),
    (
        "GUARD_INVALID",
        "when: channel == \"online\"",
        "when: channel = \"online\"",
        "/documents/1/when",
    ),
    (
        "GUARD_INVALID",
        "when: channel == \"online\"",
        "when: chanel == \"online\"",
        "/documents/1/when",
    ),
    (
        "GUARD_REFERENCE",
        "when: form.kind == \"new\"",
        "when: form.knd == \"new\"",
        "/variants/0/when",
    ),
    (
        "GUARD_REFERENCE",
        "when: form.kind == \"new\"",
        "when: form.kind == \"now\"",
        "/variants/0/when",
    ),
    (
        "GUARD_REFERENCE",
        "when: form.kind == \"new\"",
        "when: documents.D7.found",
        "/variants/0/when",
    ),
    (
        "GUARD_REFERENCE",
        "when: form.kind == \"new\"",
        "when: receiving.knd == \"x\"",
        "/variants/0/when",
    ),
    (
        "GUARD_REFERENCE",
        "when: channel == \"online\"",
        "when: channel == \"onlin\"",
        "/documents/1/when",
    ),
    (
        "GUARD_OPTIONAL_FIELD",
        "when: form.kind == \"new\"",
        "when: form.number == \"123456789\"",
        "/variants/0/when",
    ),
    (
        "CHOICE_WITHOUT_ELSE",
        "- { else: received }",
        "- { when: proxy, to: received }",
        "/steps/0/actions/0/to/1",
    ),
    (
        "CHOICE_AFTER_ELSE",
        "- { when: channel == \"online\", to: received }",
        "- { else: received }",
        "/steps/0/actions/0/to/0",
    ),
    (
        "LIMIT_WITHOUT_ELSE",
        "  - id: three-days\n",
        "  - id: three-days\n    when: proxy\n",
        "/limits/0",
    ),
    (
        "LIMIT_AFTER_ELSE",
        "limits:\n",
        "limits:\n  - { id: a, statutory: { amount: 3, unit: working_day, ground: law }, resume: { supplement: restart_full, withdrawal: restart_full } }\n",
        "/limits/0",
    ),
    (
        "START_INVALID",
        "start: intake",
        "start: received",
        "/start",
    ),
    (
        "STEP_UNREACHABLE",
        "to: issuing",
        "to: completed",
        "/steps/8",
    ),
    (
        "NO_WAY_TO_END",
        "to: delivered",
        "to: completed",
        "/steps/9",
    ),
    (
        "FINAL_WITH_ACTIONS",
        "    kind: final\n    status: 10\n",
        "    kind: final\n    status: 10\n    actions: [{ id: x, name: { vi: a, en: b }, roles: [specialist], unit: competent, to: stay }]\n",
        "/steps/10",
    ),
    (
        "STEP_WITHOUT_ACTIONS",
        "    kind: final\n    status: 8\n",
        "    kind: task\n    status: 8\n    role: specialist\n    unit: competent\n",
        "/steps/12",
    ),
    (
        "TARGET_INVALID",
        "to: examination",
        "to: back",
        "/steps/2/actions/0/to",
    ),
    (
        "TARGET_INVALID",
        "to: supplement_before\n",
        "to: received\n",
        "/steps/0/actions/1/to",
    ),
    (
        "STATUS_TRANSITION",
        "to: signature",
        "to: delivered",
        "/steps/3/actions/0/to",
    ),
    (
        "STATUS_KIND",
        "    kind: supplement\n    status: 5",
        "    kind: supplement\n    status: 4",
        "/steps/1/status",
    ),
    (
        "STATUS_KIND",
        "    kind: final\n    status: 8\n",
        "    kind: final\n    status: 9\n",
        "/steps/12/status",
    ),
    (
        "STATUS_CLOCK",
        "    status: 10\n",
        "    status: 10\n    clock: runs\n",
        "/steps/10/clock",
    ),
    (
        "CLOCK_SEQUENCE",
        "    clock: not_started\n",
        "    clock: { paused: supplement, ground: law }\n",
        "/steps/0/actions/1/to",
    ),
    (
        "CLOCK_SEQUENCE",
        "    start: accept\n",
        "    start: submitted\n",
        "/steps/0/clock",
    ),
    (
        "RESUME_MISSING",
        "      withdrawal: resume_remaining\n",
        "",
        "/limits/0/resume",
    ),
    (
        "RESUME_UNIT",
        "amount: 3, unit: working_day, ground",
        "amount: 3, unit: month, ground",
        "/limits/0/resume/withdrawal",
    ),
    (
        "RESUME_UNUSED",
        "      withdrawal: resume",
        "      payment: restart_full\n      withdrawal: resume",
        "/limits/0/resume/payment",
    ),
    (
        "COMMITTED_LONGER",
        "amount: 2, unit: working_day, ground",
        "amount: 4, unit: working_day, ground",
        "/limits/0/committed",
    ),
    (
        "COMMITTED_LONGER",
        "amount: 2, unit: working_day, ground",
        "amount: 1, unit: month, ground",
        "/limits/0/committed",
    ),
    (
        "STEP_TIMES_EXCEED_LIMIT",
        "time: { amount: 4, unit: working_hour }",
        "time: { amount: 9, unit: working_hour }",
        "/limits/0/committed",
    ),
    (
        "STEP_TIMES_EXCEED_LIMIT",
        "time: { amount: 4, unit: working_hour }",
        "time: { amount: 4, unit: working_day }",
        "/limits/0/statutory",
    ),
    (
        "ACCEPT_MISSING",
        "        act: accept\n        form: 1\n",
        "",
        "/steps",
    ),
    (
        "ACT_STATUS",
        "        act: complete\n        to: completed",
        "        act: complete\n        to: received",
        "/steps/8/actions/1/to",
    ),
    (
        "ACT_FORM",
        "        form: 1\n",
        "",
        "/steps/0/actions/0/form",
    ),
    (
        "ACT_FORM",
        "        act: lapse\n        form: 3\n",
        "        act: lapse\n",
        "/steps/1/actions/1/form",
    ),
    (
        "ACT_REASON",
        "        form: 3\n        reason: true\n",
        "        form: 3\n",
        "/steps/0/actions/2/reason",
    ),
    (
        "ACT_ROLE",
        "        act: sign\n",
        "        act: sign\n        roles: [specialist]\n",
        "/steps/7/actions/0/roles",
    ),
    (
        "ACT_OUTCOME",
        "        outcome: notice\n",
        "",
        "/steps/3/actions/2/outcome",
    ),
    (
        "ROUNDS_UNBOUNDED",
        "        rounds_max: 1\n",
        "",
        "/steps/0/actions/1/rounds_max",
    ),
    (
        "TIMEOUT_ACTION",
        "action: lapse",
        "action: supplement",
        "/steps/1/timeout/action",
    ),
    (
        "TIMEOUT_MISSING",
        "    timeout: { after: { amount: 30, unit: calendar_day }, action: lapse, ground: law }\n",
        "",
        "/steps/1",
    ),
];

#[test]
fn the_small_procedure_is_sound() {
    let report = check(SOUND.as_bytes());
    assert_eq!(report.findings, []);
    assert!(report.sound);
}

#[test]
fn each_fault_is_found_where_it_is() {
    let mut missed = Vec::new();
    for (code, from, to, path) in CASES {
        let source = changed(from, to);
        let report = check(source.as_bytes());
        assert_eq!(report.procedure.is_some(), report.sound);
        let found = report
            .findings
            .iter()
            .find(|f| f.code == *code && f.path == *path);
        let Some(found) = found else {
            let seen = report
                .findings
                .iter()
                .map(|f| format!("{} {} {}", f.path, f.code, f.message));
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
    let elsewhere = [
        "FILE_TOO_LARGE",
        "NOT_UTF8",
        "TOO_DEEP",
        "TOO_MANY_NODES",
        "EMPTY_FILE",
        "MORE_FINDINGS",
    ];
    let here: BTreeSet<&str> = CASES.iter().map(|case| case.0).chain(elsewhere).collect();
    let known: BTreeSet<&str> = CODES.iter().map(|(code, _)| *code).collect();
    assert_eq!(here, known);
}

#[test]
fn a_finding_names_the_line_and_what_was_meant() {
    let source = changed("to: delivered", "to: deliverd");
    let finding = find(&source, "UNKNOWN_STEP");
    let line = source
        .lines()
        .position(|line| line.contains("deliverd"))
        .expect("the line")
        + 1;
    assert_eq!(finding.line as usize, line);
    assert_eq!(finding.message, "No step is named \"deliverd\".");
    assert_eq!(finding.remedy, "Did you mean \"delivered\"?");
}

#[test]
fn a_counter_example_is_the_shortest_way_to_the_fault() {
    let finding = find(
        &changed("to: signature", "to: delivered"),
        "STATUS_TRANSITION",
    );
    let way: Vec<(&str, &str)> = finding
        .trace
        .iter()
        .map(|step| (step.state.as_str(), step.action.as_str()))
        .collect();
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
    let codes: BTreeSet<&str> = check(source.as_bytes())
        .findings
        .iter()
        .map(|finding| finding.code)
        .collect();
    for code in [
        "UNKNOWN_VALUE",
        "UNKNOWN_STEP",
        "UNKNOWN_GROUND",
        "ACT_FORM",
        "BAD_FORMAT",
    ] {
        assert!(codes.contains(code), "{code} is not among {codes:?}");
    }
}

#[test]
fn a_fault_of_shape_brings_no_faults_in_its_train() {
    for (from, to) in [
        ("    status: 4\n", "    status: four\n"),
        ("to: examination", "to: 7"),
        (
            "amount: 3, unit: working_day, ground",
            "amount: three, unit: working_day, ground",
        ),
        ("    clock: not_started\n", "    clock: sleeping\n"),
    ] {
        let codes: Vec<&str> = check(changed(from, to).as_bytes())
            .findings
            .iter()
            .map(|f| f.code)
            .collect();
        assert_eq!(codes.len(), 1, "{to}: {codes:?}");
    }
}

#[test]
fn a_definition_full_of_faults_has_a_bounded_report() {
    let keys: String = (0..5_000).map(|n| format!("k{n}: 1\n")).collect();
    let report = check(keys.as_bytes());
    assert!(report.findings.len() <= 1_001);
    assert!(
        report
            .findings
            .iter()
            .any(|finding| finding.code == "MORE_FINDINGS")
    );
}

/// As many steps, shared actions, choices and patterns as the language allows.
fn largest() -> String {
    let names = |prefix: &str, count: usize| -> Vec<String> {
        (0..count).map(|n| format!("{prefix}{n}")).collect()
    };
    let steps = names("s", 200);
    let step = |id: &String| {
        format!(
            "  - {{ id: {id}, name: {{ vi: a, en: b }}, status: 4, role: specialist, unit: competent, time: {{ amount: 1, unit: working_hour }} }}\n"
        )
    };
    let choices: String = (0..19)
        .map(|n| format!("{{ when: proxy, to: s{} }}, ", n * 10))
        .chain(["{ else: s199 }".to_owned()])
        .collect();
    let shared = |id: &String| {
        let list = steps.join(", ");
        format!(
            "  - {{ in: [{list}], id: {id}, name: {{ vi: a, en: b }}, roles: [specialist], unit: competent, to: [{choices}] }}\n"
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
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    let kinds: BTreeSet<&str> = report.findings.iter().map(|finding| finding.code).collect();
    assert!(
        !kinds.contains("WRONG_TYPE") && !kinds.contains("OUT_OF_RANGE"),
        "{kinds:?}"
    );
}

#[test]
fn unreadable_files_say_so() {
    assert!(!check(b"a: [").readable);
    assert!(check(b"a: b").readable);
    assert!(!check(&vec![b'a'; 100 << 20]).readable);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_get_a_report(source in proptest::collection::vec(any::<u8>(), 0..600)) {
        let report = check(&source);
        prop_assert!(report.sound || !report.findings.is_empty());
    }

    #[test]
    fn a_damaged_definition_gets_a_report(
        cut in 0..SOUND.len(),
        length in 0..60_usize,
        put in "[a-z:{}\\[\\]\"'\\-0-9 \n]{0,20}",
    ) {
        let chars: Vec<char> = SOUND.chars().collect();
        let cut = cut.min(chars.len());
        let end = (cut + length).min(chars.len());
        let damaged: String =
            chars[..cut].iter().chain(&put.chars().collect::<Vec<_>>()).chain(&chars[end..]).collect();
        let report = check(damaged.as_bytes());
        prop_assert_eq!(report.sound, report.procedure.is_some());
    }
}
