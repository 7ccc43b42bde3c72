//! Loops that work off what commits leave behind. Wake-ups are hints; polling is the truth.

use std::time::Duration;

use motcua_store::contract::{Documents, Expired, Store};
use tokio::sync::watch;
use tracing::{info, warn};

use crate::{Engine, limits};

impl<S: Store, D: Documents> Engine<S, D> {
    /// Runs the loops of timers, of what expires and of what other nodes put in force until `stop`
    /// turns true.
    pub async fn run_workers(&self, stop: watch::Receiver<bool>) {
        tokio::join!(
            self.run_timers(stop.clone()),
            self.run_expiry(stop.clone()),
            self.run_registers(stop)
        );
    }

    /// Looks for procedures, calendars and units that another node put in force.
    async fn run_registers(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.refresh_registers().await {
                warn!(%error, "what is in force could not be read");
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(limits::REGISTERS_POLL_MS)) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Throws away the bytes of what has expired.
    async fn discard(&self, expired: Expired) {
        let Expired { uploads, documents } = expired;
        for upload in &uploads {
            if let Err(error) = self.discard_upload(*upload).await {
                warn!(%error, %upload, "an expired upload could not be discarded");
            }
        }
        let mut removed = 0_usize;
        for sha256 in &documents {
            match self.remove_document(sha256).await {
                Ok(gone) => removed += usize::from(gone),
                Err(error) => warn!(%error, %sha256, "an expired document could not be removed"),
            }
        }
        if !uploads.is_empty() || removed > 0 {
            info!(uploads = uploads.len(), documents = removed, "expired uploads were discarded");
        }
    }

    async fn run_expiry(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.0.store.expire(self.now()).await {
                Ok(expired) => self.discard(expired).await,
                Err(error) => warn!(%error, "expired drafts and uploads could not be removed"),
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(limits::EXPIRY_INTERVAL_S)) => {}
                _ = stop.changed() => {}
            }
        }
    }
}
