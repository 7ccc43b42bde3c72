//! Plays scenarios: who does what, and whether that comes of it which was expected.

mod command;
mod filing;
pub(crate) mod who;

use motcua_procedures::Procedure;

use crate::coverage::Coverage;
use crate::expect::{View, differs};
use crate::instant;
use crate::scenario::{Deed, Demand, Entry, Scenario, Suite, What, When};
use crate::setting::Setting;
use crate::world::{Trouble, World};

pub(crate) use command::command;
pub(crate) use filing::{Filing, file};
pub(crate) use who::{DESK_ACTS, performer};

/// How a scenario went.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Name of the scenario.
    pub name: String,
    /// Where it stands in its file.
    pub line: u32,
    /// What was not as expected; none when it passed.
    pub failure: Option<Failure>,
}

/// What was not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where the expectation, or the act, stands in the file.
    pub line: u32,
    /// What was expected and what is.
    pub message: String,
}

/// Plays every scenario of a suite.
pub fn rehearse(
    suite: &Suite,
    procedure: &Procedure,
    setting: &Setting,
) -> (Vec<Verdict>, Coverage) {
    let mut coverage = Coverage::default();
    let verdicts = suite.scenarios.iter().map(|scenario| {
        let at = scenario.given.submitted_at;
        let mut world = World::new(procedure, setting, at);
        let failure = play(scenario, &mut world).err();
        coverage.extend(&world.coverage);
        Verdict { name: scenario.name.clone(), line: scenario.line, failure }
    });
    let verdicts = verdicts.collect();
    (verdicts, coverage)
}

fn play(scenario: &Scenario, world: &mut World<'_>) -> Result<(), Failure> {
    let given = &scenario.given;
    let seen = world.history.len();
    let filed = file(&Filing::of(given, world), world);
    meets(&given.demand, filed.map(|_| ()), seen, given.line, world)?;
    for entry in &scenario.acts {
        happen(entry, world)?;
    }
    Ok(())
}

fn happen(entry: &Entry, world: &mut World<'_>) -> Result<(), Failure> {
    let fail = |message: String| Failure { line: entry.line, message };
    let seen = world.history.len();
    let at = match entry.when {
        When::At(at) => at,
        When::After(span) => world.now.saturating_add(span).unwrap_or(world.now),
    };
    if at < world.now {
        let (at, now) = (instant::show(at), instant::show(world.now));
        return Err(fail(format!("{at} lies before the entry above ({now})")));
    }
    world.advance_to(at).map_err(|trouble| fail(said(&trouble)))?;
    match &entry.what {
        What::Wait { fires } => {
            if let Some(message) = fires.as_ref().and_then(|f| misfired(f, seen, world)) {
                return Err(fail(message));
            }
            meets(&entry.demand, Ok(()), seen, entry.line, world)
        }
        What::Act(deed) => {
            // Timers on the way belong to the time before the act.
            let seen = world.history.len();
            let done = carry_out(deed, world).map_err(fail)?;
            meets(&entry.demand, done, seen, entry.line, world)
        }
    }
}

/// Carries the deed out; an error in words when it cannot even be tried.
fn carry_out(deed: &Deed, world: &mut World<'_>) -> Result<Result<(), Trouble>, String> {
    let performer = performer(deed, world)?;
    let command = command(&performer, &deed.with, world)?;
    Ok(world.act(&performer.actor, &command).map(|_| ()))
}

/// Whether what was demanded of an entry is met.
fn meets(
    demand: &Demand,
    done: Result<(), Trouble>,
    seen: usize,
    line: u32,
    world: &World<'_>,
) -> Result<(), Failure> {
    match (&demand.refused, done) {
        (None, Ok(())) => {}
        (None, Err(trouble)) => return Err(Failure { line, message: said(&trouble) }),
        (Some(refused), Ok(())) => {
            let reason = refused.reason.as_str();
            let message = format!("expected the refusal {reason}, but it was done");
            return Err(Failure { line: refused.line, message });
        }
        (Some(refused), Err(Trouble::Refused(rejection))) => {
            let named =
                |subject: &String| rejection.violations.iter().any(|v| v.subject == *subject);
            let unnamed: Vec<&str> =
                refused.naming.iter().filter(|s| !named(s)).map(String::as_str).collect();
            if rejection.reason != refused.reason || !unnamed.is_empty() {
                let (wanted, naming) = (refused.reason.as_str(), unnamed.join(", "));
                let naming = if naming.is_empty() { naming } else { format!(" naming {naming}") };
                let is = said(&Trouble::Refused(rejection));
                let message = format!("expected the refusal {wanted}{naming}; it was {is}");
                return Err(Failure { line: refused.line, message });
            }
        }
        (Some(_), Err(trouble @ Trouble::Broken(_))) => {
            return Err(Failure { line, message: said(&trouble) });
        }
    }
    stands(demand, seen, world)
}

fn stands(demand: &Demand, seen: usize, world: &World<'_>) -> Result<(), Failure> {
    let Some(first) = demand.expect.first() else { return Ok(()) };
    let Some(dossier) = world.dossier() else {
        let message = "there is no dossier to look at: it was not filed".into();
        return Err(Failure { line: first.line, message });
    };
    let forms: Vec<u8> = world.history[seen..].iter().filter_map(|event| event.form).collect();
    let view = View { dossier, now: world.now, forms: &forms };
    let mut wrong = Vec::new();
    let mut line = u32::MAX;
    for expected in &demand.expect {
        if let Some(difference) = differs(expected, view) {
            wrong.push(difference);
            line = line.min(expected.line);
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Failure { line, message: wrong.join("; ") }),
    }
}

/// A refusal with everything that it names.
fn said(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Refused(rejection) => {
            let named = rejection.violations.iter();
            let named: Vec<String> =
                named.map(|v| format!("{} {}: {}", v.subject, v.code, v.message.en)).collect();
            let reason = rejection.reason.as_str();
            let text = format!("refused: {reason}: {}", rejection.message.en);
            if named.is_empty() { text } else { format!("{text} [{}]", named.join("; ")) }
        }
        Trouble::Broken(_) => trouble.to_string(),
    }
}

/// Whether the timers that fired are not those that should; in words.
fn misfired(expected: &[String], seen: usize, world: &World<'_>) -> Option<String> {
    let plain = |name: &str| match name.split_once(':') {
        Some((kind, item)) if item.parse::<u32>().is_ok() => kind.to_owned(),
        Some(_) | None => name.to_owned(),
    };
    let fired: Vec<String> = world.history[seen..]
        .iter()
        .filter_map(|event| event.timer.as_deref().map(plain))
        .collect();
    let mut rest = fired.iter();
    let in_order = expected.iter().all(|name| rest.any(|fired| fired == name));
    let none = expected.is_empty() && !fired.is_empty();
    (!in_order || none)
        .then(|| format!("fires: expected [{}], fired [{}]", expected.join(", "), fired.join(", ")))
}
