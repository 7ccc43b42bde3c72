//! `motcua procedure test`: plays the scenarios that lie beside procedures.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use motcua_procedures::{Finding, Findings, Procedure};
use motcua_rehearsal::{Coverage, Setting, Suite, Verdict, procedure_of, rehearse};
use serde_json::{Value, json};

use super::{finding_text, read, unreadable};
use crate::Ending;
use crate::output::Output;
use crate::table::clean;

/// What files of scenarios end with.
const SCENARIOS: &str = ".scenarios.yaml";

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Files of scenarios, or folders in which all *.scenarios.yaml are played
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Every action, choice and answer must have been taken by some scenario
    #[arg(long)]
    require_coverage: bool,
}

/// A file that was read.
struct Script {
    path: PathBuf,
    of: PathBuf,
    procedure: Procedure,
    suite: Suite,
}

/// What came out.
#[derive(Default)]
struct Outcome {
    verdicts: Vec<(PathBuf, Verdict)>,
    coverage: BTreeMap<PathBuf, Covered>,
    findings: Vec<(PathBuf, Finding)>,
    unreadable: Vec<String>,
}

struct Covered {
    procedure: Procedure,
    coverage: Coverage,
}

/// Runs the command.
pub(crate) fn run(arguments: &TestArguments, output: &Output) -> anyhow::Result<Ending> {
    let mut outcome = Outcome::default();
    for path in files(&arguments.paths, &mut outcome) {
        match open(&path, &mut outcome) {
            Ok(Some(script)) => play(script, &mut outcome)?,
            Ok(None) => {}
            Err(error) => outcome.unreadable.push(format!("{error:#}")),
        }
    }
    match output.json {
        true => output.value(&outcome.json(arguments.require_coverage))?,
        false => outcome.print(output)?,
    }
    Ok(outcome.ending(arguments.require_coverage))
}

/// The files of scenarios, each once, in the order of their names.
fn files(paths: &[PathBuf], outcome: &mut Outcome) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    for path in paths {
        if !path.is_dir() {
            files.insert(path.clone());
            continue;
        }
        let found = scenarios_of(path);
        match found {
            Ok(found) if found.is_empty() => {
                let shown = path.display();
                outcome.unreadable.push(format!("{shown}: no *{SCENARIOS} in this folder"));
            }
            Ok(found) => files.extend(found),
            Err(error) => outcome.unreadable.push(format!("{error:#}")),
        }
    }
    files
}

fn scenarios_of(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let shown = || folder.display().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(shown)? {
        let path = entry.with_context(shown)?.path();
        if path.to_string_lossy().ends_with(SCENARIOS) {
            found.push(path);
        }
    }
    Ok(found)
}

/// Reads a file of scenarios with its procedure; faults of either are noted.
fn open(path: &Path, outcome: &mut Outcome) -> anyhow::Result<Option<Script>> {
    let source = read(path)?;
    let mut note = |path: &Path, Findings(findings): Findings| {
        outcome.findings.extend(findings.into_iter().map(|f| (path.to_owned(), f)));
    };
    let name = match procedure_of(&source) {
        Ok(name) => name,
        Err(findings) => {
            note(path, findings);
            return Ok(None);
        }
    };
    let of = path.with_file_name(name);
    let procedure = match motcua_procedures::parse(&read(&of)?) {
        Ok(procedure) => procedure,
        Err(findings) => {
            note(&of, findings);
            return Ok(None);
        }
    };
    match motcua_rehearsal::read(&source, &procedure) {
        Ok(suite) => Ok(Some(Script { path: path.to_owned(), of, procedure, suite })),
        Err(findings) => {
            note(path, findings);
            Ok(None)
        }
    }
}

fn play(script: Script, outcome: &mut Outcome) -> anyhow::Result<()> {
    let Script { path, of, procedure, suite } = script;
    let setting = setting(&suite)?;
    let (verdicts, coverage) = rehearse(&suite, &procedure, &setting);
    outcome.verdicts.extend(verdicts.into_iter().map(|verdict| (path.clone(), verdict)));
    let covered = outcome.coverage.entry(of);
    let covered = covered.or_insert_with(|| Covered { procedure, coverage: Coverage::default() });
    covered.coverage.extend(&coverage);
    Ok(())
}

/// The shipped calendar and the offices that the scenarios need.
pub(crate) fn setting(suite: &Suite) -> anyhow::Result<Setting> {
    let calendar = Setting::shipped_calendar()?;
    let setting = Setting::new(calendar, suite.units());
    setting.map_err(|faults| {
        let faults: Vec<String> = faults.into_iter().map(|fault| fault.message).collect();
        anyhow::anyhow!("units: {}", faults.join("; "))
    })
}

pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

impl Outcome {
    fn passed(&self, require_coverage: bool) -> bool {
        let all = self.verdicts.iter().all(|(_, verdict)| verdict.failure.is_none());
        let whole = |c: &Covered| c.coverage.missing(&c.procedure).is_empty();
        let covered = !require_coverage || self.coverage.values().all(whole);
        self.readable() && all && covered
    }

    fn readable(&self) -> bool {
        self.findings.is_empty() && self.unreadable.is_empty()
    }

    fn ending(&self, require_coverage: bool) -> Ending {
        match (self.readable(), self.passed(require_coverage)) {
            (false, _) => Ending::Unreadable,
            (true, false) => Ending::Differs,
            (true, true) => Ending::Well,
        }
    }

    fn json(&self, require_coverage: bool) -> Value {
        let scenario = |(path, verdict): &(PathBuf, Verdict)| {
            let failure = verdict.failure.as_ref();
            json!({ "file": path.display().to_string(), "name": verdict.name,
                "passed": failure.is_none(),
                "line": failure.map_or(verdict.line, |failure| failure.line),
                "message": failure.map_or("", |failure| &failure.message) })
        };
        let coverage = |(of, covered): (&PathBuf, &Covered)| {
            let (taken, total) = covered.coverage.count(&covered.procedure);
            json!({ "procedure": name_of(of), "covered": taken, "total": total,
                "missing": covered.coverage.missing(&covered.procedure) })
        };
        let finding = |(path, finding): &(PathBuf, Finding)| {
            let mut value = json!(finding);
            value["file"] = json!(path.display().to_string());
            value
        };
        let unread = self.unreadable.iter().map(|why| {
            let mut value = unreadable(why)["findings"][0].take();
            value["file"] = json!("");
            value
        });
        json!({ "passed": self.passed(require_coverage),
            "scenarios": self.verdicts.iter().map(scenario).collect::<Value>(),
            "coverage": self.coverage.iter().map(coverage).collect::<Value>(),
            "findings": self.findings.iter().map(finding).chain(unread).collect::<Value>() })
    }

    fn print(&self, output: &Output) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        for (path, verdict) in &self.verdicts {
            let (file, name) = (path.display(), clean(&verdict.name));
            match &verdict.failure {
                None => {
                    let line = verdict.line;
                    lines.push(format!("{}  {file}:{line}  {name}", output.green("passed")));
                }
                Some(failure) => {
                    let (line, message) = (failure.line, clean(&failure.message));
                    let failed = output.red("failed");
                    lines.push(format!("{failed}  {file}:{line}  {name}\n    {message}"));
                }
            }
        }
        for (of, Covered { procedure, coverage }) in &self.coverage {
            let (taken, total) = coverage.count(procedure);
            lines.push(format!("{}: {taken} of {total} covered", name_of(of)));
            let missing = coverage.missing(procedure);
            lines.extend(missing.iter().map(|part| format!("    not covered: {part}")));
        }
        for (path, finding) in &self.findings {
            lines.push(finding_text(path, finding, output));
        }
        if !lines.is_empty() {
            output.text(&lines.join("\n"))?;
        }
        for why in &self.unreadable {
            output.note(&format!("{} {why}", output.error_mark()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(paths: Vec<PathBuf>, require_coverage: bool) -> Ending {
        let arguments = TestArguments { paths, require_coverage };
        run(&arguments, &Output::plain()).expect("played")
    }

    const SCENARIO: &str = "procedure: a.yaml\nscenarios:\n  - name: filed\n    given:\n      \
        submitted_at: \"2026-10-05 09:00\"\n      refused: FORM_INVALID\n";

    #[test]
    fn test_tells_by_its_ending_how_it_went() {
        let place = tempfile::tempdir().expect("a folder");
        let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue");
        let at = |name: &str| place.path().join(name);
        std::fs::copy(catalogue.join("birth-registration.yaml"), at("a.yaml")).expect("copied");
        let write = |name: &str, text: &str| std::fs::write(at(name), text).expect("written");
        // Without a variant the filing itself is refused first.
        write("good.scenarios.yaml", &SCENARIO.replace("FORM_INVALID", "FILING_INVALID"));
        write("bad.scenarios.yaml", SCENARIO);
        write("broken.scenarios.yaml", &SCENARIO.replace("refused", "refuzed"));
        for (name, required, wanted) in [
            ("good.scenarios.yaml", false, Ending::Well),
            ("good.scenarios.yaml", true, Ending::Differs),
            ("bad.scenarios.yaml", false, Ending::Differs),
            ("broken.scenarios.yaml", false, Ending::Unreadable),
            ("missing.scenarios.yaml", false, Ending::Unreadable),
        ] {
            assert_eq!(ending(vec![at(name)], required), wanted, "{name}");
        }
        assert_eq!(ending(vec![place.path().to_owned()], false), Ending::Unreadable);
    }
}
