//! The project's own text files.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file of the project.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Path from the root of the project, with `/`.
    pub(crate) path: String,
    /// Its content.
    pub(crate) text: String,
}

impl Source {
    /// A file that exists only in a test.
    pub(crate) fn planted(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Whether the file is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the whole file is a test.
    pub(crate) fn is_test(&self) -> bool {
        let in_tests = self.path.starts_with("tests/") || self.path.contains("/tests/");
        in_tests || self.path.ends_with("/tests.rs")
    }
}

/// What is made, not written. In a linked worktree `.git` is a file.
const SKIPPED: [&str; 6] = [".git", ".venv", "__pycache__", "corpus", "artifacts", "target"];
/// Folder of a service that runs in the checkout.
const SERVICE_DATA: &str = "data";

/// The root of the project.
pub(crate) fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests lie in the project").to_owned()
}

/// Every text file, by path.
pub(crate) fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root(), &root(), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 100, "the project has more files than {}", found.len());
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a folder of the project") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("names are UTF-8");
        if SKIPPED.contains(&name) {
            continue;
        }
        if path.is_dir() {
            if folder != root || name != SERVICE_DATA {
                collect(root, &path, found);
            }
        } else if let Ok(text) = fs::read_to_string(&path) {
            let from_root = path.strip_prefix(root).expect("below the root");
            let path = from_root.to_str().expect("names are UTF-8").to_owned();
            found.push(Source { path, text });
        }
    }
}
