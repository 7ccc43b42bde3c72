//! `motcua procedure export`: a sound definition in another notation.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use motcua_interchange::{Language, export_bpmn};
use serde_json::json;

use super::{check, finding_text, read};
use crate::Ending;
use crate::output::{Lang, Output};

/// Notations that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Notation {
    /// BPMN 2.0 XML with a diagram.
    Bpmn,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// Notation to write
    #[arg(long, value_enum)]
    to: Notation,
    /// YAML file
    file: PathBuf,
    /// Write here instead of to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The picture goes to standard output or to `--out`, what it does not show to standard error. Of an
/// unsound definition nothing is drawn, and the answer is that of `check`.
pub(super) fn run(arguments: &ExportArguments, output: &Output) -> anyhow::Result<Ending> {
    let ExportArguments { to: Notation::Bpmn, file, out } = arguments;
    let report = read(file).ok().map(|source| motcua_procedures::check(&source));
    let Some(procedure) = report.and_then(|report| report.procedure) else {
        return check(file, &[], None, output);
    };
    let language = match output.lang {
        Lang::Vi => Language::Vi,
        Lang::En => Language::En,
    };
    let picture = export_bpmn(procedure.definition(), language);
    if let Some(out) = out {
        std::fs::write(out, &picture.xml).with_context(|| out.display().to_string())?;
    }
    let shown = out.is_none().then_some(&picture.xml);
    if output.json {
        output.value(&json!({ "sound": true, "findings": picture.notes, "bpmn": shown }))?;
    } else {
        for note in &picture.notes {
            output.note(&finding_text(file, note, output));
        }
        if let Some(xml) = shown {
            output.text(xml.trim_end())?;
        }
    }
    Ok(Ending::Well)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_sound_definition_is_drawn_and_any_other_is_answered_like_a_check() {
        let place = tempfile::tempdir().expect("a folder");
        let out = place.path().join("picture.bpmn");
        let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue");
        let unsound = place.path().join("unsound.yaml");
        std::fs::write(&unsound, "procedure: x\n").expect("written");
        for (file, ending) in [
            (catalogue.join("birth-registration.yaml"), Ending::Well),
            (unsound, Ending::Differs),
            (place.path().join("missing.yaml"), Ending::Unreadable),
        ] {
            let arguments = ExportArguments { to: Notation::Bpmn, file, out: Some(out.clone()) };
            assert_eq!(run(&arguments, &Output::plain()).expect("answered"), ending);
        }
        let picture = std::fs::read_to_string(out).expect("a picture");
        assert!(picture.contains("<bpmn:process"));
    }
}
