//! The contract: writes go to the writer, reads to the pool.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use motcua_audit::{ChainHead, ChainId};
use motcua_dossiers::dossier::Dossier;
use motcua_store::contract::{
    Commit, DossierKey, Draft, Expired, Loaded, ReceptionQuery, RegisterEntry, RegisterKind,
    SearchQuery, StoredEvent, Upload, WorklistPage, WorklistQuery,
};
use motcua_store::{Store, StoreError};
use uuid::Uuid;

use crate::open::SqliteStore;
use crate::prepare::prepare;
use crate::read::{desk, dossiers, histories, worklists};
use crate::write::desk::{
    CountGuess, DeleteDraft, Expire, FirstPrint, PutDraft, PutUpload, ReserveName, ReserveNumbers,
    Setting, TakeBackGuess,
};

impl Store for SqliteStore {
    async fn commit(&self, batch: Vec<Commit>) -> Vec<Result<(), StoreError>> {
        self.writer.commit(batch.into_iter().map(prepare).collect()).await
    }

    async fn load(&self, key: &DossierKey) -> Result<Option<Loaded>, StoreError> {
        Ok(dossiers::load(&self.reads, key).await?)
    }

    async fn find_command(&self, dossier: Uuid, command: Uuid) -> Result<Option<u64>, StoreError> {
        Ok(histories::find_command(&self.reads, dossier, command).await?)
    }

    async fn chain_head(&self, chain: &ChainId) -> Result<Option<ChainHead>, StoreError> {
        Ok(histories::chain_head(&self.reads, chain).await?)
    }

    async fn events(
        &self,
        chain: &ChainId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        Ok(histories::events(&self.reads, chain, after, limit).await?)
    }

    async fn worklist(&self, query: &WorklistQuery) -> Result<WorklistPage, StoreError> {
        Ok(worklists::worklist(&self.reads, query).await?)
    }

    async fn search(&self, query: &SearchQuery) -> Result<Vec<Loaded>, StoreError> {
        Ok(dossiers::search(&self.reads, query).await?)
    }

    async fn received(&self, query: &ReceptionQuery) -> Result<Vec<Dossier>, StoreError> {
        Ok(dossiers::received(&self.reads, query).await?)
    }

    async fn is_tracking_factor(&self, dossier: Uuid, digest: &str) -> Result<bool, StoreError> {
        Ok(desk::is_tracking_factor(&self.reads, dossier, digest).await?)
    }

    async fn count_guess(
        &self,
        keys: &[String],
        now: Timestamp,
        until: Timestamp,
        most: u32,
    ) -> Result<bool, StoreError> {
        self.writer.write(CountGuess { keys: keys.to_vec(), now, until, most }).await
    }

    async fn take_back_guess(&self, keys: &[String], until: Timestamp) -> Result<(), StoreError> {
        self.writer.write(TakeBackGuess { keys: keys.to_vec(), until }).await
    }

    async fn due_dossiers(
        &self,
        now: Timestamp,
        after: Option<(Timestamp, Uuid)>,
        limit: u32,
    ) -> Result<Vec<(Timestamp, Uuid)>, StoreError> {
        Ok(desk::due_dossiers(&self.reads, now, after, limit).await?)
    }

    async fn dossiers_of(
        &self,
        digest: &str,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Uuid>, StoreError> {
        Ok(desk::dossiers_of(&self.reads, digest, after, limit).await?)
    }

    async fn next_timer_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(desk::next_timer_at(&self.reads).await?)
    }

    async fn reserve_numbers(
        &self,
        agency: &str,
        day: Date,
        count: u32,
    ) -> Result<Range<u32>, StoreError> {
        self.writer.write(ReserveNumbers { agency: agency.to_owned(), day, count }).await
    }

    async fn reserve_name(
        &self,
        name: &str,
        dossier: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.writer.write(ReserveName { name: name.to_owned(), dossier, now, until }).await
    }

    async fn register(&self, kind: RegisterKind) -> Result<Vec<RegisterEntry>, StoreError> {
        Ok(histories::register(&self.reads, kind).await?)
    }

    async fn put_draft(&self, draft: &Draft) -> Result<(), StoreError> {
        self.writer.write(PutDraft(draft.clone())).await
    }

    async fn draft(&self, id: Uuid) -> Result<Option<Draft>, StoreError> {
        Ok(desk::draft(&self.reads, id).await?)
    }

    async fn drafts(&self, owner: &str, limit: u32) -> Result<Vec<Draft>, StoreError> {
        Ok(desk::drafts(&self.reads, owner, limit).await?)
    }

    async fn delete_draft(&self, id: Uuid) -> Result<(), StoreError> {
        self.writer.write(DeleteDraft(id)).await
    }

    async fn put_upload(&self, upload: &Upload) -> Result<(), StoreError> {
        self.writer.write(PutUpload(upload.clone())).await
    }

    async fn upload(&self, id: Uuid) -> Result<Option<Upload>, StoreError> {
        Ok(desk::upload(&self.reads, id).await?)
    }

    async fn finished_upload(
        &self,
        owner: &str,
        sha256: &str,
        beyond: Timestamp,
    ) -> Result<Option<Upload>, StoreError> {
        Ok(desk::finished_upload(&self.reads, owner, sha256, beyond).await?)
    }

    async fn waiting_bytes(&self, owner: &str) -> Result<u64, StoreError> {
        Ok(desk::waiting_bytes(&self.reads, owner).await?)
    }

    async fn needs_document(&self, sha256: &str) -> Result<bool, StoreError> {
        Ok(desk::needs_document(&self.reads, sha256).await?)
    }

    async fn open_uploads(&self, owner: &str) -> Result<u64, StoreError> {
        Ok(desk::open_uploads(&self.reads, owner).await?)
    }

    async fn first_print(
        &self,
        dossier: Uuid,
        number: u8,
        seq: u64,
        sha256: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sha256 = sha256.to_owned();
        self.writer.write(FirstPrint { dossier, number, seq, sha256, at }).await
    }

    async fn expire(&self, now: Timestamp) -> Result<Expired, StoreError> {
        self.writer.write(Expire(now)).await
    }

    async fn setting(&self, key: &str, value: &str) -> Result<String, StoreError> {
        self.writer.write(Setting { key: key.to_owned(), value: value.to_owned() }).await
    }

    async fn size_bytes(&self) -> Result<u64, StoreError> {
        self.file_bytes().await
    }
}
