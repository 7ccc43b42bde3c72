//! Documents as files.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use motcua_store::{Documents, StoreError};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::owner;

/// Bytes of the beginning that [`Documents::inspect`] shows.
const INSPECTED_BYTES: usize = 512;
/// Bytes read at once to compute a digest.
const DIGEST_BUFFER_BYTES: usize = 64 * 1024;
/// Most bytes of one [`Documents::read`]; a larger limit is answered with this much.
const READ_BYTES_MAX: u32 = 4 * 1024 * 1024;

/// What a process that has died still held is thrown away after this time.
const HELD_S: i64 = 24 * 60 * 60;

/// Writers to uploads at once; two uploads that share a turn only wait for each other.
const TURNS: usize = 64;

/// A folder with documents. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FolderDocuments {
    folder: Arc<Path>,
    /// Tells what this process holds from what others do that share the folder.
    holder: Uuid,
    turns: Arc<[Mutex<()>]>,
}

impl FolderDocuments {
    /// Opens the folder, creating what is missing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be created.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        let turns = (0..TURNS).map(|_| Mutex::new(())).collect();
        let documents = Self { folder: folder.into(), holder: Uuid::now_v7(), turns };
        let holder = documents.holder;
        documents
            .work(move |folder| {
                for name in ["uploads", "documents", "held"] {
                    make_private(&folder.join(name))?;
                }
                sweep(&folder.join("held"), holder, HELD_S)?;
                sync_folder(folder)
            })
            .await?;
        Ok(documents)
    }

    /// Says whose documents these are, unless it was said before: the origin that the folder is marked
    /// with from now on.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be read or written.
    pub async fn mark(&self, origin: &str) -> Result<String, StoreError> {
        let origin = origin.to_owned();
        self.work(move |folder| owner::mark(folder, &origin)).await
    }

    /// Files block: each piece of work runs on a thread that may, to its end, even when the call
    /// is given up.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let folder = Arc::clone(&self.folder);
        let done = tokio::task::spawn_blocking(move || work(&folder)).await;
        let done = done.map_err(|e| StoreError::Unavailable(e.to_string()))?;
        done.map_err(|e| StoreError::Unavailable(e.to_string()))
    }

    /// Work that writes to an upload: one piece after the other, also when the calls were given up,
    /// so that nothing is written to what is being kept.
    async fn write<T: Send + 'static>(
        &self,
        upload: Uuid,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turns = Arc::clone(&self.turns);
        self.work(move |folder| {
            let turn = &turns[upload.as_bytes()[15] as usize % TURNS];
            let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            work(folder)
        })
        .await
    }
}

impl Documents for FolderDocuments {
    async fn put_chunk(
        &self,
        upload: Uuid,
        offset: u64,
        bytes: Vec<u8>,
    ) -> Result<u64, StoreError> {
        self.write(upload, move |folder| {
            let path = upload_path(folder, upload);
            let Some(file) = open_to_write(&path, offset == 0)? else {
                return Ok(0);
            };
            let length = file.metadata()?.len();
            if offset > length {
                return Ok(length);
            }
            file.write_all_at(&bytes, offset)?;
            Ok(length.max(offset + bytes.len() as u64))
        })
        .await
    }

    async fn received(&self, upload: Uuid) -> Result<u64, StoreError> {
        self.work(move |folder| {
            let found = present(fs::metadata(upload_path(folder, upload)))?;
            Ok(found.map_or(0, |found| found.len()))
        })
        .await
    }

    async fn inspect(&self, upload: Uuid) -> Result<(String, Vec<u8>), StoreError> {
        self.work(move |folder| match present(File::open(upload_path(folder, upload)))? {
            Some(file) => digest_of(file),
            None => Ok((hex(&Sha256::digest([])), Vec::new())),
        })
        .await
    }

    async fn finish(&self, upload: Uuid, sha256: &str) -> Result<(), StoreError> {
        let digest = sha256.to_owned();
        let holder = self.holder;
        self.write(upload, move |folder| {
            let not_a_digest = || io::Error::new(ErrorKind::InvalidInput, "not a digest");
            let kept = document_path(folder, &digest).ok_or_else(not_a_digest)?;
            let shelf = kept.parent().expect("a document lies in a folder");
            let held = held_path(folder, upload, holder, &digest);
            let fits = take(folder, upload, &held)?;
            make_private(shelf)?;
            sync_folder(&folder.join("documents"))?;
            // Held since now, by an earlier call, or since it was removed; or else kept already.
            match fs::hard_link(&held, &kept) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let found = present(fs::metadata(&kept))?;
                    found.ok_or_else(|| nothing_to_keep(fits))?;
                }
                linked => linked?,
            }
            sync_folder(shelf)
        })
        .await
    }

    async fn discard(&self, upload: Uuid) -> Result<(), StoreError> {
        let holder = self.holder;
        self.write(upload, move |folder| {
            present(fs::remove_file(upload_path(folder, upload)))?;
            let begin = format!("{holder}.{upload}.");
            for entry in fs::read_dir(folder.join("held"))? {
                let entry = entry?;
                if entry.file_name().to_string_lossy().starts_with(&begin) {
                    present(fs::remove_file(entry.path()))?;
                }
            }
            Ok(())
        })
        .await
    }

    async fn remove(&self, sha256: &str) -> Result<(), StoreError> {
        let digest = sha256.to_owned();
        let holder = self.holder;
        self.work(move |folder| {
            let (Some(path), Some(aside)) = (document_path(folder, &digest), aside(&digest)) else {
                return Ok(());
            };
            let held = held_path(folder, aside, holder, &digest);
            if path.exists() {
                // Renaming one name of a file to another name of it does nothing.
                present(fs::remove_file(&held))?;
            }
            match present(fs::rename(&path, held))? {
                Some(()) => sync_folder(path.parent().expect("a document lies in a folder")),
                None => Ok(()),
            }
        })
        .await
    }

    async fn read(
        &self,
        sha256: &str,
        offset: u64,
        limit: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let digest = sha256.to_owned();
        self.work(move |folder| {
            let Some(path) = document_path(folder, &digest) else {
                return Ok(None);
            };
            let Some(file) = present(File::open(path))? else {
                return Ok(None);
            };
            let rest = file.metadata()?.len().saturating_sub(offset);
            let count = rest.min(limit.min(READ_BYTES_MAX).into());
            let mut bytes = vec![0; usize::try_from(count).expect("at most 4 MiB")];
            if !bytes.is_empty() {
                file.read_exact_at(&mut bytes, offset)?;
            }
            Ok(Some(bytes))
        })
        .await
    }
}

/// The file of an upload for one writer, of whatever process. What was taken to be kept meanwhile is
/// not written to any more: then the upload begins anew.
fn open_to_write(path: &Path, create: bool) -> io::Result<Option<File>> {
    loop {
        let mut options = OpenOptions::new();
        let options = options.create(create).truncate(false).write(true).mode(0o600);
        let Some(file) = present(options.open(path))? else {
            return Ok(None);
        };
        file.lock()?;
        let opened = file.metadata()?;
        let named = present(fs::metadata(path))?;
        if named.is_some_and(|named| (named.dev(), named.ino()) == (opened.dev(), opened.ino())) {
            return Ok(Some(file));
        }
    }
}

/// Takes what was received away from its writers, and holds it if it has the digest that `held` ends
/// with. Whether it had; `None` if nothing was received.
fn take(folder: &Path, upload: Uuid, held: &Path) -> io::Result<Option<bool>> {
    let taken = held.with_extension("taken");
    let received = upload_path(folder, upload);
    if present(fs::rename(&received, &taken))?.is_none() {
        return Ok(None);
    }
    let file = OpenOptions::new().read(true).write(true).open(&taken)?;
    // Whoever opened it before writes to its end first.
    file.lock()?;
    let (found, _) = digest_of(&file)?;
    let fits = held.extension().is_some_and(|digest| *digest == *found);
    if fits {
        file.sync_all()?;
        fs::rename(&taken, held)?;
    } else {
        fs::remove_file(&taken)?;
    }
    sync_folder(&folder.join("uploads"))?;
    Ok(Some(fits))
}

fn nothing_to_keep(fits: Option<bool>) -> io::Error {
    match fits {
        Some(false) => {
            io::Error::new(ErrorKind::InvalidData, "the upload was written to meanwhile")
        }
        _ => io::Error::new(ErrorKind::NotFound, "nothing was uploaded"),
    }
}

/// Digest and first bytes of a file.
fn digest_of(mut file: impl Read) -> io::Result<(String, Vec<u8>)> {
    let mut hasher = Sha256::new();
    let mut start = Vec::new();
    let mut buffer = vec![0; DIGEST_BUFFER_BYTES];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok((hex(&hasher.finalize()), start));
        }
        hasher.update(&buffer[..count]);
        let wanted = (INSPECTED_BYTES - start.len()).min(count);
        start.extend_from_slice(&buffer[..wanted]);
    }
}

/// Throws away what processes held that have died, after some seconds by the clock of the folder.
fn sweep(held: &Path, holder: Uuid, seconds: i64) -> io::Result<()> {
    let probe = held.join(format!("{holder}.now"));
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&probe)?;
    let now = made.metadata()?.ctime();
    fs::remove_file(probe)?;
    for entry in fs::read_dir(held)? {
        let entry = entry?;
        let found = present(entry.metadata())?;
        if found.is_some_and(|found| now - found.ctime() >= seconds) {
            present(fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

fn upload_path(folder: &Path, upload: Uuid) -> PathBuf {
    folder.join("uploads").join(format!("{upload}.part"))
}

/// What one process holds, where no other writes or removes.
fn held_path(folder: &Path, upload: Uuid, holder: Uuid, digest: &str) -> PathBuf {
    folder.join("held").join(format!("{holder}.{upload}.{digest}"))
}

/// The upload as which a removed document is held: the first half of its digest.
fn aside(digest: &str) -> Option<Uuid> {
    digest.get(..32).and_then(|half| Uuid::try_parse(half).ok())
}

/// Where a document lies; none for a text that is no digest in lower case.
fn document_path(folder: &Path, digest: &str) -> Option<PathBuf> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_digest = digest.len() == 64 && digest.bytes().all(is_digit);
    is_digest.then(|| folder.join("documents").join(&digest[..2]).join(digest))
}

/// What is not there is no failure.
pub(crate) fn present<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A folder that only its owner looks into, whatever it was: what lies in it is personal.
fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    if fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Makes names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_dead_held_goes_after_its_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = folder.path().join("of-another");
        fs::write(&held, "x").expect("written");
        sweep(folder.path(), Uuid::nil(), HELD_S).expect("swept");
        assert!(held.exists(), "somebody may still hold it");
        sweep(folder.path(), Uuid::nil(), 0).expect("swept");
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0);
    }
}
