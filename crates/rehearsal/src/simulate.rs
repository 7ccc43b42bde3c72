//! Random lawful lives: many dossiers, each walked by whatever is lawful next, on a calendar of
//! their own. The same seed gives the same lives.

mod chance;
mod details;
mod filing;
mod form;
mod life;
mod pattern;

use std::collections::BTreeMap;

use jiff::civil::Date;
use motcua_deadlines::Calendar;
use motcua_procedures::Procedure;

use crate::coverage::Coverage;
use crate::instant;
use crate::scenario::Suite;
use crate::setting::Setting;
use crate::world::{Happening, World};
use chance::Chance;
use life::{End, live};

/// Most lives of one simulation.
pub const LIVES_MAX: u32 = 100_000;
/// Lives begin within this many days.
const DAYS_OF_FILING: u64 = 120;
/// Most findings that are kept with their trace.
const FINDINGS_MAX: usize = 20;

/// What is simulated.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// How many dossiers, at most [`LIVES_MAX`].
    pub lives: u32,
    /// Where chance begins.
    pub seed: u64,
    /// First day of filing.
    pub from: Date,
    /// Scenarios whose filings lives begin with; without them forms are made up.
    pub suite: Option<&'a Suite>,
}

/// What came of the lives.
#[derive(Clone, Debug, Default)]
pub struct Lives {
    /// How many were filed.
    pub filed: u32,
    /// How many could not be: no lawful form was found.
    pub unfiled: u32,
    /// What was taken.
    pub coverage: Coverage,
    /// In which state they ended, and how many; `(calendar)` where the calendar ended first.
    pub ended: BTreeMap<String, u32>,
    /// Working days from the start of the limit to completion.
    pub taken: Spread,
    /// Working days from the start of the limit to the appointment, of the same dossiers.
    pub allowed: Spread,
    /// How many of those completed were late.
    pub late: u32,
    /// Events of the longest life.
    pub longest_events: usize,
    /// Days from filing to the end of the life that took most of them.
    pub longest_days: i64,
    /// Dossiers that could neither go on nor were closed.
    pub dead: Vec<Dead>,
    /// Laws of the core that were broken: defects of the engine.
    pub broken: Vec<Dead>,
}

/// A life that is a finding.
#[derive(Clone, Debug)]
pub struct Dead {
    /// Number of the life, from 1; with the seed it can be lived again.
    pub life: u32,
    /// Where it stood.
    pub state: String,
    /// What is wrong.
    pub why: String,
    /// How it came there: instant, kind, step.
    pub trace: Vec<String>,
}

/// A distribution of whole numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread(Vec<u32>);

impl Spread {
    fn add(&mut self, value: u32) {
        let at = self.0.partition_point(|known| *known <= value);
        self.0.insert(at, value);
    }

    /// How many numbers there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The number that `percent` of all do not exceed; none without numbers.
    pub fn percentile(&self, percent: usize) -> Option<u32> {
        let rank = (self.0.len() * percent.min(100)).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied()
    }

    /// The largest.
    pub fn max(&self) -> Option<u32> {
        self.0.last().copied()
    }
}

/// Lets dossiers live.
pub fn simulate(plan: Plan<'_>, procedure: &Procedure, setting: &Setting) -> Lives {
    let mut lives = Lives::default();
    for number in 1..=plan.lives.min(LIVES_MAX) {
        let mut chance = Chance::of_life(plan.seed, number);
        let days = i64::try_from(chance.below(DAYS_OF_FILING)).unwrap_or(0);
        let day = plan.from.saturating_add(jiff::Span::new().days(days));
        let minute = chance.below(60 * 9);
        let at = instant::on(day, 7, 30) + jiff::SignedDuration::from_mins(minute.cast_signed());
        let mut world = World::new(procedure, setting, at);
        let end = live(&mut world, plan.suite, &lives.coverage, &mut chance);
        lives.take(number, end, &world);
    }
    lives
}

impl Lives {
    fn take(&mut self, number: u32, end: End, world: &World<'_>) {
        self.coverage.extend(&world.coverage);
        let state = world.dossier().map_or_else(String::new, |dossier| dossier.state.clone());
        let finding = |why: String| Dead {
            life: number,
            state: state.clone(),
            why,
            trace: world.history.iter().map(line).collect(),
        };
        match end {
            End::Unfiled => {
                self.unfiled += 1;
                return;
            }
            End::Closed => *self.ended.entry(state).or_default() += 1,
            End::Calendar => *self.ended.entry("(calendar)".into()).or_default() += 1,
            End::Dead(why) => {
                *self.ended.entry(format!("(dead in {state})")).or_default() += 1;
                if self.dead.len() < FINDINGS_MAX {
                    self.dead.push(finding(why));
                }
            }
            End::Broken(why) => {
                *self.ended.entry("(broken)".into()).or_default() += 1;
                if self.broken.len() < FINDINGS_MAX {
                    self.broken.push(finding(why));
                }
            }
        }
        self.filed += 1;
        self.longest_events = self.longest_events.max(world.history.len());
        if let (Some(first), Some(last)) = (world.history.first(), world.history.last()) {
            let days = last.at.duration_since(first.at).as_hours() / 24;
            self.longest_days = self.longest_days.max(days);
        }
        self.measure(world);
    }

    /// Working days to completion beside those to the appointment.
    fn measure(&mut self, world: &World<'_>) {
        let Some(dossier) = world.dossier() else { return };
        let clock = dossier.clocks.as_ref().map(|clocks| clocks.appointment());
        let (Some(clock), Some(completed)) = (clock, dossier.completed_at) else { return };
        let calendar = &world.setting.calendar;
        let first = clock.effective_on();
        let to = |day: Date| working_days(calendar, first, day);
        let (Some(taken), Some(allowed)) =
            (to(motcua_dossiers::local_date(completed)), clock.due_on().and_then(to))
        else {
            return;
        };
        self.taken.add(taken);
        self.allowed.add(allowed);
        self.late += u32::from(crate::expect::late(clock, dossier, completed));
    }
}

/// Working days after `first`, up to and including `last`; none where the calendar ends.
fn working_days(calendar: &Calendar, first: Date, last: Date) -> Option<u32> {
    let mut count = 0;
    let mut day = first;
    while day < last {
        day = day.tomorrow().ok()?;
        count += u32::from(calendar.is_working_day(day).ok()?);
    }
    Some(count)
}

fn line(event: &Happening) -> String {
    let action = event.action.as_deref().or(event.timer.as_deref()).unwrap_or_default();
    format!("{} {} {action} -> {}", instant::show(event.at), event.kind, event.to)
}
