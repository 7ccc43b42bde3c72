//! Documents in memory: for tests, demonstrations and the suite.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::contract::Documents;
use crate::error::StoreError;

/// Bytes of the beginning that [`Documents::inspect`] shows.
pub(crate) const INSPECTED_BYTES: usize = 512;

/// The simplest [`Documents`]: everything in two maps, gone with the process.
#[derive(Debug, Default)]
pub struct MemoryDocuments {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    uploads: HashMap<Uuid, Vec<u8>>,
    kept: HashMap<String, Vec<u8>>,
}

impl MemoryDocuments {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Documents for MemoryDocuments {
    async fn put_chunk(
        &self,
        upload: Uuid,
        offset: u64,
        bytes: Vec<u8>,
    ) -> Result<u64, StoreError> {
        let mut inner = self.inner();
        let content = inner.uploads.entry(upload).or_default();
        if let Ok(offset) = usize::try_from(offset)
            && offset <= content.len()
        {
            let known = content.len().min(offset + bytes.len()) - offset;
            content[offset..offset + known].copy_from_slice(&bytes[..known]);
            content.extend_from_slice(&bytes[known..]);
        }
        Ok(content.len() as u64)
    }

    async fn received(&self, upload: Uuid) -> Result<u64, StoreError> {
        Ok(self.inner().uploads.get(&upload).map_or(0, |content| content.len() as u64))
    }

    async fn inspect(&self, upload: Uuid) -> Result<(String, Vec<u8>), StoreError> {
        let inner = self.inner();
        let content = inner.uploads.get(&upload).map_or(&[][..], Vec::as_slice);
        let start = content[..content.len().min(INSPECTED_BYTES)].to_vec();
        Ok((hex(&Sha256::digest(content)), start))
    }

    async fn finish(&self, upload: Uuid, sha256: &str) -> Result<(), StoreError> {
        let mut inner = self.inner();
        match inner.uploads.remove(&upload) {
            Some(content) => {
                inner.kept.entry(sha256.to_owned()).or_insert(content);
                Ok(())
            }
            None if inner.kept.contains_key(sha256) => Ok(()),
            None => Err(StoreError::Unavailable(format!("nothing was uploaded as {upload}"))),
        }
    }

    async fn discard(&self, upload: Uuid) -> Result<(), StoreError> {
        self.inner().uploads.remove(&upload);
        Ok(())
    }

    async fn remove(&self, sha256: &str) -> Result<(), StoreError> {
        self.inner().kept.remove(sha256);
        Ok(())
    }

    async fn read(
        &self,
        sha256: &str,
        offset: u64,
        limit: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let inner = self.inner();
        Ok(inner.kept.get(sha256).map(|content| {
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
            let end = start.saturating_add(limit as usize).min(content.len());
            content[start..end].to_vec()
        }))
    }
}

/// Lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
