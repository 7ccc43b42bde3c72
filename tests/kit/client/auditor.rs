//! What auditors do.

use motcua_api::v1::replay_history_response::Part;
use motcua_api::v1::*;
use tokio_stream::StreamExt as _;
use tonic::Status;

use super::Client;

/// What auditors do.
impl Client {
    /// A dossier's events and the verdict.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn replay(
        &self,
        dossier: &str,
    ) -> Result<(Vec<HistoryEvent>, ReplayVerdict), Status> {
        let request = ReplayHistoryRequest { dossier: dossier.to_owned() };
        let mut parts = self.audit().replay_history(request).await?.into_inner();
        let (mut events, mut verdict) = (Vec::new(), None);
        while let Some(part) = parts.next().await {
            match part?.part {
                Some(Part::Event(event)) => events.push(event),
                Some(Part::Verdict(found)) => verdict = Some(found),
                None => panic!("an empty part of a replay"),
            }
        }
        Ok((events, verdict.expect("a replay ends with its verdict")))
    }

    /// The events of a chain.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn chain(&self, name: &str) -> Result<Vec<HistoryEvent>, Status> {
        let request = ReadChainRequest { chain: name.to_owned(), after_sequence: 0 };
        let mut stream = self.audit().read_chain(request).await?.into_inner();
        let mut events = Vec::new();
        while let Some(event) = stream.next().await {
            events.extend(event?.event);
        }
        Ok(events)
    }

    /// A dossier as of an instant or a version, its state as JSON.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn as_of(
        &self,
        dossier: &str,
        as_of: get_state_as_of_request::AsOf,
    ) -> Result<GetStateAsOfResponse, Status> {
        let request = GetStateAsOfRequest { dossier: dossier.to_owned(), as_of: Some(as_of) };
        Ok(self.audit().get_state_as_of(request).await?.into_inner())
    }
}
