//! What is printed: every step, branch and status once, well-formed, and nothing that a citizen or
//! an author wrote becomes markup.

#![recursion_limit = "256"]

mod diagrams;
mod forms;
mod kit;
mod tables;

use quick_xml::Reader;
use quick_xml::events::Event;

/// Text that tries to be markup in every way there is.
pub(crate) const HOSTILE: &str =
    "<script>alert(1)</script>\"'><img src=x onerror=y>&amp;]]>\u{202e}\u{0}--> [*] {x} #35; %%";

/// Fails unless the text is well-formed; gives back the ids of its elements.
#[track_caller]
pub(crate) fn well_formed(text: &str) -> Vec<String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut depth = 0_i32;
    let mut ids = Vec::new();
    loop {
        let event = reader.read_event().unwrap_or_else(|error| panic!("not well-formed: {error}"));
        match &event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            Event::Text(text) => {
                let text = text.xml10_content();
                assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text}");
            }
            Event::Eof => break,
            _ => {}
        }
        if let Event::Start(element) | Event::Empty(element) = &event {
            for attribute in element.attributes() {
                let attribute = attribute.expect("an attribute");
                if attribute.key.as_ref() == "id" {
                    ids.push(attribute.value.to_string());
                }
            }
        }
    }
    assert_eq!(depth, 0, "every element is closed");
    ids
}

/// Fails unless the id is there exactly once.
#[track_caller]
pub(crate) fn assert_once(ids: &[String], id: &str) {
    assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{id}");
}
