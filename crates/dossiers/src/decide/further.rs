//! Further clocks and phases: limits beside the main one, and limits that begin anew.

use motcua_deadlines::Clock;
use motcua_procedures::{ClockFrom, FurtherClock, Step, StepKind};

use super::filing::clocks_by;
use super::transition::Change;
use super::{Case, deadline_rule};
use crate::rejection::Rejection;

impl Change<'_> {
    /// Starts the clocks that run from submission.
    pub(super) fn start_clocks_of_submission(&mut self) -> Result<(), Rejection> {
        for clock in &self.ctx.procedure.definition().clocks {
            if clock.from == ClockFrom::Submitted {
                self.start_further(clock)?;
            }
        }
        Ok(())
    }

    /// Starts, pauses, resumes and stops the further clocks as the step that is entered says.
    pub(super) fn enter_clocks(&mut self, step: &Step) -> Result<(), Rejection> {
        for clock in &self.ctx.procedure.definition().clocks {
            let starts = match &clock.from {
                ClockFrom::Submitted => false,
                ClockFrom::Entered(steps) => steps.contains(&step.id),
            };
            if starts {
                self.start_further(clock)?;
            } else {
                self.enter_clock(clock, step)?;
            }
        }
        Ok(())
    }

    /// The same when an interruption gives the step back: what had begun goes on.
    pub(super) fn resume_clocks(&mut self, step: &Step) -> Result<(), Rejection> {
        for clock in &self.ctx.procedure.definition().clocks {
            self.enter_clock(clock, step)?;
        }
        Ok(())
    }

    fn start_further(&mut self, clock: &FurtherClock) -> Result<(), Rejection> {
        let case = Case::of(self.dossier, self.ctx);
        let mut applicable = None;
        for rule in &clock.rules {
            if applicable.is_none() && case.holds(rule.when.as_ref())? {
                applicable = Some(rule);
            }
        }
        // Where the law sets no limit nothing can be late: there is no clock at all.
        let Some(limit) = applicable.and_then(|rule| rule.limit.as_ref()) else {
            return Ok(());
        };
        let hours = self.ctx.hours_of(&self.dossier.filing.competent_unit);
        let started = Clock::start(limit, self.ctx.now, &self.ctx.inputs(&hours));
        self.set_further(clock, started.map_err(|e| deadline_rule(&e))?.0);
        Ok(())
    }

    fn enter_clock(&mut self, clock: &FurtherClock, step: &Step) -> Result<(), Rejection> {
        let known = self.facts.further.get(&clock.id);
        let Some(present) = known.or_else(|| self.dossier.further.get(&clock.id)).cloned() else {
            return Ok(());
        };
        let hours = self.ctx.hours_of(&self.dossier.filing.competent_unit);
        let (now, inputs) = (self.ctx.now, self.ctx.inputs(&hours));
        let ends = clock.until.contains(&step.id) || step.kind == StepKind::Final;
        let pauses = clock.pause_in.contains(&step.id);
        let on_main_line = step.within.is_none();
        let (runs, paused) = (present.is_running(), present.is_paused());
        let changed = match clock.resume {
            _ if ends && (runs || paused) => present.stop(now),
            _ if runs && pauses => present.pause(now, &inputs).map(|(clock, _)| clock),
            Some(regime) if paused && !pauses && on_main_line => {
                present.resume(now, &regime, &inputs).map(|(clock, _)| clock)
            }
            Some(_) | None => return Ok(()),
        };
        self.set_further(clock, changed.map_err(|e| deadline_rule(&e))?);
        Ok(())
    }

    /// Records a further clock and its timers.
    fn set_further(&mut self, definition: &FurtherClock, clock: Clock) {
        let id = &definition.id;
        let running = clock.is_running();
        let ahead = |at: Option<jiff::Timestamp>| at.filter(|at| running && *at > self.ctx.now);
        let (due, late) = (ahead(clock.due_at()), ahead(clock.late_at()));
        for (name, at) in [("clock_due", due), ("clock_late", late)] {
            let name = format!("{name}:{id}");
            if at.is_some() || self.dossier.timers.contains_key(&name) {
                self.facts.timers.insert(name, at);
            }
        }
        self.facts.further.insert(id.clone(), clock);
    }

    /// The main clock starts anew under the limits of a later phase (P8, P11).
    pub(super) fn begin_phase(&mut self, id: &str) -> Result<(), Rejection> {
        let phases = &self.ctx.procedure.definition().phases;
        let phase = phases.iter().find(|phase| phase.id == id);
        let phase = phase.expect("a checked action begins a phase that exists");
        let case = Case::of(self.dossier, self.ctx);
        let filing = &self.dossier.filing;
        if let Some(mut clocks) = clocks_by(&phase.limits, None, filing, &case, self.ctx)? {
            clocks.phase = Some(id.to_owned());
            self.set_clocks(clocks)?;
        }
        Ok(())
    }
}
