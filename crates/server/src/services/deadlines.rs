//! The calendar, and deadlines computed by it.

use motcua_api::v1::deadline_service_server::DeadlineService;
use motcua_api::v1::*;
use motcua_deadlines::{Lang, OfficeHours};
use motcua_engine::EngineError;
use motcua_store::contract::{Documents, Store};
use tonic::{Request, Response, Status};

use super::{Api, caller, finish, reader};
use crate::convert::{self, Faults};
use crate::status::Refusal;

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl<S: Store, D: Documents> DeadlineService for Api<S, D> {
    async fn load_calendar(
        &self,
        request: Request<LoadCalendarRequest>,
    ) -> Answer<LoadCalendarResponse> {
        let caller = caller(&request)?;
        let content = request.into_inner().content;
        let engine = self.engine.clone();
        let loaded = finish(async move { engine.load_calendar(&caller, content).await }).await?;
        let (digest, version) = (loaded.digest, loaded.version);
        Ok(Response::new(LoadCalendarResponse { digest, version }))
    }

    async fn get_calendar(
        &self,
        request: Request<GetCalendarRequest>,
    ) -> Answer<GetCalendarResponse> {
        caller(&request)?;
        let Some(calendar) = self.engine.calendar() else {
            return Ok(Response::new(GetCalendarResponse::default()));
        };
        let years = calendar
            .years()
            .map(|year| CalendarYear { year: year.into(), official: calendar.is_official(year) });
        Ok(Response::new(GetCalendarResponse {
            digest: calendar.digest().into(),
            years: years.collect(),
        }))
    }

    async fn compute_deadline(
        &self,
        request: Request<ComputeDeadlineRequest>,
    ) -> Answer<ComputeDeadlineResponse> {
        caller(&request)?;
        let mut faults = Faults::default();
        let line = convert::compute_line(&mut faults, request.get_ref());
        let line = faults.finish(line)?;
        let calendar = self.engine.calendar();
        let calendar =
            calendar.ok_or_else(|| Refusal::from(EngineError::NotFound { what: "calendar" }))?;
        let hours = OfficeHours::default();
        let answer = |lang| motcua_deadlines::compute_line(&line, &calendar, &hours, lang);
        Ok(Response::new(convert::computed(&answer(Lang::Vi), &answer(Lang::En))?))
    }

    async fn explain_deadline(
        &self,
        request: Request<ExplainDeadlineRequest>,
    ) -> Answer<ExplainDeadlineResponse> {
        let caller = reader(&request, &request.get_ref().acting_for)?;
        let key = self.key(&request.get_ref().dossier)?;
        let engine = self.engine.clone();
        let acts = finish(async move { engine.explain_deadline(&caller, &key).await }).await?;
        let acts = acts.iter().map(convert::explained_act).collect();
        Ok(Response::new(ExplainDeadlineResponse { acts }))
    }
}
