//! The table of patterns names scenarios that exist.

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

#[test]
fn every_scenario_of_the_table_exists() {
    assert_none(missing(&sources()));
}

#[test]
fn a_scenario_is_named_by_its_file_and_its_title_also_over_two_lines() {
    let text = "| `a-b`: *One\nand two* | `c`: *Three*; |";
    let pair = |file: &str, name: &str| (file.to_owned(), name.to_owned());
    assert_eq!(named(text), [pair("a-b", "One and two"), pair("c", "Three")]);
}
