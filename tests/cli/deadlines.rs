//! The contract of `motcua deadline compute`, as other programs rely on it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use motcua_tests::process::{Ended, motcua, project, run, run_with};
use serde_json::{Value, json};

/// Answers that the vectors expect; they are no members of a question.
const EXPECTED: [&str; 5] = ["due_at", "due_on", "used", "remaining", "provisional"];
/// Lines of the long run, and what they may take without optimisation.
const MANY: usize = 100_000;
const MANY_MAX: Duration = Duration::from_secs(60);

fn calendar() -> PathBuf {
    project().join("crates/deadlines/data/calendar-vn.json")
}

fn command() -> Command {
    let mut command = motcua(["deadline", "compute", "--json", "--calendar"]);
    command.arg(calendar());
    command
}

fn compute(input: impl Into<Vec<u8>>) -> Ended {
    run_with(&mut command(), input.into()).with(0)
}

fn answers(ended: &Ended) -> Vec<Value> {
    let json = |line| serde_json::from_str(line).expect("an answer is JSON");
    ended.out.lines().map(json).collect()
}

fn vectors() -> Vec<Value> {
    let file = project().join("crates/deadlines/data/deadline-vectors.json");
    let text = std::fs::read_to_string(file).expect("the vectors are there");
    let mut file: Value = serde_json::from_str(&text).expect("the vectors are JSON");
    serde_json::from_value(file["vectors"].take()).expect("a list of vectors")
}

#[test]
fn all_29_vectors_come_back_with_their_dates() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 29);
    let mut input = String::new();
    for vector in &vectors {
        let mut question = vector.clone();
        let members = question.as_object_mut().expect("a vector is an object");
        members.retain(|name, _| !EXPECTED.contains(&name.as_str()));
        input.push_str(&format!("{question}\n"));
    }
    let answers = answers(&compute(input));
    assert_eq!(answers.len(), vectors.len());
    for (vector, answer) in vectors.iter().zip(&answers) {
        for name in EXPECTED.iter().filter(|name| vector.get(**name).is_some()) {
            assert_eq!(answer[name], vector[name], "{name} of {vector}: {answer}");
        }
        let members: Vec<_> = answer.as_object().expect("an object").keys().collect();
        assert_eq!(members.len(), 6, "{members:?}");
        assert!(answer["explanation"].as_array().is_some_and(|said| !said.is_empty()));
    }
}

#[test]
fn a_bad_line_is_answered_in_its_place_and_the_next_one_too() {
    let good = r#"{"unit":"working_day","received_at":"2026-10-02T16:59:00+07:00","amount":2}"#;
    let bad: [&[u8]; 9] = [
        b"{",
        b"[]",
        b"{}",
        b"\xff\xfe",
        br#"{"unit":"fortnight","received_at":"2026-10-02T16:59:00+07:00","amount":2}"#,
        br#"{"unit":"working_day","received_at":"yesterday","amount":2}"#,
        br#"{"unit":"working_day","received_at":"2026-10-02T16:59:00+07:00","amount":-2}"#,
        br#"{"unit":"working_day","received_at":"2026-10-02T16:59:00+07:00","amount":2,"color":1}"#,
        br#"{"unit":"working_day","received_at":"1999-10-02T16:59:00+07:00","amount":2}"#,
    ];
    for line in bad {
        let input = [line, b"\n\n", good.as_bytes(), b"\r\n  \n", good.as_bytes()].concat();
        let answers = answers(&compute(input));
        assert_eq!(answers.len(), 3, "{}", String::from_utf8_lossy(line));
        let error = answers[0]["error"].as_object().expect("an error");
        let mut members: Vec<_> = error.keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["code", "message", "path"]);
        assert!(error.values().all(Value::is_string), "{error:?}");
        assert_eq!(answers[1]["due_on"], "2026-10-06");
        assert_eq!(answers[1], answers[2]);
    }
}

#[test]
fn an_unknown_member_is_named_by_its_pointer() {
    let line = json!({ "unit": "working_day", "received_at": "2026-10-02T16:59:00+07:00",
        "amount": 2, "colour": "red", "id": "ignored", "rule": "T4", "note": "ignored" });
    let answer = &answers(&compute(line.to_string()))[0];
    assert_eq!(answer["error"]["path"], "/colour", "{answer}");
}

#[test]
fn a_line_that_never_ends_is_an_error_and_not_a_full_memory() {
    let mut input = vec![b' '; 20 * 1024 * 1024];
    input.extend_from_slice(b"\n{}\n");
    let answers = answers(&compute(input));
    assert!(answers.iter().all(|answer| answer["error"].is_object()));
    assert!((1..=2).contains(&answers.len()), "{answers:?}");
}

#[test]
fn a_hundred_thousand_lines_take_seconds() {
    let line = "{\"unit\":\"working_day\",\"received_at\":\"2026-02-12T10:00:00+07:00\",\
                \"amount\":3}\n";
    let started = Instant::now();
    let ended = compute(line.repeat(MANY));
    assert_eq!(ended.out.lines().count(), MANY);
    assert!(started.elapsed() < MANY_MAX, "{:?}", started.elapsed());
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let line = "{\"unit\":\"month\",\"received_at\":\"2026-02-12T10:00:00+07:00\",\"amount\":3}\n";
    let mut child = command()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("standard input");
    let writer = std::thread::spawn(move || stdin.write_all(line.repeat(20_000).as_bytes()));
    let mut answers = BufReader::new(child.stdout.take().expect("standard output"));
    let mut first = String::new();
    answers.read_line(&mut first).expect("an answer");
    drop(answers);
    let ended = child.wait_with_output().expect("it ends");
    // Whether everything could still be written is the pipe's business.
    let _written = writer.join().expect("the writer did not panic");
    assert!(ended.stderr.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn a_calendar_that_cannot_be_used_is_refused_with_its_faults() {
    let gone = run(&mut motcua(["deadline", "compute", "--calendar", "no-such-file", "--json"]));
    assert_ne!(gone.code, 0);
    gone.saying("no-such-file");
    let none = project().join("README.md");
    let mut command = motcua(["deadline", "compute", "--json", "--calendar"]);
    let ended = run(command.arg(none));
    assert_ne!(ended.code, 0);
    assert!(ended.out.is_empty() && ended.err.contains("calendar"), "{}", ended.err);
    run(&mut motcua(["deadline", "compute"])).with(2).saying("--calendar");
}
