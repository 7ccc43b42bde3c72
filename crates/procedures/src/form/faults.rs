//! What the validator found, in the words of the product.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;

use super::FormFault;
use crate::definition::Text;

/// The faults of one error; several when several unknown members are named.
pub(super) fn of(error: &ValidationError<'_>) -> Vec<FormFault> {
    let at = error.instance_path().as_str();
    if let Kind::AdditionalProperties { unexpected } = error.kind() {
        let fault = |name: &String| {
            let path = format!("{at}/{}", escape(name));
            fault(
                &path,
                "UNKNOWN_FIELD",
                "Trường không có trong mẫu đơn.",
                "The form has no such field.",
            )
        };
        return unexpected.iter().map(fault).collect();
    }
    if let Kind::Required { property } = error.kind() {
        let path = format!("{at}/{}", escape(property.as_str().unwrap_or_default()));
        return vec![fault(&path, "REQUIRED", "Phải điền trường này.", "This field is required.")];
    }
    let (code, vi, en) = explain(error.kind());
    vec![fault(at, code, &vi, &en)]
}

fn explain(kind: &Kind) -> (&'static str, String, String) {
    let fixed = |code, vi: &str, en: &str| (code, vi.to_owned(), en.to_owned());
    match kind {
        Kind::Type { .. } => fixed("TYPE", "Sai kiểu dữ liệu.", "The value has the wrong type."),
        Kind::Enum { .. } | Kind::Constant { .. } => fixed(
            "NOT_ON_LIST",
            "Giá trị không có trong danh mục.",
            "The value is not one of those allowed.",
        ),
        Kind::Pattern { pattern } => (
            "PATTERN",
            format!("Giá trị không đúng mẫu {pattern}."),
            format!("The value does not match {pattern}."),
        ),
        Kind::Format { format } => (
            "FORMAT",
            format!("Giá trị không đúng định dạng {format}."),
            format!("The value is no valid {format}."),
        ),
        Kind::MinLength { limit } => (
            "TOO_SHORT",
            format!("Phải có ít nhất {limit} ký tự."),
            format!("At least {limit} characters are needed."),
        ),
        Kind::MaxLength { limit } => (
            "TOO_LONG",
            format!("Chỉ được có nhiều nhất {limit} ký tự."),
            format!("At most {limit} characters are allowed."),
        ),
        Kind::MinItems { limit } => (
            "TOO_FEW",
            format!("Phải có ít nhất {limit} mục."),
            format!("At least {limit} entries are needed."),
        ),
        Kind::MaxItems { limit } => (
            "TOO_MANY",
            format!("Chỉ được có nhiều nhất {limit} mục."),
            format!("At most {limit} entries are allowed."),
        ),
        Kind::Minimum { limit } => (
            "TOO_SMALL",
            format!("Giá trị nhỏ nhất là {limit}."),
            format!("The value must be at least {limit}."),
        ),
        Kind::Maximum { limit } => (
            "TOO_LARGE",
            format!("Giá trị lớn nhất là {limit}."),
            format!("The value must be at most {limit}."),
        ),
        Kind::UniqueItems => {
            fixed("REPEATED", "Các mục bị trùng nhau.", "Entries must not be repeated.")
        }
        _ => fixed(
            "INVALID",
            "Giá trị không phù hợp với các trường khác.",
            "The value does not fit the other fields.",
        ),
    }
}

pub(super) fn fault(path: &str, code: &str, vi: &str, en: &str) -> FormFault {
    let message = Text { vi: vi.to_owned(), en: en.to_owned() };
    FormFault { path: path.to_owned(), code: code.to_owned(), message }
}

/// A member name as a part of a JSON Pointer (RFC 6901).
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
