//! A person at the API: one method for each act, each with a command id of its own.

use std::sync::Arc;

use motcua_api::v1::admin_service_client::AdminServiceClient;
use motcua_api::v1::audit_service_client::AuditServiceClient;
use motcua_api::v1::deadline_service_client::DeadlineServiceClient;
use motcua_api::v1::desk_service_client::DeskServiceClient;
use motcua_api::v1::dossier_service_client::DossierServiceClient;
use motcua_api::v1::procedure_service_client::ProcedureServiceClient;
use motcua_api::v1::{CommandMeta, DossierState};
use motcua_engine::Clock;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::people::{COUNTERS, PORTAL, Who};

/// Sends an act and takes the dossier out of its answer.
macro_rules! act {
    ($client:ident.$service:ident().$method:ident($request:expr)) => {{
        let answer = $client.$service().$method($request).await?;
        Ok(answer.into_inner().dossier.expect("an answer shows the dossier"))
    }};
}

mod auditor;
mod citizen;
mod desk;
mod watch;

pub use watch::{KnownQueue, Watched};

/// A connection that carries the token.
pub type Link = InterceptedService<Channel, Bearer>;

/// Puts the token into every call.
#[derive(Clone, Debug)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

/// Someone at the API. Clones share the connection.
#[derive(Clone)]
pub struct Client {
    link: Link,
    id: String,
    acting_for: String,
    acting_role: String,
    clock: Arc<dyn Clock>,
    counters: Arc<[Counter]>,
}

/// A centre, and its clerk at the counter.
#[derive(Clone)]
struct Counter {
    centre: &'static str,
    clerk: Client,
}

/// The state of a dossier after an act.
pub type Acted = Result<DossierState, Status>;

impl Client {
    /// Connects when first used.
    ///
    /// # Panics
    /// For an address or token that cannot be sent.
    pub fn new(url: &str, id: &str, token: Option<&str>, clock: Arc<dyn Clock>) -> Self {
        let endpoint = Endpoint::from_shared(url.to_owned()).expect("an address");
        let bearer = |token: &str| format!("Bearer {token}").parse().expect("a token is ASCII");
        let link = InterceptedService::new(endpoint.connect_lazy(), Bearer(token.map(bearer)));
        Self {
            link,
            id: id.to_owned(),
            acting_for: String::new(),
            acting_role: String::new(),
            clock,
            counters: Arc::default(),
        }
    }

    /// The same citizen, who brings paper to the counters of the centres: the clerks, whom
    /// `connect` connects, record it for them.
    #[must_use]
    pub fn going_to_counters(self, connect: impl Fn(&Who) -> Self) -> Self {
        let clerk_of = |(centre, who)| Counter { centre, clerk: connect(who) };
        Self { counters: COUNTERS.map(clerk_of).into(), ..self }
    }

    /// The clerk of a centre, attesting this citizen; none for those who go to no counter. Where
    /// there is no such centre, the citizen goes to the first that there is.
    fn clerk_at(&self, centre: &str) -> Option<Self> {
        let counter = self.counters.iter().find(|counter| counter.centre == centre);
        let counter = counter.or(self.counters.first())?;
        Some(counter.clerk.attesting(&self.id))
    }

    /// The citizen for whom the front end reads; nobody else gives one.
    pub(crate) fn reads_for(&self) -> String {
        let acting_for = if self.id == PORTAL.id { self.acting_for.as_str() } else { "" };
        acting_for.to_owned()
    }

    /// The same person, attesting that they act for a citizen.
    #[must_use]
    pub fn attesting(&self, citizen: &str) -> Self {
        Self { acting_for: citizen.to_owned(), ..self.clone() }
    }

    /// The same person, acting in a role of the token.
    #[must_use]
    pub fn acting_as(&self, role: &str) -> Self {
        Self { acting_role: role.to_owned(), ..self.clone() }
    }

    /// Opaque id of the person.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Opaque id of whose rights as an applicant count.
    pub fn person(&self) -> &str {
        if self.acting_for.is_empty() { &self.id } else { &self.acting_for }
    }

    /// What the clock of the person's world shows.
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// A UUIDv7 of now.
    pub fn new_id(&self) -> Uuid {
        crate::world::new_id(self.clock.now())
    }

    /// Command id of its own, no expected version.
    pub fn meta(&self) -> Option<CommandMeta> {
        self.meta_with(self.new_id())
    }

    /// This command id, no expected version.
    pub fn meta_with(&self, command: Uuid) -> Option<CommandMeta> {
        Some(CommandMeta {
            command_id: command.to_string(),
            expected_version: None,
            acting_role: self.acting_role.clone(),
            acting_for: self.acting_for.clone(),
        })
    }

    /// The service of citizens and front ends.
    pub fn dossiers(&self) -> DossierServiceClient<Link> {
        DossierServiceClient::new(self.link.clone())
    }

    /// The service of clerks, leaders and records officers.
    pub fn desk(&self) -> DeskServiceClient<Link> {
        DeskServiceClient::new(self.link.clone())
    }

    /// The service of procedure authors.
    pub fn procedures(&self) -> ProcedureServiceClient<Link> {
        ProcedureServiceClient::new(self.link.clone())
    }

    /// The service of deadlines.
    pub fn deadlines(&self) -> DeadlineServiceClient<Link> {
        DeadlineServiceClient::new(self.link.clone())
    }

    /// The service of auditors.
    pub fn audit(&self) -> AuditServiceClient<Link> {
        AuditServiceClient::new(self.link.clone())
    }

    /// The service of operators.
    pub fn admin(&self) -> AdminServiceClient<Link> {
        AdminServiceClient::new(self.link.clone())
    }
}
