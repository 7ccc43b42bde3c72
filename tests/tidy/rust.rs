//! Just enough reading of Rust: comments and literals out of the way, functions found.

/// A function and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// Line of its `fn`, from 1.
    pub(crate) line: usize,
    /// Lines from its `fn` to its closing brace.
    pub(crate) lines: usize,
}

/// A piece of a Rust text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// Neither of the others.
    Code(&'a str),
    /// A comment with its slashes.
    Comment(&'a str),
    /// A string or a character with its quotes.
    Literal(&'a str),
}

/// The text in pieces, in their order.
pub(crate) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut rest = text;
    let mut found = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (part, length) = if let Some(length) = comment(rest) {
            (Part::Comment(&rest[..length]), length)
        } else if let Some(length) = literal(rest) {
            (Part::Literal(&rest[..length]), length)
        } else {
            // An identifier goes as a whole: the `r` of `for` begins no raw string.
            let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let length = word.max(first.len_utf8());
            (Part::Code(&rest[..length]), length)
        };
        found.push(part);
        rest = &rest[length..];
    }
    found
}

/// Blanks instead of the text; lines stay where they are.
pub(crate) fn blank(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect()
}

/// The text with comments and literals blanked out; lines stay where they are.
pub(crate) fn code_only(text: &str) -> String {
    let shown = |part| match part {
        Part::Code(code) => code.to_owned(),
        Part::Comment(other) | Part::Literal(other) => blank(other),
    };
    parts(text).into_iter().map(shown).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Length of the comment that begins here.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    text.starts_with("/*").then(|| text.find("*/").map_or(text.len(), |end| end + 2))
}

/// Length of the string or character that begins here.
fn literal(text: &str) -> Option<usize> {
    let unprefixed = ["br", "cr", "r", "b", "c"].into_iter().find_map(|prefix| {
        let rest = text.strip_prefix(prefix)?;
        let is_raw = prefix.ends_with('r') && rest.starts_with(['"', '#']);
        (is_raw || rest.starts_with(['"'])).then_some((rest, is_raw))
    });
    let (rest, is_raw) = unprefixed.unwrap_or((text, false));
    let before = text.len() - rest.len();
    if is_raw {
        let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
        rest[hashes..].strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(hashes));
        let body = hashes + 1;
        let end = rest[body..].find(&close).map_or(rest.len(), |at| body + at + close.len());
        return Some(before + end);
    }
    if rest.starts_with('"') {
        return Some(before + closing(rest, '"'));
    }
    // A character, not a lifetime: it closes after one character or an escape.
    let mut chars = rest.strip_prefix('\'')?.chars();
    match (chars.next()?, chars.next()?) {
        ('\\', _) => Some(before + closing(rest, '\'')),
        (c, '\'') => Some(before + 2 + c.len_utf8()),
        _ => None,
    }
}

/// Length up to the quote that closes what a quote opened.
fn closing(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Every function that has a body.
pub(crate) fn functions(text: &str) -> Vec<Function> {
    let code = code_only(text);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        if code[..at].chars().next_back().is_some_and(is_word) {
            continue;
        }
        let head = &code[at + 3..];
        let name: String = head.chars().take_while(|c| is_word(*c)).collect();
        // `fn (..)` is a type; a signature that ends in `;` has no body.
        let body = head.find(['{', ';']).filter(|end| head[*end..].starts_with('{'));
        if let (false, Some(body)) = (name.is_empty(), body) {
            let end = body + block(&head[body..]);
            let line = 1 + code[..at].matches('\n').count();
            found.push(Function { name, line, lines: 1 + head[..end].matches('\n').count() });
        }
    }
    found
}

/// Length of the block that begins here.
fn block(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    code.len()
}

/// The text before the tests at its foot.
pub(crate) fn without_tests(text: &str) -> &str {
    let foot = ["\n#[cfg(test)]\nmod ", "\n#[cfg(test)]\npub(crate) mod "];
    let inline = |at: &usize| {
        let module = text[*at..].lines().nth(2).unwrap_or_default();
        module.ends_with('{')
    };
    let at = foot.iter().filter_map(|foot| text.find(foot)).filter(inline).min();
    at.map_or(text, |at| &text[..=at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_in_literals_and_comments_do_not_count() {
        let text =
            "fn a<'x>() {\n  let _ = ('{', '\\'', \"}\\\"{\", r#\"{\"{\"#); // }\n}\nfn b() {}\n";
        let found = functions(text);
        let found: Vec<_> = found.iter().map(|f| (f.name.as_str(), f.line, f.lines)).collect();
        assert_eq!(found, [("a", 1, 3), ("b", 4, 1)]);
    }

    #[test]
    fn types_and_promises_of_functions_have_no_body() {
        assert_eq!(functions("type F = fn (u8);\ntrait T { fn t(&self); }\n"), []);
    }

    #[test]
    fn the_tests_at_the_foot_are_no_part_of_the_file() {
        assert_eq!(without_tests("a\n\n#[cfg(test)]\nmod tests {\n}\n"), "a\n\n");
        let apart = "#![x]\n\n#[cfg(test)]\nmod tests;\nfn a() {}\n";
        assert_eq!(without_tests(apart), apart);
    }
}
