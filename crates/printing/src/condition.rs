//! Conditions in words: `channel == "online" && !proxy` as "nộp trực tuyến và không có người được
//! ủy quyền".
//!
//! Conditions come from a checked definition, so names resolve; where one does not, or where a
//! part of a condition uses something of CEL that has no good words, that part is shown as it is
//! written.

mod syntax;

use motcua_deadlines::Lang;
use motcua_procedures::{Definition, Guard};
use serde_json::Value;

use crate::words::{pick, word};
use syntax::{Expression, Part, parse};

/// The condition in words.
pub(crate) fn in_words(guard: &Guard, definition: &Definition, lang: Lang) -> String {
    let speaker = Speaker { definition, lang };
    let said = parse(guard.text()).and_then(|tree| speaker.truth(&tree, true));
    said.unwrap_or_else(|| guard.text().split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A number that is computed from the form, in words.
pub(crate) fn number_in_words(text: &str, definition: &Definition, lang: Lang) -> String {
    let speaker = Speaker { definition, lang };
    let said = parse(text).and_then(|tree| speaker.operand(&tree, &Expression::Null));
    said.unwrap_or_else(|| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Whoever knows the names of a definition.
struct Speaker<'a> {
    definition: &'a Definition,
    lang: Lang,
}

impl Speaker<'_> {
    /// A statement that holds, or does not.
    fn truth(&self, tree: &Expression, holds: bool) -> Option<String> {
        match tree {
            Expression::Not(inner) => self.truth(inner, !holds),
            Expression::All(parts) => self.joined(parts, holds, true),
            Expression::Any(parts) => self.joined(parts, holds, false),
            Expression::Compare(left, operator, right) => {
                self.comparison(left, operator, right, holds)
            }
            Expression::Path(path) => self.flag(path, holds),
            Expression::Has(path) => {
                let (yes, no) = match self.lang {
                    Lang::Vi => ("có khai", "không khai"),
                    Lang::En => ("filled in:", "not filled in:"),
                };
                Some(format!("{} {}", if holds { yes } else { no }, self.name(path)?))
            }
            Expression::Text(_)
            | Expression::Number(_)
            | Expression::Null
            | Expression::List(_)
            | Expression::Sum(_)
            | Expression::Size(_)
            | Expression::Wordless => None,
        }
    }

    /// `a and b`; a negated group is turned inside out. A part without words is shown as it is
    /// written, unless none has words.
    fn joined(&self, parts: &[Part], holds: bool, all: bool) -> Option<String> {
        let link = match all == holds {
            true => word(self.lang, " và ", " and "),
            false => word(self.lang, " hoặc ", " or "),
        };
        let said: Vec<Option<String>> =
            parts.iter().map(|part| self.truth(&part.tree, holds)).collect();
        if said.iter().all(Option::is_none) {
            return None;
        }
        let said = parts.iter().zip(said).map(|(part, said)| match said {
            Some(text) => match part.tree.bare() {
                Expression::All(_) | Expression::Any(_) => format!("({text})"),
                _ => text,
            },
            None => {
                let text = part.text.split_whitespace().collect::<Vec<_>>().join(" ");
                let not = word(self.lang, "không phải:", "not:");
                if holds { text } else { format!("{not} ({text})") }
            }
        });
        Some(said.collect::<Vec<_>>().join(link))
    }

    fn flag(&self, path: &[String], holds: bool) -> Option<String> {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let (yes, no, name) = match (parts.as_slice(), self.lang) {
            (["true"], Lang::Vi) => ("luôn luôn", "không bao giờ", String::new()),
            (["true"], Lang::En) => ("always", "never", String::new()),
            (["proxy"], Lang::Vi) => {
                ("có người được ủy quyền", "không có người được ủy quyền", String::new())
            }
            (["proxy"], Lang::En) => {
                ("an authorised person acts", "no authorised person acts", String::new())
            }
            (["documents", id, fact], _) => return self.document(id, fact, holds),
            (["fees", id, "paid"], Lang::Vi) => ("đã nộp", "chưa nộp", self.fee(id)?),
            (["fees", id, "paid"], Lang::En) => ("paid:", "not paid:", self.fee(id)?),
            (["fees", id, _], Lang::Vi) => ("phải nộp", "không phải nộp", self.fee(id)?),
            (["fees", id, _], Lang::En) => ("owed:", "not owed:", self.fee(id)?),
            (["form", ..], Lang::Vi) => ("", "không:", self.name(path)?),
            (["form", ..], Lang::En) => ("", "not:", self.name(path)?),
            _ => return None,
        };
        Some(format!("{} {name}", if holds { yes } else { no }).trim().to_owned())
    }

    fn document(&self, id: &str, fact: &str, holds: bool) -> Option<String> {
        let document = self.definition.documents.iter().find(|one| one.id == id)?;
        let name = pick(&document.name, self.lang);
        let (yes, no) = match (fact, self.lang) {
            ("present", Lang::Vi) => ("có", "thiếu"),
            ("present", Lang::En) => ("handed in:", "missing:"),
            ("found", Lang::Vi) => ("tra cứu được", "không tra cứu được"),
            ("found", Lang::En) => ("found by look-up:", "not found by look-up:"),
            ("electronic_signed", Lang::Vi) => ("đã ký số:", "chưa ký số:"),
            ("electronic_signed", Lang::En) => ("signed electronically:", "not signed:"),
            _ => return None,
        };
        Some(format!("{} {name} ({id})", if holds { yes } else { no }))
    }

    fn comparison(
        &self,
        left: &Expression,
        operator: &str,
        right: &Expression,
        holds: bool,
    ) -> Option<String> {
        let operator = match (operator, holds) {
            (same, true) => same,
            ("==", false) => "!=",
            ("!=", false) => "==",
            ("<", false) => ">=",
            ("<=", false) => ">",
            (">", false) => "<=",
            (">=", false) => "<",
            ("in", false) => "not in",
            _ => return None,
        };
        if let (Expression::Path(path), Expression::Text(text)) = (left, right)
            && let [name] = path.as_slice()
            && let Some(said) = self.chosen(name, text, operator == "==")
        {
            return Some(said);
        }
        if let Expression::Path(path) = left
            && let [documents, id, fact] = path.as_slice()
            && documents == "documents"
            && fact == "source"
        {
            return self.source(id, operator, right);
        }
        let relation = match (operator, self.lang) {
            ("==" | "in", Lang::Vi) => "là",
            ("==" | "in", Lang::En) => "is",
            ("!=" | "not in", Lang::Vi) => "không phải là",
            ("!=" | "not in", Lang::En) => "is not",
            ("<=", _) => "≤",
            (">=", _) => "≥",
            (other, _) => other,
        };
        let (left, right) = (self.operand(left, right)?, self.operand(right, left)?);
        Some(format!("{left} {relation} {right}"))
    }

    /// Where the office has a document from: `Giấy khai sinh (D2) đã được tra cứu`.
    fn source(&self, id: &str, operator: &str, sources: &Expression) -> Option<String> {
        let document = self.definition.documents.iter().find(|one| one.id == id)?;
        let name = pick(&document.name, self.lang);
        let is = match (operator, self.lang) {
            ("==" | "in", Lang::Vi) => "đã được",
            ("==" | "in", Lang::En) => "was",
            ("!=" | "not in", Lang::Vi) => "chưa được",
            ("!=" | "not in", Lang::En) => "was not",
            _ => return None,
        };
        let source = |one: &Expression| {
            let Expression::Text(text) = one else {
                return None;
            };
            let (vi, en) = match text.as_str() {
                "upload" => ("tải lên", "uploaded"),
                "presented" => ("xuất trình", "presented"),
                "look_up" => ("tra cứu", "looked up"),
                "verification" => ("xác minh", "verified"),
                _ => return None,
            };
            Some(word(self.lang, vi, en))
        };
        let sources = match sources {
            Expression::List(items) if !items.is_empty() => {
                items.iter().map(source).collect::<Option<Vec<_>>>()?
            }
            one => vec![source(one)?],
        };
        let sources = sources.join(word(self.lang, " hoặc ", " or "));
        Some(format!("{name} ({id}) {is} {sources}"))
    }

    /// Names that read better than `name is value`.
    fn chosen(&self, name: &str, value: &str, is: bool) -> Option<String> {
        let said = match (name, value, self.lang) {
            ("channel", "online", Lang::Vi) => "nộp trực tuyến",
            ("channel", "online", Lang::En) => "filed online",
            ("channel", "counter", Lang::Vi) => "nộp trực tiếp",
            ("channel", "counter", Lang::En) => "filed at the counter",
            ("channel", "post", Lang::Vi) => "nộp qua bưu chính",
            ("channel", "post", Lang::En) => "filed by post",
            ("variant", id, _) => {
                let variant = self.definition.variants.iter().find(|one| one.id == id)?;
                let case = match is {
                    true => word(self.lang, "trường hợp", "case:"),
                    false => word(self.lang, "không phải trường hợp", "case other than:"),
                };
                return Some(format!("{case} {}", pick(&variant.name, self.lang)));
            }
            ("outcome", id, _) => {
                let result = self.definition.results.iter().find(|one| one.id == id)?;
                let result_is = match is {
                    true => word(self.lang, "kết quả là", "result:"),
                    false => word(self.lang, "kết quả không phải là", "result other than:"),
                };
                return Some(format!("{result_is} {}", pick(&result.name, self.lang)));
            }
            _ => return None,
        };
        let negated = || format!("{} {said}", word(self.lang, "không", "not"));
        Some(if is { said.to_owned() } else { negated() })
    }

    /// One side of a comparison; texts are named by what they are compared with.
    fn operand(&self, tree: &Expression, other: &Expression) -> Option<String> {
        Some(match tree {
            Expression::Text(text) => self.value(text, other),
            Expression::Number(number) => number.clone(),
            Expression::Null => word(self.lang, "chưa có", "not there yet").into(),
            Expression::List(items) => {
                let items = items.iter().map(|item| self.operand(item, other));
                let items: Option<Vec<String>> = items.collect();
                items?.join(word(self.lang, " hoặc ", " or "))
            }
            Expression::Size(path) => {
                format!("{} {}", word(self.lang, "số mục của", "number of"), self.name(path)?)
            }
            Expression::Path(path) => self.name(path)?,
            Expression::Sum(parts) => {
                // Joined texts are no sum.
                let said = |part: &Expression| match part {
                    Expression::Text(_) => None,
                    part => self.operand(part, other),
                };
                let parts = parts.iter().map(said);
                parts.collect::<Option<Vec<_>>>()?.join(word(self.lang, " cộng ", " plus "))
            }
            Expression::Not(_)
            | Expression::All(_)
            | Expression::Any(_)
            | Expression::Compare(..)
            | Expression::Has(_)
            | Expression::Wordless => return None,
        })
    }

    /// A value of a list. Kinds of units and areas have names, values of the form those that the
    /// form gives them; all others are shown as written.
    fn value(&self, text: &str, of: &Expression) -> String {
        if let Expression::Path(path) = of
            && let Some(name) = self.value_of_form(path, text)
        {
            return name;
        }
        let is_area = matches!(of, Expression::Path(path) if path.ends_with(&["area".to_owned()]));
        let known = match (text, self.lang) {
            ("ordinary", Lang::Vi) if is_area => "địa bàn thông thường",
            ("ordinary", Lang::En) if is_area => "an ordinary one",
            ("provincial_centre", Lang::Vi) => "trung tâm cấp tỉnh",
            ("provincial_centre", Lang::En) => "the provincial centre",
            ("commune_centre", Lang::Vi) => "trung tâm cấp xã",
            ("commune_centre", Lang::En) => "a commune centre",
            ("mountain", Lang::Vi) => "miền núi",
            ("border", Lang::Vi) => "biên giới",
            ("island", Lang::Vi) => "hải đảo",
            ("mountain" | "border" | "island", Lang::En) => text,
            _ => return format!("“{text}”"),
        };
        known.to_owned()
    }

    fn name(&self, path: &[String]) -> Option<String> {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        Some(match parts.as_slice() {
            ["form", fields @ ..] if !fields.is_empty() => self.field(fields)?,
            ["owners"] => word(self.lang, "số chủ hồ sơ", "number of owners").into(),
            ["submitted_on"] => word(self.lang, "ngày nộp", "day of submission").into(),
            ["outcome"] => word(self.lang, "kết quả", "result").into(),
            ["channel"] => word(self.lang, "cách nộp", "way of filing").into(),
            ["variant"] => word(self.lang, "trường hợp", "case").into(),
            ["receiving", "area"] => {
                word(self.lang, "địa bàn nơi tiếp nhận", "centre's area").into()
            }
            ["receiving", _] => word(self.lang, "nơi tiếp nhận", "receiving centre").into(),
            ["competent", "area"] => word(self.lang, "địa bàn cơ quan", "agency's area").into(),
            ["competent", _] => word(self.lang, "cơ quan giải quyết", "competent agency").into(),
            ["answers", branch, answer] => self.answer(branch, answer)?,
            _ => return None,
        })
    }

    fn fee(&self, id: &str) -> Option<String> {
        let fee = self.definition.fees.iter().find(|fee| fee.id == id)?;
        Some(pick(&fee.name, self.lang).to_owned())
    }

    fn answer(&self, branch: &str, answer: &str) -> Option<String> {
        let parallel = self.definition.steps.iter().filter_map(|step| step.parallel.as_ref());
        let branch = parallel.flat_map(|one| &one.branches).find(|one| one.id == branch)?;
        let answer = branch.answers.iter().find(|one| one.id == answer)?;
        let name = pick(&answer.name, self.lang);
        Some(format!("{} “{name}”", word(self.lang, "số trả lời", "answers")))
    }

    /// The name that the form gives to a value of one of its fields.
    fn value_of_form(&self, path: &[String], value: &str) -> Option<String> {
        let [form, names @ ..] = path else {
            return None;
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let schema = self.properties(&names).filter(|_| form == "form")?.last()?.1;
        let name = schema.get("x-names")?.get(value)?;
        name.get(word(self.lang, "vi", "en"))?.as_str().map(str::to_owned)
    }

    /// Titles of a field and the parts that lead to it.
    fn field(&self, names: &[&str]) -> Option<String> {
        let key = word(self.lang, "title", "x-en");
        let titles = self.properties(names)?.into_iter().map(|(name, property)| {
            property.get(key).and_then(Value::as_str).unwrap_or(name).to_owned()
        });
        Some(titles.collect::<Vec<_>>().join(" – "))
    }

    /// The schemas on the way to a field of the form, each with its name.
    fn properties<'n>(&self, names: &[&'n str]) -> Option<Vec<(&'n str, &Value)>> {
        let root = self.definition.form.schema();
        let mut schema = root;
        let mut found = Vec::new();
        for name in names {
            let property = schema.get("properties")?.get(name)?;
            found.push((*name, property));
            let target = property.get("$ref").and_then(Value::as_str);
            let target = target.and_then(|target| target.strip_prefix('#'));
            schema = target.and_then(|target| root.pointer(target)).unwrap_or(property);
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &[u8] = include_bytes!("../../../catalogue/house-construction-permit.yaml");

    fn said(text: &str, lang: Lang) -> String {
        let procedure = motcua_procedures::parse(SOUND).expect("sound");
        let guard = Guard::compile(text).expect("a condition");
        in_words(&guard, procedure.definition(), lang)
    }

    #[test]
    fn an_ordinary_area_has_a_name_in_both_languages() {
        let text = "receiving.area in [\"ordinary\", \"island\"]";
        let vi = "địa bàn nơi tiếp nhận là địa bàn thông thường hoặc hải đảo";
        assert_eq!(said(text, Lang::Vi), vi);
        assert_eq!(said(text, Lang::En), "centre's area is an ordinary one or island");
    }

    #[test]
    fn what_is_not_the_case_reads_as_a_sentence() {
        let procedure = motcua_procedures::parse(SOUND).expect("sound");
        let definition = procedure.definition();
        let (variant, result) = (&definition.variants[0], &definition.results[0]);
        let (case, outcome) = (&variant.name.vi, &result.name.vi);
        let text = format!("variant != \"{}\"", variant.id);
        assert_eq!(said(&text, Lang::Vi), format!("không phải trường hợp {case}"));
        let text = format!("!(outcome == \"{}\")", result.id);
        assert_eq!(said(&text, Lang::Vi), format!("kết quả không phải là {outcome}"));
    }

    #[test]
    fn where_a_document_comes_from_is_told_in_words() {
        let name = "Hồ sơ thiết kế triển khai sau thiết kế cơ sở được phê duyệt (D7)";
        let text = "documents.D7.source == \"look_up\" && documents.D7.found";
        let vi = format!("{name} đã được tra cứu và tra cứu được {name}");
        assert_eq!(said(text, Lang::Vi), vi);
        let text = "!(documents.D7.source in ['look_up', 'verification'])";
        assert_eq!(said(text, Lang::Vi), format!("{name} chưa được tra cứu hoặc xác minh"));
        let en = "Design files after basic design, approved (D7) was not looked up or verified";
        assert_eq!(said(text, Lang::En), en);
    }

    #[test]
    fn a_member_that_is_read_is_not_said_to_be_there_as_well() {
        let floors = "has(form.height_m) && form.height_m == \"10\"";
        assert_eq!(said(floors, Lang::Vi), "Chiều cao công trình (m) là “10”");
        let flag = "has(form.has_adjoining_building) && form.has_adjoining_building";
        assert_eq!(said(flag, Lang::Vi), "Có công trình liền kề");
        let grouped = format!("owners > 2 || ({flag})");
        assert_eq!(
            said(&grouped, Lang::En),
            "number of owners > 2 or There is an adjoining building"
        );
        let not = "has(form.height_m) && form.height_m != \"10\"";
        let vi = "có khai Chiều cao công trình (m) và Chiều cao công trình (m) không phải là “10”";
        assert_eq!(said(not, Lang::Vi), vi, "what differs may be absent");
    }

    #[test]
    fn a_part_without_words_leaves_the_others_theirs() {
        let text = "form.site.street.startsWith(\"Lê\") && owners > 2";
        let raw = "form.site.street.startsWith(\"Lê\")";
        assert_eq!(said(text, Lang::Vi), format!("{raw} và số chủ hồ sơ > 2"));
        let not = format!("!({text})");
        assert_eq!(
            said(&not, Lang::En),
            format!("not: ({raw}) or number of owners <= 2").replace("<=", "≤")
        );
    }

    #[test]
    fn a_sum_is_told_in_words_and_joined_texts_are_left_as_they_are() {
        assert_eq!(said("owners + 1 > 3", Lang::Vi), "số chủ hồ sơ cộng 1 > 3");
        assert_eq!(said("owners + 1 > 3", Lang::En), "number of owners plus 1 > 3");
        assert_eq!(said("channel + \"x\" == \"y\"", Lang::En), "channel + \"x\" == \"y\"");
    }
}
