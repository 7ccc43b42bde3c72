//! Words that stand nowhere in the project.

use crate::tree::{Source, sources};
use crate::{assert_bites, assert_none};

// Written in two parts, so that this file does not hold them.
const UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X ")];
const ALLOW: [&str; 2] = [concat!("#[al", "low("), concat!("#![al", "low(")];
const FOREIGN_FOLDERS: [&str; 4] =
    [concat!("/wo", "rk"), concat!("/ho", "me"), concat!("/ro", "ot"), concat!("/Us", "ers")];

fn lines_with(sources: &[Source], bad: impl Fn(&str) -> bool) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let lines = source.text.lines().enumerate().filter(|(_, line)| bad(line));
        complaints.extend(lines.map(|(i, line)| format!("{}:{}: {line}", source.path, i + 1)));
    }
    complaints
}

fn unfinished(sources: &[Source]) -> Vec<String> {
    lines_with(sources, |line| UNFINISHED.iter().any(|word| line.contains(word)))
}

fn allowed(sources: &[Source]) -> Vec<String> {
    lines_with(sources, |line| ALLOW.iter().any(|word| line.contains(word)))
}

fn foreign(sources: &[Source]) -> Vec<String> {
    lines_with(sources, |line| FOREIGN_FOLDERS.iter().any(|folder| names(line, folder)))
}

/// Whether the line names the absolute path, not a part of another one.
fn names(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + folder.len()..].chars().next();
        let is_path = |c: char| c.is_alphanumeric() || "_-./}>*".contains(c);
        let begins = !before.is_some_and(is_path);
        let ends = !after.is_some_and(|c| c.is_alphanumeric() || "_-.".contains(c));
        begins && ends
    })
}

#[test]
fn nothing_is_left_unfinished() {
    assert_none(unfinished(&sources()));
}

#[test]
fn every_exception_from_a_lint_is_expected_with_a_reason() {
    assert_none(allowed(&sources()));
}

#[test]
fn nothing_points_outside_the_project() {
    assert_none(foreign(&sources()));
}

#[test]
fn a_forgotten_note_is_found() {
    let planted = |text: &str| [Source::planted("docs/a.md", text)];
    assert_bites(unfinished(&planted(&format!("a\n{}: b\n", UNFINISHED[0]))), "docs/a.md:2");
    assert_bites(unfinished(&planted(&format!("// {} b\n", UNFINISHED[1]))), "docs/a.md:1");
}

#[test]
fn a_silenced_lint_is_found() {
    let planted = [Source::planted("crates/a/src/b.rs", &format!("{}dead_code)]", ALLOW[0]))];
    assert_bites(allowed(&planted), "crates/a/src/b.rs:1");
}

#[test]
fn a_path_of_one_machine_is_found_and_a_part_of_a_path_is_not() {
    let planted = |text: String| [Source::planted("README.md", &text)];
    for folder in FOREIGN_FOLDERS {
        assert_bites(foreign(&planted(format!("see `{folder}/x`"))), "README.md:1");
        assert_bites(foreign(&planted(format!("cd {folder}"))), "README.md:1");
        assert_none(foreign(&planted(format!("src/decide{folder}.rs and a{folder}"))));
    }
}
