//! The API's "no" in words: what happened, every fault, where the dossier stands, what helps.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::commands::{self, with_arguments};
use crate::output::{Lang, Output};

/// Where the token of a call comes from.
const TOKEN_EN: &str = "Set MOTCUA_TOKEN to a token, or MOTCUA_TOKEN_FILE to a file with one \
     (`motcua token issue`).";
const TOKEN_VI: &str = "Đặt MOTCUA_TOKEN bằng mã truy cập, hoặc MOTCUA_TOKEN_FILE bằng tệp chứa mã \
     (`motcua token issue`).";

/// A call that was refused or failed.
#[derive(Debug)]
pub(crate) struct Refused(Box<Status>);

impl From<Status> for Refused {
    fn from(status: Status) -> Self {
        Self(Box::new(status))
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.reason(), self.0.message())
    }
}

impl std::error::Error for Refused {}

/// Whether the same call may succeed later, and when.
pub(crate) fn retry_after(status: &Status) -> Option<Duration> {
    match status.code() {
        Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded => {
            status.get_details_retry_info().and_then(|info| info.retry_delay)
        }
        _ => None,
    }
}

impl Refused {
    /// The gRPC code.
    pub(crate) fn code(&self) -> Code {
        self.0.code()
    }

    /// Its stable reason; the code where the transport speaks.
    pub(crate) fn reason(&self) -> String {
        match self.0.get_details_error_info() {
            Some(info) => info.reason,
            None => self.0.code().to_string(),
        }
    }

    /// The whole refusal, for people or, with `--json`, for programs.
    pub(crate) fn text(&self, output: &Output) -> String {
        if output.json {
            return self.json().to_string();
        }
        let status = &self.0;
        let info = status.get_details_error_info();
        let metadata = info.map(|info| info.metadata).unwrap_or_default();
        let mut lines = vec![format!(
            "{} {} ({}): {}",
            output.error_mark(),
            self.reason(),
            code_name(status.code()),
            with_arguments(&self.message(output.lang))
        )];
        // A refusal with one cause has it as its message.
        let causes = self.causes(output.lang);
        for (place, what) in causes.iter().filter(|(_, what)| what != status.message()) {
            lines.push(format!("  - {}: {}", with_arguments(place), with_arguments(what)));
        }
        lines.extend(situation(&metadata, output));
        if status.code() == Code::Unauthenticated {
            lines.push(format!("  {}", output.either(TOKEN_VI, TOKEN_EN)));
        }
        match (retry_after(status), metadata.get("retry")) {
            (Some(delay), _) => {
                let (seconds, again) = (delay.as_secs().max(1), ("Thử lại sau", "Try again in"));
                let again = output.either(again.0, again.1);
                lines.push(format!("  {again} {seconds} s."));
            }
            (None, Some(retry)) => {
                let advice = advice(retry, &self.reason());
                lines.extend(advice.map(|(vi, en)| format!("  {}", output.either(vi, en))));
            }
            (None, None) => {}
        }
        lines.iter().map(|line| crate::table::clean(line)).collect::<Vec<_>>().join("\n")
    }

    fn message(&self, lang: Lang) -> String {
        let localized = self.0.get_details_localized_message();
        match (lang, localized) {
            // The faults stand below it, one a line; they are told by `causes`.
            (Lang::Vi, Some(text)) => text.message.lines().next().unwrap_or_default().to_owned(),
            (Lang::Vi, None) | (Lang::En, _) => self.0.message().to_owned(),
        }
    }

    /// Place and description of each fault.
    fn violations(&self) -> Vec<(String, String)> {
        let fields = self.0.get_details_bad_request();
        let fields = fields.into_iter().flat_map(|details| details.field_violations);
        let state = self.0.get_details_precondition_failure();
        let state = state.into_iter().flat_map(|details| details.violations);
        fields
            .map(|fault| (fault.field, fault.description))
            .chain(state.map(|fault| (fault.subject, fault.description)))
            .collect()
    }

    /// Place and description of each fault in the reader's language.
    fn causes(&self, lang: Lang) -> Vec<(String, String)> {
        let english = self.violations();
        let localized = self.0.get_details_localized_message().filter(|_| lang == Lang::Vi);
        let Some(localized) = localized else {
            return english;
        };
        let lines: Vec<&str> = localized.message.lines().skip(1).collect();
        let told = |(place, what): (String, String)| {
            let start = format!("{place}: ");
            let found = lines.iter().find_map(|line| line.strip_prefix(&start));
            let found = found.map(str::to_owned);
            (place, found.unwrap_or(what))
        };
        english.into_iter().map(told).collect()
    }

    fn json(&self) -> Value {
        let status = &self.0;
        let info = status.get_details_error_info();
        let metadata = info.map(|info| info.metadata).unwrap_or_default();
        let violations: Vec<Value> = self
            .violations()
            .into_iter()
            .map(|(path, message)| json!({ "path": path, "message": message }))
            .collect();
        json!({ "error": {
            "code": code_name(status.code()),
            "reason": self.reason(),
            "message": status.message(),
            "message_vi": status.get_details_localized_message().map(|text| text.message),
            "violations": violations,
            "metadata": metadata.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
            "retry_after_s": retry_after(status).map(|delay| delay.as_secs()),
        }})
    }
}

/// A code as the documents and the wire write it.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

fn situation(metadata: &HashMap<String, String>, output: &Output) -> Vec<String> {
    let known = |key: &str| metadata.get(key).map(String::as_str).filter(|text| !text.is_empty());
    let vi = output.lang == Lang::Vi;
    let mut lines = Vec::new();
    if let Some(state) = known("state") {
        let since = known("since").map(local).unwrap_or_default();
        let version = known("version").unwrap_or("?");
        lines.push(match vi {
            true => format!("  Hồ sơ ở bước {state} từ {since} (phiên bản {version})."),
            false => format!("  The dossier is in {state} since {since} (version {version})."),
        });
        if let (Some(act), Some(actor)) = (known("last_act"), known("last_actor")) {
            let at = known("last_at").map(local).unwrap_or_default();
            lines.push(match vi {
                true => format!("  Việc cuối: {act} do {actor} {at}"),
                false => format!("  Last act: {act} by {actor} {at}"),
            });
        }
        match known("offered").map(commands::listed) {
            Some(offered) => {
                lines.push(format!("  {}: {offered}.", output.either("Được làm", "Allowed now")));
            }
            None => {
                let nothing = ("Không còn việc nào được làm.", "Nothing is allowed now.");
                lines.push(format!("  {}", output.either(nothing.0, nothing.1)));
            }
        }
    }
    // The English message says already what it takes.
    if let Some(needed) = known("needed").filter(|_| vi) {
        lines.push(format!("  Cần: {needed}."));
    }
    for (key, vi, en) in [
        ("received", "Gửi tiếp từ byte", "Go on at byte"),
        ("violations_omitted", "Số lỗi khác không liệt kê", "Further faults not listed"),
        ("correlation_id", "Mã tương quan", "Correlation id"),
    ] {
        if let Some(text) = known(key) {
            lines.push(format!("  {}: {text}.", output.either(vi, en)));
        }
    }
    lines
}

/// An instant of the metadata as people in Viet Nam write it, to the minute.
fn local(at: &str) -> String {
    let Ok(at) = at.parse::<Timestamp>() else {
        return at.to_owned();
    };
    Offset::constant(7).to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Whether trying again helps, in words: Vietnamese, English.
fn advice(retry: &str, reason: &str) -> Option<(&'static str, &'static str)> {
    Some(match (retry, reason) {
        ("corrected", _) => ("Sửa yêu cầu rồi gửi lại.", "Correct the request and send it again."),
        ("reload", _) => (
            "Tải lại hồ sơ rồi quyết định lại.",
            "Look at it again, then send the version that you saw.",
        ),
        ("after_change", "FEE_UNPAID") => {
            ("Nộp phí trước rồi làm lại.", "Have the fee paid first, then repeat.")
        }
        ("after_change", "REVIEW_INCOMPLETE") => (
            "Kết luận các mục đã nêu trước (decide) rồi làm lại.",
            "Decide on what is listed first (decide), then repeat.",
        ),
        ("after_change", "CONDITION_NOT_MET") => {
            ("Đáp ứng điều kiện trước rồi làm lại.", "Meet the condition first, then repeat.")
        }
        ("after_change", "ACT_NOT_OFFERED") => (
            "Chọn một việc được làm ở trên, hoặc xem lại khi hồ sơ đã thay đổi.",
            "Do one of the acts above, or look again when the dossier has moved on.",
        ),
        ("after_change", _) => (
            "Có thể làm được khi hồ sơ đã thay đổi.",
            "It may be possible later, when the dossier has moved on.",
        ),
        ("by_another", _) => (
            "Người có vai trò nêu trên được làm việc này.",
            "Someone in the right role may do this.",
        ),
        ("later", _) => ("Thử lại sau.", "Try again later."),
        ("never", _) => ("Thử lại không có tác dụng.", "Trying again does not help."),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use tonic_types::{ErrorDetails, FieldViolation};

    use super::*;

    fn refused() -> Refused {
        let metadata = [
            ("state", "examination"),
            ("since", "2026-11-23T02:00:00Z"),
            ("last_act", "accept"),
            ("last_actor", "clerk-1"),
            ("last_at", "2026-11-23T02:10:00Z"),
            ("version", "4"),
            ("offered", "advance:draft_result,request_supplement"),
            ("retry", "after_change"),
        ];
        let metadata: HashMap<String, String> =
            metadata.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let mut details = ErrorDetails::with_error_info("ACT_NOT_OFFERED", "motcua", metadata);
        details.set_bad_request(vec![FieldViolation::new("form.name", "is missing")]);
        details.set_localized_message("vi", "Không thể làm việc này.\nform.name: còn thiếu");
        Status::with_error_details(Code::FailedPrecondition, "no such act here", details).into()
    }

    #[test]
    fn a_refusal_says_why_where_the_dossier_stands_and_what_helps() {
        let text = refused().text(&Output::plain());
        let expected = "error: ACT_NOT_OFFERED (FAILED_PRECONDITION): no such act here
  - form.name: is missing
  The dossier is in examination since 2026-11-23 09:00 (version 4).
  Last act: accept by clerk-1 2026-11-23 09:10
  Allowed now: advance draft_result, request-supplement.
  Do one of the acts above, or look again when the dossier has moved on.";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_vietnamese_reader_gets_the_vietnamese_message() {
        let output = Output::plain_with(false, Lang::Vi);
        let text = refused().text(&output);
        let expected = "lỗi: ACT_NOT_OFFERED (FAILED_PRECONDITION): Không thể làm việc này.
  - form.name: còn thiếu
  Hồ sơ ở bước examination từ 2026-11-23 09:00 (phiên bản 4).
  Việc cuối: accept do clerk-1 2026-11-23 09:10
  Được làm: advance draft_result, request-supplement.
  Chọn một việc được làm ở trên, hoặc xem lại khi hồ sơ đã thay đổi.";
        assert_eq!(text, expected);
    }

    #[test]
    fn programs_get_the_refusal_as_json() {
        let output = Output::plain_with(true, Lang::En);
        let json: Value = serde_json::from_str(&refused().text(&output)).expect("JSON");
        assert_eq!(json["error"]["reason"], "ACT_NOT_OFFERED");
        assert_eq!(json["error"]["violations"][0]["path"], "form.name");
        assert_eq!(json["error"]["metadata"]["version"], "4");
    }

    #[test]
    fn what_to_wait_is_said_once_and_a_missing_token_names_its_variable() {
        let details = ErrorDetails::with_retry_info(Some(Duration::from_secs(60)));
        let metadata = HashMap::from([("retry".to_owned(), "later".to_owned())]);
        let mut details = details;
        details.set_error_info("TOO_MANY_GUESSES", "motcua", metadata);
        let wait = Status::with_error_details(Code::ResourceExhausted, "wait", details);
        let text = Refused::from(wait).text(&Output::plain());
        assert_eq!(text.matches("Try again").count(), 1, "{text}");
        let missing = Refused::from(Status::unauthenticated("no token"));
        assert!(missing.text(&Output::plain()).contains("MOTCUA_TOKEN"));
    }

    #[test]
    fn only_passing_troubles_are_worth_another_try() {
        let details = || ErrorDetails::with_retry_info(Some(Duration::from_secs(2)));
        let busy = Status::with_error_details(Code::ResourceExhausted, "busy", details());
        assert_eq!(retry_after(&busy), Some(Duration::from_secs(2)));
        let wrong = Status::with_error_details(Code::InvalidArgument, "wrong", details());
        assert_eq!(retry_after(&wrong), None);
        assert_eq!(retry_after(&Status::unavailable("gone")), None);
    }
}
