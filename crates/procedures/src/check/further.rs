//! Further clocks: what starts, pauses and stops them exists and can happen.

use super::{Checker, clocks, references};
use crate::definition::{ClockFrom, FurtherClock};
use crate::finding::code;
use crate::read::words;

pub(super) fn check(checker: &mut Checker<'_, '_, '_>) {
    let sure = checker.are_ways_sure();
    for (index, clock) in checker.definition().clocks.iter().enumerate() {
        let at = format!("/clocks/{index}");
        steps(checker, clock, &at);
        resume(checker, clock, &at);
        if sure && checker.is_sure(&at, &["from", "until"]) {
            stops(checker, clock, &at);
        }
    }
}

fn steps(checker: &mut Checker<'_, '_, '_>, clock: &FurtherClock, at: &str) {
    if let ClockFrom::Entered(from) = &clock.from {
        for (index, id) in from.iter().enumerate() {
            references::step(checker, id, &format!("{at}/from/{index}"));
        }
    }
    for (index, id) in clock.until.iter().enumerate() {
        references::step(checker, id, &format!("{at}/until/{index}"));
    }
    for (index, id) in clock.pause_in.iter().enumerate() {
        references::step(checker, id, &format!("{at}/pause_in/{index}"));
    }
}

/// A clock that pauses says how it goes on, in a way that its unit knows.
fn resume(checker: &mut Checker<'_, '_, '_>, clock: &FurtherClock, at: &str) {
    let place = format!("{at}/resume");
    match &clock.resume {
        None if !clock.pause_in.is_empty() && checker.is_sure(at, &["resume"]) => {
            let message = format!("Clock {:?} does not say how it goes on.", clock.id);
            let remedy = "Add `resume: resume_remaining`, restart_full or {fixed_after: n}.";
            checker.report(code::RESUME_MISSING, &place, message, remedy);
        }
        Some(_) if clock.pause_in.is_empty() => {
            let message = format!("Clock {:?} never stands still.", clock.id);
            let remedy = "Name the steps in `pause_in:`, or remove `resume:`.";
            checker.report(code::RESUME_UNUSED, &place, message, remedy);
        }
        Some(regime) => {
            let limits = clock.rules.iter().filter_map(|rule| rule.limit.as_ref());
            let unfit = limits.filter_map(|limit| {
                clocks::unfit_regime(regime, limit.unit).map(|allowed| (limit.unit, allowed))
            });
            for (unit, allowed) in unfit.collect::<Vec<_>>() {
                let unit = words::unit(unit);
                let message = format!("A limit in {unit} cannot go on like this.");
                checker.report(code::RESUME_UNIT, &place, message, format!("Use {allowed}."));
            }
        }
        None => {}
    }
}

/// The end of the dossier stops every clock; one that nothing else stops measures nothing.
fn stops(checker: &mut Checker<'_, '_, '_>, clock: &FurtherClock, at: &str) {
    let index = |id: &String| checker.index.get(id.as_str()).copied();
    let starts: Vec<(String, usize)> = match &clock.from {
        ClockFrom::Submitted => {
            checker.graph.start().map(|start| (format!("{at}/from"), start)).into_iter().collect()
        }
        ClockFrom::Entered(from) => {
            let numbered = from.iter().enumerate();
            numbered.filter_map(|(n, id)| Some((format!("{at}/from/{n}"), index(id)?))).collect()
        }
    };
    let until: Vec<usize> = clock.until.iter().filter_map(index).collect();
    if until.len() < clock.until.len() {
        return;
    }
    let stoppable = checker.graph.comes_before(&until);
    for (place, start) in starts {
        if !stoppable[start] {
            let message = format!("Nothing that can follow stops the clock {:?}.", clock.id);
            let remedy = "Name in `until:` the steps on entering which it stops.";
            let trace = checker.trace(start);
            checker.report_with_trace(code::CLOCK_NEVER_STOPS, &place, message, remedy, trace);
        }
    }
}
