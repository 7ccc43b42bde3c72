//! What is no request: each gets its typed error with a remedy, nothing is half-written, and the
//! server goes on.

use std::time::{Duration, Instant};

use motcua_api::v1::*;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{Client, Refused, World, files, filing, refused};
use prost::Message as _;
use prost::bytes::{Buf as _, BufMut as _};
use serde_json::json;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::Service as _;
use tonic::codegen::http;
use tonic::transport::Endpoint;
use tonic::{Code, Status};

/// The server still files and reads; nothing was written meanwhile.
async fn unharmed(world: &World) {
    let citizen = world.client(&MAI);
    let mine = citizen.dossiers().list_my_dossiers(ListMyDossiersRequest::default()).await;
    assert!(mine.expect("listed").into_inner().dossiers.is_empty(), "nothing is half-written");
    let filed = citizen.submit(filing::birth_at_counter(&citizen)).await.expect("it goes on");
    world.client(&CLERK).accept_rest(&filed.id).await.expect("it goes on");
}

#[tokio::test]
async fn a_form_that_breaks_its_schema_is_told_every_fault_at_once() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    let changes = json!({
        "child_name": "", "child_sex": "unknown", "child_birth_date": "28/09/2026",
        "copies_requested": "two", "mother": { "name": "Mai", "birth_year": "1998", "x": 1 },
        "requester_name": null, "favourite_colour": "blue",
    });
    let mut request = filing::with_form(filing::birth_at_counter(&citizen), changes);
    request.documents.push(filing::paper("D9"));
    let refusal = refused(citizen.submit(request).await);
    refusal.is(Code::InvalidArgument, "FORM_INVALID").says("retry", "corrected");
    for subject in [
        "form/child_name",
        "form/child_sex",
        "form/child_birth_date",
        "form/copies_requested",
        "form/mother/birth_year",
        "document:D9",
    ] {
        refusal.names(subject);
    }
    let all = format!("{:?}", refusal.subjects);
    for name in ["requester_name", "favourite_colour", "nationality"] {
        let told = all.contains(name) || refusal.message_vi.contains(name);
        assert!(told, "{name} is told: {refusal:?}");
    }
    unharmed(&world).await;
}

#[tokio::test]
async fn form_json_that_is_no_bounded_object_is_refused() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    let deep = format!("{}1{}", r#"{"a":"#.repeat(40), "}".repeat(40));
    let large = format!(r#"{{"child_name":"{}"}}"#, "x".repeat(300 * 1024));
    for form_json in [
        "{",
        "[]",
        "null",
        r#"{"a":1,"a":2}"#,
        r#"{"a":1.5}"#,
        r#"{"a":1e400}"#,
        r#"{"a":"\u0000"}"#,
        r#"{"a":"\ud800"}"#,
        r#"{"họ":"x"}"#,
        &deep,
        &large,
    ] {
        let mut request = filing::birth_at_counter(&citizen);
        request.form_json = form_json.to_owned();
        let refusal = refused(citizen.submit(request).await);
        let text: String = form_json.chars().take(40).collect();
        assert_eq!(refusal.code, Code::InvalidArgument, "{text}: {refusal:?}");
        assert!(["INVALID_REQUEST", "FORM_INVALID"].contains(&refusal.reason.as_str()), "{text}");
        assert!(!refusal.message.is_empty() && !refusal.message_vi.is_empty());
    }
    unharmed(&world).await;
}

#[tokio::test]
async fn the_character_u_0000_and_endless_texts_are_refused_wherever_they_stand() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    for (bad, field) in
        [("Mai\0", "persons[0].full_name"), (&"x".repeat(5_000), "persons[0].full_name")]
    {
        let mut request = filing::birth_at_counter(&citizen);
        request.persons[0].full_name = bad.into();
        refused(citizen.submit(request).await)
            .is(Code::InvalidArgument, "INVALID_REQUEST")
            .names(field);
    }
    refused(citizen.get("a\0b").await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("dossier");
    let draft = SaveDraftRequest {
        id: world.new_id().to_string(),
        revision: 0,
        body_json: "{no json".into(),
    };
    refused(citizen.dossiers().save_draft(draft).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("body_json");
    unharmed(&world).await;
}

#[tokio::test]
async fn an_empty_request_is_told_everything_that_it_lacks() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    refused(citizen.submit(SubmitDossierRequest::default()).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("command.command_id")
        .names("dossier")
        .names("procedure")
        .names("channel")
        .names("receiving_unit");
    let mut unknown = filing::birth_at_counter(&citizen);
    unknown.command.as_mut().expect("a command").command_id = "not-a-uuid".into();
    refused(citizen.submit(unknown.clone()).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("command.command_id");
    unknown.channel = 99;
    refused(citizen.submit(unknown).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("channel");
    unharmed(&world).await;
}

#[tokio::test]
async fn a_document_is_what_it_says_it_is() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    let executable = b"MZ this is no PDF";
    refused(citizen.upload("application/pdf", executable).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("media_type");
    refused(citizen.upload("image/png", &files::pdf("a PDF")).await).names("media_type");
    refused(citizen.upload("application/x-msdownload", executable).await).names("media_type");
    refused(citizen.upload("application/pdf", b"").await).names("size_bytes");
    let begin = |size_bytes| BeginUploadRequest {
        upload_id: world.new_id().to_string(),
        media_type: "application/pdf".into(),
        size_bytes,
    };
    refused(citizen.dossiers().begin_upload(begin(u64::MAX)).await).names("size_bytes");

    let begun = begin(100);
    citizen.dossiers().begin_upload(begun.clone()).await.expect("begun");
    let put = |offset, content: &[u8]| PutChunkRequest {
        upload_id: begun.upload_id.clone(),
        offset,
        content: content.to_vec(),
    };
    refused(citizen.dossiers().put_chunk(put(0, &[0; 101])).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST");
    refused(citizen.dossiers().put_chunk(put(0, &[0; 300 * 1024])).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST");
    refused(citizen.dossiers().put_chunk(put(u64::MAX, b"x")).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST");
    let mut content = files::pdf("x");
    content.resize(100, b' ');
    citizen.dossiers().put_chunk(put(0, &content)).await.expect("put");
    let finish = FinishUploadRequest { upload_id: begun.upload_id.clone(), sha256: "0".repeat(64) };
    refused(citizen.dossiers().finish_upload(finish).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("sha256");

    let mut never_uploaded = filing::birth_online(&citizen).await;
    let content = UploadedDocument { sha256: "a".repeat(64), ..Default::default() };
    never_uploaded.documents[0].content = Some(document::Content::Upload(content));
    refused(citizen.submit(never_uploaded).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("document:D1e");
    unharmed(&world).await;
}

#[tokio::test]
async fn a_document_of_a_type_that_the_procedure_does_not_take_is_refused() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    let mut request = filing::birth_online(&citizen).await;
    let sha256 = citizen.upload("image/png", &files::png("form")).await.expect("a PNG");
    let content = UploadedDocument { sha256, ..Default::default() };
    request.documents[0].content = Some(document::Content::Upload(content));
    refused(citizen.submit(request).await)
        .is(Code::InvalidArgument, "DOCUMENT_INVALID")
        .names("document:D1e");
    let mut missing = filing::birth_online(&citizen).await;
    missing.documents.clear();
    refused(citizen.submit(missing).await)
        .is(Code::FailedPrecondition, "DOCUMENTS_MISSING")
        .names("document:D1e");
    unharmed(&world).await;
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused() {
    let world = World::start().await;
    let citizen = world.client(&MAI);
    let mut request = filing::birth_at_counter(&citizen);
    request.form_json = "x".repeat(2 * 1024 * 1024);
    refused(citizen.submit(request).await)
        .is(Code::InvalidArgument, "MESSAGE_TOO_LARGE")
        .says("retry", "corrected");
    unharmed(&world).await;
}

/// Sends bytes as they are.
#[derive(Clone, Debug, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining()).to_vec()))
    }
}

async fn send_raw(world: &World, message: Vec<u8>) -> Result<Vec<u8>, Status> {
    let channel = Endpoint::from_shared(world.url()).expect("an address").connect_lazy();
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.expect("connected");
    let mut request = tonic::Request::new(message);
    let token = format!("Bearer {}", world.token(&MAI)).parse().expect("ASCII");
    request.metadata_mut().insert("authorization", token);
    let path = http::uri::PathAndQuery::from_static("/motcua.v1.DossierService/GetDossier");
    Ok(grpc.unary(request, path, Raw).await?.into_inner())
}

#[tokio::test]
async fn bytes_that_are_no_message_are_refused() {
    let world = World::start().await;
    let sound =
        GetDossierRequest { dossier: "x".into(), view: 1, ..Default::default() }.encode_to_vec();
    refused(send_raw(&world, sound.clone()).await).is(Code::NotFound, "NOT_FOUND");
    let mut cut = sound.clone();
    cut.truncate(2);
    let invalid_utf8 = vec![0x0a, 0x02, 0xff, 0xfe];
    let wrong_type = vec![0x08, 0x01];
    let endless_varint = vec![0xff; 32];
    let deep = [0x0b; 5_000].to_vec();
    for message in [cut, invalid_utf8, wrong_type, endless_varint, deep] {
        let refusal = refused(send_raw(&world, message.clone()).await);
        let start = &message[..message.len().min(8)];
        assert_eq!(refusal.reason, "MALFORMED_MESSAGE", "{start:?}: {refusal:?}");
        refusal.is(Code::InvalidArgument, "MALFORMED_MESSAGE").says("retry", "corrected");
    }
    // Protobuf would pass over a field that it does not know; what it says would be lost.
    let mut newer = sound;
    newer.extend_from_slice(&[0xf8, 0x07, 0x01]);
    refused(send_raw(&world, newer).await).is(Code::InvalidArgument, "UNKNOWN_FIELD").names("#127");
    unharmed(&world).await;
}

#[tokio::test]
async fn a_frame_that_ends_before_its_length_is_refused() {
    let world = World::start().await;
    let channel = Endpoint::from_shared(world.url()).expect("an address").connect().await;
    let mut channel = channel.expect("connected");
    for frame in ["\0\0\0\0\x10abc", "\0\0", "\x07\0\0\0\x01a", "\0\x7f\0\0\0a", ""] {
        let request = http::Request::builder()
            .method("POST")
            .uri("/motcua.v1.DossierService/GetDossier")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("authorization", format!("Bearer {}", world.token(&MAI)))
            .body(tonic::body::Body::new(frame.to_owned()))
            .expect("a request");
        std::future::poll_fn(|context| channel.poll_ready(context)).await.expect("ready");
        let response = channel.call(request).await.expect("an answer");
        let status = Status::from_header_map(response.headers()).expect("a refusal");
        let refusal = Refused::of(&status);
        assert_eq!(refusal.code, Code::InvalidArgument, "{frame:?}: {refusal:?}");
        assert!(
            ["MALFORMED_MESSAGE", "MESSAGE_TOO_LARGE"].contains(&refusal.reason.as_str()),
            "{frame:?}: {refusal:?}"
        );
    }
    unharmed(&world).await;
}

async fn check(client: &Client, source: Vec<u8>) -> Result<CheckProcedureResponse, Status> {
    let request = CheckProcedureRequest { source };
    Ok(client.procedures().check_procedure(request).await?.into_inner())
}

#[tokio::test]
async fn a_yaml_that_is_malformed_deep_or_huge_is_refused_quickly() {
    let world = World::start().await;
    let admin = world.client(&ADMIN);
    let deep = format!("a: {}{}", "[".repeat(10_000), "]".repeat(10_000));
    let wide = "a: [".to_owned() + &"1,".repeat(200_000) + "1]";
    let bomb = "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n";
    let mut large = motcua_tests::world::CATALOGUE[0].1.to_vec();
    large.resize(1024 * 1024 + 1, b'\n');
    for source in [
        b"".to_vec(),
        b"a: [".to_vec(),
        b"a: 1\na: 2".to_vec(),
        b"\xff\xfe".to_vec(),
        b"a: \"\0\"".to_vec(),
        b"--- a\n--- b".to_vec(),
        deep.into_bytes(),
        wide.into_bytes(),
        bomb.into(),
        large,
    ] {
        let started = Instant::now();
        let start = String::from_utf8_lossy(&source[..source.len().min(20)]).into_owned();
        let checked = check(&admin, source.clone()).await.expect("checked");
        assert!(!checked.sound && !checked.findings.is_empty(), "{start}");
        assert!(checked.findings.iter().all(|finding| !finding.remedy.is_empty()), "{start}");
        let publish = PublishProcedureRequest { source, ..Default::default() };
        refused(admin.procedures().publish_procedure(publish).await)
            .is(Code::InvalidArgument, "PROCEDURE_UNSOUND");
        assert!(started.elapsed() < Duration::from_secs(5), "{start}");
    }
    unharmed(&world).await;
}

#[tokio::test]
async fn a_yaml_of_100_megabytes_is_refused_before_it_is_read() {
    let world = World::start().await;
    let admin = world.client(&ADMIN);
    let source = vec![b'a'; 100 * 1024 * 1024];
    refused(check(&admin, source.clone()).await).is(Code::InvalidArgument, "MESSAGE_TOO_LARGE");
    let publish = PublishProcedureRequest { source, ..Default::default() };
    refused(admin.procedures().publish_procedure(publish).await)
        .is(Code::InvalidArgument, "MESSAGE_TOO_LARGE");
    unharmed(&world).await;
}

#[tokio::test]
async fn a_published_version_cannot_be_published_with_other_bytes() {
    let world = World::start().await;
    let admin = world.client(&ADMIN);
    let source = motcua_tests::world::CATALOGUE[0].1.to_vec();
    let publish = async |source: Vec<u8>| {
        admin
            .procedures()
            .publish_procedure(PublishProcedureRequest { source, ..Default::default() })
            .await
    };
    let same = publish(source.clone()).await.expect("the same bytes are harmless").into_inner();
    assert_eq!(same.procedure.expect("published").digest, files::sha256(&source));
    let mut other = source;
    other.extend_from_slice(b"# another comment\n");
    refused(publish(other).await).is(Code::AlreadyExists, "ALREADY_EXISTS");
    let list = admin.procedures().list_procedures(ListProceduresRequest::default()).await;
    assert_eq!(list.expect("listed").into_inner().procedures.len(), 3);
}

#[tokio::test]
async fn registers_with_faults_are_refused_with_every_fault() {
    let world = World::start().await;
    let admin = world.client(&ADMIN);
    let before = admin.admin().get_server_info(GetServerInfoRequest {}).await.expect("info");
    let units = json!({ "schema_version": 2, "units": [
        { "id": "A B", "kind": "commune", "name": { "vi": "x", "en": "x" }, "codes": [],
          "area": "ordinary", "address": "", "phone": "", "valid_from": "2025-07-01",
          "successor": "nobody" },
    ] });
    let load = LoadUnitsRequest { content: units.to_string().into_bytes() };
    refused(admin.admin().load_units(load).await)
        .is(Code::InvalidArgument, "REGISTER_INVALID")
        .names("/schema_version")
        .names("/units/0/id")
        .names("/units/0/successor");
    for content in [&b"{"[..], b"[]", b"{\"units\":[],\"colour\":1}", b"\xff"] {
        let load = LoadUnitsRequest { content: content.to_vec() };
        refused(admin.admin().load_units(load).await).is(Code::InvalidArgument, "REGISTER_INVALID");
        let load = LoadCalendarRequest { content: content.to_vec() };
        refused(admin.deadlines().load_calendar(load).await)
            .is(Code::InvalidArgument, "REGISTER_INVALID");
    }
    let after = admin.admin().get_server_info(GetServerInfoRequest {}).await.expect("info");
    let (before, after) = (before.into_inner(), after.into_inner());
    assert_eq!(before.units_digest, after.units_digest);
    assert_eq!(before.calendar_digest, after.calendar_digest);
    unharmed(&world).await;
}

#[tokio::test]
async fn too_many_entries_and_reasons_without_end_are_refused() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let mut request = filing::birth_at_counter(&crew.citizen);
    request.persons = vec![filing::mai(); 100];
    refused(crew.citizen.submit(request).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("persons");
    unharmed(&world).await;
    let mine = crew.clerk.queue(Queue::ToReceive).await.expect("listed").rows.remove(0);
    refused(crew.clerk.reject(&mine.dossier, &[("document:D1", &"x".repeat(10_000))]).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST");
    refused(crew.clerk.reject(&mine.dossier, &[("paper:D1", "x")]).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST");
}
