//! Documents point at files that exist.

use std::collections::BTreeSet;

use crate::tree::{Source, root, sources};
use crate::{assert_bites, assert_none};

/// Targets of the links of a Markdown text that are files: `[words](target)`.
fn linked_files(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets
        .map(|(target, _)| target.split(['#', ' ']).next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .filter(|target| !target.starts_with("mailto:"))
}

/// Paths below `docs/` that a text mentions in backquotes.
fn mentioned_documents(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|path| path.starts_with("docs/") && path.ends_with(".md"))
}

/// `folder` and `link` as one path from the root; `..` leads up.
fn joined(folder: &str, link: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

fn dead_links(sources: &[Source], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let documents = sources.iter().filter(|source| source.path.ends_with(".md"));
    let mut complaints = BTreeSet::new();
    for source in documents {
        let folder = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let links = linked_files(&source.text).map(|link| joined(folder, link));
        let mentioned = mentioned_documents(&source.text).map(str::to_owned);
        for target in links.chain(mentioned).filter(|target| !exists(target)) {
            complaints.insert(format!("{} points at {target}, which is not there", source.path));
        }
    }
    complaints.into_iter().collect()
}

#[test]
fn every_file_that_a_document_points_at_exists() {
    let root = root();
    assert_none(dead_links(&sources(), |target| root.join(target).exists()));
}

#[test]
fn the_documents_that_a_newcomer_looks_for_exist() {
    let wanted = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "docs/fields.md"];
    let root = root();
    assert_none(
        wanted
            .iter()
            .filter(|name| !root.join(name).exists())
            .map(|name| format!("{name} is missing"))
            .collect(),
    );
}

#[test]
fn a_dead_link_is_found() {
    let exists = |target: &str| target == "docs/there.md";
    let planted = |path: &str, text: &str| [Source::planted(path, text)];
    assert_none(dead_links(&planted("README.md", "[a](docs/there.md#b) [c](https://d.e)"), exists));
    assert_none(dead_links(&planted("docs/a.md", "[a](there.md) [b](../docs/there.md)"), exists));
    let complaints = dead_links(&planted("README.md", "[a](docs/gone.md)"), exists);
    assert_bites(complaints, "docs/gone.md");
    assert_bites(dead_links(&planted("A.md", "see `docs/gone.md`"), exists), "docs/gone.md");
}
