//! XML as a tree that knows its lines: no document type, no entities but the five, within limits.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use crate::finding::{Refusal, code, lines, text_of};

/// Deepest nesting of elements.
const DEPTH_MAX: usize = 64;
/// Most elements.
const ELEMENTS_MAX: usize = 20_000;
/// Most attributes of one element.
const ATTRIBUTES_MAX: usize = 64;

/// An element and where it stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Element {
    /// Name without prefix.
    pub(crate) name: String,
    /// Namespace, empty when there is none.
    pub(crate) namespace: String,
    /// Attributes.
    pub(crate) attributes: Vec<Attribute>,
    /// Elements in it.
    pub(crate) children: Vec<Element>,
    /// Text in it, put together.
    pub(crate) text: String,
    /// Line, counted from 1.
    pub(crate) line: u32,
}

/// An attribute.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attribute {
    /// Name without prefix.
    pub(crate) name: String,
    /// Namespace, empty when it has no prefix.
    pub(crate) namespace: String,
    /// Its value.
    pub(crate) value: String,
}

impl Element {
    /// The value of an attribute without prefix.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.get_in("", name)
    }

    /// The value of an attribute of a namespace.
    pub(crate) fn get_in(&self, namespace: &str, name: &str) -> Option<&str> {
        let is_it = |known: &&Attribute| known.name == name && known.namespace == namespace;
        self.attributes.iter().find(is_it).map(|found| found.value.as_str())
    }

    /// The first element in it of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// Reads one document.
pub(crate) fn read(source: &[u8]) -> Result<Element, Refusal> {
    let text = text_of(source)?;
    let mut tree = Tree { text, line: 1, seen: 0, elements: 0, open: Vec::new(), root: None };
    let mut reader = NsReader::from_str(text);
    loop {
        let (before, event, namespace) = match reader.read_resolved_event() {
            Ok((resolved, event)) => {
                let namespace = name_of(&resolved);
                let event = event.into_owned();
                (usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX), event, namespace)
            }
            Err(error) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                tree.advance(at);
                return Err(tree.syntax(&error.to_string()));
            }
        };
        let namespace = namespace.map_err(|what| tree.syntax(&what))?;
        let is_end = tree.take(&event, namespace, &reader)?;
        tree.advance(before);
        if is_end {
            return tree.root.take().ok_or_else(|| tree.syntax("there is no element"));
        }
    }
}

/// The namespace, or the prefix that nothing declares: taking `a:id` for `id` would be a guess.
fn name_of(resolved: &ResolveResult<'_>) -> Result<String, String> {
    match resolved {
        ResolveResult::Bound(Namespace(name)) => Ok((*name).to_owned()),
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Unknown(prefix) => Err(format!("the prefix {prefix:?} is not declared")),
    }
}

struct Tree<'a> {
    text: &'a str,
    line: u32,
    seen: usize,
    elements: usize,
    open: Vec<Element>,
    root: Option<Element>,
}

impl Tree<'_> {
    /// Counts the lines up to a byte.
    fn advance(&mut self, to: usize) {
        let to = to.min(self.text.len());
        if to > self.seen {
            self.line += lines(&self.text.as_bytes()[self.seen..to]) - 1;
            self.seen = to;
        }
    }

    fn syntax(&self, what: &str) -> Refusal {
        Refusal {
            code: code::IMPORT_XML_SYNTAX,
            line: self.line,
            message: format!("Not well-formed XML: {what}."),
            remedy: "Check tags, quotes and special characters around this line.",
        }
    }

    /// Takes an event; says whether it was the last.
    fn take(
        &mut self,
        event: &Event<'_>,
        namespace: String,
        reader: &NsReader<&[u8]>,
    ) -> Result<bool, Refusal> {
        match event {
            Event::Start(start) => {
                let element = self.element(start, namespace, reader)?;
                if self.open.len() >= DEPTH_MAX {
                    return Err(self.too_deep());
                }
                self.open.push(element);
            }
            Event::Empty(start) => {
                let element = self.element(start, namespace, reader)?;
                self.close(element)?;
            }
            Event::End(_) => match self.open.pop() {
                Some(element) => self.close(element)?,
                None => return Err(self.syntax("an end tag without its start")),
            },
            Event::Text(text) => self.text(text)?,
            Event::CData(text) => self.text(text)?,
            Event::GeneralRef(reference) => {
                let text = self.reference(reference)?;
                self.text(&text)?;
            }
            Event::DocType(_) => return Err(self.doctype()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => {
                return match self.open.is_empty() {
                    true => Ok(true),
                    false => Err(self.syntax("the end is missing")),
                };
            }
        }
        Ok(false)
    }

    fn element(
        &mut self,
        start: &BytesStart<'_>,
        namespace: String,
        reader: &NsReader<&[u8]>,
    ) -> Result<Element, Refusal> {
        self.elements += 1;
        if self.elements > ELEMENTS_MAX {
            return Err(self.too_many(&format!("{ELEMENTS_MAX} elements")));
        }
        let name = start.local_name().as_ref().to_owned();
        let mut element = Element { name, namespace, line: self.line, ..Element::default() };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| self.syntax(&error.to_string()))?;
            if element.attributes.len() >= ATTRIBUTES_MAX {
                return Err(self.too_many(&format!("{ATTRIBUTES_MAX} attributes of one element")));
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|error| match attribute.value.contains('&') {
                true => self.entity(&error.to_string()),
                false => self.syntax(&error.to_string()),
            })?;
            let (resolved, local) = reader.resolver().resolve_attribute(attribute.key);
            element.attributes.push(Attribute {
                name: local.as_ref().to_owned(),
                namespace: name_of(&resolved).map_err(|what| self.syntax(&what))?,
                value: value.into_owned(),
            });
        }
        Ok(element)
    }

    fn close(&mut self, element: Element) -> Result<(), Refusal> {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None if self.root.is_none() => self.root = Some(element),
            None => return Err(self.syntax("there are two root elements")),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Refusal> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(self.syntax("text stands outside the root element")),
        }
        Ok(())
    }

    /// A reference to a character or to one of the five predefined entities.
    fn reference(&self, reference: &BytesRef<'_>) -> Result<String, Refusal> {
        if reference.is_char_ref() {
            let resolved = reference.resolve_char_ref();
            let found = resolved.map_err(|error| self.syntax(&error.to_string()))?;
            return found.map(String::from).ok_or_else(|| self.syntax("an empty reference"));
        }
        let name: &str = reference;
        let known = quick_xml::escape::resolve_predefined_entity(name);
        known.map(str::to_owned).ok_or_else(|| self.entity(&format!("&{name};")))
    }

    fn doctype(&self) -> Refusal {
        Refusal {
            code: code::IMPORT_XML_DOCTYPE,
            line: self.line,
            message: "The source declares a document type; it may declare entities.".into(),
            remedy: "Remove the <!DOCTYPE …>: BPMN needs none.",
        }
    }

    fn entity(&self, what: &str) -> Refusal {
        Refusal {
            code: code::IMPORT_XML_DOCTYPE,
            line: self.line,
            message: format!("An entity is used that XML does not define: {what}."),
            remedy: "Write the character itself.",
        }
    }

    fn too_deep(&self) -> Refusal {
        Refusal {
            code: code::IMPORT_TOO_DEEP,
            line: self.line,
            message: format!("Elements are nested more than {DEPTH_MAX} deep."),
            remedy: "Check that it is the right file, or flatten its sub-processes.",
        }
    }

    fn too_many(&self, what: &str) -> Refusal {
        Refusal {
            code: code::IMPORT_TOO_MANY_PARTS,
            line: self.line,
            message: format!("There are more than {what}."),
            remedy: "Check that it is the right file, or divide the process.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(source: &str) -> (&'static str, u32) {
        let refusal = read(source.as_bytes()).expect_err("refused");
        (refusal.code, refusal.line)
    }

    #[test]
    fn elements_know_line_namespace_and_text() {
        let root = read(
            b"<?xml version='1.0'?>\n<b:a xmlns:b='u:m' b:x='1 &lt;' y=\"&#65;\">\n <b:c>p &amp; \
              q<![CDATA[<]]></b:c>\n</b:a>",
        )
        .expect("XML");
        assert_eq!((root.name.as_str(), root.namespace.as_str(), root.line), ("a", "u:m", 2));
        assert_eq!((root.get_in("u:m", "x"), root.get("y")), (Some("1 <"), Some("A")));
        let child = root.child("c").expect("a child");
        assert_eq!((child.text.as_str(), child.line), ("p & q<", 3));
    }

    #[test]
    fn declarations_and_unknown_entities_are_refused() {
        let laughs = "<!DOCTYPE a [<!ENTITY b \"lol\"><!ENTITY c \"&b;&b;\">]>\n<a>&c;</a>";
        assert_eq!(refused(laughs).0, code::IMPORT_XML_DOCTYPE);
        let external = "<?xml version='1.0'?>\n<!DOCTYPE a SYSTEM 'file:x'><a/>";
        assert_eq!(refused(external), (code::IMPORT_XML_DOCTYPE, 2));
        assert_eq!(refused("<a>&nbsp;</a>").0, code::IMPORT_XML_DOCTYPE);
        assert_eq!(refused("<a b='&c;'/>").0, code::IMPORT_XML_DOCTYPE);
    }

    #[test]
    fn what_is_not_well_formed_is_refused_with_its_line() {
        assert_eq!(refused("<a>\n<b></a>"), (code::IMPORT_XML_SYNTAX, 2));
        for source in [
            "",
            "a",
            "<a>",
            "</a>",
            "<a/><b/>",
            "<a b='1' b='2'/>",
            "<a b=1/>",
            "<a/>x",
            "<n:a/>",
            "<a n:b='1'/>",
        ] {
            assert_eq!(refused(source).0, code::IMPORT_XML_SYNTAX, "{source}");
        }
    }

    #[test]
    fn depth_elements_and_attributes_are_bounded() {
        assert_eq!(refused(&"<a>".repeat(100_000)).0, code::IMPORT_TOO_DEEP);
        let many = format!("<a>{}</a>", "<b/>".repeat(ELEMENTS_MAX));
        assert_eq!(refused(&many).0, code::IMPORT_TOO_MANY_PARTS);
        let wide: String = (0..100).map(|n| format!(" a{n}='1'")).collect();
        assert_eq!(refused(&format!("<a{wide}/>")).0, code::IMPORT_TOO_MANY_PARTS);
        assert_eq!(refused(&"x".repeat(2 << 20)).0, code::IMPORT_TOO_LARGE);
    }
}
