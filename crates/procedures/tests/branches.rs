//! A procedure with branches, phases, clocks and the rest of the language is sound; each fault of
//! them is found where it is.

use motcua_procedures::{Finding, check, parse};

const PARALLEL: &str = include_str!("parallel.yaml");

#[test]
fn the_procedure_with_branches_is_sound() {
    let report = check(PARALLEL.as_bytes());
    let seen: Vec<String> = report
        .findings
        .iter()
        .map(|f| format!("{} {} {} {:?}", f.path, f.code, f.message, f.trace))
        .collect();
    assert_eq!(seen, Vec::<String>::new());
    assert!(parse(PARALLEL.as_bytes()).is_ok());
}

#[track_caller]
fn changed(changes: &[(&str, &str)]) -> Vec<Finding> {
    let mut source = PARALLEL.to_owned();
    for (from, to) in changes {
        assert!(source.contains(from), "{from:?} is not in the procedure");
        source = source.replacen(from, to, 1);
    }
    check(source.as_bytes()).findings
}

fn places(findings: &[Finding]) -> Vec<(&str, &str)> {
    findings.iter().map(|finding| (finding.code, finding.path.as_str())).collect()
}

#[test]
fn a_counter_example_leads_through_the_branches_to_the_step_that_never_ends() {
    let findings = changed(&[("to: surveying }", "to: checking }")]);
    let blocked = findings.iter().find(|f| f.code == "JOIN_BLOCKED").expect("the finding");
    let way: Vec<String> =
        blocked.trace.iter().map(|step| format!("{} {}", step.state, step.action)).collect();
    let expected = [
        "intake accept",
        "received take_over",
        "consultation branch:site",
        "inspection branch:survey",
        "surveying again",
        "checking ",
    ];
    assert_eq!(way, expected);
}

#[test]
fn a_branch_that_never_ends_holds_nothing_up_where_the_coordinator_can_go_on() {
    let findings = changed(&[("to: surveying }", "to: checking }")]);
    // The nested join is blocked; the coordinator of the consultation still closes it.
    let expected = [
        ("BRANCH_WITHOUT_END", "/steps/3/branches/1/steps/0/branches/0/steps/1"),
        ("JOIN_BLOCKED", "/steps/3/branches/1/steps/0"),
    ];
    let mut found = places(&findings);
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn without_a_way_of_its_own_the_step_around_is_blocked_too() {
    let close =
        "      - { id: close, name: { vi: Kết thúc, en: Close }, reason: true, to: draft }\n";
    let withdraw = "        act: withdraw\n        roles: [applicant]";
    let stays = "        reason: true\n        roles: [specialist]";
    let findings = changed(&[
        ("to: surveying }", "to: checking }"),
        (close, ""),
        (withdraw, stays),
        ("        to: withdrawal\n", "        to: stay\n"),
    ]);
    let found = places(&findings);
    assert!(found.contains(&("JOIN_BLOCKED", "/steps/3")), "{found:?}");
}

#[test]
fn an_early_end_that_always_comes_unblocks_a_join() {
    let early = "early: [{ at_least: 1, answer: agencies.objection }]";
    let close =
        "      - { id: close, name: { vi: Kết thúc, en: Close }, reason: true, to: draft }\n";
    let any = "early: [{ at_least: 1 }]";
    let findings = changed(&[("to: surveying }", "to: checking }"), (close, ""), (early, any)]);
    let found = places(&findings);
    assert!(!found.contains(&("JOIN_BLOCKED", "/steps/3")), "{found:?}");
}

#[test]
fn a_join_that_nobody_brings_about_and_that_leads_back_is_a_circle() {
    let guarded = ("        each_unit: true\n", "        each_unit: true\n        when: proxy\n");
    let again =
        ("        - { else: draft }\n    actions", "        - { else: consultation }\n    actions");
    assert_eq!(places(&changed(&[again])), []);
    assert_eq!(places(&changed(&[guarded, again])), [("PROCEED_CIRCLE", "/steps/3/join/to")]);
}

#[test]
fn the_longest_branch_counts_and_not_their_sum() {
    let time = "time: { amount: 5, unit: working_day }\n            timeout";
    let longer =
        |days| format!("time: {{ amount: {days}, unit: working_day }}\n            timeout");
    // Reconsider, draft and signature take four of the twenty days.
    assert_eq!(places(&changed(&[(time, &longer(16))])), []);
    let found = changed(&[(time, &longer(17))]);
    assert_eq!(places(&found), [("STEP_TIMES_EXCEED_LIMIT", "/limits/1/statutory")]);
    assert!(found[0].message.contains("consultation → asked → reconsider"), "{}", found[0].message);
}

#[test]
fn what_a_variant_rules_out_takes_no_time_in_it() {
    let slow = (
        "time: { amount: 2, unit: working_day }\n    actions:\n      - id: submit_draft",
        "time: { amount: 20, unit: working_day }\n    actions:\n      - id: submit_draft",
    );
    let ways = (
        "        - { when: answers.agencies.objection > 0, to: reconsider }\n        - { else: draft }",
        "        - { when: variant == \"small\", to: reconsider }\n        - { else: draft }",
    );
    let close = ("to: draft }\n      - id: withdraw", "to: reconsider }\n      - id: withdraw");
    let short = (
        "- { id: go_on, name: { vi: Tiếp tục, en: Go on }, to: draft }",
        "- { id: go_on, name: { vi: Tiếp tục, en: Go on }, to: signature }",
    );
    // Large dossiers have thirty days and alone go through the slow draft.
    let change = ("        act: change_variant\n", "");
    assert_eq!(places(&changed(&[slow, ways, close, short, change])), []);
    // Who turns out to be small in the slow draft has twenty days, and took as many there.
    let found = changed(&[slow, ways, close, short]);
    assert_eq!(places(&found), [("STEP_TIMES_EXCEED_LIMIT", "/limits/1/statutory")]);
}

#[test]
fn feedback_needs_neither_acceptance_nor_a_limit() {
    let (head, rest) = PARALLEL.split_once("limits:\n").expect("the limits");
    let (_, rest) = rest.split_once("phases:\n").expect("the phases");
    let source = format!("kind: feedback\n{head}limits: []\nphases:\n{rest}")
        .replacen("\"1.000002\"", "PAKN-01", 1)
        .replacen("act: accept, form: 1, to: received", "to: received", 1);
    assert_eq!(places(&check(source.as_bytes()).findings), []);
}

#[test]
fn a_complaint_starts_its_clock_by_admission() {
    let admitted = PARALLEL
        .replace("    statutory: { amount: 30", "    start: admit\n    statutory: { amount: 30")
        .replace("    statutory: { amount: 20", "    start: admit\n    statutory: { amount: 20");
    let source = format!("kind: petition\n{admitted}");
    let found = check(source.as_bytes()).findings;
    assert!(places(&found).contains(&("CLOCK_SEQUENCE", "/steps/0/actions/0/to")), "{found:#?}");
    let source = source.replacen("act: accept, form: 1", "act: admit", 1);
    assert_eq!(places(&check(source.as_bytes()).findings), []);
}

/// Two steps whose branches come together early, each leading to the other.
fn early_circle(second_leads_to: &str) -> Vec<Finding> {
    let name = "name: { vi: a, en: b }";
    let step = |id: &str, to: &str| {
        let who = "role: specialist, unit: competent";
        let by_itself =
            format!("{{ id: on, {name}, act: proceed, when: channel == \"online\", answer: ok }}");
        let branch = |branch: &str, actions: &str| {
            format!(
                "      - {{ id: {id}_{branch}, {name}, start: {id}_{branch}_1, answers: [{{ id: ok, \
                 {name} }}], steps: [{{ id: {id}_{branch}_1, {name}, {who}, actions: [{actions}{{ id: \
                 done, {name}, answer: ok }}] }}] }}\n"
            )
        };
        let (one, two) = (branch("one", &format!("{by_itself}, ")), branch("two", ""));
        format!(
            "  - id: {id}\n    {name}\n    status: 4\n    role: specialist\n    unit: competent\n    \
             branches:\n{one}{two}    join: {{ early: [{{ at_least: 1 }}], to: {to} }}\n    \
             actions: [{{ id: out, {name}, to: examination }}]\n"
        )
    };
    let steps = format!("{}{}", step("p1", "p2"), step("p2", second_leads_to));
    let source = include_str!("sound.yaml");
    let source = source.replacen("en: Take over }, to: examination", "en: Take over }, to: p1", 1);
    let end = "  - id: examination\n";
    check(source.replacen(end, &format!("{steps}{end}"), 1).as_bytes()).findings
}

#[test]
fn a_circle_through_joins_that_one_branch_alone_brings_about_is_seen() {
    let found = early_circle("p1");
    let circle = [("PROCEED_CIRCLE", "/steps/3/join/to"), ("PROCEED_CIRCLE", "/steps/4/join/to")];
    assert_eq!(places(&found), circle);
    assert_eq!(places(&early_circle("examination")), []);
}
