//! The part of CEL that has words.

/// Deepest nesting that is read; conditions of checked definitions are bounded anyway.
const DEPTH_MAX: usize = 40;
/// Operators, the longer ones first.
const OPERATORS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// A variable and its members.
    Path(Vec<String>),
    /// Text.
    Text(String),
    /// A whole number.
    Number(String),
    /// `null`.
    Null,
    /// `[a, b]`.
    List(Vec<Expression>),
    /// `!a`.
    Not(Box<Expression>),
    /// `a && b`.
    All(Vec<Part>),
    /// `a || b`.
    Any(Vec<Part>),
    /// `a + b`.
    Sum(Vec<Expression>),
    /// `a == b`, `a in b`.
    Compare(Box<Expression>, String, Box<Expression>),
    /// `has(a.b)`.
    Has(Vec<String>),
    /// `size(a.b)`.
    Size(Vec<String>),
    /// A part of `&&` or `||` that has no words.
    Wordless,
}

/// A part of `&&` or `||`, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) tree: Expression,
    pub(super) text: String,
}

impl Expression {
    /// Whether it holds only where that member, or one of its own, is there.
    fn needs(&self, member: &[String]) -> bool {
        let reads = |tree: &Self| matches!(tree, Self::Path(path) if path.starts_with(member));
        match self {
            Self::Path(_) => reads(self),
            Self::Compare(left, operator, right) => {
                operator != "!=" && (reads(left) || reads(right)) && **right != Self::Null
            }
            Self::Has(path) => path.len() > member.len() && path.starts_with(member),
            _ => false,
        }
    }

    /// What is negated, however often.
    pub(super) fn bare(&self) -> &Expression {
        match self {
            Self::Not(inner) => inner.bare(),
            other => other,
        }
    }
}

/// Reads a condition; none when it uses something that has no words.
pub(super) fn parse(text: &str) -> Option<Expression> {
    if text.contains('?') {
        // `a ? b : c` binds weaker than what its parts are read by.
        return None;
    }
    let mut reader = Reader { rest: text, depth: 0 };
    let tree = reader.any()?;
    reader.skip_space();
    (reader.rest.is_empty() && *tree.bare() != Expression::Wordless).then_some(tree)
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn takes(&mut self, token: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn any(&mut self) -> Option<Expression> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut parts = vec![self.part(Self::all)?];
        while self.takes("||") {
            parts.push(self.part(Self::all)?);
        }
        self.depth -= 1;
        Some(one_or_many(parts, Expression::Any))
    }

    fn all(&mut self) -> Option<Expression> {
        let mut parts = vec![self.part(Self::term)?];
        while self.takes("&&") {
            parts.push(self.part(Self::term)?);
        }
        // `has(a) && a` says of `a` twice that it is there.
        let said: Vec<Expression> = parts.iter().map(|part| part.tree.clone()).collect();
        let is_said = |part: &Part| match &part.tree {
            Expression::Has(path) => said.iter().any(|other| other.needs(path)),
            _ => false,
        };
        parts.retain(|part| !is_said(part));
        Some(one_or_many(parts, Expression::All))
    }

    fn part(&mut self, read: fn(&mut Self) -> Option<Expression>) -> Option<Part> {
        self.skip_space();
        let (start, depth) = (self.rest, self.depth);
        let tree = read(self)?;
        self.depth = depth;
        let text = start.get(..start.len() - self.rest.len())?;
        Some(Part { tree, text: text.trim_end().to_owned() })
    }

    /// A comparison; where it has no words, it is passed over up to the next `&&` or `||`.
    fn term(&mut self) -> Option<Expression> {
        let (start, depth) = (self.rest, self.depth);
        if let Some(tree) = self.comparison() {
            self.skip_space();
            let ends = |end: &&str| self.rest.starts_with(*end);
            if self.rest.is_empty() || ["&&", "||", ")"].iter().any(ends) {
                return Some(tree);
            }
        }
        self.depth = depth;
        self.rest = start.get(end_of_term(start)?..)?;
        Some(Expression::Wordless)
    }

    fn comparison(&mut self) -> Option<Expression> {
        let left = self.sum()?;
        self.skip_space();
        let operator = OPERATORS.into_iter().find(|operator| self.takes(operator));
        let is_in = || self.rest.strip_prefix("in").is_some_and(|rest| !rest.starts_with(is_word));
        let operator = match operator {
            Some(operator) => operator,
            None if is_in() => {
                self.takes("in");
                "in"
            }
            None => return Some(left),
        };
        let right = self.sum()?;
        Some(Expression::Compare(Box::new(left), operator.to_owned(), Box::new(right)))
    }

    fn sum(&mut self) -> Option<Expression> {
        let mut parts = vec![self.single()?];
        while self.takes("+") {
            parts.push(self.single()?);
        }
        Some(one_or(parts, Expression::Sum))
    }

    fn single(&mut self) -> Option<Expression> {
        self.skip_space();
        if self.rest.starts_with('!') && !self.rest.starts_with("!=") {
            self.takes("!");
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return None;
            }
            let inner = self.single()?;
            self.depth -= 1;
            return Some(Expression::Not(Box::new(inner)));
        }
        if self.takes("(") {
            let inner = self.any()?;
            return self.takes(")").then_some(inner);
        }
        if self.takes("[") {
            return self.list();
        }
        let first = self.rest.chars().next()?;
        match first {
            '"' | '\'' => self.text(first),
            '0'..='9' => {
                let number = self.word(|c| c.is_ascii_digit());
                (!self.rest.starts_with('.')).then_some(Expression::Number(number))
            }
            c if is_word(c) => self.named(),
            _ => None,
        }
    }

    fn list(&mut self) -> Option<Expression> {
        let mut items = Vec::new();
        while !self.takes("]") {
            items.push(self.single()?);
            if !self.takes(",") && !self.rest.trim_start().starts_with(']') {
                return None;
            }
        }
        Some(Expression::List(items))
    }

    /// Text without escapes; one with them is shown as written.
    fn text(&mut self, quote: char) -> Option<Expression> {
        let inner = self.rest.strip_prefix(quote)?;
        let (text, rest) = inner.split_once(quote)?;
        self.rest = rest;
        (!text.contains('\\')).then(|| Expression::Text(text.to_owned()))
    }

    fn named(&mut self) -> Option<Expression> {
        let path = self.path()?;
        if !self.takes("(") {
            return Some(match path.as_slice() {
                [only] if only == "null" => Expression::Null,
                [only] if only == "false" => {
                    Expression::Not(Box::new(Expression::Path(vec!["true".into()])))
                }
                _ => Expression::Path(path),
            });
        }
        self.skip_space();
        let argument = self.path()?;
        let function = path.join(".");
        let whole = self.takes(")");
        match function.as_str() {
            "has" if whole => Some(Expression::Has(argument)),
            "size" if whole => Some(Expression::Size(argument)),
            _ => None,
        }
    }

    fn path(&mut self) -> Option<Vec<String>> {
        let mut path = vec![self.word(is_word)];
        while let Some(rest) = self.rest.strip_prefix('.') {
            self.rest = rest;
            path.push(self.word(is_word));
        }
        path.iter().all(|part| !part.is_empty()).then_some(path)
    }

    fn word(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where a part that has no words ends: before `&&`, `||` or the bracket that closes its group.
/// None when brackets or quotes stay open.
fn end_of_term(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(mark), c) if c == mark => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => open += 1,
            (None, ')' | ']' | '}') if open == 0 => return (at > 0).then_some(at),
            (None, ')' | ']' | '}') => open -= 1,
            (None, '&' | '|') if open == 0 => return (at > 0).then_some(at),
            (None, _) => {}
        }
    }
    (open == 0 && quote.is_none() && !text.is_empty()).then_some(text.len())
}

fn one_or_many(mut parts: Vec<Part>, many: fn(Vec<Part>) -> Expression) -> Expression {
    match parts.len() {
        1 => parts.remove(0).tree,
        _ => many(parts),
    }
}

fn one_or(mut parts: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.len() {
        1 => parts.remove(0),
        _ => many(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_of_every_shape_are_read() {
        for text in [
            "channel == \"online\"",
            "proxy && !(form.proxy_relation in [\"close_kin\", 'other'])",
            "has(form.father) && form.father.known || owners >= 2",
            "size(form.names) > 1 && outcome != null",
            "answers.agencies.objection == 0",
            "inside.b == 1",
            "answers.a.x + answers.a.y > 1 + 2",
        ] {
            assert!(parse(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_has_no_words_is_left_alone() {
        for text in ["form.a.exists(x, x == 1)", "a - 1 == 2", "a ? b : c", "'a\\'b' == c", "("] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_part_without_words_ends_where_the_next_one_begins() {
        let written = |text: &str| match parse(text) {
            Some(Expression::All(parts) | Expression::Any(parts)) => {
                parts.into_iter().map(|part| part.text).collect()
            }
            _ => Vec::new(),
        };
        for (text, parts) in [
            ("form.a.exists(x, x == 1 || x == 2) && b == 1", "form.a.exists(x, x == 1 || x == 2)"),
            ("a - 1 == 2 || b", "a - 1 == 2"),
            ("'a)\\'&&' == c && b", "'a)\\'&&' == c"),
            ("(a - 1 == 2 && c) || b", "(a - 1 == 2 && c)"),
        ] {
            let found: Vec<String> = written(text);
            assert_eq!(found.len(), 2, "{text}: {found:?}");
            assert_eq!(found[0], parts);
        }
        for text in ["a && (b", "a && 'b", "a &&", "&& a", "a && b ? c : d"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        assert_eq!(parse(&"(".repeat(2_000)), None);
        assert_eq!(parse(&"!".repeat(2_000)), None);
    }
}
