//! `motcua procedure`: write a definition, check it, tell versions apart, publish it, read what is
//! published.

mod diff;
mod export;
mod form;
mod import;
mod migrate;
mod new;
mod rehearse;
mod schema;
mod simulate;
mod watch;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use motcua_api::v1;
use motcua_procedures::{Finding, Report, Severity, Staffing, check_staffing};
use serde_json::{Value, json};

use crate::Ending;
use crate::cli::Global;
use crate::client::{Session, steadily};
use crate::output::{Lang, Output, counted, grouped};
use crate::table::{Table, clean};
use crate::wire::to_json;

/// Bytes of a definition that are read: one more than the largest, so that a larger one is refused
/// by the checker without being read whole.
const READ_BYTES_MAX: u64 = (1 << 20) + 1;

#[derive(Debug, Subcommand)]
pub(crate) enum ProcedureCommand {
    /// Write a complete, commented definition to begin with
    New(new::NewArguments),
    /// Report every fault of a definition at once, without a server. Exit code 0: sound, 1: not
    /// sound, 2: not readable
    Check(watch::CheckArguments),
    /// Tell what is different between two versions. Exit code 0: nothing, 1: something, 2: not
    /// readable
    Diff(diff::DiffArguments),
    /// Print the JSON Schema of definitions, for editors
    Schema,
    /// Draw a sound definition: state diagram, internal process, procedure sheet; without a server
    Draw(crate::draw::DrawArguments),
    /// Turn a process in another notation into the draft of a procedure. Exit code 0: no known
    /// defect, 1: defects or parts that were declined, 2: not readable
    Import(import::ImportArguments),
    /// Draw a sound definition in another notation
    Export(export::ExportArguments),
    /// Play the scenarios of procedures, without a server. Exit code 0: all passed, 1: not all,
    /// 2: not readable
    Test(rehearse::TestArguments),
    /// Let dossiers live by random lawful acts, without a server
    Simulate(simulate::SimulateArguments),
    /// Publish a sound definition, once and for ever
    Publish {
        /// YAML file
        file: PathBuf,
        /// On which ground, such as the decision; recorded with who did it
        #[arg(long, value_name = "TEXT")]
        ground: Option<String>,
    },
    /// Show what moving the open dossiers of one version to another would mean, or do it
    Migrate(migrate::MigrateArguments),
    /// Take a procedure out of use from a day on; what is open goes on
    Retire(migrate::RetireArguments),
    /// List published procedures, each in the version in force
    List,
    /// Show a procedure: form, documents, fees, steps
    Show {
        /// National code
        code: String,
        /// Version; default: the one in force
        #[arg(long, value_name = "VERSION")]
        version: Option<String>,
        /// The published file itself
        #[arg(long)]
        source: bool,
    },
}

/// Runs the command.
pub(crate) async fn run(
    command: ProcedureCommand,
    global: &Global,
    output: &Output,
) -> anyhow::Result<Ending> {
    match command {
        ProcedureCommand::Publish { file, ground } => {
            publish(&file, ground, &Session::open(global).await?, output).await
        }
        ProcedureCommand::Migrate(arguments) => {
            migrate::migrate(arguments, &Session::open(global).await?, output).await
        }
        ProcedureCommand::Retire(arguments) => {
            migrate::retire(arguments, &Session::open(global).await?, output).await
        }
        ProcedureCommand::New(arguments) => new::run(&arguments, output),
        ProcedureCommand::Check(arguments) => watch::run(&arguments, output).await,
        ProcedureCommand::Diff(arguments) => diff::run(&arguments, global, output).await,
        ProcedureCommand::Draw(arguments) => crate::draw::run(&arguments, output),
        ProcedureCommand::Schema => schema::run(output),
        ProcedureCommand::Test(arguments) => rehearse::run(&arguments, output),
        ProcedureCommand::Simulate(arguments) => simulate::run(&arguments, output),
        ProcedureCommand::Import(arguments) => import::run(&arguments, output),
        ProcedureCommand::Export(arguments) => export::run(&arguments, output),
        ProcedureCommand::List => list(&Session::open(global).await?, output).await,
        ProcedureCommand::Show { code, version, source } => {
            let session = Session::open(global).await?;
            show(code, version.unwrap_or_default(), source, &session, output).await
        }
    }
}

pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut source = Vec::new();
    if path == Path::new("-") {
        let input = std::io::stdin().lock().take(READ_BYTES_MAX).read_to_end(&mut source);
        input.context("standard input")?;
        return Ok(source);
    }
    let shown = path.display().to_string();
    let file = File::open(path).with_context(|| shown.clone())?;
    file.take(READ_BYTES_MAX).read_to_end(&mut source).with_context(|| shown)?;
    Ok(source)
}

/// Checks a file, and where it is sound whether a province has the people for it; `about` is added
/// to what programs read.
fn check(
    path: &Path,
    about: &[(&str, String)],
    staffing: Option<&Staffing>,
    output: &Output,
) -> anyhow::Result<Ending> {
    let with_about = |mut value: Value| {
        for (key, text) in about {
            value[*key] = Value::from(text.as_str());
        }
        value
    };
    let source = match read(path) {
        Ok(source) => source,
        Err(error) => {
            let message = format!("{error:#}");
            output.note(&format!("{} {message}", output.error_mark()));
            if output.json {
                output.value(&with_about(unreadable(&message)))?;
            }
            return Ok(Ending::Unreadable);
        }
    };
    let mut report = motcua_procedures::check(&source);
    if let Some(staffing) = staffing
        && let Ok(procedure) = motcua_procedures::parse(&source)
    {
        report.findings.extend(check_staffing(&procedure, staffing));
        report.sound = report.findings.iter().all(|f| f.severity != Severity::Error);
    }
    let value = json!({ "sound": report.sound, "findings": report.findings });
    match output.json {
        true => output.value(&with_about(value))?,
        false => output.text(&report_text(path, &report, output))?,
    }
    Ok(match (report.readable, report.sound) {
        (false, _) => Ending::Unreadable,
        (true, false) => Ending::Differs,
        (true, true) => Ending::Well,
    })
}

fn unreadable(message: &str) -> Value {
    json!({ "sound": false, "findings": [{
        "code": "FILE_UNREADABLE", "severity": Severity::Error, "message": message, "path": "",
        "line": 0, "remedy": "Name a file that exists and that you may read.", "trace": [],
    }]})
}

fn report_text(path: &Path, report: &Report, output: &Output) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        text.push_str(&finding_text(path, finding, output));
        text.push('\n');
    }
    let errors = report.findings.iter().filter(|f| f.severity == Severity::Error).count();
    let warnings = report.findings.len() - errors;
    let verdict = match report.sound {
        true => output.green(output.label("sound")),
        false => output.red(output.label("not sound")),
    };
    let errors = match output.lang {
        Lang::Vi => format!("{errors} lỗi, {warnings} cảnh báo"),
        Lang::En => format!(
            "{}, {}",
            counted(errors as u64, "error", "errors"),
            counted(warnings as u64, "warning", "warnings")
        ),
    };
    text + &format!("{}: {verdict}, {errors}", path.display())
}

fn finding_text(path: &Path, finding: &Finding, output: &Output) -> String {
    let Finding { code, severity, message, path: place, line, remedy, trace } = finding;
    let severity = match severity {
        Severity::Error => output.red(output.label("error")),
        Severity::Warning => output.label("warning").to_owned(),
    };
    let (file, message, remedy) = (path.display(), clean(message), clean(remedy));
    let place = match place.as_str() {
        "" => String::new(),
        place => format!(" {} {place}", output.either("tại", "at")),
    };
    let line = if *line == 0 { String::new() } else { format!(":{line}") };
    let mut text = format!("{file}{line}: {severity} {code}{place}\n    {message} {remedy}");
    if !trace.is_empty() {
        let steps = trace.iter().map(|step| match step.action.as_str() {
            "" => step.state.clone(),
            action => format!("{} --{action}-->", step.state),
        });
        text.push_str(&format!("\n    {}", clean(&steps.collect::<Vec<_>>().join(" "))));
    }
    text
}

async fn publish(
    path: &Path,
    ground: Option<String>,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    let ground = ground.unwrap_or_default();
    let request = v1::PublishProcedureRequest { source: read(path)?, ground };
    let published =
        steadily(async || session.procedures().publish_procedure(request.clone()).await).await?;
    if output.json {
        output.value(&to_json("PublishProcedureResponse", &published))?;
        return Ok(Ending::Well);
    }
    let reference = published.procedure.unwrap_or_default();
    let v1::ProcedureReference { code, version, digest } = reference;
    output.text(&format!("{code} {version} {digest}"))?;
    for finding in published.findings {
        output.note(&clean(&format!("warning {}: {}", finding.code, finding.message)));
    }
    Ok(Ending::Well)
}

async fn list(session: &Session, output: &Output) -> anyhow::Result<Ending> {
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListProceduresRequest { page_size: 1000, page_token };
        let page =
            steadily(async || session.procedures().list_procedures(request.clone()).await).await?;
        found.extend(page.procedures);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    if output.json {
        for procedure in &found {
            output.value(&to_json("ProcedureSummary", procedure))?;
        }
        return Ok(Ending::Well);
    }
    let mut table = Table::new(&["CODE", "VERSION", "NAME", "FIELD", "SINCE"]);
    for procedure in found {
        let reference = procedure.procedure.unwrap_or_default();
        let name = output.words(procedure.name.as_ref()).to_owned();
        let field = output.words(procedure.field.as_ref()).to_owned();
        table.row([reference.code, reference.version, name, field, procedure.effective_from]);
    }
    output.table(&table)?;
    Ok(Ending::Well)
}

async fn show(
    code: String,
    version: String,
    source: bool,
    session: &Session,
    output: &Output,
) -> anyhow::Result<Ending> {
    let request = v1::GetProcedureRequest { code, version };
    let found =
        steadily(async || session.procedures().get_procedure(request.clone()).await).await?;
    match (source, output.json) {
        (true, _) => output.text(&String::from_utf8(found.source)?)?,
        (false, true) => output.value(&to_json("GetProcedureResponse", &found))?,
        (false, false) => output.text(&procedure_text(&found, output)?)?,
    }
    Ok(Ending::Well)
}

fn procedure_text(found: &v1::GetProcedureResponse, output: &Output) -> anyhow::Result<String> {
    let reference = found.procedure.clone().unwrap_or_default();
    let name = output.words(found.name.as_ref());
    let title = format!("{} {}  {name}", reference.code, reference.version);
    let mut lines =
        vec![output.bold(&title), format!("  {}  {}", output.label("digest"), reference.digest)];
    let channels = found
        .channels()
        .map(|channel| channel.as_str_name().trim_start_matches("CHANNEL_").to_lowercase());
    let channels = channels.collect::<Vec<_>>().join(", ");
    lines.push(format!("  {}  {channels}", output.label("channels")));
    let (min, max) = (found.owners_min, found.owners_max);
    let proxy = match found.proxy_allowed {
        true => output.either(", có thể ủy quyền", ", an authorised person may file"),
        false => "",
    };
    let owners = match min == max {
        true => format!("{min}"),
        false => format!("{min} {} {max}", output.either("đến", "to")),
    };
    lines.push(format!("  {}  {owners}{proxy}", output.label("owners")));
    for variant in &found.variants {
        let name = output.words(variant.name.as_ref());
        lines.push(format!("  {}  {}: {name}", output.label("variant"), variant.id));
    }
    for document in &found.documents {
        let name = output.words(document.name.as_ref());
        let when = if document.when.is_empty() { output.label("always") } else { &document.when };
        let (id, hand_in) = (&document.id, &document.hand_in);
        let register = match document.data_source.as_str() {
            "" => String::new(),
            register => format!("; register {register}"),
        };
        lines.push(format!(
            "  {}  {id}: {name} ({hand_in}; {when}{register})",
            output.label("document")
        ));
    }
    for fee in &found.fees {
        let when = if fee.when.is_empty() { output.label("always") } else { &fee.when };
        lines.push(format!(
            "  {}  {}: {} đ ({when})",
            output.label("fee"),
            fee.id,
            grouped(fee.amount)
        ));
    }
    for step in &found.steps {
        let actions: Vec<&str> = step.actions.iter().map(|action| action.id.as_str()).collect();
        let name = output.words(step.name.as_ref());
        let (id, status, role) = (&step.id, step.status, &step.role);
        lines.push(format!(
            "  {}  {id}: {name} ({status}, {role}) {}",
            output.label("step"),
            actions.join(", ")
        ));
    }
    lines.extend(rule_lines(&found.source, output));
    lines.extend(form::lines(&serde_json::from_str(&found.form_schema_json)?));
    let trimmed: Vec<String> = lines.iter().map(|line| line.trim_end().to_owned()).collect();
    Ok(trimmed.join("\n"))
}

/// Limits and results, which stand in the file only.
fn rule_lines(source: &[u8], output: &Output) -> Vec<String> {
    let Ok(procedure) = motcua_procedures::parse(source) else {
        return Vec::new();
    };
    let definition = procedure.definition();
    let lang = match output.lang {
        Lang::Vi => motcua_deadlines::Lang::Vi,
        Lang::En => motcua_deadlines::Lang::En,
    };
    let mut lines = Vec::new();
    for rule in &definition.limits {
        let limit = motcua_printing::limit(&rule.statutory, lang);
        let when = rule.when.as_ref().map_or(output.label("always"), |guard| guard.text());
        lines.push(format!("  {}  {}: {limit} ({when})", output.label("limit"), rule.id));
    }
    for result in &definition.results {
        let name = output.either(&result.name.vi, &result.name.en);
        let code = result.code.as_deref().unwrap_or("no code");
        let sign = if result.positive { "positive" } else { "negative" };
        lines.push(format!("  {}  {}: {name} ({code}, {sign})", output.label("result"), result.id));
    }
    lines
}

#[cfg(test)]
mod tests {
    use motcua_procedures::TraceStep;

    use super::*;

    #[test]
    fn a_finding_names_file_line_path_and_remedy() {
        let trace = vec![
            TraceStep { state: "intake".into(), action: "accept".into() },
            TraceStep { state: "handover".into(), action: "".into() },
        ];
        let finding = Finding {
            code: "UNKNOWN_STEP",
            severity: Severity::Error,
            message: "No step is named \"aproved\".".into(),
            path: "/steps/2/actions/0/to".into(),
            line: 7,
            remedy: "Did you mean \"approved\"?".into(),
            trace,
        };
        let text = finding_text(Path::new("birth.yaml"), &finding, &Output::plain());
        assert_eq!(
            text,
            "birth.yaml:7: error UNKNOWN_STEP at /steps/2/actions/0/to\n    No step is named \
             \"aproved\". Did you mean \"approved\"?\n    intake --accept--> handover"
        );
    }

    #[test]
    fn a_finding_without_a_line_names_none() {
        let finding = Finding {
            code: "FILE_UNREADABLE",
            severity: Severity::Error,
            message: "No such file.".into(),
            path: String::new(),
            line: 0,
            remedy: "Name a file that exists.".into(),
            trace: Vec::new(),
        };
        let text = finding_text(Path::new("birth.yaml"), &finding, &Output::plain());
        let expected =
            "birth.yaml: error FILE_UNREADABLE\n    No such file. Name a file that exists.";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_reported_in_the_same_form() {
        let json = unreadable("nowhere: no such file");
        assert_eq!(json["sound"], false);
        assert_eq!(json["findings"][0]["severity"], "error");
        assert!(json["findings"][0]["trace"].as_array().is_some_and(Vec::is_empty));
    }

    #[test]
    fn check_tells_by_its_ending_what_it_found() {
        let place = tempfile::tempdir().expect("a folder");
        let sound = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue");
        let sound = sound.join("birth-registration.yaml");
        let unsound = place.path().join("unsound.yaml");
        std::fs::write(&unsound, "procedure: x\n").expect("written");
        let broken = place.path().join("broken.yaml");
        std::fs::write(&broken, "a: [\n").expect("written");
        let missing = place.path().join("missing.yaml");
        for (path, ending) in [
            (sound, Ending::Well),
            (unsound, Ending::Differs),
            (broken, Ending::Unreadable),
            (missing, Ending::Unreadable),
        ] {
            let shown = path.display();
            assert_eq!(
                check(&path, &[], None, &Output::plain()).expect("checked"),
                ending,
                "{shown}"
            );
        }
    }
}
