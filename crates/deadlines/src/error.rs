//! Why a date cannot be computed or an act on a clock is refused.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::unit::Unit;

/// A refusal. The message says the remedy; [`DeadlineError::code`] is stable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeadlineError {
    /// A day that must be judged lies in a year that the calendar does not have.
    #[error("the calendar has no year {year}; load a calendar that covers it")]
    YearAbsent {
        /// First year that is missing.
        year: i16,
    },
    /// The amount of a limit or regime is out of bounds.
    #[error("{amount} is no amount for {}; give 1 to {max}", unit.as_str())]
    Amount {
        /// Unit of the limit.
        unit: Unit,
        /// What was given.
        amount: u32,
        /// Largest lawful amount.
        max: u32,
    },
    /// Months cannot be divided, so nothing "remains" of them after a pause.
    #[error("a limit in months knows no remaining time; use restart_full or fixed_after")]
    RegimeNotForMonths,
    /// The act needs a clock in another phase.
    #[error("the clock is {is}, the act needs it {needed}; reload the dossier")]
    WrongPhase {
        /// Phase that the act needs.
        needed: &'static str,
        /// Phase of the clock.
        is: &'static str,
    },
    /// A pause, apology or stop before the clock was started or last resumed.
    #[error("{at} lies before the clock started at {start}; give an instant from then on")]
    BeforeStart {
        /// Instant of the act.
        at: Timestamp,
        /// Start of the present run.
        start: Timestamp,
    },
    /// A resumption before its pause.
    #[error("{at} lies before the pause at {since}; give an instant from then on")]
    ResumeBeforePause {
        /// Instant of the act.
        at: Timestamp,
        /// Beginning of the pause.
        since: Timestamp,
    },
    /// A second apology (T24: at most one re-appointment).
    #[error("the date was re-appointed once already, from {original}; a second time is unlawful")]
    AlreadyReappointed {
        /// Date before the apology.
        original: Date,
    },
    /// An apology that comes too late (T24).
    #[error("the apology is too late: {latest} was the last lawful day; record the lateness")]
    ApologyTooLate {
        /// Last day on which the apology was lawful.
        latest: Date,
    },
    /// Another limit after the date has passed.
    #[error("the limit ended on {due_on}; it can no longer be changed, record the lateness")]
    RelimitTooLate {
        /// The date that has passed.
        due_on: Date,
    },
    /// Another limit in another unit, although some of the present one was used before.
    #[error("time was used in {} already; it cannot be counted in {}", from.as_str(), to.as_str())]
    UnitChanged {
        /// Unit of the present limit.
        from: Unit,
        /// Unit of the other limit.
        to: Unit,
    },
    /// A span of days cannot be counted from a date in this unit.
    #[error("a span in {} cannot be counted from a date; use days or months", unit.as_str())]
    NoSpan {
        /// The unit.
        unit: Unit,
    },
    /// The new date of an apology is not a working day after the present one.
    #[error("{date} cannot be the new date; choose a working day after {due_on}")]
    NewDate {
        /// What was given.
        date: Date,
        /// Present due date.
        due_on: Date,
    },
}

impl DeadlineError {
    /// Stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::YearAbsent { .. } => "CALENDAR_YEAR_ABSENT",
            Self::Amount { .. } => "AMOUNT_OUT_OF_RANGE",
            Self::RegimeNotForMonths => "REGIME_NOT_FOR_UNIT",
            Self::WrongPhase { .. } => "CLOCK_IN_WRONG_PHASE",
            Self::BeforeStart { .. } => "BEFORE_START",
            Self::ResumeBeforePause { .. } => "RESUME_BEFORE_PAUSE",
            Self::AlreadyReappointed { .. } => "ALREADY_REAPPOINTED",
            Self::ApologyTooLate { .. } => "APOLOGY_TOO_LATE",
            Self::RelimitTooLate { .. } => "RELIMIT_TOO_LATE",
            Self::UnitChanged { .. } => "UNIT_CHANGED",
            Self::NoSpan { .. } => "NO_SPAN",
            Self::NewDate { .. } => "NEW_DATE_UNLAWFUL",
        }
    }
}
