//! Tables of documents are whole: a blank line in a table cuts off the rows below it.

use crate::tree::{Source, sources};
use crate::{assert_bites, assert_none};

/// Rows that stand first and have no header below them, by file and line.
fn rows_without_header(sources: &[Source]) -> Vec<String> {
    let documents = sources.iter().filter(|source| source.path.ends_with(".md"));
    let mut complaints = Vec::new();
    for source in documents {
        let (mut is_code, mut before) = (false, "");
        let mut lines = source.text.lines().enumerate().peekable();
        while let Some((number, line)) = lines.next() {
            is_code ^= line.trim_start().starts_with("```");
            let is_first = is_row(line) && !is_row(before);
            let has_header = lines.peek().is_some_and(|(_, next)| divides(next));
            if is_first && !is_code && !has_header {
                let place = format!("{}:{}", source.path, number + 1);
                complaints.push(format!("{place}: a row of a table without its header: {line}"));
            }
            before = line;
        }
    }
    complaints
}

fn is_row(line: &str) -> bool {
    line.trim_start().starts_with('|')
}

/// Whether the line divides the header of a table from its rows.
fn divides(line: &str) -> bool {
    let marks = |cell: &str| !cell.is_empty() && cell.chars().all(|c| "-: ".contains(c));
    let line = line.trim();
    is_row(line) && line.trim_matches('|').split('|').all(marks)
}

#[test]
fn no_table_is_cut_in_two() {
    assert_none(rows_without_header(&sources()));
}

#[test]
fn a_cut_table_is_found() {
    let whole = "| a | b |\n|---|:--:|\n| 1 | 2 |\n| 3 | 4 |\n";
    let planted = |text: &str| [Source::planted("docs/a.md", text)];
    assert_none(rows_without_header(&planted(whole)));
    assert_none(rows_without_header(&planted("```text\n| no table\n```\n")));
    let cut = whole.replace("| 3", "\n| 3");
    assert_bites(rows_without_header(&planted(&cut)), "docs/a.md:5");
}
