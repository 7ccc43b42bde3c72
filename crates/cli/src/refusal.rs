//! The API's "no" in words: what happened, every fault, where the dossier stands, what helps.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::output::{Lang, Output};

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

    fn reason(&self) -> String {
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
            "{} {} ({:?}): {}",
            output.error_mark(),
            self.reason(),
            status.code(),
            self.message(output.lang)
        )];
        // A refusal with one cause has it as its message.
        let causes = self.violations();
        for (place, what) in causes.iter().filter(|(_, what)| what != status.message()) {
            lines.push(format!("  - {place}: {what}"));
        }
        lines.extend(situation(&metadata));
        if let Some(advice) = metadata.get("retry").and_then(|retry| advice(retry)) {
            lines.push(format!("  {advice}"));
        }
        if let Some(delay) = retry_after(status) {
            lines.push(format!("  Try again in {} s.", delay.as_secs().max(1)));
        }
        lines.iter().map(|line| crate::table::clean(line)).collect::<Vec<_>>().join("\n")
    }

    fn message(&self, lang: Lang) -> String {
        let localized = self.0.get_details_localized_message();
        match (lang, localized) {
            (Lang::Vi, Some(text)) => text.message,
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
            "code": format!("{:?}", status.code()),
            "reason": self.reason(),
            "message": status.message(),
            "message_vi": status.get_details_localized_message().map(|text| text.message),
            "violations": violations,
            "metadata": metadata.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
            "retry_after_s": retry_after(status).map(|delay| delay.as_secs()),
        }})
    }
}

fn situation(metadata: &HashMap<String, String>) -> Vec<String> {
    let known = |key: &str| metadata.get(key).map(String::as_str).filter(|text| !text.is_empty());
    let mut lines = Vec::new();
    if let Some(state) = known("state") {
        let since = known("since").map(local).unwrap_or_default();
        let version = known("version").unwrap_or("?");
        lines.push(format!("  The dossier is in {state} since {since} (version {version})."));
        if let (Some(act), Some(actor)) = (known("last_act"), known("last_actor")) {
            let at = known("last_at").map(local).unwrap_or_default();
            lines.push(format!("  Last act: {act} by {actor} {at}"));
        }
        match known("offered") {
            Some(offered) => {
                lines.push(format!("  Allowed now: {}.", offered.replace(',', ", ")));
            }
            None => lines.push("  Nothing is allowed now.".to_owned()),
        }
    }
    for (key, word) in [
        ("needed", "Needed"),
        ("received", "Go on at byte"),
        ("violations_omitted", "Further faults not listed"),
        ("correlation_id", "Correlation id"),
    ] {
        if let Some(text) = known(key) {
            lines.push(format!("  {word}: {text}."));
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

/// Whether trying again helps, in words.
fn advice(retry: &str) -> Option<&'static str> {
    Some(match retry {
        "corrected" => "Correct the request and send it again.",
        "after_change" => "It may be possible later, when the dossier has moved on.",
        "by_another" => "Someone else may do this.",
        "later" => "Try again later.",
        "never" => "Trying again does not help.",
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
            ("offered", "draft_result,request_supplement"),
            ("retry", "after_change"),
        ];
        let metadata: HashMap<String, String> =
            metadata.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let mut details = ErrorDetails::with_error_info("ACT_NOT_OFFERED", "motcua", metadata);
        details.set_bad_request(vec![FieldViolation::new("form.name", "is missing")]);
        details.set_localized_message("vi", "Không thể làm việc này.");
        Status::with_error_details(Code::FailedPrecondition, "no such act here", details).into()
    }

    #[test]
    fn a_refusal_says_why_where_the_dossier_stands_and_what_helps() {
        let text = refused().text(&Output::plain());
        let expected = "error: ACT_NOT_OFFERED (FailedPrecondition): no such act here
  - form.name: is missing
  The dossier is in examination since 2026-11-23 09:00 (version 4).
  Last act: accept by clerk-1 2026-11-23 09:10
  Allowed now: draft_result, request_supplement.
  It may be possible later, when the dossier has moved on.";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_vietnamese_reader_gets_the_vietnamese_message() {
        let output = Output::plain_with(false, Lang::Vi);
        assert!(refused().text(&output).contains("Không thể làm việc này."));
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
    fn only_passing_troubles_are_worth_another_try() {
        let details = || ErrorDetails::with_retry_info(Some(Duration::from_secs(2)));
        let busy = Status::with_error_details(Code::ResourceExhausted, "busy", details());
        assert_eq!(retry_after(&busy), Some(Duration::from_secs(2)));
        let wrong = Status::with_error_details(Code::InvalidArgument, "wrong", details());
        assert_eq!(retry_after(&wrong), None);
        assert_eq!(retry_after(&Status::unavailable("gone")), None);
    }
}
