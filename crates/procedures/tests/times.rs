//! Which ways count in the times of a process: what variants rule out does not, and nothing hides
//! what does.

use motcua_procedures::{Finding, check};

const TEMPLATE: &str = include_str!("../templates/simple.yaml");
const NAME: &str = "name: { vi: a, en: b }";
const RESUME: &str = "resume: { supplement: restart_full, withdrawal: resume_remaining }";

/// The template with these texts replaced, each of which must occur in it.
#[track_caller]
fn changed(changes: &[(&str, &str)]) -> Vec<Finding> {
    let mut source = TEMPLATE.to_owned();
    for (from, to) in changes {
        assert!(source.contains(from), "{from:?} is not in the template");
        source = source.replacen(from, to, 1);
    }
    check(source.as_bytes()).findings
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

const VARIANT: &str =
    "  - { id: ordinary, name: { vi: Trường hợp thông thường, en: Ordinary case } }\n";

fn variants(ids: &[String]) -> String {
    ids.iter().map(|id| format!("  - {{ id: {id}, {NAME} }}\n")).collect()
}

/// Ten days for the variant that is visited, five for the others.
fn limits() -> String {
    let limit = |when: &str, id: &str, days: u32| {
        format!(
            "  - {{ id: {id}, {when}statutory: {{ amount: {days}, unit: working_day, ground: law }}, \
             {RESUME} }}\n"
        )
    };
    format!("limits:\n{}{}", limit("when: variant == \"a\", ", "long", 10), limit("", "short", 5))
}

fn step(id: &str, status: u32, days: u32, actions: &str) -> String {
    format!(
        "  - id: {id}\n    {NAME}\n    status: {status}\n    role: specialist\n    unit: competent\n    \
         time: {{ amount: {days}, unit: working_day }}\n    actions:\n{actions}"
    )
}

/// The limits of the template, to be replaced.
fn old_limits() -> &'static str {
    let start = TEMPLATE.find("limits:\n").expect("the limits");
    let end = TEMPLATE.find("results:\n").expect("the results");
    &TEMPLATE[start..end]
}

#[test]
fn a_choice_at_acceptance_leads_only_where_the_variant_lets_it() {
    let site = step("site", 2, 5, &format!("      - {{ id: go, {NAME}, to: handover }}\n"));
    let found = changed(&[
        (VARIANT, &variants(&["a".into(), "b".into()])),
        (old_limits(), &limits()),
        (
            "        to: handover\n",
            "        to: [{ when: variant == \"a\", to: site }, { else: handover }]\n",
        ),
        ("  - id: handover\n", &format!("{site}\n  - id: handover\n")),
    ]);
    assert_eq!(codes(&found), [""; 0], "{found:#?}");
}

#[test]
fn as_many_variants_as_a_procedure_may_have_are_looked_at() {
    let mut ids: Vec<String> = (0..99).map(|n| format!("v{n}")).collect();
    ids.push("a".into());
    let by_channel = format!(
        "      - {{ id: go, {NAME}, when: channel == \"online\", to: examination }}\n      - {{ id: \
         by_hand, {NAME}, when: channel != \"online\", to: examination }}\n"
    );
    let found = changed(&[
        (VARIANT, &variants(&ids)),
        (old_limits(), &limits()),
        (
            "Take over }, to: examination",
            "Take over }, to: [{ when: variant == \"a\", to: site }, { else: examination }]",
        ),
        (
            "  - id: examination\n",
            &format!("{}\n  - id: examination\n", step("site", 4, 5, &by_channel)),
        ),
    ]);
    assert_eq!(codes(&found), [""; 0], "{found:#?}");
}

#[test]
fn a_case_that_turns_out_to_be_another_takes_the_time_of_both() {
    let site = |change: &str| {
        let go = format!("      - {{ id: go, {NAME}, when: variant == \"a\", to: examination }}\n");
        let on = format!("      - {{ id: on, {NAME}, when: variant == \"b\", to: second }}\n");
        let second = format!("      - {{ id: go, {NAME}, to: examination }}\n");
        step("site", 4, 2, &format!("{go}{on}{change}")) + &step("second", 4, 2, &second)
    };
    let with = |change: &str| {
        changed(&[
            (VARIANT, &variants(&["a".into(), "b".into()])),
            (
                "Take over }, to: examination",
                "Take over }, to: [{ when: variant == \"a\", to: site }, { else: second }]",
            ),
            ("  - id: examination\n", &format!("{}  - id: examination\n", site(change))),
            ("time: { amount: 20, unit: working_hour }", "time: { amount: 4, unit: working_hour }"),
            ("time: { amount: 12, unit: working_hour }", "time: { amount: 4, unit: working_hour }"),
        ])
    };
    assert_eq!(codes(&with("")), [""; 0]);
    let change =
        format!("      - {{ id: change, {NAME}, act: change_variant, reason: true, to: stay }}\n");
    let found = with(&change);
    assert_eq!(codes(&found), ["STEP_TIMES_EXCEED_LIMIT"]);
    let way: Vec<&str> = found[0].trace.iter().map(|step| step.state.as_str()).collect();
    assert!(way.contains(&"site") && way.contains(&"second"), "{way:?}");
}

#[test]
fn rework_may_go_round_but_not_on() {
    let mark = |text: &str| changed(&[(text, &text.replacen(" to:", " rework: true, to:", 1))]);
    for forward in
        ["act: sign, to: issuing", "act: issue, to: issued", "outcome: certificate, to: signature"]
    {
        assert!(codes(&mark(forward)).contains(&"REWORK_FORWARD"), "{forward}");
    }
    // What is marked counts all the same.
    let hidden = changed(&[
        ("act: sign, to: issuing", "act: sign, rework: true, to: issuing"),
        ("time: { amount: 4, unit: working_hour }", "time: { amount: 90, unit: working_hour }"),
    ]);
    assert!(codes(&hidden).contains(&"STEP_TIMES_EXCEED_LIMIT"));
    let detour = step(
        "asked",
        4,
        90,
        &format!("      - {{ id: answer, {NAME}, rework: true, to: signature }}\n"),
    );
    let round = changed(&[
        (
            "Sign }, act: sign, to: issuing }\n",
            &format!(
                "Sign }}, act: sign, to: issuing }}\n      - {{ id: ask, {NAME}, rework: true, to: asked }}\n"
            ),
        ),
        ("  - id: issuing\n", &format!("{detour}  - id: issuing\n")),
    ]);
    assert_eq!(codes(&round), [""; 0], "{round:#?}");
}

#[test]
fn a_step_that_only_its_timeout_ends_takes_as_long() {
    let posting = |days: u32| {
        let step = format!(
            "  - id: posting\n    {NAME}\n    status: 4\n    role: specialist\n    unit: competent\n    \
             timeout: {{ after: {{ amount: {days}, unit: working_day }}, action: posted, ground: law \
             }}\n    actions:\n      - {{ id: posted, {NAME}, act: lapse, to: examination }}\n"
        );
        codes(&changed(&[
            ("Take over }, to: examination", "Take over }, to: posting"),
            ("  - id: examination\n", &format!("{step}  - id: examination\n")),
            ("time: { amount: 12, unit: working_hour }", "time: { amount: 4, unit: working_hour }"),
        ]))
    };
    assert_eq!(posting(1), [""; 0]);
    assert_eq!(posting(2), ["STEP_TIMES_EXCEED_LIMIT"]);
}

#[test]
fn a_limit_of_the_same_day_cannot_be_extended() {
    let extend = format!(
        "      - {{ id: extend, {NAME}, act: extend, roles: [signing_leader], extension: {{ amount_max: 1 \
         }}, rounds_max: 1, reason: true, ground: law, to: stay }}\n"
    );
    let at = "      - { id: return_for_rework";
    let with = |statutory: &str| {
        let found = changed(&[
            (at, &format!("{extend}{at}")),
            ("amount: 5, unit: working_day, ground: law", statutory),
        ]);
        codes(&found).contains(&"ACT_EXTENSION")
    };
    assert!(!with("amount: 5, unit: working_day, ground: law"));
    assert!(with("unit: same_day, cutoff: \"15:00\", ground: law"));
}
