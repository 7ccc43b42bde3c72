//! `motcua restore`: a data folder from a backup, verified.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use motcua_store_sql::{Glance, Options, Server};
use serde_json::json;

use crate::Ending;
use crate::folder::{Folder, database_of};
use crate::manifest::{
    self, Kind, Manifest, copy, document_path, is_free, make_folder, sync_folder, sync_tree,
};
use crate::output::{Output, counted};

/// Chains that a sample recomputes, about.
const SAMPLE_CHAINS: u64 = 200;
/// Files that are named when they do not fit the manifest.
const FAULTS_TOLD_MAX: usize = 20;

#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// Folder of the backup
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Data folder to make; new or empty
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Histories to recompute and fold afterwards
    #[arg(long, value_enum, value_name = "WHICH", default_value_t)]
    verify: Verify,
    /// Digest of the manifest, as the backup printed it and somebody kept it apart
    #[arg(long, value_name = "SHA256")]
    manifest: Option<String>,
    /// The restored PostgreSQL database, to verify it too
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

/// Which histories to verify.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Verify {
    /// About 200, spread over all
    #[default]
    Sample,
    /// Every one
    All,
}

/// What a verification looked at and found.
#[derive(Debug, Default)]
struct Verdict {
    chains: u64,
    verified: u64,
    findings: Vec<String>,
}

/// Runs the command.
pub(crate) async fn run(arguments: RestoreArguments, output: &Output) -> anyhow::Result<Ending> {
    let RestoreArguments { from, data, verify, manifest: digest, database } = arguments;
    let database = database_of(database)?;
    let manifest = Manifest::read(&from, digest.as_deref())?;
    let shown = data.display();
    if !is_free(&data) {
        bail!("{shown} is in use or not empty: choose a new folder with --data");
    }
    let aside = aside(&data)?;
    make_folder(&aside)?;
    let restored = restore(&manifest, &from, &aside, database.as_deref(), verify).await;
    let verdict = match restored {
        Ok(verdict) => verdict,
        Err(error) => {
            fs::remove_dir_all(&aside).with_context(|| aside.display().to_string())?;
            return Err(error);
        }
    };
    sync_tree(&aside)?;
    let named = fs::rename(&aside, &data);
    named.with_context(|| format!("{shown} cannot be put in place: choose another with --data"))?;
    sync_folder(data.parent().unwrap_or(Path::new(".")))?;
    tell(&manifest, verdict.as_ref(), &data, output)?;
    let is_well = verdict.is_none_or(|verdict| verdict.findings.is_empty());
    Ok(if is_well && manifest.missing.is_empty() { Ending::Well } else { Ending::Differs })
}

/// A folder beside the wanted one, which takes its name when all is well.
fn aside(data: &Path) -> anyhow::Result<PathBuf> {
    let data = std::path::absolute(data)?;
    let Some(name) = data.file_name() else { bail!("--data names no folder") };
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".restoring-{}", std::process::id()));
    Ok(data.with_file_name(hidden))
}

/// None where there is no database to verify.
async fn restore(
    manifest: &Manifest,
    from: &Path,
    aside: &Path,
    database: Option<&str>,
    verify: Verify,
) -> anyhow::Result<Option<Verdict>> {
    copy_files(manifest, from, aside)?;
    let folder = match (manifest.database, database) {
        (Kind::Sqlite, _) => Folder::new(aside),
        (Kind::Postgres, Some(url)) => Folder::new(aside).with_database(Some(url)),
        (Kind::Postgres, None) => return Ok(None),
    };
    let glance = folder.glance(&Options::default()).await?;
    let verdict = examine(manifest, &glance, folder.documents(), verify).await;
    glance.close().await;
    verdict.with_context(|| folder.unreadable()).map(Some)
}

fn copy_files(manifest: &Manifest, from: &Path, aside: &Path) -> anyhow::Result<()> {
    let mut faults = Vec::new();
    for entry in &manifest.files {
        let (source, target) = (from.join(&entry.path), aside.join(&entry.path));
        if !source.is_file() {
            faults.push(format!("{} is missing", entry.path));
            continue;
        }
        make_folder(target.parent().expect("a file lies in a folder"))?;
        if copy(&source, &target, entry.path.clone())? != *entry {
            faults.push(format!("{} is not what it was when the backup was taken", entry.path));
        }
    }
    if faults.is_empty() {
        make_folder(&aside.join("documents/documents"))?;
        return make_folder(&aside.join("documents/uploads"));
    }
    let more = faults.len().saturating_sub(FAULTS_TOLD_MAX);
    faults.truncate(FAULTS_TOLD_MAX);
    if more > 0 {
        faults.push(format!("and {more} more"));
    }
    bail!("the backup is damaged, nothing was restored:\n  - {}", faults.join("\n  - "))
}

async fn examine(
    manifest: &Manifest,
    glance: &Glance,
    documents: &Path,
    verify: Verify,
) -> anyhow::Result<Verdict> {
    let look = glance.look().await?;
    let mut verdict = Verdict::default();
    if let Server::Sqlite(file) = look.server {
        verdict.findings.extend(file.faults?);
    }
    let turned_away = [look.schema.newer, look.schema.differing].concat();
    if !turned_away.is_empty() {
        bail!("its schema is of another program ({}): use that one", turned_away.join(", "));
    }
    let (chains, heads) = manifest::heads(glance).await?;
    verdict.chains = chains;
    if manifest.heads.as_ref().is_some_and(|wanted| *wanted != heads)
        || manifest.chains.is_some_and(|wanted| wanted != chains)
    {
        verdict.findings.push("the heads of the chains are not those of the backup".to_owned());
    }
    if let (Kind::Sqlite, Some(wanted)) = (manifest.database, manifest.events) {
        let events = glance.events().await?;
        if events != wanted {
            verdict.findings.push(format!("{events} events, not {wanted} as the manifest says"));
        }
    }
    if look.origin != manifest.origin {
        verdict.findings.push("the log has another name than the manifest says".to_owned());
    }
    histories(glance, look.origin.as_deref().unwrap_or_default(), verify, &mut verdict).await?;
    missing_documents(glance, documents, &mut verdict).await?;
    Ok(verdict)
}

/// Every how manieth history is verified.
fn stride(verify: Verify, chains: u64) -> u64 {
    match verify {
        Verify::All => 1,
        Verify::Sample => (chains / SAMPLE_CHAINS).max(1),
    }
}

async fn histories(
    glance: &Glance,
    origin: &str,
    verify: Verify,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let stride = stride(verify, verdict.chains);
    let (mut number, mut last) = (0, None);
    loop {
        let page = glance.heads(last.as_ref()).await?;
        for head in &page {
            if number % stride == 0 {
                verdict.verified += 1;
                let found = glance.verify(origin, head).await?;
                let told = found.into_iter().map(|finding| format!("{}: {finding}", head.chain));
                verdict.findings.extend(told);
            }
            number += 1;
        }
        match page.into_iter().next_back() {
            Some(head) => last = Some(head),
            None => return Ok(()),
        }
    }
}

async fn missing_documents(
    glance: &Glance,
    documents: &Path,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let mut after = String::new();
    loop {
        let page = glance.documents(true, &after).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(last);
        for sha256 in page {
            if document_path(&sha256).is_none_or(|path| !documents.join(path).exists()) {
                verdict.findings.push(format!("document {sha256} is missing"));
            }
        }
    }
}

fn tell(
    manifest: &Manifest,
    verdict: Option<&Verdict>,
    data: &Path,
    output: &Output,
) -> anyhow::Result<()> {
    let none = Verdict::default();
    let Verdict { chains, verified, findings } = verdict.unwrap_or(&none);
    let shown = data.display();
    if output.json {
        output.value(&json!({ "data": shown.to_string(), "made_at": manifest.made_at,
            "events": manifest.events, "chains": chains, "verified": verified,
            "findings": findings, "keys": manifest.keys }))?;
    } else {
        let (verified, of) = (counted(*verified, "history", "histories"), counted(*chains, "", ""));
        let word = output.label(if findings.is_empty() { "equal" } else { "differs" });
        output.text(&format!("{shown}: {verified} of {}: {word}", of.trim()))?;
    }
    for finding in findings {
        output.note(finding);
    }
    if !manifest.keys {
        output.note(output.either(
            "Đặt khóa lại vào thư mục keys/ trước khi khởi động dịch vụ.",
            "Put the keys back into its folder keys/ before you start the service.",
        ));
    }
    if manifest.database == Kind::Postgres && verdict.is_none() {
        output.note(output.either(
            "Cơ sở dữ liệu PostgreSQL chưa được kiểm tra: khôi phục theo docs/postgres.md.",
            "The PostgreSQL database was not verified: restore it as docs/postgres.md says, and \
             name it with --database.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_all_histories_and_takes_few_ones_whole() {
        for (chains, wanted) in [(0, 1), (199, 1), (200, 1), (1_000, 5), (1_000_000, 5_000)] {
            assert_eq!(stride(Verify::Sample, chains), wanted, "{chains}");
            assert_eq!(stride(Verify::All, chains), 1);
        }
    }
}
