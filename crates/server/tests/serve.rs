//! A real server on a real port, over the in-memory store: what only the whole can show.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use motcua_api::v1::admin_service_client::AdminServiceClient;
use motcua_api::v1::audit_service_client::AuditServiceClient;
use motcua_api::v1::deadline_service_client::DeadlineServiceClient;
use motcua_api::v1::desk_service_client::DeskServiceClient;
use motcua_api::v1::dossier_service_client::DossierServiceClient;
use motcua_api::v1::procedure_service_client::ProcedureServiceClient;
use motcua_api::v1::replay_history_response::Part as ReplayPart;
use motcua_api::v1::*;
use motcua_engine::{Config, Engine, SystemClock};
use motcua_procedures::Role;
use motcua_server::{ServerConfig, TokenKey, serve};
use motcua_store::{MemoryDocuments, MemoryStore};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel as Transport, Endpoint};
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;
use uuid::Uuid;

const PROCEDURE: &[u8] = include_bytes!("../../../catalogue/household-business.yaml");
const CALENDAR: &[u8] = include_bytes!("../../deadlines/data/calendar-vn.json");
const UNITS: &str = r#"{"schema_version":1,"units":[
  {"id":"centre","kind":"commune_centre","name":{"vi":"Trung tâm","en":"Centre"},
   "codes":[{"code":"H49.61.05","from":"2025-07-01"}],"area":"ordinary","address":"1 Lê Lợi",
   "phone":"0203000000","valid_from":"2025-07-01","competent_agency":"commune",
   "staff":[{"id":"clerk-1","roles":["reception_clerk","return_clerk"]},
    {"id":"centre-head-1","roles":["head_of_division"]}]},
  {"id":"commune","kind":"commune","name":{"vi":"Ủy ban","en":"Committee"},
   "codes":[{"code":"H49.61","from":"2025-07-01"}],"area":"ordinary","address":"2 Lê Lợi",
   "phone":"0203000001","valid_from":"2025-07-01",
   "staff":[{"id":"specialist-1","roles":["specialist","records_officer"]},
    {"id":"head-1","roles":["head_of_division","signing_leader"]}]}]}"#;
const FORM: &str = r#"{"business_name":"Phở Hạ Long",
  "seat":{"street":"1 Lê Lợi","commune":"Hồng Gai","province":"Quảng Ninh"},
  "trades":[{"code":"5610","name":"Nhà hàng","is_main":true}],"capital_vnd":100000000,"workers":2,
  "registered_by":"individual","owner_name":"Nguyễn Văn A","owner_birth_date":"1990-01-02",
  "proxy_kind":"none","principal_has_electronic_identity":true,"contact_phone":"0912345678"}"#;

struct Server {
    address: SocketAddr,
    key: TokenKey,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(set: impl FnOnce(&mut ServerConfig)) -> Self {
        let key = TokenKey::ephemeral().expect("random bytes");
        let config = Config {
            origin: Some("test.example/log/1".into()),
            secret: [7; 32],
            is_new_secret: false,
        };
        let store = MemoryStore::default();
        let documents = MemoryDocuments::default();
        let engine = Engine::start(store, documents, Arc::new(SystemClock), config);
        let engine = engine.await.expect("an engine");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut config = ServerConfig::new(key.clone());
        set(&mut config);
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let stop = async { drop(stopped.await) };
            serve(engine, config, listener, stop).await.expect("served");
        });
        Self { address, key, stop, task }
    }

    async fn connect(&self) -> Transport {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).expect("a URI");
        endpoint.connect().await.expect("connected")
    }

    fn ask<T>(&self, subject: &str, unit: Option<&str>, role: Role, message: T) -> Request<T> {
        let token = self.key.issue(subject, unit, &[role], Duration::from_secs(600));
        let mut request = Request::new(message);
        let value = format!("Bearer {}", token.expect("issued")).parse().expect("ASCII");
        request.metadata_mut().insert("authorization", value);
        request
    }

    fn admin<T>(&self, message: T) -> Request<T> {
        self.ask("admin-1", None, Role::Administrator, message)
    }

    fn citizen<T>(&self, message: T) -> Request<T> {
        self.ask("citizen-1", None, Role::Applicant, message)
    }

    fn clerk<T>(&self, message: T) -> Request<T> {
        self.ask("clerk-1", Some("centre"), Role::ReceptionClerk, message)
    }

    /// Calendar, units, procedure.
    async fn furnish(&self, transport: &Transport) {
        let calendar = self.admin(LoadCalendarRequest { content: CALENDAR.into() });
        let mut deadlines = DeadlineServiceClient::new(transport.clone());
        deadlines.load_calendar(calendar).await.expect("a calendar");
        let units = self.admin(LoadUnitsRequest { content: UNITS.into() });
        AdminServiceClient::new(transport.clone()).load_units(units).await.expect("units");
        let procedure =
            self.admin(PublishProcedureRequest { source: PROCEDURE.into(), ..Default::default() });
        let mut procedures = ProcedureServiceClient::new(transport.clone());
        procedures.publish_procedure(procedure).await.expect("a procedure");
    }

    /// The clerk at the counter files for the citizen.
    async fn file(&self, transport: &Transport) -> SubmitDossierResponse {
        let mut dossiers = DossierServiceClient::new(transport.clone());
        let filed = dossiers.submit_dossier(self.clerk(filing())).await;
        filed.expect("filed").into_inner()
    }
}

fn meta() -> Option<CommandMeta> {
    Some(CommandMeta { command_id: Uuid::now_v7().to_string(), ..Default::default() })
}

fn filing() -> SubmitDossierRequest {
    let meta = meta().map(|meta| CommandMeta { acting_for: "citizen-1".into(), ..meta });
    SubmitDossierRequest {
        command: meta,
        dossier: Uuid::now_v7().to_string(),
        procedure: "1.001612".into(),
        channel: Channel::Counter.into(),
        variant: "individual".into(),
        receiving_unit: "centre".into(),
        persons: vec![Person {
            id: "citizen-1".into(),
            part: Part::DossierOwner.into(),
            full_name: "Nguyễn Văn A".into(),
            id_number: "001090000001".into(),
            ..Default::default()
        }],
        form_json: FORM.into(),
        documents: vec![Document {
            requirement: "D1".into(),
            content: Some(document::Content::Paper(PaperDocument { originals: 1, copies: 0 })),
        }],
        ..Default::default()
    }
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

async fn raw(transport: Transport, path: &'static str, token: Request<()>) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(transport);
    client.ready().await.expect("ready");
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    let answer = client.unary(token, PathAndQuery::from_static(path), codec).await;
    answer.map(|_| ())
}

#[tokio::test]
async fn a_filing_is_answered_the_same_however_often_it_is_sent() {
    let server = Server::start(|_| {}).await;
    let transport = server.connect().await;
    server.furnish(&transport).await;
    let mut dossiers = DossierServiceClient::new(transport);
    let request = filing();
    let mut file = async |request: &SubmitDossierRequest| {
        dossiers.submit_dossier(server.clerk(request.clone())).await.map(|a| a.into_inner())
    };
    let first = file(&request).await.expect("filed");
    let state = first.dossier.expect("a state");
    assert_eq!(state.status(), motcua_api::v1::Status::Submitted);
    assert!(state.evidence.starts_with("motcua:1:dossier:"), "{}", state.evidence);
    assert!(!first.repeat);
    let again = file(&request).await.expect("repeated");
    assert!(again.repeat);
    assert_eq!(again.tracking_secret, first.tracking_secret);
    assert_eq!(again.dossier.expect("a state").evidence, state.evidence);
    let other = SubmitDossierRequest { channel: Channel::Post.into(), ..request };
    let reused = file(&other).await.expect_err("reused");
    assert_eq!(reused.code(), Code::AlreadyExists);
    assert_eq!(reason(&reused), "COMMAND_ID_REUSED");
}

#[tokio::test]
async fn a_clerk_finds_the_dossier_and_is_told_what_stands_in_the_way() {
    let server = Server::start(|_| {}).await;
    let transport = server.connect().await;
    server.furnish(&transport).await;
    let dossier = server.file(&transport).await.dossier.expect("a state").id;
    let mut desk = DeskServiceClient::new(transport);

    let list = ListWorkItemsRequest { queue: Queue::ToReceive.into(), ..Default::default() };
    let page = desk.list_work_items(server.clerk(list)).await.expect("a page").into_inner();
    assert_eq!((page.total_size, page.rows.len()), (1, 1));
    assert_eq!(page.rows[0].dossier, dossier);

    let accept = AcceptDossierRequest { command: meta(), dossier, ..Default::default() };
    let refused = desk.accept_dossier(server.clerk(accept)).await.expect_err("not yet");
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
    let details = refused.get_error_details();
    let metadata = &details.error_info().expect("an ErrorInfo").metadata;
    assert_eq!(metadata["last_act"], "submit");
    assert!(metadata["offered"].contains("accept"), "{metadata:?}");
}

#[tokio::test]
async fn a_citizen_tracks_by_the_secret_and_strangers_find_nothing() {
    let server = Server::start(|_| {}).await;
    let transport = server.connect().await;
    server.furnish(&transport).await;
    let filed = server.file(&transport).await;
    let mut dossiers = DossierServiceClient::new(transport);

    let by = Some(track_dossier_request::By::Secret(filed.tracking_secret));
    let tracked = dossiers.track_dossier(TrackDossierRequest { by }).await.expect("tracked");
    assert_eq!(tracked.into_inner().procedure.expect("a procedure").code, "1.001612");
    let known = CodeAndFactor { code: "H49.61.05-261124-0001".into(), factor: "0912345678".into() };
    let by = Some(track_dossier_request::By::Code(known));
    let refused = dossiers.track_dossier(TrackDossierRequest { by }).await.expect_err("no token");
    assert_eq!(refused.code(), Code::Unauthenticated);

    let dossier = filed.dossier.expect("a state").id;
    let get = GetDossierRequest { dossier, ..Default::default() };
    let stranger = server.ask("citizen-2", None, Role::Applicant, get);
    let hidden = dossiers.get_dossier(stranger).await.expect_err("not theirs");
    assert_eq!(hidden.code(), Code::NotFound);
}

#[tokio::test]
async fn a_history_is_streamed_and_then_judged() {
    let server = Server::start(|_| {}).await;
    let transport = server.connect().await;
    server.furnish(&transport).await;
    let dossier = server.file(&transport).await.dossier.expect("a state").id;
    let replay = server.citizen(ReplayHistoryRequest { dossier });
    let mut audit = AuditServiceClient::new(transport);
    let mut stream = audit.replay_history(replay).await.expect("a stream").into_inner();
    let mut events = 0;
    let verdict = loop {
        match stream.message().await.expect("sound").expect("a verdict at the end").part {
            Some(ReplayPart::Event(event)) => {
                events += 1;
                assert_eq!(event.sequence, events);
            }
            Some(ReplayPart::Verdict(verdict)) => break verdict,
            None => panic!("an empty message"),
        }
    };
    assert!(verdict.equal, "{:?}", verdict.findings);
    assert_eq!(verdict.events, events);
    assert!(stream.message().await.expect("sound").is_none(), "the verdict is the last");
    let chain =
        server.citizen(ReadChainRequest { chain: "sys:procedures".into(), after_sequence: 0 });
    let refused = audit.read_chain(chain).await.expect_err("for auditors");
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn the_server_tells_its_health_and_stops_in_time_with_a_watcher_connected() {
    let server = Server::start(|config| config.drain_timeout = Duration::from_millis(300)).await;
    let transport = server.connect().await;
    let mut health = HealthClient::new(transport.clone());
    for service in motcua_api::SERVICES.into_iter().chain([""]) {
        let asked = HealthCheckRequest { service: service.into() };
        let answer = health.check(asked).await.expect("healthy").into_inner();
        assert_eq!(answer.status, 1, "{service} serves");
    }
    let watch = health.watch(HealthCheckRequest { service: String::new() });
    let mut watch = watch.await.expect("a watch").into_inner();
    assert_eq!(watch.message().await.expect("sound").expect("a status").status, 1);
    server.stop.send(()).expect("running");
    assert_eq!(watch.message().await.expect("sound").expect("a status").status, 2, "NOT_SERVING");
    let ended = tokio::time::timeout(Duration::from_secs(5), server.task).await;
    ended.expect("in time").expect("without panic");
}

#[tokio::test]
async fn reflection_is_there_in_both_versions_unless_turned_off() {
    const V1: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    const V1ALPHA: &str = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
    for on in [true, false] {
        let server = Server::start(|config| config.reflection = on).await;
        let transport = server.connect().await;
        for path in [V1, V1ALPHA] {
            // An empty message is no question, but only a service that is there can say so.
            let answer = raw(transport.clone(), path, server.admin(())).await;
            let code = answer.err().map_or(Code::Ok, |status| status.code());
            assert_eq!(code == Code::Unimplemented, !on, "{path}: {code:?}");
        }
    }
}

#[tokio::test]
async fn what_is_no_call_is_refused_and_the_server_stays_up() {
    let server = Server::start(|_| {}).await;
    let transport = server.connect().await;
    let unknown = raw(transport.clone(), "/motcua.v1.DeskService/Nothing", server.admin(())).await;
    assert_eq!(unknown.expect_err("no such method").code(), Code::Unimplemented);

    let mut procedures = ProcedureServiceClient::new(transport.clone());
    let huge = CheckProcedureRequest { source: vec![b'a'; 2 * 1024 * 1024] };
    let refused = procedures.check_procedure(server.admin(huge)).await.expect_err("too large");
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::InvalidArgument, "MESSAGE_TOO_LARGE")
    );

    let bad = CheckProcedureRequest { source: b"\xff\xfe: [".into() };
    let checked = procedures.check_procedure(server.admin(bad)).await.expect("findings");
    assert!(!checked.into_inner().sound);

    let mut dossiers = DossierServiceClient::new(transport);
    let empty = dossiers.submit_dossier(server.citizen(SubmitDossierRequest::default())).await;
    let empty = empty.expect_err("malformed");
    assert_eq!((empty.code(), reason(&empty).as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
    assert!(empty.get_error_details().bad_request().expect("fields").field_violations.len() > 3);
}

#[tokio::test]
async fn a_connection_too_many_is_closed_and_the_others_go_on() {
    let server = Server::start(|config| config.connections_per_address_max = 1).await;
    let first = server.connect().await;
    let mut health = HealthClient::new(first);
    health.check(HealthCheckRequest::default()).await.expect("healthy");
    let uri = format!("http://{}", server.address);
    let second = Endpoint::from_shared(uri).expect("a URI").connect_lazy();
    let refused = HealthClient::new(second).check(HealthCheckRequest::default()).await;
    refused.expect_err("one too many");
    health.check(HealthCheckRequest::default()).await.expect("still healthy");
}
