//! Timers that came due while the power was off.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use motcua_api::v1::HistoryEvent;
use motcua_engine::{Clock as _, SystemClock};
use motcua_tests::life::Crew;
use motcua_tests::people::AUDITOR;
use motcua_tests::process::Service;
use motcua_tests::world::SECRET;
use motcua_tests::{Client, World, filing, until};
use serde_json::Value;

/// Silence counts as consent after one day.
const DAYS_WITHOUT_POWER: i64 = 5;
/// Power cuts while the timer fires.
const CUTS: u64 = 6;

/// A dossier whose applicant was asked to confirm some days ago, in a world that then lost power.
async fn waiting_dossier() -> (World, String) {
    let mut world = World::start().await;
    let days = SignedDuration::from_hours(24 * DAYS_WITHOUT_POWER);
    world.at(&(SystemClock.now() - days).to_string());
    let crew = Crew::of(&world);
    let filed = crew.citizen.submit(filing::birth_online(&crew.citizen).await).await;
    let id = filed.expect("filed").id;
    crew.drive(&id, "applicant_confirms").await;
    drop(crew);
    world.stop().await;
    (world, id)
}

const DATABASE: &str = "motcua.db";

/// Moves the data of a stopped world to a data folder of the executable.
async fn take_over(world: &World, data: &Path) {
    copy(world.folder(), data);
    // Its last connection may be about to close, which takes the log away: SQLite itself copies it.
    let copied = format!("VACUUM INTO '{}'", data.join(DATABASE).display());
    world.database().execute(&copied).await.expect("the database can be copied");
    let key = data.join("keys/secret.key");
    let hex: String = SECRET.iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(&key, hex + "\n").expect("the key can be written");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("it is ours");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.file_name().to_string_lossy().starts_with(DATABASE) {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

/// How often the silence of the applicant was taken as consent.
fn lapses(events: &[HistoryEvent]) -> Vec<Value> {
    let headers = events.iter().map(|event| serde_json::from_str(&event.header).expect("JSON"));
    headers.filter(|header: &Value| header["from"] == "applicant_confirms").collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timer_that_came_due_without_power_fires_once_through_many_power_cuts() {
    let (world, dossier) = waiting_dossier().await;
    let mut service = Service::stopped();
    take_over(&world, &service.data()).await;
    for cut in 0..CUTS {
        service.restart(&[]);
        // Each time a little longer: before, while and after the timer fires.
        tokio::time::sleep(Duration::from_millis(cut * cut * 8)).await;
        service.kill();
    }
    service.restart(&[]);

    let token = service.token(&AUDITOR);
    let auditor = Client::new(&service.url(), AUDITOR.id, Some(&token), Arc::new(SystemClock));
    let (events, verdict) = until("the applicant's silence to count", async || {
        let (events, verdict) = auditor.replay(&dossier).await.expect("replayed");
        (!lapses(&events).is_empty()).then_some((events, verdict))
    })
    .await;
    assert!(verdict.equal, "{:?}", verdict.findings);
    let lapsed = lapses(&events);
    assert_eq!(lapsed.len(), 1, "{lapsed:?}");
    assert_eq!(lapsed[0]["to"], "register");

    service.kill();
    service.restart(&[]);
    let (again, verdict) = auditor.replay(&dossier).await.expect("replayed");
    assert!(verdict.equal, "{:?}", verdict.findings);
    assert_eq!(lapses(&again).len(), 1);
}
