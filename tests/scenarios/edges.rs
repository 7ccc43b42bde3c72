//! Edges of reading and writing: guesses at once, files loaded again, parts read from their middle.

use motcua_api::v1::*;
use motcua_engine::{Caller, EngineError, HistoryKey, Track};
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::{World, filing, refused};
use tonic::Code;

fn caller(who: &Who) -> Caller {
    let unit = who.unit.map(str::to_owned);
    Caller { id: who.id.into(), unit, roles: who.roles.to_vec(), acting_for: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_guesses_at_once_only_as_many_are_looked_at_as_may_be() {
    let world = World::start().await;
    let mut guesses = tokio::task::JoinSet::new();
    for guess in 0..20 {
        let (engine, portal) = (world.engine().clone(), caller(&PORTAL));
        guesses.spawn(async move {
            let factor = format!("09120000{guess:02}");
            let track = Track::Code { code: "H49.61.05-261005-0777".into(), factor };
            engine.track(Some(&portal), track).await.map(|_| ())
        });
    }
    let answers = guesses.join_all().await;
    let wrong = answers.iter().filter(|a| matches!(a, Err(EngineError::NotFound { .. })));
    let refused = answers.iter().filter(|a| matches!(a, Err(EngineError::TooManyGuesses { .. })));
    assert_eq!((wrong.count(), refused.count()), (5, 15));
}

#[tokio::test]
async fn one_factor_cannot_be_tried_over_all_codes() {
    let world = World::start().await;
    let portal = world.client(&PORTAL);
    for number in 1..=5 {
        let code = format!("H49.61.05-261005-{number:04}");
        refused(portal.track_code(&code, filing::MAI_PHONE).await).is(Code::NotFound, "NOT_FOUND");
    }
    refused(portal.track_code("H49.61.05-261005-0006", filing::MAI_PHONE).await)
        .is(Code::ResourceExhausted, "TOO_MANY_GUESSES");
}

#[tokio::test]
async fn an_earlier_calendar_can_be_put_in_force_again() {
    let mut world = World::start().await;
    let admin = caller(&ADMIN);
    let first = motcua_tests::world::CALENDAR.to_vec();
    let mut other = first.clone();
    other.push(b'\n');
    let engine = world.engine();
    let a = engine.load_calendar(&admin, first.clone()).await.expect("in force already");
    let b = engine.load_calendar(&admin, other).await.expect("another");
    let again = engine.load_calendar(&admin, first.clone()).await.expect("the first again");
    assert_eq!(again.digest, a.digest);
    assert!(again.version != a.version && again.version != b.version);
    let repeated = engine.load_calendar(&admin, first).await.expect("in force already");
    assert_eq!(repeated, again);
    world.restart().await;
    let in_force = world.engine().calendar().expect("a calendar");
    assert_eq!(in_force.digest(), a.digest);
}

#[tokio::test]
async fn a_history_read_from_its_middle_is_recorded_too() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    let engine = world.engine();
    let key = HistoryKey::Dossier(engine.dossier_key(&crew.drive(&filed.id, "handover").await.id));
    let auditor = world.client(&AUDITOR);
    let chain = format!("acc:{}", filed.id);
    let before = auditor.chain(&chain).await.expect("read").len();
    let page = engine.history(&caller(&CLERK), &key, 1, 10).await.expect("a page");
    assert!(!page.events.is_empty());
    let reads = auditor.chain(&chain).await.expect("read");
    assert_eq!(reads.len(), before + 1);
}

#[tokio::test]
async fn a_form_printed_again_shows_the_units_as_they_were() {
    let world = World::start().await;
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_at_counter(&crew.citizen)).await.expect("filed");
    crew.drive(&filed.id, "handover").await;
    let (engine, clerk) = (world.engine(), caller(&CLERK));
    let key = engine.dossier_key(&filed.id);
    let first = engine.form(&clerk, &key, 1, None).await.expect("the receipt");
    assert!(!first.reprint);
    world.at("2026-10-05T11:00:00+07:00");
    let renamed = String::from_utf8(motcua_tests::world::UNITS.to_vec()).expect("text");
    let renamed = renamed.replace("Hạ Long", "Hồng Gai");
    assert_ne!(renamed.as_bytes(), motcua_tests::world::UNITS);
    engine.load_units(&caller(&ADMIN), renamed.into_bytes()).await.expect("renamed units");
    let again = engine.form(&clerk, &key, 1, None).await.expect("the receipt again");
    assert!(again.reprint);
    assert_eq!((again.sha256, again.json), (first.sha256, first.json));
}

#[tokio::test]
async fn unfinished_uploads_have_a_limit() {
    let world = World::start().await;
    let (engine, mai) = (world.engine(), caller(&MAI));
    for _ in 0..motcua_engine::limits::UPLOADS_OPEN_MAX {
        let begun = engine.begin_upload(&mai, world.new_id(), "application/pdf", 9).await;
        begun.expect("below the limit");
    }
    let client = world.client(&MAI);
    let request = BeginUploadRequest {
        upload_id: world.new_id().to_string(),
        media_type: "application/pdf".into(),
        size_bytes: 9,
    };
    refused(client.dossiers().begin_upload(request).await)
        .is(Code::InvalidArgument, "INVALID_REQUEST")
        .names("upload_id");
}

#[tokio::test]
async fn a_revision_beyond_all_numbers_is_no_revision() {
    let world = World::start().await;
    let mai = caller(&MAI);
    let saved = world.engine().save_draft(&mai, world.new_id(), u64::MAX, "{}".into());
    assert!(matches!(saved.await, Err(EngineError::Invalid(_))));
}
