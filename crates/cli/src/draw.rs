//! `motcua procedure draw`: a definition as diagram, table or sheet, without a server.

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, ValueEnum};
use motcua_printing::{
    Lang, procedure_sheet_html, process_table_html, process_table_svg, state_diagram_html,
    state_diagram_mermaid, state_diagram_svg,
};
use motcua_procedures::{Procedure, parse};

use crate::Ending;
use crate::output::{self, Output};
use crate::procedure::read;

#[derive(Debug, Args)]
pub(crate) struct DrawArguments {
    /// YAML file
    file: PathBuf,
    /// What is drawn
    #[arg(long, value_enum, default_value = "diagram")]
    what: What,
    /// Form of the picture; default: svg, or html where there is no svg
    #[arg(long = "as", value_enum, value_name = "FORM")]
    form: Option<Form>,
    /// Where it goes; default: standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// States, with branches side by side
    Diagram,
    /// The internal process, a row a step
    Table,
    /// The procedure sheet for citizens, officials and lawyers
    Sheet,
}

/// Form of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One picture, pages of A4 below each other
    Svg,
    /// Text for documents that render Mermaid
    Mermaid,
    /// A document to print
    Html,
}

/// Draws a sound definition.
pub(crate) fn run(arguments: &DrawArguments, output: &Output) -> anyhow::Result<Ending> {
    let DrawArguments { file, what, form, out } = arguments;
    let source = match read(file) {
        Ok(source) => source,
        Err(error) => {
            output.note(&format!("{} {error:#}", output.error_mark()));
            return Ok(Ending::Unreadable);
        }
    };
    let Ok(procedure) = parse(&source) else {
        let shown = file.display();
        output.note(&format!("{shown} is not sound: `motcua procedure check {shown}` says why"));
        return Ok(Ending::Differs);
    };
    let lang = match output.lang {
        output::Lang::Vi => Lang::Vi,
        output::Lang::En => Lang::En,
    };
    output.document(out.as_deref(), &drawn(&procedure, *what, *form, lang)?)?;
    Ok(Ending::Well)
}

fn drawn(
    procedure: &Procedure,
    what: What,
    form: Option<Form>,
    lang: Lang,
) -> anyhow::Result<String> {
    let definition = procedure.definition();
    Ok(match (what, form) {
        (What::Diagram, None | Some(Form::Svg)) => state_diagram_svg(definition, lang),
        (What::Diagram, Some(Form::Html)) => state_diagram_html(definition, lang),
        (What::Diagram, Some(Form::Mermaid)) => state_diagram_mermaid(definition, lang),
        (What::Table, None | Some(Form::Svg)) => process_table_svg(definition, lang),
        (What::Table, Some(Form::Html)) => process_table_html(definition, lang),
        (What::Table, Some(Form::Mermaid)) => {
            bail!("a table is drawn as svg or html: Mermaid has no tables")
        }
        (What::Sheet, None | Some(Form::Html)) => procedure_sheet_html(procedure, lang),
        (What::Sheet, Some(Form::Svg | Form::Mermaid)) => {
            bail!("a sheet is drawn as html: print it from a browser")
        }
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn arguments(file: PathBuf, out: PathBuf) -> DrawArguments {
        DrawArguments { file, what: What::Diagram, form: None, out: Some(out) }
    }

    #[test]
    fn a_sound_definition_is_drawn_and_another_is_refused() {
        let place = tempfile::tempdir().expect("a folder");
        let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue");
        let out = place.path().join("birth.svg");
        let sound = arguments(catalogue.join("birth-registration.yaml"), out.clone());
        assert_eq!(run(&sound, &Output::plain()).expect("drawn"), Ending::Well);
        let picture = std::fs::read_to_string(&out).expect("written");
        assert!(picture.starts_with("<svg"));
        let unsound = place.path().join("unsound.yaml");
        std::fs::write(&unsound, "procedure: x\n").expect("written");
        let unsound = arguments(unsound, out);
        assert_eq!(run(&unsound, &Output::plain()).expect("looked at"), Ending::Differs);
        let missing = arguments(place.path().join("no.yaml"), place.path().join("no.svg"));
        assert_eq!(run(&missing, &Output::plain()).expect("looked for"), Ending::Unreadable);
    }
}
