//! A status in the making: code, reason, texts in both languages, details that fit into a header.

use std::collections::HashMap;
use std::time::Duration;

use motcua_dossiers::Offer;
use motcua_dossiers::rejection::Violation;
use motcua_engine::Situation;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt as _};
use uuid::Uuid;

use super::DOMAIN;

/// Bytes of all violations of one status. Details travel in a header, and stock clients refuse
/// headers over 8 KiB; what does not fit is counted in `violations_omitted`.
const VIOLATION_BYTES_MAX: usize = 3_000;
/// Bytes of one text of a violation.
pub(super) const TEXT_BYTES_MAX: usize = 400;
/// Bytes of the list of offered acts.
const OFFERED_BYTES_MAX: usize = 600;

/// A status in the making.
pub(super) struct Answer {
    code: Code,
    reason: &'static str,
    en: String,
    vi: String,
    metadata: HashMap<String, String>,
    details: ErrorDetails,
}

pub(super) fn plain(
    code: Code,
    reason: &'static str,
    en: impl Into<String>,
    vi: impl Into<String>,
) -> Answer {
    let (en, vi) = (en.into(), vi.into());
    Answer { code, reason, en, vi, metadata: HashMap::new(), details: ErrorDetails::new() }
}

/// A failure that the operator must see: logged under an id that the caller can quote.
pub(super) fn failure(code: Code, reason: &'static str, en: &str, vi: &str, what: &str) -> Answer {
    let correlation_id = Uuid::now_v7().to_string();
    tracing::error!(reason, correlation.id = %correlation_id, error = what, "a call failed");
    plain(code, reason, en, vi).with("correlation_id", correlation_id)
}

impl Answer {
    pub(super) fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    pub(super) fn after(mut self, delay: Duration) -> Self {
        self.details.set_retry_info(Some(delay));
        self.with("retry", "later")
    }

    /// Where the dossier stands, since when and by whose act, and what may be done now.
    pub(super) fn situation(self, situation: Option<Box<Situation>>) -> Self {
        let Some(at) = situation else { return self };
        let status: u8 = at.status.into();
        self.with("dossier", at.id.to_string())
            .with("version", at.version.to_string())
            .with("state", at.state)
            .with("state_name", at.state_name.en)
            .with("state_name_vi", at.state_name.vi)
            .with("status", status.to_string())
            .with("since", at.since.to_string())
            .with("last_act", at.last.kind)
            .with("last_at", at.last.at.to_string())
            .with("last_actor", at.last.actor.id)
            .with("last_actor_role", at.last.actor.role.as_str())
            .with("offered", offered(&at.offers))
    }

    pub(super) fn fields(mut self, violations: &[Violation]) -> Self {
        let fitting = self.fit(violations);
        let field =
            |v: &Violation| FieldViolation::new(&v.subject, clip(&v.message.en, TEXT_BYTES_MAX));
        if fitting > 0 {
            self.details
                .set_bad_request(violations[..fitting].iter().map(field).collect::<Vec<_>>());
        }
        self
    }

    pub(super) fn preconditions(mut self, reason: &str, violations: &[Violation]) -> Self {
        let fitting = self.fit(violations);
        let of = |v: &Violation| {
            PreconditionViolation::new(&v.code, &v.subject, clip(&v.message.en, TEXT_BYTES_MAX))
        };
        let mut all: Vec<_> = violations[..fitting].iter().map(of).collect();
        if violations.is_empty() {
            all.push(PreconditionViolation::new(reason, "dossier", clip(&self.en, TEXT_BYTES_MAX)));
        }
        self.details.set_precondition_failure(all);
        self
    }

    /// How many violations fit; their Vietnamese goes below the message of the same language.
    fn fit(&mut self, violations: &[Violation]) -> usize {
        let (mut bytes, mut fitting) = (0, 0);
        for violation in violations {
            let vi = clip(&violation.message.vi, TEXT_BYTES_MAX);
            let en = clip(&violation.message.en, TEXT_BYTES_MAX).len();
            bytes += 2 * violation.subject.len() + violation.code.len() + vi.len() + en;
            if bytes > VIOLATION_BYTES_MAX {
                let omitted = violations.len() - fitting;
                self.metadata.insert("violations_omitted".into(), omitted.to_string());
                break;
            }
            self.vi.push_str(&format!("\n{}: {vi}", violation.subject));
            fitting += 1;
        }
        fitting
    }

    pub(super) fn into_status(mut self) -> Status {
        self.details.set_error_info(self.reason, DOMAIN, self.metadata);
        self.details.set_localized_message("vi", self.vi);
        Status::with_error_details(self.code, self.en, self.details)
    }
}

/// Acts by name, `advance:ACTION` where the procedure names it.
fn offered(offers: &[Offer]) -> String {
    let mut text = String::new();
    for offer in offers {
        let action = offer.action.as_deref().map(|id| format!(":{id}")).unwrap_or_default();
        if text.len() + offer.act.len() + action.len() + 1 > OFFERED_BYTES_MAX {
            return text + ",…";
        }
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(offer.act);
        text.push_str(&action);
    }
    text
}

/// The text, cut at a character where it is longer than `bytes_max`.
pub(super) fn clip(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.into();
    }
    format!("{}…", &text[..text.floor_char_boundary(bytes_max)])
}
