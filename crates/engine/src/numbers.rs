//! Dossier codes: `{agency code}-{yymmdd}-{sequence}` (`docs/rules.md`, codes).
//!
//! Numbers are reserved in blocks in a transaction of their own, so no two commands
//! ever wait for each other's number, and no agency waits for another's block. A number that a
//! refused command did not need goes back to
//! the block; a block left over at a restart is a gap, which is lawful.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jiff::civil::Date;
use motcua_store::contract::Store;
use motcua_store::error::StoreError;
use tokio::sync::Mutex as AsyncMutex;

/// Largest block reserved at once.
pub(crate) const BLOCK_MAX: u32 = 64;
/// Digits of the sequence; more than 9,999 a day widen it.
const SEQUENCE_WIDTH: usize = 4;

/// Numbers at hand.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    /// By agency.
    series: Mutex<HashMap<String, Arc<AsyncMutex<Option<Series>>>>>,
}

#[derive(Debug)]
struct Series {
    day: Date,
    free: Vec<u32>,
    block: u32,
}

/// A number taken from the block.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    agency: String,
    day: Date,
    number: u32,
}

impl Taken {
    /// The dossier code.
    pub(crate) fn code(&self) -> String {
        let (year, month, day) = (self.day.year() % 100, self.day.month(), self.day.day());
        let number = self.number;
        format!(
            "{}-{year:02}{month:02}{day:02}-{number:0width$}",
            self.agency,
            width = SEQUENCE_WIDTH
        )
    }
}

impl Numbers {
    /// Takes the next number of an agency and day. Blocks double with use, so that a quiet
    /// commune leaves no gaps and a busy centre does not ask for each number.
    pub(crate) async fn take<S: Store>(
        &self,
        store: &S,
        agency: &str,
        day: Date,
    ) -> Result<Taken, StoreError> {
        let series = self.of(agency);
        let mut series = series.lock().await;
        if series.as_ref().is_some_and(|series| series.day != day) {
            *series = None;
        }
        let series = series.get_or_insert_with(|| Series { day, free: Vec::new(), block: 1 });
        if series.free.is_empty() {
            let block = store.reserve_numbers(agency, day, series.block).await?;
            series.free = block.rev().collect();
            series.block = (series.block * 2).min(BLOCK_MAX);
        }
        let number = series.free.pop().ok_or_else(|| {
            StoreError::Unavailable("the store reserved an empty block of numbers".into())
        })?;
        Ok(Taken { agency: agency.to_owned(), day, number })
    }

    /// Gives back a number that no event carries.
    pub(crate) async fn give_back(&self, taken: Taken) {
        let series = self.of(&taken.agency);
        let mut series = series.lock().await;
        if let Some(series) = series.as_mut().filter(|series| series.day == taken.day) {
            series.free.push(taken.number);
        }
    }

    /// Gives up what is left of a number's block.
    pub(crate) async fn drop_block_of(&self, taken: &Taken) {
        let series = self.of(&taken.agency);
        if let Some(series) = series.lock().await.as_mut() {
            series.free.clear();
        }
    }

    fn of(&self, agency: &str) -> Arc<AsyncMutex<Option<Series>>> {
        let mut all = self.series.lock().expect("no holder of this lock panics");
        Arc::clone(all.entry(agency.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_agency_day_and_at_least_four_digits() {
        let day = jiff::civil::date(2026, 10, 8);
        let code = |number| Taken { agency: "H15.50.05.13".into(), day, number }.code();
        assert_eq!(code(975), "H15.50.05.13-261008-0975");
        assert_eq!(code(12_345), "H15.50.05.13-261008-12345");
    }
}
