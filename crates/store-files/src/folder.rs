//! Documents as files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use motcua_store::{Documents, StoreError};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Bytes of the beginning that [`Documents::inspect`] shows.
const INSPECTED_BYTES: usize = 512;
/// Bytes read at once to compute a digest.
const DIGEST_BUFFER_BYTES: usize = 64 * 1024;
/// Most bytes of one [`Documents::read`]; a larger limit is answered with this much.
const READ_BYTES_MAX: u32 = 4 * 1024 * 1024;

/// Writers to uploads at once; two uploads that share a turn only wait for each other.
const TURNS: usize = 64;

/// A folder with documents. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FolderDocuments {
    folder: Arc<Path>,
    turns: Arc<[Mutex<()>]>,
}

impl FolderDocuments {
    /// Opens the folder, creating what is missing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be created.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        let turns = (0..TURNS).map(|_| Mutex::new(())).collect();
        let documents = Self { folder: folder.into(), turns };
        documents
            .work(|folder| {
                fs::create_dir_all(folder.join("uploads"))?;
                fs::create_dir_all(folder.join("documents"))?;
                sync_folder(folder)
            })
            .await?;
        Ok(documents)
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
            let Some(file) = present(File::options().write(true).open(&path))? else {
                return if offset > 0 { Ok(0) } else { create(&path, &bytes) };
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
        self.work(move |folder| {
            let mut hasher = Sha256::new();
            let mut start = Vec::new();
            if let Some(mut file) = present(File::open(upload_path(folder, upload)))? {
                let mut buffer = vec![0; DIGEST_BUFFER_BYTES];
                loop {
                    let count = file.read(&mut buffer)?;
                    if count == 0 {
                        break;
                    }
                    hasher.update(&buffer[..count]);
                    let wanted = (INSPECTED_BYTES - start.len()).min(count);
                    start.extend_from_slice(&buffer[..wanted]);
                }
            }
            Ok((hex(&hasher.finalize()), start))
        })
        .await
    }

    async fn finish(&self, upload: Uuid, sha256: &str) -> Result<(), StoreError> {
        let digest = sha256.to_owned();
        self.write(upload, move |folder| {
            let not_a_digest = || io::Error::new(ErrorKind::InvalidInput, "not a digest");
            let kept = document_path(folder, &digest).ok_or_else(not_a_digest)?;
            let shelf = kept.parent().expect("a document lies in a folder");
            let received = upload_path(folder, upload);
            if let Some(file) = present(OpenOptions::new().write(true).open(&received))? {
                file.sync_all()?;
                fs::create_dir_all(shelf)?;
                sync_folder(&folder.join("documents"))?;
                keep(&received, &kept)?;
                sync_folder(shelf)?;
                present(fs::remove_file(&received))?;
                return sync_folder(&folder.join("uploads"));
            }
            // Kept by an earlier call; or never begun, and then not there.
            fs::metadata(&kept)?;
            sync_folder(shelf)
        })
        .await
    }

    async fn discard(&self, upload: Uuid) -> Result<(), StoreError> {
        self.write(upload, move |folder| {
            present(fs::remove_file(upload_path(folder, upload)))?;
            Ok(())
        })
        .await
    }

    async fn remove(&self, sha256: &str) -> Result<(), StoreError> {
        let digest = sha256.to_owned();
        self.work(move |folder| {
            let Some(path) = document_path(folder, &digest) else {
                return Ok(());
            };
            match present(fs::remove_file(&path))? {
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

/// Begins an upload. Of two that begin it at once the second overwrites with its own chunk, which
/// is a chunk of the same upload at the same place.
fn create(path: &Path, bytes: &[u8]) -> io::Result<u64> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    file.write_all_at(bytes, 0)?;
    Ok(file.metadata()?.len())
}

/// Gives what was received its place among the documents; one that is kept already stays as it is.
fn keep(received: &Path, kept: &Path) -> io::Result<()> {
    match fs::hard_link(received, kept) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

fn upload_path(folder: &Path, upload: Uuid) -> PathBuf {
    folder.join("uploads").join(format!("{upload}.part"))
}

/// Where a document lies; none for a text that is no digest in lower case.
fn document_path(folder: &Path, digest: &str) -> Option<PathBuf> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_digest = digest.len() == 64 && digest.bytes().all(is_digit);
    is_digest.then(|| folder.join("documents").join(&digest[..2]).join(digest))
}

/// What is not there is no failure.
fn present<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes names in a folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
