//! Errors as gRPC statuses: the only place that knows codes .
//!
//! A code answers who must act; the reason says what happened; details say where and what to do.
//! Callers get fixed texts, never what the system underneath said: that is logged here, once,
//! under the correlation id that the caller gets.

mod answer;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use motcua_dossiers::rejection::{Reason, Rejection, Retry, Violation};
use motcua_dossiers::units::RegisterFault;
use motcua_engine::{EngineError, Situation};
use motcua_procedures::{Finding, Severity, Text};
use tonic::{Code, Status};

use self::answer::{TEXT_BYTES_MAX, clip, failure, plain};
use crate::known::UNKNOWN_FIELD;

/// `domain` of every `google.rpc.ErrorInfo`.
pub const DOMAIN: &str = "motcua";

/// Reasons that are not refusals of the rules, which are [`Reason::ALL`].
pub const REASONS: [&str; 27] = [
    "INVALID_REQUEST",
    "UNKNOWN_FIELD",
    "MALFORMED_MESSAGE",
    "MESSAGE_TOO_LARGE",
    "TOKEN_MISSING",
    "TOKEN_INVALID",
    "TOKEN_EXPIRED",
    "ROLE_NOT_HELD",
    "PERMISSION_DENIED",
    "NOT_FOUND",
    "VERSION_STALE",
    "COMMAND_ID_REUSED",
    "ALREADY_EXISTS",
    "UPLOAD_OFFSET",
    "TOO_MANY_GUESSES",
    "OVERLOADED",
    "STORE_UNAVAILABLE",
    "TIMERS_STUCK",
    "CALENDAR_MISSING",
    "OUTCOME_UNKNOWN",
    "HISTORY_CORRUPT",
    "HISTORY_MOVED_AWAY",
    "PROCEDURE_UNSOUND",
    "REGISTER_INVALID",
    "INTERNAL",
    "TIMEOUT",
    "WATCH_ENDED",
];

/// Shortest wait that we ask for when something passes by itself.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Those who are refused together come back within so much more.
const RETRY_SPREAD: Duration = Duration::from_secs(1);

/// Everything that a call can end with but an answer.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The engine's "no" or failure.
    Engine(EngineError),
    /// No bearer token.
    TokenMissing,
    /// A token that is not genuine, or not for now and here.
    TokenInvalid,
    /// A token whose time is over.
    TokenExpired,
    /// The acting role is not in the token.
    RoleNotHeld {
        /// The role asked for.
        role: String,
    },
    /// More calls than are accepted.
    Overloaded,
    /// The time of the call ran out.
    Timeout,
    /// A stream that watches is over, and another may begin where it ended.
    WatchEnded {
        /// Why: `stopping` or `lifetime`.
        why: &'static str,
    },
    /// The bytes are no message of the API.
    MalformedMessage,
    /// Fields that the API does not have, among other faults.
    UnknownField(Vec<Violation>),
    /// The message is larger than the limit.
    MessageTooLarge,
    /// A fault of this program.
    Internal {
        /// For the operator.
        what: String,
    },
}

impl Refusal {
    /// The refusal of a request for what no decoder would tell of: fields and enum numbers that the
    /// API does not have. `None` if there are none.
    pub(crate) fn unknown(violations: Vec<Violation>) -> Option<Self> {
        if violations.iter().any(|violation| violation.code == UNKNOWN_FIELD) {
            Some(Self::UnknownField(violations))
        } else if violations.is_empty() {
            None
        } else {
            Some(EngineError::Invalid(violations).into())
        }
    }
}

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        status(refusal)
    }
}

/// The status of a refusal.
pub(crate) fn status(refusal: Refusal) -> Status {
    match refusal {
        Refusal::Engine(error) => engine(error),
        Refusal::TokenMissing => plain(
            Code::Unauthenticated,
            "TOKEN_MISSING",
            "send a bearer token in the metadata `authorization`",
            "Thiếu mã truy cập: gửi bearer token trong metadata `authorization`.",
        )
        .into_status(),
        Refusal::TokenInvalid => plain(
            Code::Unauthenticated,
            "TOKEN_INVALID",
            "the token is not valid here: get a new one",
            "Mã truy cập không hợp lệ: hãy lấy mã mới.",
        )
        .into_status(),
        Refusal::TokenExpired => plain(
            Code::Unauthenticated,
            "TOKEN_EXPIRED",
            "the token has expired: get a new one",
            "Mã truy cập đã hết hạn: hãy lấy mã mới.",
        )
        .into_status(),
        Refusal::RoleNotHeld { role } => plain(
            Code::PermissionDenied,
            "ROLE_NOT_HELD",
            "the token does not have the role to act in: choose one that it has",
            "Mã truy cập không có vai trò này: hãy chọn vai trò được cấp.",
        )
        .with("role", clip(&role, 64))
        .with("retry", "by_another")
        .into_status(),
        Refusal::Overloaded => overloaded(),
        Refusal::Timeout => plain(
            Code::DeadlineExceeded,
            "TIMEOUT",
            "the time of the call ran out: repeat the same command, it is carried out once",
            "Hết thời gian chờ: gửi lại đúng yêu cầu đó, yêu cầu chỉ được thực hiện một lần.",
        )
        .after(turn())
        .into_status(),
        Refusal::WatchEnded { why } => watch_ended(why),
        Refusal::UnknownField(violations) => unknown_field(&violations),
        Refusal::MalformedMessage => plain(
            Code::InvalidArgument,
            "MALFORMED_MESSAGE",
            "the bytes are not a whole message of the API: encode it by the published descriptors",
            "Dữ liệu gửi lên không phải là thông điệp hợp lệ: mã hóa theo mô tả đã công bố.",
        )
        .with("retry", "corrected")
        .into_status(),
        Refusal::MessageTooLarge => plain(
            Code::InvalidArgument,
            "MESSAGE_TOO_LARGE",
            "the message is larger than the server takes: upload files in chunks, send less at once",
            "Thông điệp quá lớn: tải tệp lên theo từng phần, gửi ít hơn trong một lần.",
        )
        .with("retry", "corrected")
        .into_status(),
        Refusal::Internal { what } => failure(
            Code::Internal,
            "INTERNAL",
            "a fault of the program: quote the correlation id to the operator",
            "Lỗi hệ thống: báo mã tương quan cho người quản trị.",
            &what,
        )
        .into_status(),
    }
}

fn engine(error: EngineError) -> Status {
    match error {
        EngineError::Rejected { rejection, situation } => rejected(&rejection, situation),
        EngineError::Invalid(violations) => invalid(&violations),
        EngineError::NotFound { what } => plain(
            Code::NotFound,
            "NOT_FOUND",
            format!("no such {what}, or it is not yours to see"),
            "Không tìm thấy, hoặc bạn không được xem.",
        )
        .with("what", what)
        .into_status(),
        EngineError::Retired { code, from } => plain(
            Code::NotFound,
            "NOT_FOUND",
            format!("procedure {code} was retired: nothing may be filed under it from {from} on"),
            format!("Thủ tục {code} đã bị bãi bỏ: không nhận hồ sơ từ ngày {from}."),
        )
        .with("what", "procedure")
        .with("retired_from", from.to_string())
        .into_status(),
        EngineError::PermissionDenied { needed } => plain(
            Code::PermissionDenied,
            "PERMISSION_DENIED",
            format!("not allowed: this takes {needed}"),
            "Bạn không có quyền làm việc này.",
        )
        .with("needed", clip(&needed, TEXT_BYTES_MAX))
        .with("retry", "by_another")
        .into_status(),
        EngineError::Stale { expected, actual, situation } => stale(expected, actual, situation),
        EngineError::CommandReused => plain(
            Code::AlreadyExists,
            "COMMAND_ID_REUSED",
            "this command id was used for another command: use a new one for a new command",
            "Mã lệnh này đã dùng cho lệnh khác: dùng mã mới cho lệnh mới.",
        )
        .with("retry", "corrected")
        .into_status(),
        EngineError::AlreadyExists { what: "register version" } => plain(
            Code::AlreadyExists,
            "ALREADY_EXISTS",
            "this version is published already, with other content: raise `version`",
            "Phiên bản này đã được công bố với nội dung khác: hãy tăng `version`.",
        )
        .with("what", "register version")
        .with("retry", "corrected")
        .into_status(),
        EngineError::AlreadyExists { what } => plain(
            Code::AlreadyExists,
            "ALREADY_EXISTS",
            format!("this {what} exists already, with other content or of another person"),
            "Đã tồn tại, với nội dung khác hoặc của người khác.",
        )
        .with("what", what)
        .with("retry", "never")
        .into_status(),
        EngineError::UploadOffset { received } => upload_offset(received),
        EngineError::TooManyGuesses { retry_after_s } => too_many_guesses(retry_after_s),
        EngineError::Procedure(findings) => unsound(&findings),
        EngineError::Register(faults) => register_invalid(faults),
        EngineError::Overloaded => overloaded(),
        EngineError::Internal(what) => status(Refusal::Internal { what }),
        EngineError::TimersStuck(_) | EngineError::CalendarMissing => calendar_failure(&error),
        EngineError::Unavailable(_)
        | EngineError::OutcomeUnknown
        | EngineError::MovedAway { .. }
        | EngineError::Corrupt(_) => store_failure(&error),
    }
}

fn invalid(violations: &[Violation]) -> Status {
    plain(
        Code::InvalidArgument,
        "INVALID_REQUEST",
        "the request is malformed: see the field violations",
        "Yêu cầu không đúng: xem từng lỗi.",
    )
    .fields(violations)
    .with("retry", "corrected")
    .into_status()
}

fn unknown_field(violations: &[Violation]) -> Status {
    plain(
        Code::InvalidArgument,
        "UNKNOWN_FIELD",
        "the request has fields that this server does not know: mend or leave out those listed",
        "Yêu cầu có trường mà máy chủ không biết: sửa hoặc bỏ các trường được liệt kê.",
    )
    .fields(violations)
    .with("retry", "corrected")
    .into_status()
}

fn stale(expected: u64, actual: u64, situation: Option<Box<Situation>>) -> Status {
    plain(
        Code::Aborted,
        "VERSION_STALE",
        format!("the version is {actual} now, not {expected}: reload and decide again"),
        "Đã có thay đổi mới hơn: tải lại rồi quyết định lại.",
    )
    .with("expected", expected.to_string())
    .with("actual", actual.to_string())
    .with("retry", "reload")
    .situation(situation)
    .into_status()
}

fn upload_offset(received: u64) -> Status {
    plain(
        Code::FailedPrecondition,
        "UPLOAD_OFFSET",
        format!("continue the upload at byte {received}"),
        format!("Hãy gửi tiếp từ byte {received}."),
    )
    .with("received", received.to_string())
    .with("retry", "corrected")
    .into_status()
}

fn too_many_guesses(retry_after_s: u64) -> Status {
    plain(
        Code::ResourceExhausted,
        "TOO_MANY_GUESSES",
        "too many wrong guesses: wait",
        "Đã thử sai quá nhiều lần: hãy chờ.",
    )
    .after(Duration::from_secs(retry_after_s))
    .into_status()
}

fn unsound(findings: &[Finding]) -> Status {
    plain(
        Code::InvalidArgument,
        "PROCEDURE_UNSOUND",
        "the procedure has faults: see the field violations, or check it for all of them",
        "Quy trình có lỗi: xem từng lỗi, hoặc kiểm tra để thấy tất cả.",
    )
    .fields(&findings_as_violations(findings))
    .with("retry", "corrected")
    .into_status()
}

fn register_invalid(faults: Vec<RegisterFault>) -> Status {
    let violation = |fault: RegisterFault| Violation {
        subject: fault.path,
        code: "REGISTER_INVALID".into(),
        message: Text { vi: fault.message.clone(), en: fault.message },
    };
    plain(
        Code::InvalidArgument,
        "REGISTER_INVALID",
        "the file has faults: see the field violations",
        "Tệp có lỗi: xem từng lỗi.",
    )
    .fields(&faults.into_iter().map(violation).collect::<Vec<_>>())
    .with("retry", "corrected")
    .into_status()
}

fn store_failure(error: &EngineError) -> Status {
    let what = error.to_string();
    match error {
        EngineError::Unavailable(_) => failure(
            Code::Unavailable,
            "STORE_UNAVAILABLE",
            "nothing was changed: repeat the same command",
            "Chưa có gì thay đổi: gửi lại đúng yêu cầu đó.",
            &what,
        )
        .after(turn())
        .into_status(),
        EngineError::OutcomeUnknown => failure(
            Code::Unavailable,
            "OUTCOME_UNKNOWN",
            "the outcome is unknown: repeat the same command, it is carried out once",
            "Chưa rõ kết quả: gửi lại đúng yêu cầu đó, yêu cầu chỉ được thực hiện một lần.",
            &what,
        )
        .after(turn())
        .into_status(),
        EngineError::MovedAway { part } => plain(
            Code::FailedPrecondition,
            "HISTORY_MOVED_AWAY",
            format!("the history is moved away with part {part}: have the operator bring it back"),
            format!("Lịch sử đã được chuyển đi cùng phần {part}: báo người quản trị đưa trở lại."),
        )
        .with("part", part.as_str())
        .with("retry", "later")
        .into_status(),
        _ => failure(
            Code::DataLoss,
            "HISTORY_CORRUPT",
            "stored data is damaged: quote the correlation id to the operator",
            "Dữ liệu lưu trữ bị hỏng: báo mã tương quan cho người quản trị.",
            &what,
        )
        .into_status(),
    }
}

/// Waiting alone does not help: the operator must load what is missing.
fn calendar_failure(error: &EngineError) -> Status {
    let what = error.to_string();
    let answer = match error {
        EngineError::TimersStuck(_) => failure(
            Code::Unavailable,
            "TIMERS_STUCK",
            "timers of this dossier cannot be fired; nothing was changed: have the operator load a \
             calendar that covers their years, then repeat",
            "Không tính được thời hạn đến kỳ của hồ sơ này, chưa có gì thay đổi: báo người quản trị \
             nạp lịch làm việc đủ năm rồi gửi lại.",
            &what,
        ),
        _ => failure(
            Code::Unavailable,
            "CALENDAR_MISSING",
            "no working calendar is loaded; nothing was changed: have the operator load one, then \
             repeat",
            "Chưa nạp lịch làm việc, chưa có gì thay đổi: báo người quản trị nạp lịch rồi gửi lại.",
            &what,
        ),
    };
    answer.into_status()
}

/// A wait from [`RETRY_AFTER`] on, others for others: who was refused together would else be refused
/// together again. Multiples of the golden ratio fall evenly into the time.
fn turn() -> Duration {
    static TURNS: AtomicU32 = AtomicU32::new(0);
    let part = f64::from(TURNS.fetch_add(0x9E37_79B9, Ordering::Relaxed)) / f64::from(u32::MAX);
    RETRY_AFTER + Duration::from_millis(RETRY_SPREAD.mul_f64(part).as_millis() as u64)
}

fn overloaded() -> Status {
    plain(
        Code::ResourceExhausted,
        "OVERLOADED",
        "more work is waiting than is accepted; nothing was changed: wait, then repeat",
        "Hệ thống đang quá tải, chưa có gì thay đổi: hãy chờ rồi gửi lại.",
    )
    .after(turn())
    .into_status()
}

fn watch_ended(why: &'static str) -> Status {
    plain(
        Code::Unavailable,
        "WATCH_ENDED",
        "this stream is over: watch again with the last resume token, nothing is missed",
        "Luồng theo dõi này đã kết thúc: theo dõi tiếp bằng mã nối tiếp cuối cùng, không sót thay đổi nào.",
    )
    .with("ended", why)
    .after(turn())
    .into_status()
}

/// The code of each refusal of the rules.
fn code(reason: Reason) -> Code {
    match reason {
        Reason::RoleRequired | Reason::FourEyes => Code::PermissionDenied,
        Reason::FormInvalid
        | Reason::FilingInvalid
        | Reason::DocumentInvalid
        | Reason::ReasonRequired => Code::InvalidArgument,
        Reason::AlreadySubmitted => Code::AlreadyExists,
        Reason::ActNotOffered
        | Reason::ItemHeld
        | Reason::ItemNotOpen
        | Reason::AmbiguousAction
        | Reason::ConditionNotMet
        | Reason::DocumentsMissing
        | Reason::DemandUnlawful
        | Reason::ReviewIncomplete
        | Reason::SupplementIncomplete
        | Reason::RoundsExhausted
        | Reason::FeeUnpaid
        | Reason::PaymentMismatch
        | Reason::DeadlineRule
        | Reason::UnitUnknown
        | Reason::AssigneeUnsuitable
        | Reason::RecipientInvalid
        | Reason::OriginalsUnchecked
        | Reason::NameTaken
        | Reason::MigrationUnlawful
        | Reason::DossierClosed => Code::FailedPrecondition,
    }
}

fn rejected(rejection: &Rejection, situation: Option<Box<Situation>>) -> Status {
    let code = code(rejection.reason);
    let Text { vi, en } = rejection.message.clone();
    let answer = plain(code, rejection.reason.as_str(), en, vi)
        .with("retry", retry(rejection.reason.retry()))
        .situation(situation);
    let answer = match code {
        Code::FailedPrecondition => {
            answer.preconditions(rejection.reason.as_str(), &rejection.violations)
        }
        _ => answer.fields(&rejection.violations),
    };
    answer.into_status()
}

fn retry(retry: Retry) -> &'static str {
    match retry {
        Retry::Corrected => "corrected",
        Retry::AfterChange => "after_change",
        Retry::ByAnother => "by_another",
        Retry::Never => "never",
    }
}

fn findings_as_violations(findings: &[Finding]) -> Vec<Violation> {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    let violation = |finding: &Finding| {
        let text = format!("line {}: {} {}", finding.line, finding.message, finding.remedy);
        Violation {
            subject: finding.path.clone(),
            code: finding.code.into(),
            message: Text { vi: text.clone(), en: text },
        }
    };
    errors.map(violation).collect()
}

#[cfg(test)]
mod tests;
