//! Whose documents lie in a folder.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use uuid::Uuid;

use crate::folder::{present, sync_folder};

/// The file that names the owner.
const MARK: &str = "origin";

/// Whose documents lie in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Nobody's: it is missing, or no service has used it yet.
    Nobody,
    /// Those of a service that did not say which it is, as earlier versions did not.
    Unmarked,
    /// Those of the service whose history log has this origin.
    Log(String),
}

impl Owner {
    /// Looks into a folder, which stays as it is.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of(folder: &Path) -> io::Result<Self> {
        if let Some(origin) = present(fs::read_to_string(folder.join(MARK)))? {
            return Ok(Self::Log(origin.trim_end().to_owned()));
        }
        let used = present(fs::metadata(folder.join("documents")))?.is_some();
        Ok(if used { Self::Unmarked } else { Self::Nobody })
    }
}

/// Writes the owner down, aside first so that the mark is never half there; of two the first stays.
pub(crate) fn mark(folder: &Path, origin: &str) -> io::Result<String> {
    if let Owner::Log(marked) = Owner::of(folder)? {
        return Ok(marked);
    }
    let aside = folder.join(format!("{MARK}.{}", Uuid::now_v7()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all(format!("{origin}\n").as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&aside, folder.join(MARK));
    fs::remove_file(&aside)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => sync_folder(folder)?,
    }
    Ok(fs::read_to_string(folder.join(MARK))?.trim_end().to_owned())
}
