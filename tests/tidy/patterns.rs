//! The tables of patterns have all their rows, and name scenarios and tests that exist.

use crate::assert_none;
use crate::tree::{Source, sources};

/// `FILE`: *Name of a scenario* in a text, as file and name.
fn named(text: &str) -> Vec<(String, String)> {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    for (at, _) in flat.match_indices("`: *") {
        let file = flat[..at].rsplit('`').next().unwrap_or_default();
        let name = flat[at + 4..].split('*').next().unwrap_or_default();
        found.push((file.to_owned(), name.to_owned()));
    }
    found
}

fn missing(sources: &[Source]) -> Vec<String> {
    let table = sources.iter().find(|source| source.path == "docs/patterns.md");
    let named = named(&table.expect("the table of patterns is there").text);
    assert!(named.len() > 20, "the table names {} scenarios", named.len());
    let is_there = |(file, name): &(String, String)| {
        let ending = format!("/{file}.scenarios.yaml");
        let files = sources.iter().filter(|source| source.path.ends_with(&ending));
        let plain = format!("- name: {name}\n");
        let quoted = format!("- name: \"{name}\"\n");
        files.into_iter().any(|file| file.text.contains(&plain) || file.text.contains(&quoted))
    };
    let absent = named.into_iter().filter(|pair| !is_there(pair));
    absent.map(|(file, name)| format!("{file}: no scenario is called {name:?}")).collect()
}

/// `tests/FILE.rs` (`function`) in a text, as file and function; a file alone names no test.
fn tests_named(text: &str) -> Vec<(String, String)> {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    for (at, _) in flat.match_indices("`tests/") {
        let (file, rest) = flat[at + 1..].split_once('`').unwrap_or_default();
        if !file.ends_with(".rs") {
            continue;
        }
        let function = rest.strip_prefix(" (`").and_then(|rest| rest.split_once("`)"));
        found.push((file.to_owned(), function.unwrap_or_default().0.to_owned()));
    }
    found
}

fn missing_tests(sources: &[Source]) -> Vec<String> {
    let table = sources.iter().find(|source| source.path == "docs/patterns.md");
    let named = tests_named(&table.expect("the table of patterns is there").text);
    assert!(named.len() >= 5, "the table names {} tests", named.len());
    let is_there = |(file, function): &(String, String)| {
        let file = sources.iter().find(|source| source.path == *file);
        let head = format!("async fn {function}() {{");
        file.is_some_and(|file| file.text.contains(&head))
    };
    let absent = named.into_iter().filter(|pair| !is_there(pair));
    absent.map(|(file, function)| format!("{file}: no test is called {function:?}")).collect()
}

#[test]
fn every_scenario_and_test_of_the_table_exists() {
    assert_none(missing(&sources()));
    assert_none(missing_tests(&sources()));
}

#[test]
fn no_pattern_is_left_out() {
    let sources = sources();
    let table = sources.iter().find(|source| source.path == "docs/patterns.md");
    let text = &table.expect("the table of patterns is there").text;
    let rows =
        (1..=16).map(|n| format!("\n| P{n} | ")).chain((1..=20).map(|n| format!("\n| {n} | ")));
    assert_none(rows.filter(|row| text.matches(row.as_str()).count() != 1).collect());
}

#[test]
fn a_scenario_is_named_by_its_file_and_its_title_also_over_two_lines() {
    let text = "| `a-b`: *One\nand two* | `c`: *Three*; |";
    let pair = |file: &str, name: &str| (file.to_owned(), name.to_owned());
    assert_eq!(named(text), [pair("a-b", "One and two"), pair("c", "Three")]);
}
