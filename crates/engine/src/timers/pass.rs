//! Where claims begin: a pass through what is due, page by page.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use motcua_store::contract::Claim;
use tokio::time::Instant;
use uuid::Uuid;

use crate::limits;

/// Where the next claim begins. A pass goes on behind its last page. The next one begins a little
/// before the end of the last, so that nobody goes through what has fired again and again; now and
/// then one begins at the start, for claims that ended and timers that were set into the past.
#[derive(Default)]
pub(super) struct Pass {
    after: Option<(Timestamp, Uuid)>,
    begun_at: Option<Timestamp>,
    floor: Option<Timestamp>,
    swept_at: Option<Instant>,
}

impl Pass {
    pub(super) fn next(&mut self, now: Timestamp) -> Option<(Timestamp, Uuid)> {
        if self.begun_at.is_some() {
            return self.after;
        }
        self.begun_at = Some(now);
        let interval = Duration::from_secs(limits::TIMER_SWEEP_S);
        let is_sweep = self.swept_at.is_none_or(|swept| swept.elapsed() >= interval);
        if is_sweep {
            self.swept_at = Some(Instant::now());
        }
        self.after = self.floor.filter(|_| !is_sweep).map(|floor| (floor, Uuid::nil()));
        self.after
    }

    /// Whether it goes on behind its last page.
    pub(super) fn is_under_way(&self) -> bool {
        self.begun_at.is_some()
    }

    /// Takes note of a page.
    pub(super) fn claimed(&mut self, page: &[Claim]) {
        match page.last() {
            Some(last) if page.len() == limits::TIMER_BATCH_MAX as usize => {
                self.after = Some(last.place());
            }
            Some(_) | None => {
                let overlap = SignedDuration::from_secs(limits::TIMER_OVERLAP_S);
                self.floor = self.begun_at.take().map(|begun| begun - overlap);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use motcua_store::conformance::fixture::{dossier_id, minute};

    use super::*;

    fn page(last: i64, length: u32) -> Vec<Claim> {
        let claim = |number| Claim {
            dossier: dossier_id(number),
            timer: "late".to_owned(),
            due_at: minute(last),
            until: minute(last + 1),
            attempts: 1,
        };
        (1..=length).map(claim).collect()
    }

    #[tokio::test]
    async fn a_pass_goes_through_what_has_fired_only_now_and_then() {
        let (mut pass, full) = (Pass::default(), limits::TIMER_BATCH_MAX);
        assert_eq!(pass.next(minute(100)), None, "the first begins at the start");
        pass.claimed(&page(50, full));
        assert!(pass.is_under_way());
        assert_eq!(pass.next(minute(101)), Some((minute(50), dossier_id(full))));
        pass.claimed(&page(70, 3));
        assert!(!pass.is_under_way());
        let floor = minute(100) - SignedDuration::from_secs(limits::TIMER_OVERLAP_S);
        for _ in 0..3 {
            assert_eq!(pass.next(minute(100)), Some((floor, Uuid::nil())));
            pass.claimed(&[]);
        }
        let interval = Duration::from_secs(limits::TIMER_SWEEP_S);
        pass.swept_at = Instant::now().checked_sub(interval);
        assert_eq!(pass.next(minute(110)), None, "claims that ended lie before");
        pass.claimed(&[]);
        assert!(pass.next(minute(110)).is_some());
    }
}
