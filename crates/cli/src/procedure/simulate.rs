//! `motcua procedure simulate`: random lawful lives.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::civil::Date;
use motcua_procedures::{Findings, Procedure};
use motcua_rehearsal::{Dead, LIVES_MAX, Lives, Plan, Setting, Spread, Suite, simulate};
use serde_json::{Value, json};

use super::rehearse::{name_of, setting};
use super::{finding_text, read, unreadable};
use crate::Ending;
use crate::output::Output;
use crate::table::clean;

/// First day of filing where neither the command nor the procedure names a later one.
const FROM_DEFAULT: Date = jiff::civil::date(2026, 10, 5);

#[derive(Debug, Args)]
pub(crate) struct SimulateArguments {
    /// YAML file of the procedure
    file: PathBuf,
    /// How many dossiers live
    #[arg(long, value_name = "N", default_value_t = 200,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(LIVES_MAX)))]
    lives: u32,
    /// Where chance begins: the same seed gives the same lives
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// First day of filing; default: 2026-10-05, or when the procedure takes effect if that is later
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// File of scenarios whose filings the lives begin with, in place of made-up forms
    #[arg(long, value_name = "FILE")]
    scenarios: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(arguments: &SimulateArguments, output: &Output) -> anyhow::Result<Ending> {
    let opened = open(arguments);
    let (procedure, suite) = match opened {
        Ok(Ok(opened)) => opened,
        Ok(Err((path, Findings(findings)))) => {
            if output.json {
                output.value(&json!({ "findings": findings }))?;
            }
            for finding in &findings {
                output.note(&finding_text(&path, finding, output));
            }
            return Ok(Ending::Unreadable);
        }
        Err(error) => return not_readable(&format!("{error:#}"), output),
    };
    let setting = match &suite {
        Some(suite) => setting(suite)?,
        None => Setting::new(Setting::shipped_calendar()?, &[])
            .map_err(|_| anyhow::anyhow!("the built-in units are unsound"))?,
    };
    let from = match first_day(arguments.from, &procedure, &setting) {
        Ok(from) => from,
        Err(message) => return not_readable(&message, output),
    };
    let (lives, seed) = (arguments.lives, arguments.seed);
    let plan = Plan { lives, seed, from, suite: suite.as_ref() };
    let lives = simulate(plan, &procedure, &setting);
    match output.json {
        true => output.value(&json_of(&lives, seed, &procedure))?,
        false => output.text(&text_of(&lives, &arguments.file, &procedure, output))?,
    }
    let well = lives.dead.is_empty() && lives.broken.is_empty() && lives.filed > 0;
    Ok(if well { Ending::Well } else { Ending::Differs })
}

fn not_readable(message: &str, output: &Output) -> anyhow::Result<Ending> {
    output.note(&format!("{} {message}", output.error_mark()));
    if output.json {
        output.value(&json!({ "findings": unreadable(message)["findings"] }))?;
    }
    Ok(Ending::Unreadable)
}

/// The first day of filing. Before the procedure takes effect nothing can be filed, and beyond the
/// calendar nothing has a date: lives there would say nothing about the procedure.
fn first_day(
    asked: Option<Date>,
    procedure: &Procedure,
    setting: &Setting,
) -> Result<Date, String> {
    let effective_from = procedure.definition().effective_from;
    let from = asked.unwrap_or_else(|| effective_from.max(FROM_DEFAULT));
    if from < effective_from {
        return Err(format!(
            "{from}: the procedure takes effect on {effective_from}; give --from that day or a later one"
        ));
    }
    let mut years = setting.calendar.years();
    let (first, last) = (years.next(), years.last());
    match (first, last.or(first)) {
        (Some(first), Some(last)) if !(first..=last).contains(&from.year()) => Err(format!(
            "{from}: the calendar has the years {first} to {last}; give --from a day in one of them"
        )),
        _ => Ok(from),
    }
}

type Opened = Result<(Procedure, Option<Suite>), (PathBuf, Findings)>;

fn open(arguments: &SimulateArguments) -> anyhow::Result<Opened> {
    let procedure = match motcua_procedures::parse(&read(&arguments.file)?) {
        Ok(procedure) => procedure,
        Err(findings) => return Ok(Err((arguments.file.clone(), findings))),
    };
    let Some(path) = &arguments.scenarios else { return Ok(Ok((procedure, None))) };
    Ok(match motcua_rehearsal::read(&read(path)?, &procedure) {
        Ok(suite) => Ok((procedure, Some(suite))),
        Err(findings) => Err((path.clone(), findings)),
    })
}

fn spread(spread: &Spread) -> Value {
    let at = |percent| spread.percentile(percent);
    json!({ "p50": at(50), "p90": at(90), "p99": at(99), "max": spread.max() })
}

fn finding(dead: &Dead) -> Value {
    let Dead { life, state, why, trace } = dead;
    json!({ "life": life, "state": state, "message": why, "trace": trace })
}

fn json_of(lives: &Lives, seed: u64, procedure: &Procedure) -> Value {
    let (covered, total) = lives.coverage.count(procedure);
    json!({
        "seed": seed,
        "filed": lives.filed,
        "unfiled": lives.unfiled,
        "ended": lives.ended,
        "completed": lives.taken.count(),
        "late": lives.late,
        "working_days": spread(&lives.taken),
        "working_days_allowed": spread(&lives.allowed),
        "longest": { "events": lives.longest_events, "days": lives.longest_days },
        "coverage": { "covered": covered, "total": total,
            "missing": lives.coverage.missing(procedure) },
        "dead": lives.dead.iter().map(finding).collect::<Value>(),
        "broken": lives.broken.iter().map(finding).collect::<Value>(),
    })
}

fn text_of(lives: &Lives, file: &Path, procedure: &Procedure, output: &Output) -> String {
    let mut lines = Vec::new();
    let (filed, unfiled) = (lives.filed, lives.unfiled);
    lines.push(format!("{}: {filed} lives, {unfiled} without a lawful form", name_of(file)));
    lines.extend(lives.ended.iter().map(|(state, count)| format!("  ended in {state}: {count}")));
    let completed = lives.taken.count();
    if completed > 0 {
        let days = |spread: &Spread| {
            let at = |percent| spread.percentile(percent).unwrap_or(0);
            format!("p50 {}, p90 {}, p99 {}", at(50), at(90), at(99))
        };
        let share =
            f64::from(lives.late) * 100.0 / f64::from(u32::try_from(completed).unwrap_or(1));
        let (taken, allowed) = (days(&lives.taken), days(&lives.allowed));
        lines.push(format!("  working days to completion: {taken} ({completed} completed)"));
        lines.push(format!("  working days allowed: {allowed}; late: {share:.1} %"));
    }
    let (events, days) = (lives.longest_events, lives.longest_days);
    lines.push(format!("  longest life: {events} events, {days} days"));
    let (covered, total) = lives.coverage.count(procedure);
    lines.push(format!("  {covered} of {total} covered"));
    let missing = lives.coverage.missing(procedure);
    lines.extend(missing.iter().map(|part| format!("    not covered: {part}")));
    let found = [("dead", &lives.dead), ("law broken", &lives.broken)];
    for (kind, dead) in found.into_iter().flat_map(|(kind, all)| all.iter().map(move |d| (kind, d)))
    {
        let Dead { life, state, why, trace } = dead;
        let kind = output.red(kind);
        lines.push(format!("{kind}: life {life} in {state}: {}", clean(why)));
        lines.extend(trace.iter().map(|line| format!("    {}", clean(line))));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulation_ends_well_and_an_unsound_file_is_not_readable() {
        let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue");
        let arguments = |file: &str, scenarios: Option<&str>| SimulateArguments {
            file: catalogue.join(file),
            lives: 5,
            seed: 1,
            from: None,
            scenarios: scenarios.map(|file| catalogue.join(file)),
        };
        let on = |day: &str| SimulateArguments {
            from: Some(day.parse().expect("a day")),
            ..arguments("household-business.yaml", None)
        };
        let ending = |arguments| run(&arguments, &Output::plain()).expect("run");
        let (file, scenarios) = ("household-business.yaml", "household-business.scenarios.yaml");
        assert_eq!(ending(arguments(file, None)), Ending::Well);
        assert_eq!(ending(arguments(file, Some(scenarios))), Ending::Well);
        assert_eq!(ending(arguments(scenarios, None)), Ending::Unreadable);
        assert_eq!(ending(arguments("missing.yaml", None)), Ending::Unreadable);
        assert_eq!(ending(on("2026-11-02")), Ending::Well);
        assert_eq!(ending(on("2020-01-02")), Ending::Unreadable, "not in force yet");
        assert_eq!(ending(on("2090-01-02")), Ending::Unreadable, "beyond the calendar");
    }
}
