//! `motcua backup`: a consistent copy beside a service that runs.
//!
//! The database first, then the documents that the copy names: a document is kept before any
//! dossier refers to it, so none is missing. A PostgreSQL database is taken by the server's own
//! means (`docs/postgres.md`): only those give any instant, and only they are of its version.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use motcua_engine::{Clock as _, SystemClock};
use motcua_store_sql::{Glance, Server};
use serde_json::{Value, json};

use crate::Ending;
use crate::folder::Folder;
use crate::manifest::{
    self, DATABASE_FILE, Entry, FORMAT, Kind, Manifest, copy, document_path, is_free, make_folder,
    measure,
};
use crate::output::{Output, counted};
use crate::settings::{Flags, Parsed, PlaceFlags, Settings};

#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    #[command(flatten)]
    place: PlaceFlags,
    /// Folder of the backup; new or empty
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Copy the keys too: whoever has them can issue tokens, so the backup is as secret as they are
    #[arg(long)]
    with_keys: bool,
    /// Link the documents instead of copying them: at once and without room, on the same file
    /// system only, and no help against a broken disk
    #[arg(long)]
    link: bool,
}

/// Runs the command.
pub(crate) async fn run(arguments: BackupArguments, output: &Output) -> anyhow::Result<Ending> {
    let BackupArguments { place, to, with_keys, link } = arguments;
    let settings = Settings::read(&Flags::from(place))?.parse()?;
    check_target(&settings.folder, &to)?;
    let original = settings.folder.glance(&settings.store).await?;
    make_folder(&to)?;
    let taken = take(&settings, original, &to, with_keys, link).await;
    let (manifest, digest) = taken.with_context(|| {
        format!("the backup in {} is not finished: remove it and begin again", to.display())
    })?;
    tell(&manifest, &digest, output)?;
    Ok(if manifest.missing.is_empty() { Ending::Well } else { Ending::Differs })
}

fn check_target(folder: &Folder, to: &Path) -> anyhow::Result<()> {
    let shown = to.display();
    if !folder.has_database() {
        let shown = folder.database_shown();
        bail!("there is no database at {shown}: name the folder of a service with --data");
    }
    if !is_free(to) {
        bail!("{shown} is not an empty folder: choose a new one with --to");
    }
    let target = std::path::absolute(to)?;
    for inside in [folder.path(), folder.documents(), folder.keys()] {
        if target.starts_with(std::path::absolute(inside)?) {
            bail!("{shown} lies in what is backed up: choose another place with --to");
        }
    }
    Ok(())
}

async fn take(
    settings: &Parsed,
    original: Glance,
    to: &Path,
    with_keys: bool,
    link: bool,
) -> anyhow::Result<(Manifest, String)> {
    let folder = &settings.folder;
    let made_at = SystemClock.now().to_string();
    let mut files = Vec::new();
    // What is read from now on is the copy, where there is one.
    let glance = match folder.has_server() {
        true => original,
        false => {
            let file = to.join(DATABASE_FILE);
            let copied = original.copy_into(&file).await;
            original.close().await;
            copied.with_context(|| folder.unreadable())?;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
            fs::File::open(&file)?.sync_all()?;
            files.push(measure(&file, DATABASE_FILE.to_owned())?);
            Folder::new(to).glance(&settings.store).await?
        }
    };
    let described = describe(&glance, made_at).await;
    let documents = match &described {
        Ok(_) => copy_documents(&glance, folder.documents(), to, link).await,
        Err(_) => Ok((Vec::new(), Vec::new())),
    };
    glance.close().await;
    let (mut manifest, (copied, missing)) = (described?, documents?);
    files.extend(copied);
    if with_keys {
        files.extend(copy_keys(folder, to)?);
    }
    (manifest.files, manifest.missing, manifest.keys) = (files, missing, with_keys);
    let digest = manifest.write(to)?;
    Ok((manifest, digest))
}

async fn describe(glance: &Glance, made_at: String) -> anyhow::Result<Manifest> {
    let look = glance.look().await?;
    let is_new = look.schema.applied == 0;
    let (database, events, chains, heads) = match look.server {
        Server::Sqlite(file) => {
            let faults = file.faults?;
            if !faults.is_empty() {
                bail!("the database is damaged: {}: run `motcua doctor`", faults.join("; "));
            }
            if is_new {
                bail!("the database has no tables yet: nothing to back up");
            }
            let (chains, heads) = manifest::heads(glance).await?;
            (Kind::Sqlite, Some(glance.events().await?), Some(chains), Some(heads))
        }
        Server::Postgres(_) => (Kind::Postgres, None, None, None),
    };
    Ok(Manifest {
        format: FORMAT,
        made_at,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        database,
        schema: look.schema.applied,
        origin: look.origin,
        events,
        chains,
        heads,
        keys: false,
        missing: Vec::new(),
        files: Vec::new(),
    })
}

/// Copies what histories name, then what only uploads hold. An upload that nobody filed may end
/// while we copy: then nothing is missing.
async fn copy_documents(
    glance: &Glance,
    from: &Path,
    to: &Path,
    link: bool,
) -> anyhow::Result<(Vec<Entry>, Vec<String>)> {
    let (mut files, mut missing) = (Vec::new(), Vec::new());
    make_folder(&to.join("documents/documents"))?;
    make_folder(&to.join("documents/uploads"))?;
    for named in [true, false] {
        let mut after = String::new();
        loop {
            let page = glance.documents(named, &after).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(last);
            for sha256 in page {
                match copy_document(&sha256, from, to, link)? {
                    Copied::New(entry) => files.push(entry),
                    Copied::Before => {}
                    Copied::Lost if named => missing.push(sha256),
                    Copied::Lost => {}
                }
            }
        }
    }
    Ok((files, missing))
}

enum Copied {
    New(Entry),
    Before,
    /// Not there, or not what its name says.
    Lost,
}

fn copy_document(sha256: &str, from: &Path, to: &Path, link: bool) -> anyhow::Result<Copied> {
    let Some(place) = document_path(sha256) else { return Ok(Copied::Lost) };
    let (source, target) = (from.join(&place), to.join("documents").join(&place));
    if target.exists() {
        return Ok(Copied::Before);
    }
    if !source.exists() {
        return Ok(Copied::Lost);
    }
    make_folder(target.parent().expect("a document lies in a folder"))?;
    let path = format!("documents/{}", place.display());
    let entry = match link {
        true => {
            let linked = fs::hard_link(&source, &target);
            linked.with_context(|| {
                format!("{} cannot be linked: leave out --link", source.display())
            })?;
            measure(&target, path)?
        }
        false => copy(&source, &target, path)?,
    };
    if entry.sha256 != sha256 {
        fs::remove_file(&target)?;
        return Ok(Copied::Lost);
    }
    Ok(Copied::New(entry))
}

fn copy_keys(folder: &Folder, to: &Path) -> anyhow::Result<Vec<Entry>> {
    make_folder(&to.join("keys"))?;
    let mut entries = Vec::new();
    for file in folder.key_files() {
        let name = file.file_name().and_then(|name| name.to_str()).expect("keys have plain names");
        let path = format!("keys/{name}");
        entries.push(copy(&file, &to.join(&path), path)?);
    }
    Ok(entries)
}

fn tell(manifest: &Manifest, digest: &str, output: &Output) -> anyhow::Result<()> {
    if output.json {
        let mut value = serde_json::to_value(manifest)?;
        if let Value::Object(members) = &mut value {
            members.insert("files".into(), json!(manifest.files.len()));
            members.insert("manifest".into(), json!(digest));
        }
        output.value(&value)?;
    } else {
        let events = manifest.events.map(|events| counted(events, "event", "events") + ", ");
        let events = events.unwrap_or_default();
        let files = counted(manifest.files.len() as u64, "file", "files");
        output.text(&format!("{events}{files}, manifest {digest}"))?;
    }
    for sha256 in &manifest.missing {
        let vi = format!("lỗi: thiếu hoặc hỏng tài liệu {sha256}");
        let en = format!("error: document {sha256} is missing or damaged");
        output.note(output.either(&vi, &en));
    }
    if !manifest.keys {
        output.note(output.either(
            "Khóa không nằm trong bản sao lưu: giữ riêng, hoặc thêm --with-keys.",
            "The keys are not in it: keep them apart, or add --with-keys.",
        ));
    }
    if manifest.database == Kind::Postgres {
        output.note(output.either(
            "Cơ sở dữ liệu PostgreSQL được sao lưu bằng công cụ của máy chủ: docs/postgres.md.",
            "The PostgreSQL database is not in it: back it up first, as docs/postgres.md says.",
        ));
    }
    Ok(())
}
