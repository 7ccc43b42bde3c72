//! The data folder: one server at a time, keys that only their owner may read.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use motcua_dossiers::units::UnitRegister;
use motcua_server::TokenKey;
use motcua_store::contract::RegisterKind;
use motcua_store_files::Owner;
use motcua_store_sql::{Glance, Options, SqlStore};

use crate::settings::shown;

/// Where everything of one service lies. Nodes that share a PostgreSQL database share documents and
/// keys too.
#[derive(Clone)]
pub(crate) struct Folder {
    data: PathBuf,
    /// URL of the PostgreSQL database; may hold a password.
    database: Option<String>,
    documents: PathBuf,
    keys: PathBuf,
}

impl std::fmt::Debug for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Folder").field("data", &self.data).finish_non_exhaustive()
    }
}

/// The database that a flag names, or else the environment. A password is never an argument.
///
/// # Errors
/// The flag holds a password.
pub(crate) fn database_of(flag: Option<String>) -> anyhow::Result<Option<String>> {
    match flag {
        Some(url) if shown("database", &url) != url => bail!(
            "--database has a password on the command line, where others can read it: set \
             MOTCUA_DATABASE, PGPASSWORD or ~/.pgpass instead"
        ),
        Some(url) => Ok(Some(url)),
        None => Ok(std::env::var("MOTCUA_DATABASE").ok().filter(|url| !url.is_empty())),
    }
}

/// Keeps a second server away while it lives.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl Folder {
    /// The folder at `path`, whether or not it exists.
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        let data = path.into();
        let (documents, keys) = (data.join("documents"), data.join("keys"));
        Self { data, database: None, documents, keys }
    }

    /// With the PostgreSQL database of a URL in place of a file.
    pub(crate) fn with_database(mut self, url: Option<&str>) -> Self {
        self.database = url.map(str::to_owned);
        self
    }

    /// With the documents in another folder.
    pub(crate) fn with_documents(mut self, path: Option<&str>) -> Self {
        self.documents = path.map_or(self.documents, PathBuf::from);
        self
    }

    /// With the keys in another folder.
    pub(crate) fn with_keys(mut self, path: Option<&str>) -> Self {
        self.keys = path.map_or(self.keys, PathBuf::from);
        self
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.data
    }

    /// The documents.
    pub(crate) fn documents(&self) -> &Path {
        &self.documents
    }

    /// Whether the documents are those of the service: of the origin in force, or else of the wanted
    /// one. A service with another folder would lose papers for itself and for others.
    ///
    /// # Errors
    /// They are another's, or a service that is in use finds nothing there.
    pub(crate) fn check_documents(
        &self,
        in_force: Option<&str>,
        wanted: Option<&str>,
    ) -> anyhow::Result<()> {
        let path = self.documents.display();
        let owner = Owner::of(&self.documents).with_context(|| path.to_string())?;
        match (owner, in_force.or(wanted)) {
            (Owner::Log(marked), own) if own != Some(marked.as_str()) => bail!(
                "the documents in {path} belong to the service {marked}: name the folder of this \
                 service's documents with --documents"
            ),
            (Owner::Nobody, _) if in_force.is_some() => bail!(
                "there are no documents in {path}, though the database is in use: name the folder that \
                 all nodes share with --documents, or restore it from the backup; if there never were \
                 any, or they are lost for good, make the folder {path}/documents"
            ),
            _ => Ok(()),
        }
    }

    /// The folder of the keys, where it is not in the data folder.
    pub(crate) fn foreign_keys(&self) -> Option<&Path> {
        Some(self.keys.as_path()).filter(|keys| *keys != self.data.join("keys"))
    }

    /// Files of the demonstration.
    pub(crate) fn demo(&self) -> PathBuf {
        self.data.join("demo")
    }

    /// The SQLite file.
    pub(crate) fn file(&self) -> PathBuf {
        self.data.join("motcua.db")
    }

    /// The database as it may be shown.
    pub(crate) fn database_shown(&self) -> String {
        match &self.database {
            Some(url) => shown("database", url),
            None => self.file().display().to_string(),
        }
    }

    /// Whether there is a database, as far as can be told without asking a server.
    pub(crate) fn has_database(&self) -> bool {
        self.database.is_some() || self.file().exists()
    }

    /// Whether the database is a server's.
    pub(crate) fn has_server(&self) -> bool {
        self.database.is_some()
    }

    /// The folder of the keys.
    pub(crate) fn keys(&self) -> &Path {
        &self.keys
    }

    /// Files of the keys, whether or not they are there.
    pub(crate) fn key_files(&self) -> [PathBuf; 2] {
        [self.token_key_file(), self.secret_file()]
    }

    fn token_key_file(&self) -> PathBuf {
        self.keys.join("token.pem")
    }

    fn secret_file(&self) -> PathBuf {
        self.keys.join("secret.key")
    }

    /// Makes the folder if it is missing and takes it for this process.
    ///
    /// # Errors
    /// Another process works on it, or it cannot be written.
    pub(crate) fn lock(&self) -> anyhow::Result<FolderLock> {
        // What lies here is personal: nobody but the operator looks in.
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.data);
        made.with_context(|| {
            let path = self.data.display();
            format!("{path} is no folder that can be used: choose another with --data")
        })?;
        let path = self.data.join("lock");
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.with_context(|| path.display().to_string())?;
        match file.try_lock() {
            Ok(()) => Ok(FolderLock { _file: file }),
            Err(TryLockError::WouldBlock) => bail!(
                "another motcua works on {}: stop it first, or choose another folder with --data",
                self.data.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| path.display().to_string())
            }
        }
    }

    /// Opens the database.
    ///
    /// # Errors
    /// It cannot be opened, or is none.
    pub(crate) async fn store(&self, options: Options) -> anyhow::Result<SqlStore> {
        let opened = match &self.database {
            Some(url) => SqlStore::connect(url, options).await,
            None => SqlStore::open(&self.file(), options).await,
        };
        opened.with_context(|| self.unreadable())
    }

    /// What to say when the database cannot be read.
    pub(crate) fn unreadable(&self) -> String {
        let shown = self.database_shown();
        match &self.database {
            Some(_) => format!("the database {shown} cannot be used"),
            None => format!(
                "the database {shown} cannot be opened: restore it from the backup, or choose \
                 another folder with --data"
            ),
        }
    }

    /// A look into the database, which is there.
    ///
    /// # Errors
    /// Nobody answers at its address.
    pub(crate) async fn glance(&self, options: &Options) -> anyhow::Result<Glance> {
        match &self.database {
            Some(url) => Glance::of(url, options).await.with_context(|| self.unreadable()),
            None => Ok(Glance::at(&self.file(), options)),
        }
    }

    /// The origin that the first start settled, if there was one. The database stays as it is.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) async fn origin_in_force(&self, options: Options) -> anyhow::Result<Option<String>> {
        if !self.has_database() {
            return Ok(None);
        }
        let glance = self.glance(&options).await?;
        let origin = glance.setting("origin").await;
        glance.close().await;
        origin.with_context(|| self.unreadable())
    }

    /// The register of units in force, where the folder has one. The database stays as it is.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) async fn units(&self) -> anyhow::Result<Option<UnitRegister>> {
        if !self.has_database() {
            return Ok(None);
        }
        let glance = self.glance(&Options::default()).await?;
        let entries = glance.register(RegisterKind::Units).await;
        glance.close().await;
        let Some(entry) = entries.with_context(|| self.unreadable())?.pop() else {
            return Ok(None);
        };
        let units = UnitRegister::from_json(&entry.bytes, entry.digest);
        units.map(Some).map_err(|_| anyhow!("the register of units cannot be read"))
    }

    /// Key files that are not there.
    pub(crate) fn missing_keys(&self) -> Vec<PathBuf> {
        let mut files = self.key_files().to_vec();
        files.retain(|path| !path.exists());
        files
    }

    /// The key of tokens; made at first start.
    ///
    /// # Errors
    /// It cannot be read or written, or others may read it.
    pub(crate) fn token_key(&self) -> anyhow::Result<TokenKey> {
        self.make_keys_folder()?;
        Ok(TokenKey::load_or_create(&self.token_key_file())?)
    }

    /// The key of tokens, where a service has made one.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub(crate) fn existing_token_key(&self) -> anyhow::Result<TokenKey> {
        let path = self.token_key_file();
        if !path.exists() {
            bail!(
                "no key at {}: name the data folder of the service with --data, or start the \
                 service once",
                path.display()
            );
        }
        Ok(TokenKey::load_or_create(&path)?)
    }

    /// The key of fingerprints, tracking secrets and search digests; made at first start.
    ///
    /// # Errors
    /// It cannot be read or written, others may read it, or it is no key.
    pub(crate) fn secret(&self) -> anyhow::Result<[u8; 32]> {
        self.make_keys_folder()?;
        let path = self.secret_file();
        if !path.exists() {
            create_secret(&path).with_context(|| path.display().to_string())?;
        }
        read_secret(&path).with_context(|| path.display().to_string())
    }

    /// Whether no service has made the key of fingerprints yet, or it is lost.
    pub(crate) fn lacks_secret(&self) -> bool {
        !self.secret_file().exists()
    }

    /// The key of fingerprints, where there is one; it is not made.
    ///
    /// # Errors
    /// As [`Self::secret`].
    pub(crate) fn existing_secret(&self) -> anyhow::Result<Option<[u8; 32]>> {
        if self.lacks_secret() {
            return Ok(None);
        }
        self.secret().map(Some)
    }

    fn make_keys_folder(&self) -> anyhow::Result<()> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.keys);
        made.with_context(|| self.keys.display().to_string())
    }
}

/// Writes the key aside and links it to its name: the name never holds half a key, and the first
/// of two starts wins.
fn create_secret(path: &Path) -> anyhow::Result<()> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system gives no random bytes"))?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    // Of its own: on a folder that nodes share another may have the same process number.
    let aside = path.with_extension(format!("new-{}", uuid::Uuid::now_v7()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(&aside)?;
    file.write_all(format!("{hex}\n").as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&aside, path);
    fs::remove_file(&aside)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn read_secret(path: &Path) -> anyhow::Result<[u8; 32]> {
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        bail!("others may read it: run `chmod 600` on it");
    }
    let text = fs::read_to_string(path)?;
    let digits = text.trim_end();
    let mut bytes = [0; 32];
    let is_hex = digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !is_hex {
        bail!("it is no key of 64 hexadecimal digits: restore it from the backup");
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let pair = std::str::from_utf8(pair)?;
        *byte = u8::from_str_radix(pair, 16)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(place.path().join("data"));
        (place, folder)
    }

    #[test]
    fn the_secret_is_made_once_and_kept() {
        let (_place, folder) = folder();
        let made = folder.secret().expect("made");
        assert_eq!(folder.secret().expect("found"), made);
        assert_ne!(made, [0; 32]);
        let entries = fs::read_dir(&folder.keys).expect("readable").count();
        assert_eq!(entries, 1, "nothing is left aside");
    }

    #[test]
    fn a_secret_that_others_may_read_is_refused() {
        let (_place, folder) = folder();
        folder.secret().expect("made");
        let path = folder.secret_file();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
        let error = format!("{:#}", folder.secret().expect_err("refused"));
        assert!(error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_damaged_secret_is_refused_and_kept() {
        let (_place, folder) = folder();
        folder.secret().expect("made");
        let path = folder.secret_file();
        fs::write(&path, "no key").expect("written");
        assert!(folder.secret().is_err());
        assert_eq!(fs::read_to_string(&path).expect("there"), "no key");
    }

    #[test]
    fn a_second_server_on_the_folder_is_refused() {
        let (_place, folder) = folder();
        let first = folder.lock().expect("free");
        let error = folder.lock().expect_err("taken").to_string();
        assert!(error.contains("another motcua"), "{error}");
        drop(first);
        folder.lock().expect("free again");
    }

    #[test]
    fn documents_of_another_service_or_none_at_all_are_refused() {
        let (_place, folder) = folder();
        let refused = |in_force, wanted| {
            let checked = folder.check_documents(in_force, wanted);
            checked.err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert_eq!(refused(None, Some("a")), "", "a first start");
        assert!(refused(Some("a"), None).contains("--documents"), "a wrong folder");
        assert!(!folder.documents().exists(), "nothing was made");
        fs::create_dir_all(folder.documents().join("documents")).expect("made");
        assert_eq!(refused(Some("a"), None), "", "as an earlier version left it");
        fs::write(folder.documents().join("origin"), "a\n").expect("written");
        assert_eq!(refused(Some("a"), Some("b")), "");
        assert_eq!(refused(None, Some("a")), "");
        for (in_force, wanted) in [(Some("b"), None), (Some("b"), Some("a")), (None, None)] {
            assert!(refused(in_force, wanted).contains("belong to the service a"));
        }
    }

    #[test]
    fn tokens_need_a_key_that_a_service_made() {
        let (_place, folder) = folder();
        assert!(folder.existing_token_key().is_err());
        folder.token_key().expect("made");
        folder.existing_token_key().expect("found");
    }
}
