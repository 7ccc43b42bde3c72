//! Procedures: checked, published, read.

use std::sync::Arc;

use motcua_api::v1::procedure_service_server::ProcedureService;
use motcua_api::v1::*;
use motcua_engine::EngineError;
use motcua_procedures::Procedure;
use motcua_store::contract::{Documents, Store};
use tonic::{Request, Response, Status};

use super::{Api, caller, finish};
use crate::convert::{self, Faults, NAME_CHARS_MAX};
use crate::status::Refusal;

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl<S: Store, D: Documents> ProcedureService for Api<S, D> {
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
        let source = request.into_inner().source;
        let engine = self.engine.clone();
        let published = finish(async move { engine.publish_procedure(&caller, source).await });
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
            rest.filter_map(|code| self.engine.procedure(&code, None)).take(limit).collect();
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
        let found = self.engine.procedure(&code, version.as_deref());
        let procedure =
            found.ok_or_else(|| Refusal::from(EngineError::NotFound { what: "procedure" }))?;
        Ok(Response::new(convert::procedure(&procedure)))
    }
}
