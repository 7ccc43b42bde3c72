//! `motcua procedure import`: a draft from a process in another notation.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use motcua_interchange::{Imported, import_bpmn, import_digit};
use motcua_procedures::Severity;
use serde_json::json;

use super::{finding_text, read, unreadable};
use crate::Ending;
use crate::output::Output;

/// Notations that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Notation {
    /// A business service of the DIGIT workflow service, JSON.
    Digit,
    /// An executable BPMN 2.0 process, XML.
    Bpmn,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// Notation of the file
    #[arg(long, value_enum)]
    from: Notation,
    /// File to import
    file: PathBuf,
    /// Which one, where the file holds several: code of the business service, id of the process
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Write the draft here instead of to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The draft goes to standard output or to `--out`, the report to standard error; with `--json` the
/// report goes to standard output, and the draft only to `--out`.
pub(super) fn run(arguments: &ImportArguments, output: &Output) -> anyhow::Result<Ending> {
    let ImportArguments { from, file, only, out } = arguments;
    let source = match read(file) {
        Ok(source) => source,
        Err(error) => {
            let message = format!("{error:#}");
            output.note(&format!("{} {message}", output.error_mark()));
            if output.json {
                output.value(&unreadable(&message))?;
            }
            return Ok(Ending::Unreadable);
        }
    };
    let imported = match from {
        Notation::Digit => import_digit(&source, only.as_deref()),
        Notation::Bpmn => import_bpmn(&source, only.as_deref()),
    };
    if let (Some(yaml), Some(out)) = (&imported.yaml, out) {
        std::fs::write(out, yaml).with_context(|| out.display().to_string())?;
    }
    if output.json {
        let (sound, findings) = (imported.sound, &imported.findings);
        output.value(&json!({ "sound": sound, "findings": findings }))?;
    } else {
        output.note(&report_text(file, &imported, output));
        if let (Some(yaml), None) = (&imported.yaml, out) {
            output.text(yaml.trim_end())?;
        }
    }
    Ok(match (imported.readable, imported.sound) {
        (false, _) => Ending::Unreadable,
        (true, false) => Ending::Differs,
        (true, true) => Ending::Well,
    })
}

fn report_text(path: &Path, imported: &Imported, output: &Output) -> String {
    let findings = &imported.findings;
    let mut text: Vec<String> =
        findings.iter().map(|finding| finding_text(path, finding, output)).collect();
    let errors = findings.iter().filter(|f| f.severity == Severity::Error).count();
    let warnings = findings.len() - errors;
    let shown = path.display();
    text.push(format!(
        "{shown}: {errors} defects or parts declined, {warnings} to look at or fill in"
    ));
    text.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLEAN: &str = r#"{"BusinessServices":[{"businessService":"BR","states":[
        {"state":null,"isStartState":true,
            "actions":[{"action":"APPLY","nextState":"OPEN","roles":["CITIZEN"]}]},
        {"state":"OPEN","actions":[{"action":"CLOSE","nextState":"DONE","roles":["CLERK"]}]},
        {"state":"DONE","isTerminateState":true}]}]}"#;

    fn arguments(file: PathBuf, out: Option<PathBuf>) -> ImportArguments {
        ImportArguments { from: Notation::Digit, file, only: None, out }
    }

    #[test]
    fn import_tells_by_its_ending_what_it_found_and_writes_the_draft() {
        let place = tempfile::tempdir().expect("a folder");
        let out = place.path().join("draft.yaml");
        let dangling = CLEAN.replace("\"nextState\":\"DONE\"", "\"nextState\":\"GONE\"");
        for (name, source, ending) in [
            ("clean", CLEAN, Ending::Well),
            ("dangling", dangling.as_str(), Ending::Differs),
            ("broken", "{", Ending::Unreadable),
        ] {
            let path = place.path().join(name);
            std::fs::write(&path, source).expect("written");
            let arguments = arguments(path, Some(out.clone()));
            assert_eq!(run(&arguments, &Output::plain()).expect("imported"), ending, "{name}");
        }
        let missing = arguments(place.path().join("missing"), None);
        assert_eq!(run(&missing, &Output::plain()).expect("answered"), Ending::Unreadable);
        let draft = std::fs::read(out).expect("a draft");
        assert!(!motcua_procedures::check(&draft).sound);
    }
}
