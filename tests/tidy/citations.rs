//! Rules that are cited, such as (T24), are defined in `docs/rules.md`.
//!
//! A citation is a letter and a number in prose: a comment, a document, or words in parentheses
//! within a text of the code, which a message may show. What stands in backquotes is code.

use std::collections::BTreeSet;

use crate::rust::{Part, blank, parts};
use crate::tree::{Source, root, sources};
use crate::{assert_bites, assert_none};

const RULES: &str = "docs/rules.md";
const LETTERS: &str = "LIPTFKSQ";
/// Percentiles, which look like rules and are none.
const PERCENTILES: [&str; 4] = ["P50", "P90", "P95", "P99"];

/// Whether the word names a rule: a letter of the rules, then 1 to 99.
fn is_rule(word: &str) -> bool {
    let number = word.strip_prefix(|letter| LETTERS.contains(letter)).unwrap_or_default();
    let is_number = matches!(number.len(), 1 | 2) && number.bytes().all(|b| b.is_ascii_digit());
    is_number && !number.starts_with('0') && !PERCENTILES.contains(&word)
}

/// Rules that a line of prose cites.
fn cited(line: &str) -> impl Iterator<Item = &str> {
    let outside_code = line.split('`').step_by(2);
    outside_code
        .flat_map(|prose| prose.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .filter(|word| is_rule(word))
}

/// What stands in parentheses, the rest blanked out.
fn parenthesised(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('(') {
        let close = rest[open..].find(')').map_or(rest.len(), |length| open + length + 1);
        out.push_str(&blank(&rest[..open]));
        out.push_str(&rest[open..close]);
        rest = &rest[close..];
    }
    out + &blank(rest)
}

/// The line without what precedes its comment.
fn comment<'a>(line: &'a str, mark: &str) -> &'a str {
    let begins = |at: &usize| line[..*at].chars().next_back().is_none_or(char::is_whitespace);
    line.match_indices(mark).map(|(at, _)| at).find(begins).map_or("", |at| &line[at..])
}

/// The prose of a file; lines stay where they are.
fn prose(source: &Source) -> String {
    let comments = |mark: &str| {
        let lines: Vec<&str> = source.text.lines().map(|line| comment(line, mark)).collect();
        lines.join("\n")
    };
    let shown = |part| match part {
        Part::Code(code) => blank(code),
        Part::Comment(comment) => comment.to_owned(),
        Part::Literal(literal) => parenthesised(literal),
    };
    match source.path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("rs") => parts(&source.text).into_iter().map(shown).collect(),
        Some("md") => source.text.clone(),
        Some("proto") => comments("//"),
        Some("yaml") => comments("#"),
        Some("sql") => comments("--"),
        _ => String::new(),
    }
}

/// Rules that the text defines, in order: items of a list that begin with their names in bold.
fn defined(rules: &str) -> Vec<&str> {
    let items = rules.lines().filter_map(|line| line.strip_prefix("- **"));
    items.filter_map(|item| Some(item.split_once("** ")?.0)).filter(|name| is_rule(name)).collect()
}

/// Rules that are missing from their series, or stand twice or in the wrong place.
fn misnumbered(rules: &str) -> Vec<String> {
    let names = defined(rules);
    let mut complaints = Vec::new();
    for letter in LETTERS.chars() {
        let series = names.iter().filter(|name| name.starts_with(letter));
        for (name, number) in series.zip(1..) {
            let wanted = format!("{letter}{number}");
            if *name != wanted {
                complaints.push(format!("{RULES}: {name} stands where {wanted} belongs"));
            }
        }
    }
    complaints
}

fn undefined(sources: &[Source], rules: &str) -> Vec<String> {
    let defined: BTreeSet<&str> = defined(rules).into_iter().collect();
    let mut complaints = Vec::new();
    for source in sources {
        let mut in_example = false;
        for (line, number) in prose(source).lines().zip(1..) {
            let words = line.trim_start_matches([' ', '/', '!', '#']);
            if words.starts_with("```") {
                in_example = !in_example;
            }
            let unknown = cited(line).filter(|rule| !in_example && !defined.contains(rule));
            complaints.extend(
                unknown.map(|rule| format!("{}:{number}: {RULES} has no {rule}", source.path)),
            );
        }
    }
    complaints
}

fn rules() -> String {
    std::fs::read_to_string(root().join(RULES)).expect("the rules are written down")
}

#[test]
fn every_rule_that_is_cited_is_defined() {
    assert_none(undefined(&sources(), &rules()));
}

#[test]
fn the_rules_of_each_letter_are_numbered_without_gaps() {
    let rules = rules();
    for letter in LETTERS.chars() {
        assert!(defined(&rules).iter().any(|name| name.starts_with(letter)), "no rule {letter}1");
    }
    assert_none(misnumbered(&rules));
}

#[test]
fn a_citation_is_a_letter_and_a_number_outside_code() {
    let found = |line| cited(line).collect::<Vec<_>>();
    assert_eq!(found("once (T24, T25; see Q4) or I9's"), ["T24", "T25", "Q4", "I9"]);
    assert_eq!(found("rules T3-T17"), ["T3", "T17"]);
    assert_eq!(
        found("P50 and P99 in ms, D2, S01, T100, C01, K, `T1`, UTF8, HT1, T1_000, t3"),
        [""; 0]
    );
}

#[test]
fn a_citation_of_a_missing_rule_is_found_in_prose_and_messages() {
    let rules = "- **T1** Time.\n";
    // Written in two parts, so that this file does not cite it.
    let gone = concat!("T", "77");
    let complaints = |path: &str, text: String| undefined(&[Source::planted(path, &text)], rules);
    let bites = |path: &str, line: usize, text: String| {
        assert_bites(complaints(path, text), &format!("{path}:{line}: {RULES} has no {gone}"));
    };
    bites("a/b.rs", 2, format!("fn a() {{}}\n/// Late (T1, {gone}).\n"));
    bites("a/b.rs", 3, format!("let x = \"one\ntwo\nthree ({gone}).\";\n"));
    bites("docs/a.md", 1, format!("rule {gone} says\n"));
    bites("catalogue/a.yaml", 2, format!("a: \"#/b\"\n  # by {gone}\n"));
    bites("proto/a.proto", 1, format!("  bool a = 1; // {gone}\n"));
    bites("migrations/a.sql", 1, format!("-- {gone}\n"));

    assert_none(complaints("a/b.rs", format!("fn a<{gone}>(x: {gone}) {{ \"{gone}\" }} // T1\n")));
    assert_none(complaints("a/b.rs", format!("/// ```\n/// id({gone})\n/// ```\n")));
    assert_none(complaints("docs/a.md", format!("`{gone}`\n\n```text\n{gone}\n```\n")));
    assert_none(complaints("catalogue/a.yaml", format!("a: {gone}\nb: \"#{gone}\"\n")));
    assert_none(complaints("a/b.json", format!("\"{gone}\"")));
}

#[test]
fn a_rule_out_of_its_series_is_found() {
    assert_none(misnumbered("- **T1** a\n- **Q1** b\n- **T2** c\nT9, **T9**\n"));
    assert_bites(misnumbered("- **T1** a\n- **T3** c\n"), "T3 stands where T2 belongs");
    assert_bites(misnumbered("- **T1** a\n- **T1** c\n"), "T1 stands where T2 belongs");
}
