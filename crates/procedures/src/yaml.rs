//! Reads YAML into a tree in which every value knows its line, within a fixed budget.
//!
//! The language of definitions is the plain part of YAML 1.2: mappings, sequences, scalars. What
//! lets a short text mean a long one, or the same text two things (anchors, aliases, merge keys,
//! tags, several documents, repeated keys), is refused.

use std::collections::BTreeSet;

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::finding::code;

/// Largest file, bytes.
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// Deepest nesting of values.
pub const DEPTH_MAX: usize = 32;
/// Most values in a file, keys included.
pub const NODES_MAX: usize = 50_000;
/// Most faults that the reader lists before it gives up.
const FAULTS_MAX: usize = 100;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// Line, counted from 1.
    pub line: u32,
    /// What stands there.
    pub value: Value,
}

/// A YAML value.
#[derive(Clone, Debug)]
pub enum Value {
    /// One word or text.
    Scalar {
        /// The text.
        text: String,
        /// Written without quotes.
        plain: bool,
    },
    /// `[a, b]`
    Sequence(Vec<Node>),
    /// `{a: b}`
    Mapping(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Line of the key, counted from 1.
    pub line: u32,
    /// Its value.
    pub node: Node,
}

/// A fault of the YAML itself.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Code of the finding.
    pub code: &'static str,
    /// Line, counted from 1.
    pub line: u32,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: &'static str,
}

/// What was read: the tree, unless the text could not be read at all, and every fault.
#[derive(Debug)]
pub struct Outcome {
    /// The tree; none when the text cannot be read.
    pub root: Option<Node>,
    /// Faults in the order of the text.
    pub faults: Vec<Fault>,
}

/// Reads one document.
pub fn read(source: &[u8]) -> Outcome {
    let text = match text_of(source) {
        Ok(text) => text,
        Err(fault) => {
            return Outcome { root: None, faults: vec![fault] };
        }
    };
    let mut builder = Builder::default();
    let end = builder.run(text);
    let mut faults = builder.faults;
    match end {
        Ok(()) => {
            if builder.root.is_none() && faults.is_empty() {
                faults.push(empty());
            }
            Outcome { root: builder.root, faults }
        }
        Err(fault) => {
            faults.push(fault);
            Outcome { root: None, faults }
        }
    }
}

fn text_of(source: &[u8]) -> Result<&str, Fault> {
    if source.len() > FILE_BYTES_MAX {
        return Err(Fault {
            code: code::FILE_TOO_LARGE,
            line: 1,
            message: format!(
                "The file has more than {FILE_BYTES_MAX} bytes, the most that is read."
            ),
            remedy: "A definition is a short text; check that this is the right file.",
        });
    }
    let line_at = |at: usize| lines(source[..at].iter().filter(|byte| **byte == b'\n').count() + 1);
    let text = std::str::from_utf8(source).map_err(|error| Fault {
        code: code::NOT_UTF8,
        line: line_at(error.valid_up_to()),
        message: format!("Byte {} is not UTF-8.", error.valid_up_to()),
        remedy: "Save the file as UTF-8.",
    })?;
    if let Some(at) = source.iter().position(|byte| *byte == 0) {
        return Err(Fault {
            code: code::NUL_CHARACTER,
            line: line_at(at),
            message: format!("Byte {at} is U+0000."),
            remedy: "Remove the character.",
        });
    }
    Ok(text)
}

fn empty() -> Fault {
    Fault {
        code: code::EMPTY_FILE,
        line: 1,
        message: "The file holds no definition.".into(),
        remedy: "Write a mapping that begins with `procedure:`.",
    }
}

fn lines(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A collection that is still being read.
enum Open {
    Sequence { line: u32, items: Vec<Node> },
    Mapping { line: u32, entries: Vec<Entry>, keys: BTreeSet<String>, key: Option<(String, u32)> },
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    documents: usize,
    faults: Vec<Fault>,
}

impl Builder {
    fn run(&mut self, text: &str) -> Result<(), Fault> {
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| Fault {
                code: code::YAML_SYNTAX,
                line: lines(error.marker().line()),
                message: format!("Not YAML: {}.", error.info()),
                remedy: "Check indentation, quotes and colons around this line.",
            })?;
            self.take(event, lines(span.start.line()))?;
            if self.faults.len() >= FAULTS_MAX {
                return Err(Fault {
                    code: code::MORE_FINDINGS,
                    line: lines(span.start.line()),
                    message: format!("More than {FAULTS_MAX} faults so far; reading stops here."),
                    remedy: "Correct the faults above and check again.",
                });
            }
        }
        Ok(())
    }

    fn take(&mut self, event: Event<'_>, line: u32) -> Result<(), Fault> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => self.document(line),
            Event::Alias(_) => {
                self.fault(anchor(line));
                self.value(scalar(line, String::new()))
            }
            Event::Scalar(text, style, anchor_id, tag) => {
                self.decorations(anchor_id, tag.is_some(), line);
                let plain = style == ScalarStyle::Plain;
                let value = Value::Scalar { text: text.into_owned(), plain };
                self.value(Node { line, value })
            }
            Event::SequenceStart(anchor_id, tag) => {
                self.decorations(anchor_id, tag.is_some(), line);
                self.push(Open::Sequence { line, items: Vec::new() }, line)
            }
            Event::MappingStart(anchor_id, tag) => {
                self.decorations(anchor_id, tag.is_some(), line);
                let keys = BTreeSet::new();
                self.push(Open::Mapping { line, entries: Vec::new(), keys, key: None }, line)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
        }
    }

    fn document(&mut self, line: u32) -> Result<(), Fault> {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        Err(Fault {
            code: code::MULTIPLE_DOCUMENTS,
            line,
            message: "The file holds more than one YAML document.".into(),
            remedy: "Write one procedure in one file; remove the `---`.",
        })
    }

    fn decorations(&mut self, anchor_id: usize, tagged: bool, line: u32) {
        if anchor_id != 0 {
            self.fault(anchor(line));
        }
        if tagged {
            self.fault(Fault {
                code: code::TAG_NOT_ALLOWED,
                line,
                message: "A YAML tag (`!…`) stands here.".into(),
                remedy: "Remove the tag; put text in quotes where it must stay text.",
            });
        }
    }

    fn push(&mut self, open: Open, line: u32) -> Result<(), Fault> {
        if self.open.len() >= DEPTH_MAX {
            return Err(Fault {
                code: code::TOO_DEEP,
                line,
                message: format!("Values are nested more than {DEPTH_MAX} deep."),
                remedy: "Flatten the definition.",
            });
        }
        self.open.push(open);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        match self.open.pop() {
            Some(Open::Sequence { line, items }) => {
                self.value(Node { line, value: Value::Sequence(items) })
            }
            Some(Open::Mapping { line, entries, .. }) => {
                self.value(Node { line, value: Value::Mapping(entries) })
            }
            None => Ok(()),
        }
    }

    fn value(&mut self, node: Node) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(Fault {
                code: code::TOO_MANY_NODES,
                line: node.line,
                message: format!("The file has more than {NODES_MAX} values."),
                remedy: "A definition is a short text; check that this is the right file.",
            });
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::Sequence { items, .. }) => items.push(node),
            Some(Open::Mapping { entries, keys, key, .. }) => match key.take() {
                Some((key, line)) => entries.push(Entry { key, line, node }),
                None => {
                    let line = node.line;
                    let (name, fault) = key_of(node, keys);
                    *key = Some((name, line));
                    if let Some(fault) = fault {
                        self.fault(fault);
                    }
                }
            },
        }
        Ok(())
    }

    fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }
}

fn scalar(line: u32, text: String) -> Node {
    Node { line, value: Value::Scalar { text, plain: true } }
}

fn anchor(line: u32) -> Fault {
    Fault {
        code: code::ANCHOR_OR_ALIAS,
        line,
        message: "An anchor (`&…`) or alias (`*…`) stands here.".into(),
        remedy: "Write the value out; `anywhere:` serves actions that many steps share.",
    }
}

fn key_of(node: Node, keys: &mut BTreeSet<String>) -> (String, Option<Fault>) {
    let line = node.line;
    let Value::Scalar { text, .. } = node.value else {
        let fault = Fault {
            code: code::KEY_NOT_TEXT,
            line,
            message: "A key must be a word, not a list or mapping.".into(),
            remedy: "Write `name: value`.",
        };
        return (String::new(), Some(fault));
    };
    if text == "<<" {
        let fault = Fault {
            code: code::MERGE_KEY,
            line,
            message: "A merge key (`<<`) stands here.".into(),
            remedy: "Write the keys out.",
        };
        return (text, Some(fault));
    }
    let fault = (!keys.insert(text.clone())).then(|| Fault {
        code: code::DUPLICATE_KEY,
        line,
        message: format!("The key {text:?} stands twice in this mapping."),
        remedy: "Remove or rename one of the two.",
    });
    (text, fault)
}

/// The line of the value at a JSON Pointer, or of the nearest value around it.
pub fn line_of(root: &Node, pointer: &str) -> u32 {
    let mut node = root;
    let mut line = root.line;
    for part in pointer.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        let next = match &node.value {
            Value::Scalar { .. } => None,
            Value::Sequence(items) => name
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get(index))
                .map(|item| (item, item.line)),
            Value::Mapping(entries) => entries
                .iter()
                .find(|entry| entry.key == name)
                .map(|entry| (&entry.node, entry.line)),
        };
        let Some((child, at)) = next else { return line };
        node = child;
        line = at;
    }
    line
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    fn codes(source: &[u8]) -> Vec<&'static str> {
        read(source).faults.iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn every_value_knows_its_line() {
        let outcome = read("a: 1\nb:\n  - x\n  - c/d: y\n".as_bytes());
        let root = outcome.root.expect("a tree");
        assert_eq!(line_of(&root, "/a"), 1);
        assert_eq!(line_of(&root, "/b"), 2);
        assert_eq!(line_of(&root, "/b/1/c~1d"), 4);
        assert_eq!(line_of(&root, "/b/1/missing"), 4);
    }

    #[test]
    fn what_makes_yaml_ambiguous_is_refused() {
        assert_eq!(codes(b"a: &x 1\nb: *x\n"), [code::ANCHOR_OR_ALIAS, code::ANCHOR_OR_ALIAS]);
        assert_eq!(codes(b"a: !!str 1\n"), [code::TAG_NOT_ALLOWED]);
        assert_eq!(codes(b"<<: {a: 1}\n"), [code::MERGE_KEY]);
        assert_eq!(codes(b"a: 1\nb: 2\na: 3\n"), [code::DUPLICATE_KEY]);
        assert_eq!(codes(b"? [a]\n: 1\n"), [code::KEY_NOT_TEXT]);
        assert_eq!(codes(b"a: 1\n---\nb: 2\n"), [code::MULTIPLE_DOCUMENTS]);
        assert_eq!(codes(b"a: [1\n"), [code::YAML_SYNTAX]);
        assert_eq!(codes(b""), [code::EMPTY_FILE]);
        assert_eq!(codes(b"a: \0"), [code::NUL_CHARACTER]);
        assert_eq!(codes(b"a: 1\nb: \xff"), [code::NOT_UTF8]);
        assert_eq!(read(b"a: 1\nb: \xff").faults[0].line, 2);
    }

    #[test]
    fn a_hundred_megabytes_are_refused_at_once() {
        let started = Instant::now();
        assert_eq!(codes(&vec![b'a'; 100 << 20]), [code::FILE_TOO_LARGE]);
        assert!(started.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn bombs_end_early() {
        let fill = |unit: &str| unit.repeat(FILE_BYTES_MAX / unit.len());
        let nested: String = (0..1_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        let laughs: String = (1..40)
            .map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9)))
            .collect();
        let units = [
            "[", "{", "- ", "? ", "a: ", "'", "\"", "&a ", "*a ", "!a ", "---\n", "[]\n", "a\n",
            "- a\n", "a: b\n", "|\n", ": ", "# x\n", "{a: ", "[a, ", "\t", "%", "\"\\\n",
            "a: |\n ",
        ];
        let sources = units.iter().map(|unit| fill(unit)).chain([nested, laughs]);
        for source in sources {
            let started = Instant::now();
            let outcome = read(source.as_bytes());
            let head: String = source.chars().take(12).collect();
            assert!(started.elapsed() < Duration::from_secs(10), "{head:?} took too long");
            assert!(outcome.root.is_some() || !outcome.faults.is_empty());
        }
    }

    #[test]
    fn depth_and_nodes_are_bounded() {
        assert_eq!(codes("[".repeat(40).as_bytes()), [code::TOO_DEEP]);
        assert_eq!(codes("- a\n".repeat(NODES_MAX + 1).as_bytes()), [code::TOO_MANY_NODES]);
    }

    const YAML_LIKE: &str =
        concat!("([a-c]: |- |\\[|\\]|\\{|\\}", "|\n| |'|\"|\\||>|&a|\\*a|#|\\?|,|é){0,60}",);

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(source in proptest::collection::vec(any::<u8>(), 0..400)) {
            let outcome = read(&source);
            prop_assert!(outcome.root.is_some() || !outcome.faults.is_empty());
        }

        #[test]
        fn any_yaml_like_text_is_read_or_refused(source in YAML_LIKE) {
            let outcome = read(source.as_bytes());
            prop_assert!(outcome.root.is_some() || !outcome.faults.is_empty());
        }
    }
}
