//! Limits: how long the office has, and what a pause does to it.

use std::collections::BTreeMap;

use motcua_deadlines::{Limit, Regime};
use serde::{Deserialize, Serialize};

use super::Text;
use crate::guard::Guard;

/// The legal limit of one kind of case.
#[derive(Debug)]
pub struct LimitRule {
    /// Id within the procedure.
    pub id: String,
    /// Applies when this holds; the last rule has none.
    pub when: Option<Guard>,
    /// Act at which the clock starts (T17).
    pub start: ClockStart,
    /// Limit of the law.
    pub statutory: Limit,
    /// Id of the legal ground of `statutory`.
    pub statutory_ground: String,
    /// Shorter limit that the province committed itself to (T16).
    pub committed: Option<Limit>,
    /// Id of the legal ground of `committed`.
    pub committed_ground: Option<String>,
    /// What happens to the limit when a pause ends (T20); one entry for each ground on which a
    /// step of the procedure pauses.
    pub resume: BTreeMap<PauseGround, Regime>,
}

/// Act at which the clock of the limit starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockStart {
    /// Acceptance of a complete dossier.
    Accept,
    /// Formal admission of a complaint or denunciation.
    Admit,
    /// Submission.
    Submitted,
}

/// Why a clock is paused (T19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseGround {
    /// A supplement is awaited.
    Supplement,
    /// Money is awaited.
    Payment,
    /// A withdrawal is considered.
    Withdrawal,
    /// An external verification that does not count.
    Verification,
    /// The applicant must answer.
    Applicant,
}

/// A later phase of a procedure: an action that begins it starts the main clock anew.
#[derive(Debug)]
pub struct Phase {
    /// Id within the procedure.
    pub id: String,
    /// Name of the phase.
    pub name: Text,
    /// Its limits; the first whose guard holds applies, the last one has no guard.
    pub limits: Vec<LimitRule>,
}

/// A limit beside the main one. It says when something within the procedure is late; it does not
/// move the appointment.
#[derive(Debug)]
pub struct FurtherClock {
    /// Id within the procedure.
    pub id: String,
    /// What must be done in time.
    pub name: Text,
    /// When it starts.
    pub from: ClockFrom,
    /// Steps on entering which it stops.
    pub until: Vec<String>,
    /// Steps in which it stands still.
    pub pause_in: Vec<String>,
    /// How it goes on after a pause; present when it has one.
    pub resume: Option<Regime>,
    /// The first whose guard holds applies, the last one has no guard.
    pub rules: Vec<ClockRule>,
}

/// What starts a further clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClockFrom {
    /// Submission.
    Submitted,
    /// Entering one of these steps, each time.
    Entered(Vec<String>),
}

/// The limit of a further clock in one kind of case.
#[derive(Debug)]
pub struct ClockRule {
    /// Applies when this holds; the last rule has none.
    pub when: Option<Guard>,
    /// The limit; none where the law sets none, so that nothing is ever late (K3).
    pub limit: Option<Limit>,
    /// Id of the legal ground.
    pub ground: String,
}
