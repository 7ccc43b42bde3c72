//! How long a check takes: `cargo run --release --example check_time -p motcua-procedures`.
#![expect(clippy::print_stdout, reason = "the times are its output")]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use motcua_procedures::{Report, check};

/// No check takes longer.
const CHECK_SECONDS_MAX: u64 = 2;
const HEAD: &str = include_str!("../tests/sound.yaml");

fn main() {
    let catalogue = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../catalogue");
    let entries = std::fs::read_dir(catalogue).expect("the catalogue");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    let is_procedure = |path: &&PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with(".yaml") && !name.ends_with(".scenarios.yaml")
    };
    for path in files.iter().filter(is_procedure) {
        let source = std::fs::read_to_string(path).expect("a readable file");
        show(&path.file_name().expect("a name").to_string_lossy(), &source);
    }
    show("1,000 steps in a row", &within(&row(1_000)));
    show("1,000 steps, each with two ways", &within(&net(1_000)));
    show("17 parallel branches", &within(&branches(17)));
    show("20 parallel branches", &within(&branches(20)));
    show("20 branches of 45 steps", &within(&long_branches(20, 45)));
    show("1,400 conditions over eight unknowns each", &within(&conditions(1_400)));
}

fn show(name: &str, source: &str) {
    let (mut best, mut report): (Duration, Option<Report>) = (Duration::MAX, None);
    for _ in 0..5 {
        let started = Instant::now();
        report = Some(check(source.as_bytes()));
        best = best.min(started.elapsed());
    }
    let report = report.expect("it was checked");
    for finding in report.findings.iter().take(5) {
        println!("  {} {}", finding.path, finding.code);
    }
    let verdict = if report.sound { "sound" } else { "not sound" };
    let milliseconds = best.as_secs_f64() * 1_000.0;
    println!("{milliseconds:>9.2} ms  {verdict}  {name} ({} bytes)", source.len());
    assert!(best < Duration::from_secs(CHECK_SECONDS_MAX), "{name} takes {best:?}");
}

/// The small procedure with other steps between reception and status 9.
fn within(process: &str) -> String {
    let (head, rest) = HEAD.split_once("  - id: examination\n").expect("the step");
    let (_, tail) = rest.split_once("  - id: completed\n").expect("the step");
    let (tail, _) = tail.split_once("anywhere:").expect("the shared actions");
    let head = head.replacen("to: examination", "to: s0", 1);
    let head = head.replacen("      withdrawal: resume_remaining\n", "", 1);
    let head = head.replacen("      supplement: restart_full\n", "", 1);
    let head = head.replacen("    resume:\n", "", 1);
    let outcomes = "act: refuse, outcome: notice, reason: true, ground: law, to: last }";
    let last = format!(
        "  - id: last\n    name: {{ vi: a, en: b }}\n    status: 4\n    role: specialist\n    unit: \
         competent\n    actions:\n      - {{ id: draft, name: {{ vi: a, en: b }}, outcome: \
         certificate, to: stay }}\n      - {{ id: no, name: {{ vi: a, en: b }}, {outcomes}\n      - \
         {{ id: stop, name: {{ vi: a, en: b }}, act: stop, form: 5, reason: true, ground: law, to: \
         stopped }}\n      - {{ id: end, name: {{ vi: a, en: b }}, act: complete, to: completed }}\n"
    );
    format!("{head}{process}{last}  - id: completed\n{tail}")
}

fn step(id: &str, pad: &str, status: bool, actions: &[String]) -> String {
    let mut text = format!("{pad}- id: {id}\n{pad}  name: {{ vi: a, en: b }}\n");
    if status {
        let _ = writeln!(text, "{pad}  status: 4");
    }
    let _ = writeln!(text, "{pad}  role: specialist\n{pad}  unit: competent\n{pad}  actions:");
    for (n, action) in actions.iter().enumerate() {
        let _ = writeln!(text, "{pad}    - {{ id: a{n}, name: {{ vi: a, en: b }}, {action} }}");
    }
    text
}

fn id(n: usize, count: usize) -> String {
    if n < count { format!("s{n}") } else { "last".into() }
}

fn row(count: usize) -> String {
    let one = |n| step(&id(n, count), "  ", true, &[format!("to: {}", id(n + 1, count))]);
    (0..count).map(one).collect()
}

fn net(count: usize) -> String {
    let one = |n: usize| {
        let back = |k: usize| format!("to: {}, rework: true", id(n / k, count));
        let on = (1..2).map(|k| format!("to: {}", id((n + k * k).min(count), count)));
        let ways: Vec<String> = on.chain((2..3).map(back)).collect();
        step(&id(n, count), "  ", true, &ways)
    };
    (0..count).map(one).collect()
}

/// Steps with conditions that can be told apart in hundreds of cases each.
fn conditions(count: usize) -> String {
    let parts: Vec<String> = (0..8).map(|n| format!("size(form.name) > {n}")).collect();
    let one = |n: usize| {
        let when = format!("owners != {} || ({})", n % 97, parts.join(" && "));
        let ways = [format!("when: '{when}', to: {}", id(n + 1, count))];
        step(&id(n, count), "  ", true, &ways)
    };
    (0..count).map(one).collect()
}

fn branches(count: usize) -> String {
    long_branches(count, 3)
}

/// A step that opens `count` branches of `length` steps each.
fn long_branches(count: usize, length: usize) -> String {
    let mut text =
        step("s0", "  ", true, &["to: last".into()]).replacen("a0, name", "close, name", 1);
    let (head, actions) = text.split_once("    actions:").expect("the actions");
    let actions = format!("    actions:{actions}");
    let mut body = head.to_owned() + "    branches:\n";
    for branch in 0..count {
        let _ = writeln!(
            body,
            "      - id: b{branch}\n        name: {{ vi: a, en: b }}\n        start: b{branch}s0\n        \
             answers: [{{ id: yes_, name: {{ vi: a, en: b }} }}, {{ id: no_, name: {{ vi: a, en: b }} \
             }}]\n        steps:"
        );
        for n in 0..length {
            let on = match n + 1 == length {
                true => "answer: yes_".to_owned(),
                false => format!("to: b{branch}s{}", n + 1),
            };
            let ways = [on, "answer: no_".to_owned(), format!("to: b{branch}s0")];
            body += &step(&format!("b{branch}s{n}"), "          ", false, &ways);
        }
    }
    body += "    join:\n      early: [{ at_least: 2, answer: b0.no_ }, { at_least: 5 }]\n      to: last\n";
    body = body.replacen("at_least: 2, answer: b0.no_", "at_least: 1, answer: b0.no_", 1);
    text = body + &actions;
    text
}
