//! Everything that reads bytes of strangers, as functions of bytes.
//!
//! Each returns whatever the bytes are; it panics when a reader breaks its promise. A new reader
//! gets a function here, a target in `targets/`, and its name in `tests/fuzz_smoke`.

use std::sync::LazyLock;

use motcua_audit::{Header, HeaderText, Salt, cj, commitment, line, read_openings};
use motcua_deadlines::{Calendar, Lang, OfficeHours, compute_line};
use motcua_interchange::Imported;
use motcua_procedures::{Guard, Procedure, Severity, check, read_form};
use serde_json::Value;

static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| {
    let shipped = include_bytes!("../../crates/deadlines/data/calendar-vn.json");
    Calendar::from_json(shipped).expect("the shipped calendar is sound")
});

static REHEARSED: LazyLock<Procedure> = LazyLock::new(|| {
    let source = include_bytes!("../../crates/rehearsal/tests/played/consultation.yaml");
    motcua_procedures::parse(source).expect("the procedure is sound")
});

/// What is read as canonical JSON is written as the same bytes.
pub fn cj_decode(bytes: &[u8]) {
    if let Ok(value) = cj::decode(bytes) {
        assert_eq!(cj::encode(&value).as_deref(), Ok(bytes));
    }
}

/// What is read as a header is written as the same bytes, and is read where it lies too.
pub fn header_decode(bytes: &[u8]) {
    let lying = HeaderText::read(bytes).map(HeaderText::to_header);
    let decoded = Header::decode(bytes);
    assert_eq!(lying.as_ref(), decoded.as_ref().ok());
    if let Ok(header) = decoded {
        assert_eq!(header.encode().as_deref(), Ok(bytes));
    }
}

/// Openings where they lie are those that name and value are committed to with.
pub fn openings_read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let salt = Salt([1; 32]);
    let mut written = Vec::new();
    for opening in read_openings(text).into_iter().flatten() {
        let Some(opening) = opening else {
            written.push("null".to_owned());
            continue;
        };
        let value = cj::decode(opening.value().as_bytes()).expect("canonical");
        let made = commitment(opening.name(), &value, &salt);
        assert_eq!(made, Ok(opening.commitment(&salt)));
        written.push(format!("[\"{}\",{}]", opening.name(), opening.value()));
    }
    assert!(written.is_empty() || text == format!("[{}]", written.join(",")), "{text}");
}

/// What is read as an exported line can be written and read again.
pub fn line_read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(event) = line::read(text) {
        let written = line::write(&event);
        assert_eq!(line::read(&written).ok(), Some(event), "{written}");
    }
}

/// Every line gets one answer on one line: a date or an error.
pub fn deadline_line(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let answer = compute_line(&text, &CALENDAR, &OfficeHours::default(), Lang::Vi);
    assert!(!answer.contains('\n'), "{answer}");
    let json: Value = serde_json::from_str(&answer).expect("an answer is JSON");
    let code = json.pointer("/error/code").and_then(Value::as_str);
    assert!(code.is_some() != json.get("due_on").is_some(), "{answer}");
}

/// A calendar is sound or has at least one fault.
pub fn calendar(bytes: &[u8]) {
    if let Err(error) = Calendar::from_json(bytes) {
        assert!(!error.faults().is_empty());
    }
}

/// A definition is published exactly when it is readable and no finding is an error; every finding
/// says what to do.
pub fn procedure_check(bytes: &[u8]) {
    let report = check(bytes);
    let grave = report.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(report.procedure.is_some(), report.readable && !grave, "{:?}", report.findings);
    for finding in &report.findings {
        assert!(!finding.message.is_empty() && !finding.remedy.is_empty(), "{finding:?}");
    }
}

/// A DIGIT source is refused with a reason, or gives a draft that the checker can read.
pub fn import_digit(bytes: &[u8]) {
    draft(&motcua_interchange::import_digit(bytes, None));
}

/// A BPMN source is refused with a reason, or gives a draft that the checker can read.
pub fn import_bpmn(bytes: &[u8]) {
    draft(&motcua_interchange::import_bpmn(bytes, None));
}

fn draft(imported: &Imported) {
    let grave = imported.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(imported.sound, !grave, "{:?}", imported.findings);
    assert!(imported.readable || !imported.sound);
    assert!(imported.yaml.is_some() || !imported.sound, "{:?}", imported.findings);
    for finding in &imported.findings {
        assert!(!finding.message.is_empty() && !finding.remedy.is_empty(), "{finding:?}");
    }
    if let Some(yaml) = &imported.yaml {
        let report = check(yaml.as_bytes());
        assert!(report.readable && !report.sound, "{yaml}\n{:?}", report.findings);
    }
}

/// Scenarios are read, or every fault of theirs says what to do.
pub fn scenario_read(bytes: &[u8]) {
    let read = motcua_rehearsal::procedure_of(bytes)
        .and_then(|_| motcua_rehearsal::read(bytes, &REHEARSED));
    for finding in read.err().into_iter().flat_map(|findings| findings.0) {
        assert!(!finding.message.is_empty() && !finding.remedy.is_empty(), "{finding:?}");
    }
}

/// A condition that compiles keeps its text.
pub fn guard(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(guard) = Guard::compile(text) {
        assert_eq!(guard.text(), text);
    }
}

/// A form that was read is read again from its JSON.
pub fn form(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(value) = read_form(text) {
        let again = read_form(&value.to_string());
        assert_eq!(again.ok(), Some(value));
    }
}
