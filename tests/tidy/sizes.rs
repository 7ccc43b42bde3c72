//! How long files, functions and lines may be.

use crate::rust::{functions, without_tests};
use crate::tree::{Source, sources};
use crate::{assert_bites, assert_none};

/// Lines of a file without its tests.
const FILE_LINES_MAX: usize = 600;
/// Lines of a function, from `fn` to its closing brace. Tests may be longer: tables and journeys.
const FUNCTION_LINES_MAX: usize = 70;
/// Characters of a line of code.
const LINE_CHARS_MAX: usize = 110;

fn long_files(sources: &[Source]) -> Vec<String> {
    let production = sources.iter().filter(|source| source.is_rust() && !source.is_test());
    let measured = production.map(|source| (source, without_tests(&source.text).lines().count()));
    measured
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .map(|(source, lines)| format!("{}: {lines} lines without tests", source.path))
        .collect()
}

fn long_functions(sources: &[Source]) -> Vec<String> {
    let production = sources.iter().filter(|source| source.is_rust() && !source.is_test());
    production
        .flat_map(|source| {
            let long = functions(without_tests(&source.text))
                .into_iter()
                .filter(|f| f.lines > FUNCTION_LINES_MAX);
            long.map(|f| format!("{}:{}: fn {} has {} lines", source.path, f.line, f.name, f.lines))
        })
        .collect()
}

fn long_lines(sources: &[Source]) -> Vec<String> {
    let is_code = |path: &str| {
        let code = [".rs", ".proto", ".py", ".sql", "/run"];
        code.iter().any(|end| path.ends_with(end))
    };
    let code = sources.iter().filter(|source| is_code(&source.path));
    code.flat_map(|source| {
        let lines = source.text.lines().enumerate();
        let long = lines.filter(|(_, line)| line.chars().count() > LINE_CHARS_MAX);
        long.map(|(i, line)| {
            format!("{}:{}: {} characters", source.path, i + 1, line.chars().count())
        })
    })
    .collect()
}

#[test]
fn no_file_is_longer_than_600_lines_without_its_tests() {
    assert_none(long_files(&sources()));
}

#[test]
fn no_function_is_longer_than_70_lines() {
    assert_none(long_functions(&sources()));
}

#[test]
fn no_line_is_longer_than_110_characters() {
    assert_none(long_lines(&sources()));
}

#[test]
fn a_file_of_601_lines_is_found_and_its_tests_are_not_counted() {
    let file = |lines: usize, tests: usize| {
        let tests = "\n".repeat(tests);
        let text = format!("{}#[cfg(test)]\nmod tests {{{tests}}}\n", "\n".repeat(lines));
        [Source::planted("crates/a/src/b.rs", &text)]
    };
    assert_none(long_files(&file(600, 900)));
    assert_bites(long_files(&file(601, 0)), "crates/a/src/b.rs");
}

#[test]
fn a_function_of_71_lines_is_found() {
    let function = |lines: usize| {
        let text = format!("pub(crate) fn long() {{{}}}\n", "\n".repeat(lines - 1));
        [Source::planted("crates/a/src/b.rs", &text)]
    };
    assert_none(long_functions(&function(70)));
    assert_bites(long_functions(&function(71)), "crates/a/src/b.rs:1: fn long");
}

#[test]
fn a_line_of_111_characters_is_found() {
    let line = |chars: usize| [Source::planted("proto/a.proto", &"ộ".repeat(chars))];
    assert_none(long_lines(&line(110)));
    assert_bites(long_lines(&line(111)), "proto/a.proto:1");
}
