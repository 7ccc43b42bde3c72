//! Units and the server itself.

use jiff::Timestamp;
use motcua_api::v1::admin_service_server::AdminService;
use motcua_api::v1::*;
use motcua_store::contract::{Documents, Store};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{Api, caller, finish};
use crate::convert::{self, Faults};
use crate::status::Refusal;

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl<S: Store, D: Documents> AdminService for Api<S, D> {
    async fn load_units(&self, request: Request<LoadUnitsRequest>) -> Answer<LoadUnitsResponse> {
        let caller = caller(&request)?;
        let content = request.into_inner().content;
        let engine = self.engine.clone();
        let loaded = finish(async move { engine.load_units(&caller, content).await }).await?;
        let (digest, version) = (loaded.reference.digest, loaded.reference.version);
        let understaffed = loaded.warnings.iter().map(convert::understaffed).collect();
        Ok(Response::new(LoadUnitsResponse { digest, version, understaffed }))
    }

    async fn list_units(&self, request: Request<ListUnitsRequest>) -> Answer<ListUnitsResponse> {
        caller(&request)?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let limit = faults.rows(request.page_size) as usize;
        let list = "ListUnits";
        let after: Option<String> =
            faults.place(&request.page_token, |token| self.pages.open(list, &(), token));
        let after = faults.finish(after)?;
        let today = motcua_dossiers::local_date(self.engine.now());
        let register = self.engine.units();
        let rest = register.units().filter(|u| after.as_ref().is_none_or(|after| u.id > *after));
        let units: Vec<Unit> = rest.take(limit).map(|one| convert::unit(one, today)).collect();
        let last = units.last().filter(|_| units.len() == limit);
        let next = last.map(|last| self.pages.issue(list, &(), &last.id));
        Ok(Response::new(ListUnitsResponse { next_page_token: next.unwrap_or_default(), units }))
    }

    async fn list_parked_timers(
        &self,
        request: Request<ListParkedTimersRequest>,
    ) -> Answer<ListParkedTimersResponse> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let limit = faults.rows(request.page_size);
        let list = "ListParkedTimers";
        let after: Option<(Timestamp, Uuid, String)> =
            faults.place(&request.page_token, |token| self.pages.open(list, &(), token));
        let after = faults.finish(after)?;
        let timers = self.engine.parked_timers(&caller, after, limit).await;
        let timers = timers.map_err(Refusal::from)?;
        let last = timers.last().filter(|_| timers.len() == limit as usize);
        let next = last.map(|last| {
            self.pages.issue(list, &(), &(last.due_at, last.dossier, last.timer.as_str()))
        });
        Ok(Response::new(ListParkedTimersResponse {
            timers: timers.into_iter().map(convert::parked_timer).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn get_server_info(
        &self,
        request: Request<GetServerInfoRequest>,
    ) -> Answer<GetServerInfoResponse> {
        let caller = caller(&request)?;
        let info = self.engine.info(&caller).await.map_err(Refusal::from)?;
        Ok(Response::new(GetServerInfoResponse {
            version: env!("CARGO_PKG_VERSION").into(),
            origin: info.origin,
            now: Some(convert::timestamp(info.now)),
            store_bytes: info.size_bytes,
            procedures: info.procedures as u64,
            calendar_digest: info.calendar.unwrap_or_default(),
            units_digest: info.units.unwrap_or_default(),
        }))
    }
}
