//! Due timers that a node has taken upon itself for a while.

use jiff::Timestamp;
use uuid::Uuid;

/// A dossier whose due timers one node fires until the claim ends. Nothing depends on it: the
/// version of the dossier is what lets a timer fire once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The dossier.
    pub dossier: Uuid,
    /// Its first timer that is due.
    pub timer: String,
    /// When that was due.
    pub due_at: Timestamp,
    /// When the claim ends by itself.
    pub until: Timestamp,
    /// How often this timer was claimed for this instant, this time included.
    pub attempts: u32,
}

impl Claim {
    /// Its place: the most overdue come first, then by dossier.
    pub fn place(&self) -> (Timestamp, Uuid) {
        (self.due_at, self.dossier)
    }
}

/// A timer that is due and could not be fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedTimer {
    /// The dossier.
    pub dossier: Uuid,
    /// Its code, if it has one.
    pub code: Option<String>,
    /// The timer.
    pub timer: String,
    /// When it was due.
    pub due_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it could not be fired the last time.
    pub failure: String,
    /// When it is tried again.
    pub retry_at: Timestamp,
}

/// A claim that ends before its time, with the timer still due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutOff {
    /// The claim.
    pub claim: Claim,
    /// Until when the dossier is not offered again.
    pub until: Timestamp,
    /// What counts as attempts from now on.
    pub attempts: u32,
    /// Why it could not be fired, for the operator; none where it was not tried.
    pub failure: Option<String>,
}
