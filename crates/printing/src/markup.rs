//! Text on its way into HTML and SVG. Everything that is printed passes [`escape`], so what a
//! citizen or an author wrote can never become markup.

/// Version of what the pages look like; printed at their foot beside the digest of the data.
pub const LAYOUT: &str = "motcua-pages/2";

/// The text as XML and HTML take it, between tags and in quoted attributes. Characters that XML
/// does not know are dropped.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() || is_direction(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Marks that turn the direction of writing: they can make a line read otherwise than it is.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// An element around text.
pub(crate) fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

/// Columns of a table whose layout is fixed, in hundredths of its width: no text, however long,
/// pushes a table over the edge of the paper.
pub(crate) fn columns(widths: &[u32]) -> String {
    let total = widths.iter().sum::<u32>().max(1);
    let column = |width: &u32| format!("<col style=\"width:{}%\"/>", 100 * width / total);
    format!("<colgroup>{}</colgroup>", widths.iter().map(column).collect::<String>())
}

/// A whole document that needs nothing else: well-formed as XML, too.
pub(crate) fn document(lang: &str, title: &str, css: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n\
         <meta charset=\"utf-8\"/>\n<title>{title}</title>\n<style>{css}</style>\n</head>\n\
         <body>\n{body}\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_text_stays_text() {
        assert_eq!(escape("<b a=\"1\" b='2'>&"), "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;");
    }

    #[test]
    fn what_xml_does_not_know_is_dropped() {
        assert_eq!(escape("a\u{0}b\u{202e}c\u{ffff}\nd"), "abc d");
    }
}
