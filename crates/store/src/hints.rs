//! Hints between the nodes that share a store.

use std::convert::Infallible;

use crate::error::StoreError;

/// Longest hint.
pub const HINT_BYTES_MAX: usize = 7_000;

/// A place where hints arrive.
pub trait Hints: Send + 'static {
    /// Waits for the next hint; nothing where some may have been missed. Giving the waiting up
    /// loses no more than hints.
    fn next(&mut self) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;
}

/// Of a store that nobody shares.
impl Hints for Infallible {
    async fn next(&mut self) -> Result<Option<String>, StoreError> {
        match *self {}
    }
}
