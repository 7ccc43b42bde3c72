//! `motcua procedure new`: a definition to begin with.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use motcua_procedures::{Severity, Template, Text};
use serde_json::json;

use crate::Ending;
use crate::output::Output;
use crate::table::clean;

#[derive(Debug, Args)]
pub(crate) struct NewArguments {
    /// National code, 1.001193
    code: String,
    /// Name in Vietnamese
    #[arg(long, value_name = "TEXT")]
    name_vi: String,
    /// Name in English
    #[arg(long, value_name = "TEXT")]
    name_en: String,
    /// What to begin with
    #[arg(long, value_enum, default_value_t = Kind::Simple)]
    template: Kind,
    /// Write it there instead of to standard output; a file that exists is left alone
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The templates by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// One deciding agency, supplements, withdrawal
    Simple,
    /// Another office may have to verify something
    Verification,
    /// Several agencies are asked at the same time
    Consultation,
}

impl Kind {
    fn template(self) -> Template {
        match self {
            Self::Simple => Template::Simple,
            Self::Verification => Template::Verification,
            Self::Consultation => Template::Consultation,
        }
    }
}

/// Writes the template with code and names.
pub(super) fn run(arguments: &NewArguments, output: &Output) -> anyhow::Result<Ending> {
    let NewArguments { code, name_vi, name_en, template, out } = arguments;
    let name = Text { vi: name_vi.clone(), en: name_en.clone() };
    let text = template.template().fill(code, &name);
    refuse_faults(&text)?;
    let Some(path) = out else {
        output.text(&text)?;
        return Ok(Ending::Well);
    };
    write(path, &text)?;
    let shown = path.display().to_string();
    match output.json {
        true => output.value(&json!({ "file": shown }))?,
        false => {
            output.note(&format!("{shown} is written: motcua procedure check --watch {shown}"))
        }
    }
    Ok(Ending::Well)
}

/// Refuses a code or a name that is none, in the checker's words.
fn refuse_faults(text: &str) -> anyhow::Result<()> {
    let report = motcua_procedures::check(text.as_bytes());
    let of_arguments = |path: &str| path == "/procedure" || path.starts_with("/name");
    for finding in &report.findings {
        if finding.severity == Severity::Error && of_arguments(&finding.path) {
            bail!("{}", clean(&format!("{} {}", finding.message, finding.remedy)));
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let shown = || path.display().to_string();
    let mut file = match File::create_new(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!(
            "{} exists already and is left alone; name another file with --out, or move it away",
            shown()
        ),
        opened => opened.with_context(shown)?,
    };
    file.write_all(text.as_bytes()).with_context(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(code: &str, out: Option<PathBuf>) -> NewArguments {
        NewArguments {
            code: code.into(),
            name_vi: "Cấp giấy phép".into(),
            name_en: "Permit".into(),
            template: Kind::Simple,
            out,
        }
    }

    #[test]
    fn a_new_definition_is_sound_and_an_existing_file_is_left_alone() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("permit.yaml");
        let new = arguments("2.001234", Some(path.clone()));
        assert_eq!(run(&new, &Output::plain()).expect("written"), Ending::Well);
        let written = std::fs::read(&path).expect("the file");
        assert!(motcua_procedures::check(&written).sound);
        std::fs::write(&path, "mine").expect("written");
        let refused = run(&new, &Output::plain()).expect_err("it exists").to_string();
        assert!(refused.contains("exists already") && refused.contains("--out"), "{refused}");
        assert_eq!(std::fs::read(&path).expect("the file"), b"mine");
    }

    #[test]
    fn a_code_that_is_none_is_refused_and_nothing_is_written() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("permit.yaml");
        let new = arguments("permit", Some(path.clone()));
        let error = run(&new, &Output::plain()).expect_err("no code");
        assert!(error.to_string().contains("1.001193"), "{error}");
        assert!(!path.exists());
    }

    #[test]
    fn every_template_has_its_name_here() {
        let names: Vec<String> = Kind::value_variants()
            .iter()
            .filter_map(|kind| Some(kind.to_possible_value()?.get_name().to_owned()))
            .collect();
        assert_eq!(names, Template::ALL.map(Template::as_str));
    }
}
