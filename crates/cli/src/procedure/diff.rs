//! `motcua procedure diff`: what is different between two versions, in a reader's words.

use std::path::Path;

use anyhow::{Context as _, bail};
use clap::Args;
use motcua_api::v1;
use motcua_procedures::{Change, ChangeKind, Finding, Procedure, Severity};
use serde_json::{Value, json};

use super::{finding_text, read};
use crate::Ending;
use crate::cli::Global;
use crate::client::{Session, steadily};
use crate::output::{Lang, Output};
use crate::table::clean;

#[derive(Debug, Args)]
pub(crate) struct DiffArguments {
    /// The version before: a YAML file, or CODE@VERSION as it was published at --server
    #[arg(value_name = "A")]
    before: String,
    /// The version after, likewise
    #[arg(value_name = "B")]
    after: String,
}

/// One side of the comparison.
enum Side {
    Read(Box<Procedure>),
    /// It is no sound definition.
    Unsound(Vec<Finding>),
}

/// Compares the two.
pub(super) async fn run(
    arguments: &DiffArguments,
    global: &Global,
    output: &Output,
) -> anyhow::Result<Ending> {
    let mut sides = Vec::new();
    for name in [&arguments.before, &arguments.after] {
        match side(name, global).await {
            Ok(Side::Read(procedure)) => sides.push(procedure),
            Ok(Side::Unsound(findings)) => return unsound(name, &findings, output),
            Err(error) => return not_compared(&format!("{error:#}"), &json!([]), output),
        }
    }
    let [before, after] = &sides[..] else {
        bail!("two versions are compared, not {}", sides.len());
    };
    let changes = motcua_procedures::diff(before, after);
    match output.json {
        true => output.value(&json!({ "equal": changes.is_empty(), "changes": changes }))?,
        false => output.text(&changes_text(&changes, output))?,
    }
    Ok(if changes.is_empty() { Ending::Well } else { Ending::Differs })
}

async fn side(name: &str, global: &Global) -> anyhow::Result<Side> {
    let source = match name.split_once('@') {
        Some((code, version)) if !Path::new(name).exists() => {
            published(code, version, global).await.with_context(|| name.to_owned())?
        }
        Some(_) | None => read(Path::new(name))?,
    };
    let report = motcua_procedures::check(&source);
    Ok(match report.procedure {
        Some(procedure) => Side::Read(Box::new(procedure)),
        None => Side::Unsound(report.findings),
    })
}

async fn published(code: &str, version: &str, global: &Global) -> anyhow::Result<Vec<u8>> {
    let session = Session::open(global).await?;
    let request = v1::GetProcedureRequest { code: code.into(), version: version.into() };
    let found = steadily(async || session.procedures().get_procedure(request.clone()).await);
    Ok(found.await?.source)
}

fn unsound(name: &str, findings: &[Finding], output: &Output) -> anyhow::Result<Ending> {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    for finding in errors {
        output.note(&finding_text(Path::new(name), finding, output));
    }
    let message = format!("{name} is no sound definition");
    not_compared(&message, &json!(findings), output)
}

fn not_compared(message: &str, findings: &Value, output: &Output) -> anyhow::Result<Ending> {
    output.note(&format!("{} {}", output.error_mark(), clean(message)));
    if output.json {
        output.value(&json!({
            "equal": false, "changes": [], "error": message, "findings": findings,
        }))?;
    }
    Ok(Ending::Unreadable)
}

fn changes_text(changes: &[Change], output: &Output) -> String {
    if changes.is_empty() {
        let same = match output.lang {
            Lang::Vi => "không có khác biệt",
            Lang::En => "no difference",
        };
        return output.green(same);
    }
    let line = |change: &Change| {
        let text = match output.lang {
            Lang::Vi => &change.text.vi,
            Lang::En => &change.text.en,
        };
        let mark = match change.kind {
            ChangeKind::Added => output.green("+"),
            ChangeKind::Removed => output.red("-"),
            ChangeKind::Changed | ChangeKind::Reordered => "~".to_owned(),
        };
        format!("{mark} {}", clean(text))
    };
    let lines: Vec<String> = changes.iter().map(line).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    const SOUND: &str = include_str!("../../../../catalogue/household-business.yaml");

    fn global() -> Global {
        let cli = crate::cli::Cli::parse_from(["motcua", "--server", "http://127.0.0.1:1", "info"]);
        cli.global
    }

    async fn ending(before: &Path, after: &Path) -> Ending {
        let name = |path: &Path| path.display().to_string();
        let arguments = DiffArguments { before: name(before), after: name(after) };
        run(&arguments, &global(), &Output::plain()).await.expect("compared")
    }

    #[tokio::test]
    async fn the_ending_tells_equal_different_and_unreadable_apart() {
        let place = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = place.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        let before = write("a.yaml", SOUND);
        let same = write("b.yaml", &format!("# a remark\n{SOUND}"));
        let other = write("c.yaml", &SOUND.replace("amount: 150000", "amount: 120000"));
        let unsound = write("d.yaml", "procedure: x\n");
        let missing = place.path().join("e.yaml");
        assert_eq!(ending(&before, &same).await, Ending::Well);
        assert_eq!(ending(&before, &other).await, Ending::Differs);
        assert_eq!(ending(&before, &unsound).await, Ending::Unreadable);
        assert_eq!(ending(&missing, &before).await, Ending::Unreadable);
        assert_eq!(ending(Path::new("1.001612@1.0.0"), &before).await, Ending::Unreadable);
    }

    #[test]
    fn changes_are_told_line_by_line_in_the_readers_language() {
        let before = motcua_procedures::parse(SOUND.as_bytes()).expect("sound");
        let edited = SOUND.replace("amount: 150000", "amount: 120000");
        let after = motcua_procedures::parse(edited.as_bytes()).expect("sound");
        let changes = motcua_procedures::diff(&before, &after);
        assert_eq!(
            changes_text(&changes, &Output::plain()),
            "~ fee registration-remote (Registration charge (online or by post)): amount: 150,000 \
             đồng → 120,000 đồng"
        );
        let vi = changes_text(&changes, &Output::plain_with(false, Lang::Vi));
        assert!(vi.ends_with("mức: 150.000 đồng → 120.000 đồng"), "{vi}");
        assert_eq!(changes_text(&[], &Output::plain()), "no difference");
    }
}
