//! What lies in a store for a while, beside histories: drafts and uploads.

use jiff::Timestamp;
use uuid::Uuid;

/// A draft: mutable, personal, without history; gone when submitted, discarded or expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Id that the dossier will have.
    pub id: Uuid,
    /// Whose draft.
    pub owner: String,
    /// Number of times it was saved; the etag.
    pub revision: u64,
    /// Content, JSON text.
    pub body: String,
    /// Last saved.
    pub updated_at: Timestamp,
    /// Discarded after this.
    pub expires_at: Timestamp,
}

/// An upload under way or finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Id.
    pub id: Uuid,
    /// Who uploads.
    pub owner: String,
    /// Declared media type.
    pub media: String,
    /// Declared size in bytes.
    pub size: u64,
    /// Digest once finished, lower-case hex.
    pub sha256: Option<String>,
    /// An upload that no dossier refers to is discarded after this.
    pub expires_at: Timestamp,
}

/// What [`crate::Store::expire`] took away, whose bytes are to go too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Unfinished uploads.
    pub uploads: Vec<Uuid>,
    /// Digests of finished uploads; each may still be needed, see [`crate::Store::needs_document`].
    pub documents: Vec<String>,
}
