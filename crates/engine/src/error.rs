//! Why a call did not succeed; mapped to gRPC in one place of the server.

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_dossiers::Offer;
use motcua_dossiers::dossier::LastAct;
use motcua_dossiers::rejection::{Rejection, Violation};
use motcua_dossiers::units::RegisterFault;
use motcua_procedures::{Finding, Status, Text};
use motcua_store::error::StoreError;
use uuid::Uuid;

/// Each variant is a decision for the caller.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The rules say no; nothing was changed.
    #[error("{rejection}")]
    Rejected {
        /// Why.
        rejection: Rejection,
        /// Where the dossier stands and what is allowed now.
        situation: Option<Box<Situation>>,
    },
    /// The request is malformed.
    #[error("the request is malformed in {} place(s)", .0.len())]
    Invalid(Vec<Violation>),
    /// There is no such thing, or the caller may not know of it.
    #[error("no such {what}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// The procedure was taken out of use: nothing is filed under it any more.
    #[error("procedure {code} was retired on {from}")]
    Retired {
        /// Its code.
        code: String,
        /// First day on which nothing may be filed.
        from: Date,
    },
    /// The caller may know of it but not do this.
    #[error("not allowed: {needed}")]
    PermissionDenied {
        /// What would be needed.
        needed: String,
    },
    /// The dossier has moved on since the version that the caller saw.
    #[error("version {expected} is stale: it is {actual} now")]
    Stale {
        /// Version that the caller saw.
        expected: u64,
        /// Present version.
        actual: u64,
        /// Where the dossier stands now.
        situation: Option<Box<Situation>>,
    },
    /// The command id was used for another command.
    #[error("the command id was used for another command")]
    CommandReused,
    /// Something with this key exists already.
    #[error("this {what} exists already")]
    AlreadyExists {
        /// What exists.
        what: &'static str,
    },
    /// The chunk does not continue the upload.
    #[error("continue the upload at byte {received}")]
    UploadOffset {
        /// Bytes that are there.
        received: u64,
    },
    /// Too many wrong guesses.
    #[error("too many wrong guesses: try again in {retry_after_s} s")]
    TooManyGuesses {
        /// Seconds to wait.
        retry_after_s: u64,
    },
    /// More work waits than is accepted; nothing was changed.
    #[error("overloaded")]
    Overloaded,
    /// The store cannot be reached; nothing was changed.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// Timers of the dossier are due that cannot be fired, for instance because the calendar does
    /// not cover their year; they come before every act. Nothing was changed.
    #[error("due timers cannot be fired: {0}")]
    TimersStuck(Box<Rejection>),
    /// No working calendar is loaded; nothing was changed.
    #[error("no working calendar is loaded: run `motcua calendar load`")]
    CalendarMissing,
    /// A fault of the program; nothing was changed.
    #[error("a fault of the program: {0}")]
    Internal(String),
    /// Whether the command was carried out is unknown: repeat it with the same id.
    #[error("the outcome is unknown: repeat the same command")]
    OutcomeUnknown,
    /// Events of this dossier that are needed were moved away with a part of the histories; nothing
    /// was changed.
    #[error("the history is moved away with part {part}: it must be brought back first")]
    MovedAway {
        /// The part, such as `2026q4`.
        part: String,
    },
    /// Stored data is not what this program wrote.
    #[error("stored data is corrupt: {0}")]
    Corrupt(String),
    /// The procedure is not sound.
    #[error("the procedure has {} finding(s)", .0.len())]
    Procedure(Vec<Finding>),
    /// A register file has faults.
    #[error("the file has {} fault(s)", .0.len())]
    Register(Vec<RegisterFault>),
}

/// Where a dossier stands, for refusals that inform.
#[derive(Clone, Debug)]
pub struct Situation {
    /// Dossier.
    pub id: Uuid,
    /// Present version.
    pub version: u64,
    /// State.
    pub state: String,
    /// Name of the state.
    pub state_name: Text,
    /// National status.
    pub status: Status,
    /// Since when.
    pub since: Timestamp,
    /// The last act and who did it.
    pub last: LastAct,
    /// What is allowed now.
    pub offers: Vec<Offer>,
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale { expected, actual, .. } => {
                Self::Stale { expected, actual, situation: None }
            }
            StoreError::Taken { what } => Self::AlreadyExists { what },
            StoreError::TooWide => invalid(
                "query",
                "SEARCH_TOO_WIDE",
                "Quá nhiều hồ sơ có tên này: thêm từ, dùng đủ dấu hoặc tìm theo số định danh.",
                "Too many dossiers have this name: add words, write its marks, or search by number.",
            ),
            StoreError::Overloaded => Self::Overloaded,
            StoreError::Unavailable(why) => Self::Unavailable(why),
            StoreError::OutcomeUnknown(_) => Self::OutcomeUnknown,
            StoreError::MovedAway { part, .. } => Self::MovedAway { part },
            StoreError::Corrupt { .. } => Self::Corrupt(error.to_string()),
        }
    }
}

/// A malformed request with one fault.
pub(crate) fn invalid(subject: &str, code: &str, vi: &str, en: &str) -> EngineError {
    let message = Text { vi: vi.into(), en: en.into() };
    EngineError::Invalid(vec![Violation { subject: subject.into(), code: code.into(), message }])
}
