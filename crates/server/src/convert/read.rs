//! Reading fields: bounded, in normal form, all faults at once.

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_dossiers::rejection::Violation;
use motcua_engine::EngineError;
use motcua_procedures::Text;
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use crate::status::Refusal;

/// Characters of a written reason and of every other text that people write at length. Those of
/// the rules (`dossiers/src/decide`) are the same numbers, here as below: what is longer is refused
/// with the path of its field before any rule sees it, and nothing is cut.
pub(crate) const TEXT_CHARS_MAX: usize = 4_000;
/// Characters of a name, number, phone or address of a person.
pub(super) const PERSON_TEXT_CHARS_MAX: usize = 300;
/// Characters of the number of a result.
pub(super) const RESULT_NUMBER_CHARS_MAX: usize = 64;
/// Characters of the reference of a payment.
pub(super) const PAYMENT_REFERENCE_CHARS_MAX: usize = 100;
/// Characters of a name, reference or number.
pub(crate) const NAME_CHARS_MAX: usize = 255;
/// Characters of an id or code.
pub(super) const ID_CHARS_MAX: usize = 128;
/// Characters of the opaque id of a person.
const OPAQUE_ID_CHARS_MAX: usize = 64;

/// Why a text cannot stand for a person in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NotOpaque {
    /// Not 1 to 64 of `A-Z a-z 0-9 . _ -`.
    Grammar,
    /// 9 or 12 digits: an identity number.
    IdentityNumber,
}

/// Whether a text may stand for a person in a history.
fn opaque_id(id: &str) -> Result<(), NotOpaque> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if !(1..=OPAQUE_ID_CHARS_MAX).contains(&id.len()) || !id.bytes().all(allowed) {
        Err(NotOpaque::Grammar)
    } else if matches!(id.len(), 9 | 12) && id.bytes().all(|b| b.is_ascii_digit()) {
        Err(NotOpaque::IdentityNumber)
    } else {
        Ok(())
    }
}

/// The faults of a request that is being read.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Violation>);

impl Faults {
    /// Adds a fault.
    pub(crate) fn add(&mut self, field: &str, code: &str, vi: &str, en: &str) {
        let message = Text { vi: vi.into(), en: en.into() };
        self.0.push(Violation { subject: field.into(), code: code.into(), message });
    }

    /// What was read, if nothing was wrong.
    ///
    /// # Errors
    /// Everything that was.
    pub(crate) fn finish<T>(self, read: T) -> Result<T, Refusal> {
        if self.0.is_empty() { Ok(read) } else { Err(EngineError::Invalid(self.0).into()) }
    }

    /// A text in normal form C that may be empty.
    pub(crate) fn text(&mut self, field: &str, text: &str, chars_max: usize) -> String {
        // Composing never makes a text longer than three times its characters.
        if text.len() > chars_max.saturating_mul(12) {
            self.too_long(field, chars_max);
            return String::new();
        }
        let text: String = text.nfc().collect();
        if text.contains('\0') {
            self.add(
                field,
                "NUL_CHARACTER",
                "Không được chứa ký tự U+0000.",
                "must not contain the character U+0000",
            );
        }
        if text.chars().count() > chars_max {
            self.too_long(field, chars_max);
        }
        text
    }

    /// A text that must be there.
    pub(crate) fn required(&mut self, field: &str, text: &str, chars_max: usize) -> String {
        let text = self.text(field, text, chars_max);
        if text.is_empty() {
            self.missing(field);
        }
        text
    }

    /// A text; `None` if empty.
    pub(crate) fn optional(&mut self, field: &str, text: &str, chars_max: usize) -> Option<String> {
        Some(self.text(field, text, chars_max)).filter(|text| !text.is_empty())
    }

    /// A code or opaque id that must be there.
    pub(crate) fn id(&mut self, field: &str, text: &str) -> String {
        self.required(field, text, ID_CHARS_MAX)
    }

    /// The opaque id of a person that must be there.
    pub(crate) fn person_id(&mut self, field: &str, id: &str) -> String {
        let found = self.optional_person_id(field, id);
        if id.is_empty() {
            self.missing(field);
        }
        found.unwrap_or_default()
    }

    /// The opaque id of a person; `None` if empty. Histories keep it for ever, so whatever names
    /// someone is refused.
    pub(crate) fn optional_person_id(&mut self, field: &str, id: &str) -> Option<String> {
        if id.is_empty() {
            return None;
        }
        match opaque_id(id) {
            Ok(()) => return Some(id.into()),
            Err(NotOpaque::Grammar) => self.add(
                field,
                "OPAQUE_ID",
                "Phải là mã định danh nội bộ: 1 đến 64 ký tự A-Z a-z 0-9 . _ -, không phải họ tên.",
                "must be an opaque id, not a name: 1 to 64 of A-Z a-z 0-9 . _ -",
            ),
            Err(NotOpaque::IdentityNumber) => self.add(
                field,
                "IDENTITY_NUMBER",
                "Không dùng số định danh, số CMND làm mã: mã này được lưu vĩnh viễn trong nhật ký.",
                "must not be an identity number (9 or 12 digits): the history keeps ids for ever",
            ),
        }
        None
    }

    /// A dossier's id, code or tracking secret.
    pub(crate) fn dossier(&mut self, text: &str) -> String {
        self.id("dossier", text.trim())
    }

    /// The code of a dossier that must be there, however it was typed.
    pub(crate) fn dossier_code(&mut self, field: &str, text: &str) -> String {
        self.id(field, text.trim()).to_uppercase()
    }

    /// A UUID.
    pub(crate) fn uuid(&mut self, field: &str, text: &str) -> Uuid {
        if text.is_empty() {
            self.missing(field);
            return Uuid::nil();
        }
        // The other spellings that the parser knows would make one id look like several.
        match Uuid::try_parse(text) {
            Ok(id) if text.len() == 36 => id,
            Ok(_) | Err(_) => {
                self.add(
                    field,
                    "UUID",
                    "Phải là UUID dạng 0190163d-8694-739b-aea5-966c26f8ad91.",
                    "must be a UUID such as 0190163d-8694-739b-aea5-966c26f8ad91",
                );
                Uuid::nil()
            }
        }
    }

    /// A date.
    pub(crate) fn date(&mut self, field: &str, text: &str) -> Date {
        match Date::strptime("%Y-%m-%d", text) {
            Ok(date) if text.len() == 10 => date,
            Ok(_) | Err(_) => {
                self.add(
                    field,
                    "DATE",
                    "Phải là ngày dạng YYYY-MM-DD.",
                    "must be a date such as 2026-11-24",
                );
                Date::ZERO
            }
        }
    }

    /// An instant, if one is given.
    pub(crate) fn timestamp(
        &mut self,
        field: &str,
        at: Option<&prost_types::Timestamp>,
    ) -> Option<Timestamp> {
        let at = at?;
        let read = Timestamp::new(at.seconds, at.nanos).ok().filter(|_| at.nanos >= 0);
        if read.is_none() {
            self.add(
                field,
                "TIMESTAMP",
                "Thời điểm không hợp lệ.",
                "must be an instant of the years 1 to 9999",
            );
        }
        read
    }

    /// A SHA-256.
    pub(crate) fn sha256(&mut self, field: &str, text: &str) -> String {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() != 64 || !text.bytes().all(hex) {
            self.add(
                field,
                "SHA256",
                "Phải là 64 chữ số thập lục phân viết thường.",
                "must be 64 lower-case hexadecimal digits",
            );
        }
        text.chars().take(64).collect()
    }

    /// Form values; an empty text is an empty object.
    pub(crate) fn form(&mut self, field: &str, json: &str) -> serde_json::Value {
        if json.is_empty() {
            return serde_json::json!({});
        }
        match motcua_procedures::read_form(json) {
            Ok(value) => value,
            Err(fault) => {
                let Text { vi, en } = fault.message;
                self.add(&format!("{field}{}", fault.path), &fault.code, &vi, &en);
                serde_json::Value::Null
            }
        }
    }

    /// A JSON text that is kept as it is.
    pub(crate) fn json(&mut self, field: &str, json: &str) {
        if serde_json::from_str::<serde::de::IgnoredAny>(json).is_err() {
            self.add(field, "JSON", "Phải là JSON.", "must be JSON");
        }
    }

    /// A list that may hold only so much.
    pub(crate) fn at_most(&mut self, field: &str, count: usize, max: usize) {
        if count > max {
            self.add(
                field,
                "TOO_MANY",
                &format!("Tối đa {max} mục."),
                &format!("must have at most {max} entries"),
            );
        }
    }

    /// Bytes of which there may be only so many.
    pub(crate) fn bytes(&mut self, field: &str, count: usize, max: usize) {
        if count > max {
            self.add(
                field,
                "TOO_LARGE",
                &format!("Tối đa {max} byte."),
                &format!("must have at most {max} bytes"),
            );
        }
    }

    /// Rows of a page.
    pub(crate) fn rows(&mut self, page_size: i32) -> u32 {
        crate::page::rows(page_size).unwrap_or_else(|| {
            self.add(
                "page_size",
                "NEGATIVE",
                "Không được âm.",
                "must not be negative: 0 is the default of 50",
            );
            0
        })
    }

    /// Where a page goes on; `opened` is what its token says, if it is genuine.
    pub(crate) fn place<P>(
        &mut self,
        token: &str,
        open: impl FnOnce(&str) -> Option<P>,
    ) -> Option<P> {
        if token.is_empty() {
            return None;
        }
        let place = open(token);
        if place.is_none() {
            self.add(
                "page_token",
                "PAGE_TOKEN",
                "Mã trang không thuộc danh sách và tham số này.",
                "is not a token of this list with these arguments: start at the first page",
            );
        }
        place
    }

    /// A field that must be there is not.
    pub(crate) fn missing(&mut self, field: &str) {
        self.add(field, "REQUIRED", "Bắt buộc.", "is required");
    }

    /// An enum value that says nothing, or that we do not know.
    pub(crate) fn unspecified(&mut self, field: &str) {
        self.add(
            field,
            "UNSPECIFIED",
            "Phải chọn một giá trị.",
            "must be one of the named values, not the unspecified one",
        );
    }

    fn too_long(&mut self, field: &str, chars_max: usize) {
        self.add(
            field,
            "TOO_LONG",
            &format!("Tối đa {chars_max} ký tự."),
            &format!("must have at most {chars_max} characters"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(faults: Faults) -> Vec<(String, String)> {
        match faults.finish(()) {
            Ok(()) => Vec::new(),
            Err(Refusal::Engine(EngineError::Invalid(violations))) => {
                violations.into_iter().map(|v| (v.subject, v.code)).collect()
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn fault<T>(read: impl FnOnce(&mut Faults) -> T, code: &str) {
        let mut faults = Faults::default();
        read(&mut faults);
        assert_eq!(codes(faults), [("x".to_owned(), code.to_owned())]);
    }

    #[test]
    fn each_kind_of_field_refuses_what_it_cannot_be() {
        fault(|f| f.required("x", "", 9), "REQUIRED");
        fault(|f| f.text("x", "a\0b", 9), "NUL_CHARACTER");
        fault(|f| f.text("x", "aaaaaaaaaa", 9), "TOO_LONG");
        fault(|f| f.text("x", &"a".repeat(1_000_000), 9), "TOO_LONG");
        fault(|f| f.uuid("x", ""), "REQUIRED");
        fault(|f| f.uuid("x", "0190163d"), "UUID");
        fault(|f| f.uuid("x", "0190163d8694739baea5966c26f8ad91"), "UUID");
        fault(|f| f.uuid("x", "{0190163d-8694-739b-aea5-966c26f8ad91}"), "UUID");
        fault(|f| f.date("x", "2026-02-30"), "DATE");
        fault(|f| f.date("x", "2026-2-3"), "DATE");
        fault(|f| f.date("x", ""), "DATE");
        fault(|f| f.sha256("x", &"A".repeat(64)), "SHA256");
        fault(|f| f.sha256("x", "ab"), "SHA256");
        fault(|f| f.at_most("x", 3, 2), "TOO_MANY");
        for id in ["Nguyễn Văn A", "a b", "a@b", "", &"a".repeat(65)] {
            fault(|f| f.person_id("x", id), if id.is_empty() { "REQUIRED" } else { "OPAQUE_ID" });
        }
        fault(|f| f.person_id("x", "001090000001"), "IDENTITY_NUMBER");
        fault(|f| f.optional_person_id("x", "123456789"), "IDENTITY_NUMBER");
        let nanos = prost_types::Timestamp { seconds: 0, nanos: -1 };
        fault(|f| f.timestamp("x", Some(&nanos)), "TIMESTAMP");
        let far = prost_types::Timestamp { seconds: i64::MAX, nanos: 0 };
        fault(|f| f.timestamp("x", Some(&far)), "TIMESTAMP");
    }

    #[test]
    fn opaque_ids_are_told_from_names_and_identity_numbers() {
        let longest = "a".repeat(64);
        for id in ["citizen-1", "A.b_c-9", "1234567890", "12345678901a", &longest] {
            assert_eq!(opaque_id(id), Ok(()), "{id}");
        }
    }

    #[test]
    fn all_faults_are_collected() {
        let mut faults = Faults::default();
        faults.required("a", "", 1);
        faults.uuid("b", "?");
        faults.rows(-1);
        faults.place::<u8>("?", |_| None);
        let fields: Vec<String> = codes(faults).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["a", "b", "page_size", "page_token"]);
    }

    #[test]
    fn texts_are_put_into_normal_form_c() {
        let mut faults = Faults::default();
        assert_eq!(faults.text("x", "Nguye\u{302}\u{303}n", 9), "Nguy\u{1ec5}n");
        faults.finish(()).expect("no fault");
    }

    #[test]
    fn instants_survive_both_ways() {
        let mut faults = Faults::default();
        for text in ["2026-03-02T01:02:03.000004Z", "1969-12-31T23:59:59.5Z"] {
            let at: Timestamp = text.parse().expect("an instant");
            let message = super::super::timestamp(at);
            assert_eq!(faults.timestamp("x", Some(&message)), Some(at));
        }
    }
}
