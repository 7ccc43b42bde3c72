//! What a backup consists of, and how its files are copied and checked.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, bail};
use motcua_store::StoreError;
use motcua_store_sql::Glance;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Form of the manifest. A program refuses one that it does not know.
pub(crate) const FORMAT: u32 = 1;
/// The database of a backup, under the name that it has in a data folder.
pub(crate) const DATABASE_FILE: &str = "motcua.db";
const MANIFEST_FILE: &str = "manifest.json";
/// Digest of the manifest, as `sha256sum --check` reads it.
const DIGEST_FILE: &str = "manifest.sha256";
/// Bytes copied at once.
const BUFFER_BYTES: usize = 256 * 1024;
/// Most bytes of a manifest: that of some million documents.
const MANIFEST_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Which database was backed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// The file lies in the backup.
    Sqlite,
    /// The server's own means take it.
    Postgres,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Path from the backup's folder, with `/`.
    pub(crate) path: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// Its SHA-256, lower-case hex.
    pub(crate) sha256: String,
}

/// What a backup consists of; written last, so that half a backup has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    /// When the backup began, RFC 3339.
    pub(crate) made_at: String,
    /// Version of the program that made it.
    pub(crate) program: String,
    pub(crate) database: Kind,
    /// Number of the newest migration.
    pub(crate) schema: i64,
    /// Name of the log.
    pub(crate) origin: Option<String>,
    /// Events of all histories, chains, and the SHA-256 of their heads' evidence lines; of a database in
    /// the backup alone: one that goes on elsewhere is another by the time that it is restored.
    pub(crate) events: Option<u64>,
    pub(crate) chains: Option<u64>,
    pub(crate) heads: Option<String>,
    /// Whether the keys are in it.
    pub(crate) keys: bool,
    /// Documents that histories name and that were not there, or damaged.
    pub(crate) missing: Vec<String>,
    pub(crate) files: Vec<Entry>,
}

impl Manifest {
    /// Writes it into the folder of its backup; answers its digest.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<String> {
        sync_tree(folder)?;
        let text = serde_json::to_string_pretty(self)? + "\n";
        let digest = hex(Sha256::digest(text.as_bytes()).as_slice());
        let line = format!("{digest}  {MANIFEST_FILE}\n");
        write_new(&folder.join(DIGEST_FILE), line.as_bytes())?;
        let aside = folder.join("manifest.part");
        write_new(&aside, text.as_bytes())?;
        fs::rename(&aside, folder.join(MANIFEST_FILE))?;
        sync_folder(folder)?;
        Ok(digest)
    }

    /// Reads that of a folder.
    ///
    /// # Errors
    /// There is none, it was changed, or it has a form that this program does not know.
    pub(crate) fn read(folder: &Path, digest: Option<&str>) -> anyhow::Result<Self> {
        let path = folder.join(MANIFEST_FILE);
        let shown = path.display();
        let found = fs::metadata(&path).with_context(|| {
            format!("{shown}: this is no finished backup: take one with `motcua backup`")
        })?;
        if found.len() > MANIFEST_BYTES_MAX {
            bail!("{shown} is larger than {MANIFEST_BYTES_MAX} bytes");
        }
        let text = fs::read_to_string(&path).with_context(|| shown.to_string())?;
        let line = fs::read_to_string(folder.join(DIGEST_FILE))
            .with_context(|| folder.join(DIGEST_FILE).display().to_string())?;
        let written = line.split_whitespace().next().unwrap_or_default();
        let is = hex(Sha256::digest(text.as_bytes()).as_slice());
        if is != written || digest.is_some_and(|digest| digest != is) {
            bail!("{shown} was changed after the backup: its digest is {is}; take another backup");
        }
        let manifest: Self =
            serde_json::from_str(&text).with_context(|| format!("{shown} is no manifest"))?;
        if manifest.format != FORMAT {
            let format = manifest.format;
            bail!("{shown} has the form {format}, not {FORMAT}: use the program that made it");
        }
        if let Some(entry) = manifest.files.iter().find(|entry| !is_expected(&entry.path)) {
            bail!("{shown} names a file that no backup has: {:?}", entry.path);
        }
        Ok(manifest)
    }
}

/// Whether a file of this path belongs into a backup; nothing leads out of its folder.
fn is_expected(path: &str) -> bool {
    let keys = ["keys/token.pem", "keys/secret.key"];
    let named = path.rsplit_once('/').map_or("", |(_, name)| name);
    let document = document_path(named).map(|path| format!("documents/{}", path.display()));
    let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    plain && (path == DATABASE_FILE || keys.contains(&path) || document.as_deref() == Some(path))
}

/// Where a document lies in the folder of the documents; none for a text that is no digest.
pub(crate) fn document_path(sha256: &str) -> Option<PathBuf> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_digest = sha256.len() == 64 && sha256.bytes().all(is_digit);
    is_digest.then(|| Path::new("documents").join(&sha256[..2]).join(sha256))
}

/// The chains of a database: how many, and one digest over all their heads.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn heads(glance: &Glance) -> Result<(u64, String), StoreError> {
    let (mut chains, mut hasher, mut last) = (0, Sha256::new(), None);
    loop {
        let page = glance.heads(last.as_ref()).await?;
        for head in &page {
            let line = motcua_audit::evidence(&head.chain, head.seq, &head.hash);
            hasher.update(line.as_bytes());
            hasher.update(b"\n");
            chains += 1;
        }
        match page.into_iter().next_back() {
            Some(head) => last = Some(head),
            None => return Ok((chains, hex(hasher.finalize().as_slice()))),
        }
    }
}

/// Makes a folder that only its owner looks into, with what leads to it.
pub(crate) fn make_folder(path: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| path.display().to_string())
}

/// Whether a folder can become a backup or a data folder: it is not there yet, or is empty.
pub(crate) fn is_free(path: &Path) -> bool {
    match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// Copies a file, which only its owner may read then, to the disk; answers what was copied.
///
/// # Errors
/// It cannot be read or written.
pub(crate) fn copy(from: &Path, to: &Path, path: String) -> anyhow::Result<Entry> {
    let mut source = File::open(from).with_context(|| from.display().to_string())?;
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(to);
    let mut target = opened.with_context(|| to.display().to_string())?;
    let (bytes, sha256) = pump(&mut source, |part| target.write_all(part))?;
    target.sync_all()?;
    Ok(Entry { path, bytes, sha256 })
}

/// What a file is.
///
/// # Errors
/// It cannot be read.
pub(crate) fn measure(file: &Path, path: String) -> anyhow::Result<Entry> {
    let mut source = File::open(file).with_context(|| file.display().to_string())?;
    let (bytes, sha256) = pump(&mut source, |_| Ok(()))?;
    Ok(Entry { path, bytes, sha256 })
}

fn pump(
    source: &mut File,
    mut sink: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> std::io::Result<(u64, String)> {
    let (mut buffer, mut hasher, mut bytes) = (vec![0; BUFFER_BYTES], Sha256::new(), 0);
    loop {
        let count = source.read(&mut buffer)?;
        if count == 0 {
            return Ok((bytes, hex(hasher.finalize().as_slice())));
        }
        hasher.update(&buffer[..count]);
        sink(&buffer[..count])?;
        bytes += count as u64;
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(path);
    let mut file = opened.with_context(|| path.display().to_string())?;
    file.write_all(bytes)?;
    Ok(file.sync_all()?)
}

/// Makes names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> anyhow::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(|| folder.display().to_string())
}

/// Makes the names in a folder and in all below it durable.
pub(crate) fn sync_tree(folder: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        }
    }
    sync_folder(folder)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_no_file_outside_its_backup() {
        let digest = "ab".repeat(32);
        for good in [DATABASE_FILE, "keys/token.pem", &format!("documents/documents/ab/{digest}")] {
            assert!(is_expected(good), "{good}");
        }
        for bad in [
            "../motcua.db",
            "/etc/passwd",
            "keys/../motcua.db",
            "documents/documents/cd/x",
            &format!("documents/documents/cd/{digest}"),
            &format!("keys/{digest}"),
            "",
        ] {
            assert!(!is_expected(bad), "{bad}");
        }
    }
}
