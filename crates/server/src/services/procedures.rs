//! Procedures: checked, published, read.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::{Stream, TryStreamExt as _, stream};

use motcua_api::v1::procedure_service_server::ProcedureService;
use motcua_api::v1::*;
use motcua_engine::{Caller, Engine, Migrated, Migration};
use motcua_procedures::Procedure;
use motcua_store::contract::{Documents, Store};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{Api, Rows, caller, finish};
use crate::convert::{self, Faults, NAME_CHARS_MAX, TEXT_CHARS_MAX};
use crate::status::Refusal;

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl<S: Store, D: Documents> ProcedureService for Api<S, D> {
    type PlanMigrationStream = Rows<PlanMigrationResponse>;
    type MigrateDossiersStream = Rows<MigrateDossiersResponse>;

    async fn check_procedure(
        &self,
        request: Request<CheckProcedureRequest>,
    ) -> Answer<CheckProcedureResponse> {
        caller(&request)?;
        let source = request.into_inner().source;
        let checking = tokio::task::spawn_blocking(move || motcua_procedures::check(&source));
        let report = checking
            .await
            .map_err(|error| Refusal::Internal { what: format!("a check: {error}") })?;
        let procedure = report.procedure.as_ref().filter(|_| report.sound);
        Ok(Response::new(CheckProcedureResponse {
            sound: report.sound,
            findings: convert::procedure_findings(&report.findings),
            procedure: procedure.map(|procedure| convert::reference(procedure.reference())),
        }))
    }

    async fn publish_procedure(
        &self,
        request: Request<PublishProcedureRequest>,
    ) -> Answer<PublishProcedureResponse> {
        let caller = caller(&request)?;
        let PublishProcedureRequest { source, ground } = request.into_inner();
        let mut faults = Faults::default();
        let ground = faults.optional("ground", &ground, TEXT_CHARS_MAX);
        let ground = faults.finish(ground)?;
        let engine = self.engine.clone();
        let published =
            finish(async move { engine.publish_procedure(&caller, source, ground).await });
        let published = published.await?;
        Ok(Response::new(PublishProcedureResponse {
            procedure: Some(convert::reference(&published.reference)),
            findings: convert::procedure_findings(&published.findings),
        }))
    }

    async fn list_procedures(
        &self,
        request: Request<ListProceduresRequest>,
    ) -> Answer<ListProceduresResponse> {
        caller(&request)?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let limit = faults.rows(request.page_size) as usize;
        let list = "ListProcedures";
        let after: Option<String> =
            faults.place(&request.page_token, |token| self.pages.open(list, &(), token));
        let after = faults.finish(after)?;
        let mut codes: Vec<String> =
            self.engine.procedures().iter().map(|one| one.reference().code.clone()).collect();
        codes.sort();
        codes.dedup();
        let rest = codes.into_iter().filter(|code| after.as_ref().is_none_or(|after| code > after));
        let page: Vec<Arc<Procedure>> =
            rest.filter_map(|code| self.engine.procedure(&code, None).ok()).take(limit).collect();
        let last = page.last().filter(|_| page.len() == limit);
        let next = last.map(|last| self.pages.issue(list, &(), &last.reference().code));
        Ok(Response::new(ListProceduresResponse {
            procedures: page.iter().map(|one| convert::procedure_summary(one)).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn get_procedure(
        &self,
        request: Request<GetProcedureRequest>,
    ) -> Answer<GetProcedureResponse> {
        caller(&request)?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let code = faults.id("code", &request.code);
        let version = faults.optional("version", &request.version, NAME_CHARS_MAX);
        let (code, version) = faults.finish((code, version))?;
        let procedure = self.engine.procedure(&code, version.as_deref()).map_err(Refusal::from)?;
        Ok(Response::new(convert::procedure(&procedure)))
    }

    async fn retire_procedure(
        &self,
        request: Request<RetireProcedureRequest>,
    ) -> Answer<RetireProcedureResponse> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let code = faults.id("code", &request.code);
        let from = faults.date("from", &request.from);
        let ground = faults.required("ground", &request.ground, TEXT_CHARS_MAX);
        let (code, from, ground) = faults.finish((code, from, ground))?;
        let engine = self.engine.clone();
        finish(async move { engine.retire_procedure(&caller, &code, from, &ground).await }).await?;
        Ok(Response::new(RetireProcedureResponse {}))
    }

    async fn plan_migration(
        &self,
        request: Request<PlanMigrationRequest>,
    ) -> Answer<Self::PlanMigrationStream> {
        let caller = caller(&request)?;
        let mut faults = Faults::default();
        let migration = convert::migration(&mut faults, request.get_ref().migration.as_ref());
        let migration = faults.finish(migration)?;
        let rows = Migrating::begin(self.engine.clone(), caller, migration, None).await?;
        let rows = rows.map_ok(|dossier| PlanMigrationResponse { dossier: Some(dossier) });
        Ok(Response::new(Box::pin(rows)))
    }

    async fn migrate_dossiers(
        &self,
        request: Request<MigrateDossiersRequest>,
    ) -> Answer<Self::MigrateDossiersStream> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let id = faults.uuid("migration_id", &request.migration_id);
        let migration = convert::migration(&mut faults, request.migration.as_ref());
        let (id, migration) = faults.finish((id, migration))?;
        let rows = Migrating::begin(self.engine.clone(), caller, migration, Some(id)).await?;
        let rows = rows.map_ok(|dossier| MigrateDossiersResponse { dossier: Some(dossier) });
        Ok(Response::new(Box::pin(rows)))
    }
}

/// A migration on its way, a page of dossiers at a time.
struct Migrating<S: Store, D: Documents> {
    engine: Engine<S, D>,
    caller: Caller,
    migration: Migration,
    /// The id of what is carried out; none for a plan.
    id: Option<Uuid>,
    after: Option<Uuid>,
    ended: bool,
    waiting: VecDeque<Migrated>,
}

impl<S: Store, D: Documents> Migrating<S, D> {
    /// The first page is asked for before the stream begins, so that a refusal is the answer of
    /// the call.
    async fn begin(
        engine: Engine<S, D>,
        caller: Caller,
        migration: Migration,
        id: Option<Uuid>,
    ) -> Result<impl Stream<Item = Result<MigratedDossier, Status>> + Send + 'static, Status> {
        let waiting = VecDeque::new();
        let mut begun = Self { engine, caller, migration, id, after: None, ended: false, waiting };
        begun.fetch().await?;
        Ok(stream::try_unfold(begun, Self::next))
    }

    async fn fetch(&mut self) -> Result<(), Status> {
        let (engine, caller) = (self.engine.clone(), self.caller.clone());
        let (migration, after, id) = (self.migration.clone(), self.after, self.id);
        let page = finish(async move {
            match id {
                Some(id) => engine.migrate(&caller, &migration, id, after).await,
                None => engine.plan_migration(&caller, &migration, after).await,
            }
        });
        let page = page.await?;
        self.ended = page.last.is_none();
        self.after = page.last;
        self.waiting = page.rows.into();
        Ok(())
    }

    async fn next(mut self) -> Result<Option<(MigratedDossier, Self)>, Status> {
        while self.waiting.is_empty() && !self.ended {
            self.fetch().await?;
        }
        let row = self.waiting.pop_front();
        Ok(row.map(|row| (convert::migrated(&row), self)))
    }
}
