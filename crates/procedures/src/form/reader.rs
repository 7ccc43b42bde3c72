//! Reads the JSON text of a form within a budget, exactly.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::FormFault;
use super::faults::{escape, fault};

/// Largest form, bytes of its JSON text.
pub const FORM_BYTES_MAX: usize = 256 << 10;
/// Deepest nesting of a form.
pub const FORM_DEPTH_MAX: usize = 16;
/// Most values of a form, objects and arrays included.
pub const FORM_NODES_MAX: usize = 2_000;

/// Reads a form: whole numbers only, no repeated member, no U+0000, text normalised to NFC.
///
/// # Errors
/// The first fault with its path; the text is then not a form at all.
pub fn read_form(json: &str) -> Result<Value, FormFault> {
    if json.len() > FORM_BYTES_MAX {
        return Err(fault(
            "",
            "FORM_TOO_LARGE",
            &format!("Mẫu đơn chỉ được có nhiều nhất {FORM_BYTES_MAX} byte."),
            &format!("A form has at most {FORM_BYTES_MAX} bytes."),
        ));
    }
    let budget = RefCell::new(Budget::default());
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let read = Node { budget: &budget }.deserialize(&mut deserializer);
    let read = read.and_then(|value| deserializer.end().map(|()| value));
    read.map_err(|error| {
        let noted = budget.into_inner().fault;
        noted.unwrap_or_else(|| not_json(error.line(), error.column()))
    })
}

fn not_json(line: usize, column: usize) -> FormFault {
    fault(
        "",
        "NOT_JSON",
        &format!("Không phải JSON hợp lệ (dòng {line}, cột {column})."),
        &format!("Not valid JSON (line {line}, column {column})."),
    )
}

#[derive(Default)]
struct Budget {
    nodes: usize,
    path: Vec<String>,
    fault: Option<FormFault>,
}

impl Budget {
    /// Notes the fault; the error only ends the reading.
    fn refuse<E: Error>(&mut self, code: &str, vi: &str, en: &str) -> E {
        let path: String = self.path.iter().map(|part| format!("/{}", escape(part))).collect();
        self.fault = Some(fault(&path, code, vi, en));
        E::custom(code)
    }
}

/// One value that is about to be read.
struct Node<'b> {
    budget: &'b RefCell<Budget>,
}

impl Node<'_> {
    fn refuse<E: Error>(&self, code: &str, vi: &str, en: &str) -> E {
        self.budget.borrow_mut().refuse(code, vi, en)
    }

    fn text<E: Error>(&self, text: &str) -> Result<String, E> {
        if text.contains('\0') {
            let vi = "Văn bản chứa ký tự U+0000.";
            return Err(self.refuse("NUL_CHARACTER", vi, "The text contains U+0000."));
        }
        Ok(if is_nfc(text) { text.to_owned() } else { text.nfc().collect() })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let mut budget = self.budget.borrow_mut();
        budget.nodes += 1;
        if budget.nodes > FORM_NODES_MAX {
            return Err(budget.refuse(
                "TOO_MANY_VALUES",
                &format!("Mẫu đơn chỉ được có nhiều nhất {FORM_NODES_MAX} giá trị."),
                &format!("A form has at most {FORM_NODES_MAX} values."),
            ));
        }
        if budget.path.len() >= FORM_DEPTH_MAX {
            return Err(budget.refuse(
                "TOO_DEEP",
                &format!("Mẫu đơn chỉ được lồng nhau nhiều nhất {FORM_DEPTH_MAX} cấp."),
                &format!("A form is nested at most {FORM_DEPTH_MAX} deep."),
            ));
        }
        drop(budget);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        i64::try_from(number).map(Value::from).map_err(|_| {
            let vi = "Số nguyên quá lớn; hãy ghi bằng chuỗi.";
            self.refuse("NUMBER_TOO_LARGE", vi, "The number is too large; write it as a string.")
        })
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        let vi = "Số có phần thập phân phải ghi bằng chuỗi.";
        Err(self.refuse("FRACTION", vi, "A number with a fraction must be written as a string."))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.text(text).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            self.budget.borrow_mut().path.push(items.len().to_string());
            let Some(item) = seq.next_element_seed(Node { budget: self.budget })? else {
                break;
            };
            self.budget.borrow_mut().path.pop();
            items.push(item);
        }
        self.budget.borrow_mut().path.pop();
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let name = self.text(&name)?;
            self.budget.borrow_mut().path.push(name.clone());
            if members.contains_key(&name) {
                let vi = "Trường xuất hiện hai lần.";
                return Err(self.refuse("REPEATED_FIELD", vi, "The field stands twice."));
            }
            let value = map.next_value_seed(Node { budget: self.budget })?;
            self.budget.borrow_mut().path.pop();
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn refused(json: &str) -> (String, String) {
        let fault = read_form(json).expect_err("the form must be refused");
        (fault.path, fault.code)
    }

    #[test]
    fn a_form_is_read_exactly() {
        let text = r#"{"a": 9007199254740993, "b": [true, null, -1], "c": {"d": "x"}}"#;
        let expected =
            json!({"a": 9_007_199_254_740_993_i64, "b": [true, null, -1], "c": {"d": "x"}});
        assert_eq!(read_form(text), Ok(expected));
    }

    #[test]
    fn text_is_normalised_to_nfc() {
        let decomposed = "{\"t\\u0065\\u0302n\": \"Nguye\u{302}\u{303}n\"}";
        assert_eq!(read_form(decomposed), Ok(json!({"tên": "Nguyễn"})));
    }

    #[test]
    fn what_a_form_may_not_hold_is_refused_with_its_path() {
        let is = |path: &str, code: &str| (path.to_owned(), code.to_owned());
        assert_eq!(refused(r#"{"a": {"b": 1, "b": 2}}"#), is("/a/b", "REPEATED_FIELD"));
        assert_eq!(refused(r#"{"a": [1, 1.5]}"#), is("/a/1", "FRACTION"));
        assert_eq!(refused(r#"{"a": 1e3}"#), is("/a", "FRACTION"));
        assert_eq!(refused(r#"{"a": 18446744073709551615}"#), is("/a", "NUMBER_TOO_LARGE"));
        assert_eq!(refused("{\"a\": \"\\u0000\"}"), is("/a", "NUL_CHARACTER"));
        assert_eq!(refused(r#"{"a": 1"#), is("", "NOT_JSON"));
        assert_eq!(refused(r#"{"a": 1} x"#), is("", "NOT_JSON"));
        assert_eq!(refused(&format!("\"{}\"", "a".repeat(FORM_BYTES_MAX))).1, "FORM_TOO_LARGE");
        assert_eq!(refused(&"[".repeat(100_000)).1, "TOO_DEEP");
        assert_eq!(refused(&format!("[{}1]", "1,".repeat(3_000))).1, "TOO_MANY_VALUES");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,100}") {
            let _ = read_form(&text);
        }

        #[test]
        fn any_json_like_text_is_read_or_refused(
            text in "(\\{|\\}|\\[|\\]|:|,|\"a\"|1|-|\\.|e|true|null| ){0,60}"
        ) {
            let _ = read_form(&text);
        }
    }
}
