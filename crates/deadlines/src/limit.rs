//! How long something may take, and what a pause does to it.

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use crate::error::DeadlineError;
use crate::unit::Unit;

/// Largest amount of a limit, in its unit. Longer ones are mistakes of typing.
pub const AMOUNT_MAX: u32 = 10_000;

/// Cut-off of same-day procedures that name none; inclusive (T8).
pub const CUTOFF_DEFAULT: Time = Time::constant(15, 0, 0, 0);

/// A limit as the law or the province sets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// What is counted.
    pub unit: Unit,
    /// How many units, 1 to [`AMOUNT_MAX`]; always 1 for [`Unit::SameDay`].
    pub amount: u32,
    /// Last moment of receipt that still counts for the day, inclusive (T8). Read for
    /// [`Unit::SameDay`] only; absent means [`CUTOFF_DEFAULT`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cutoff: Option<Time>,
}

impl Limit {
    /// A limit without a cut-off of its own.
    pub fn new(unit: Unit, amount: u32) -> Self {
        Self { unit, amount, cutoff: None }
    }

    /// Refuses an amount that no limit may have.
    ///
    /// # Errors
    /// [`DeadlineError::Amount`].
    pub fn check(&self) -> Result<(), DeadlineError> {
        check_amount(self.unit, self.amount)
    }

    /// The amount as it is counted down: minutes for hours, else the unit itself.
    pub(crate) fn budget(&self) -> u32 {
        budget(self.unit, self.amount)
    }
}

/// What happens to the time on resumption after a pause (T20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Regime {
    /// What was not used is counted from the resumption; at least 1 remains (T21).
    ResumeRemaining,
    /// The whole limit is counted again from the resumption.
    RestartFull,
    /// A fixed time from the resumption.
    FixedAfter {
        /// How many units of the limit, 1 to [`AMOUNT_MAX`].
        amount: u32,
    },
}

pub(crate) fn check_amount(unit: Unit, amount: u32) -> Result<(), DeadlineError> {
    let max = match unit {
        Unit::SameDay => 1,
        Unit::WorkingDay | Unit::CalendarDay | Unit::WorkingHour | Unit::Month => AMOUNT_MAX,
    };
    if (1..=max).contains(&amount) {
        Ok(())
    } else {
        Err(DeadlineError::Amount { unit, amount, max })
    }
}

pub(crate) fn budget(unit: Unit, amount: u32) -> u32 {
    match unit {
        Unit::WorkingHour => amount.saturating_mul(60),
        Unit::WorkingDay | Unit::CalendarDay | Unit::SameDay | Unit::Month => amount,
    }
}
