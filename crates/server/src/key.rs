//! The key that bearer tokens are signed with.
//!
//! One Ed25519 key in a file of its own (PKCS#8, PEM, readable by its owner only), made at first
//! start. Whoever can read the file can issue tokens: that is how `motcua token issue` works.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use motcua_procedures::Role;
use sha2::{Digest as _, Sha256};

use crate::auth::{AUDIENCE, Claims, ISSUER, Verifier};

/// Longest life of a token.
const TTL_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// Most bytes of a key file.
const FILE_BYTES_MAX: u64 = 4096;
const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// The key of an installation. Cheap to clone; shows nothing of itself.
#[derive(Clone)]
pub struct TokenKey(Arc<Inner>);

struct Inner {
    signing: EncodingKey,
    public: Vec<u8>,
    kid: String,
    pkcs8: Vec<u8>,
}

/// Why there is no key, or no token.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others than the owner may read the file.
    #[error("{path} may be read by others: run `chmod 600` on it, or remove it to make a new key")]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// The file holds no Ed25519 key.
    #[error("{path} is no Ed25519 key in PKCS#8 PEM: restore it, or remove it to make a new one")]
    Form {
        /// The file.
        path: PathBuf,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random bytes")]
    Random,
    /// A token for this subject, unit, roles and time cannot be issued.
    #[error("no such token: {0}")]
    Grant(&'static str),
    /// The token cannot be signed.
    #[error("the token cannot be signed: {0}")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenKey({})", self.0.kid)
    }
}

impl TokenKey {
    /// The key in the file `path`; made there, atomically, if there is no such file.
    ///
    /// # Errors
    /// [`KeyError`] for a file that cannot be read or written, that others may read, or that
    /// holds something else.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        let file_error = |source| KeyError::File { path: path.to_owned(), source };
        match fs::symlink_metadata(path) {
            Ok(_) => Self::load(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create(path, &generate()?).map_err(file_error)?;
                Self::load(path)
            }
            Err(error) => Err(file_error(error)),
        }
    }

    fn load(path: &Path) -> Result<Self, KeyError> {
        let file_error = |source| KeyError::File { path: path.to_owned(), source };
        let metadata = fs::metadata(path).map_err(file_error)?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(KeyError::Exposed { path: path.to_owned() });
        }
        let form = || KeyError::Form { path: path.to_owned() };
        if metadata.len() > FILE_BYTES_MAX {
            return Err(form());
        }
        let text = fs::read_to_string(path).map_err(file_error)?;
        Self::from_pkcs8(read_pem(&text).ok_or_else(form)?).ok_or_else(form)
    }

    /// A new key that no file holds, for tests and demonstrations.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn ephemeral() -> Result<Self, KeyError> {
        Self::from_pkcs8(generate()?).ok_or(KeyError::Random)
    }

    fn from_pkcs8(pkcs8: Vec<u8>) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).ok()?;
        let public = pair.public_key().as_ref().to_vec();
        let digest = Sha256::digest(&public);
        let kid = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let signing = EncodingKey::from_ed_der(&pkcs8);
        Some(Self(Arc::new(Inner { signing, public, kid, pkcs8 })))
    }

    /// A token for `subject`, an opaque id, that is valid from now for `ttl`.
    ///
    /// # Errors
    /// [`KeyError::Grant`] for a subject, unit, role or time that no token may have.
    pub fn issue(
        &self,
        subject: &str,
        unit: Option<&str>,
        roles: &[Role],
        ttl: Duration,
    ) -> Result<String, KeyError> {
        let now = jsonwebtoken::get_current_timestamp();
        if ttl.is_zero() || ttl > TTL_MAX {
            return Err(KeyError::Grant("it must be valid for 1 second to 366 days"));
        }
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: subject.into(),
            iat: now,
            nbf: now,
            exp: now + ttl.as_secs(),
            unit: unit.map(Into::into),
            roles: roles.iter().map(|role| role.as_str().into()).collect(),
        };
        if let Err(why) = claims.caller() {
            return Err(KeyError::Grant(why));
        }
        self.sign(&claims)
    }

    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.0.kid.clone());
        Ok(jsonwebtoken::encode(&header, claims, &self.0.signing)?)
    }

    #[cfg(test)]
    pub(crate) fn sign_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let pair = Ed25519KeyPair::from_pkcs8(&self.0.pkcs8).expect("a key");
        pair.sign(bytes).as_ref().to_vec()
    }

    /// What checks tokens of this key.
    pub(crate) fn verifier(&self) -> Verifier {
        Verifier::new(self.0.kid.clone(), DecodingKey::from_ed_der(&self.0.public))
    }

    /// A key for another purpose that every server with this key shares.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0.pkcs8).expect("any key length fits HMAC");
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

fn generate() -> Result<Vec<u8>, KeyError> {
    let document =
        Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(|_| KeyError::Random)?;
    Ok(document.as_ref().to_vec())
}

/// Writes the file aside and links it to its name, so that the name never holds half a key and the
/// first of two starts wins.
fn create(path: &Path, pkcs8: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside = folder.join(format!(".{name}.{}", std::process::id()));
    fs::remove_file(&aside).or_else(none_is_fine)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(write_pem(pkcs8).as_bytes())?;
    file.sync_all()?;
    match fs::hard_link(&aside, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    fs::remove_file(&aside)?;
    fs::File::open(folder)?.sync_all()
}

fn none_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn write_pem(der: &[u8]) -> String {
    let mut text = format!("{PEM_BEGIN}\n");
    let encoded = STANDARD.encode(der);
    for line in encoded.as_bytes().chunks(64) {
        text.extend(line.iter().map(|byte| char::from(*byte)));
        text.push('\n');
    }
    text + PEM_END + "\n"
}

fn read_pem(text: &str) -> Option<Vec<u8>> {
    let body = text.trim().strip_prefix(PEM_BEGIN)?.strip_suffix(PEM_END)?;
    let encoded: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(encoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys/token.pem");
        (folder, path)
    }

    #[test]
    fn the_first_start_makes_a_key_that_later_starts_find() {
        let (_folder, path) = file();
        let made = TokenKey::load_or_create(&path).expect("made");
        let found = TokenKey::load_or_create(&path).expect("found");
        assert_eq!(made.0.kid, found.0.kid);
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        let entries = fs::read_dir(path.parent().expect("a folder")).expect("readable");
        assert_eq!(entries.count(), 1, "nothing is left aside");
    }

    #[test]
    fn two_first_starts_at_once_share_one_key() {
        let (_folder, path) = file();
        create(&path, &generate().expect("random")).expect("first");
        let first = TokenKey::load_or_create(&path).expect("found");
        create(&path, &generate().expect("random")).expect("second");
        assert_eq!(TokenKey::load_or_create(&path).expect("found").0.kid, first.0.kid);
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let (_folder, path) = file();
        TokenKey::load_or_create(&path).expect("made");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("set");
        assert!(matches!(TokenKey::load_or_create(&path), Err(KeyError::Exposed { .. })));
    }

    #[test]
    fn something_else_than_a_key_is_refused_and_kept() {
        let (_folder, path) = file();
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(&path, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
            .expect("written");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("set");
        assert!(matches!(TokenKey::load_or_create(&path), Err(KeyError::Form { .. })));
        assert!(path.exists());
    }

    #[test]
    fn a_key_never_shows_itself() {
        let key = TokenKey::ephemeral().expect("made");
        let shown = format!("{key:?}");
        assert_eq!(shown.len(), "TokenKey()".len() + 16);
    }

    #[test]
    fn derived_keys_differ_by_purpose_and_key() {
        let (one, other) = (TokenKey::ephemeral(), TokenKey::ephemeral());
        let (one, other) = (one.expect("made"), other.expect("made"));
        assert_eq!(one.derive("a"), one.derive("a"));
        assert_ne!(one.derive("a"), one.derive("b"));
        assert_ne!(one.derive("a"), other.derive("a"));
    }
}
