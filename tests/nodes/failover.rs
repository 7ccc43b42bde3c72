//! A primary that is lost while commands go on, and its standby that takes its place.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use motcua_api::v1::SubmitDossierRequest;
use motcua_test_cluster::{Cluster, Proxy};
use motcua_tests::client::Client;
use motcua_tests::database::Database;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::wait::{soon, until};
use motcua_tests::{World, filing};
use tokio::task::{JoinSet, block_in_place};
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::health::until_all_are;
use crate::kinds;

/// People who file one dossier after another.
const APPLICANTS: usize = 4;
/// Dossiers that are acknowledged before the primary is lost, and once its standby has its place.
const FILED_MIN: usize = 40;
/// Before the same is asked again.
const PAUSE: Duration = Duration::from_millis(20);

/// Files a dossier, as often as it takes until it is acknowledged: with the same command id.
async fn file(citizen: Client, filing: SubmitDossierRequest) -> String {
    let filing_it = async {
        loop {
            match citizen.file(filing.clone()).await {
                Ok(answer) => return answer.dossier.expect("an answer shows the dossier").id,
                Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status:?}"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    soon("an acknowledgement", filing_it).await
}

/// Lets people file until `is_over`; each answers what was acknowledged.
fn filing_on(
    world: &World,
    acknowledged: &Arc<AtomicUsize>,
    is_over: &Arc<AtomicBool>,
) -> JoinSet<Vec<(SubmitDossierRequest, String)>> {
    let mut people = JoinSet::new();
    for _ in 0..APPLICANTS {
        let citizen = Crew::of(world).citizen;
        let (acknowledged, is_over) = (Arc::clone(acknowledged), Arc::clone(is_over));
        people.spawn(async move {
            let mut filed = Vec::new();
            while !is_over.load(Ordering::SeqCst) {
                let filing = filing::marriage_at_counter(&citizen);
                let id = file(citizen.clone(), filing.clone()).await;
                filed.push((filing, id));
                acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            filed
        });
    }
    people
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_failover_and_nothing_is_done_twice() {
    let (primary, standby) = block_in_place(|| {
        let primary = Cluster::start(&[]);
        let standby = primary.standby(&[]);
        // Only now: the standby will have none that it could wait for.
        primary.set("synchronous_standby_names = 'standby'");
        (primary, standby)
    });
    let url = block_in_place(|| primary.database());
    let proxy = Proxy::to(primary.socket()).await;
    let world = World::start_on_database(Database::Postgres(proxy.url(&url))).await;
    let (acknowledged, is_over) = (Arc::default(), Arc::default());
    let mut people = filing_on(&world, &acknowledged, &is_over);
    let count = || acknowledged.load(Ordering::SeqCst);
    until("dossiers", async || (count() >= FILED_MIN).then_some(())).await;

    block_in_place(|| primary.stop());
    proxy.lead_to(standby.socket());
    // The standby answers, and nothing is decided on it.
    until_all_are(&world, ServingStatus::NotServing).await;
    let before = count();
    let read = world.client(&CLERK).get(&world.new_id().to_string()).await;
    assert_eq!(read.expect_err("no dossier is absent now").code(), Code::Unavailable);

    block_in_place(|| standby.promote());
    until_all_are(&world, ServingStatus::Serving).await;
    until("more dossiers", async || (count() >= before + FILED_MIN).then_some(())).await;
    is_over.store(true, Ordering::SeqCst);
    let mut dossiers = 0;
    while let Some(filed) = people.join_next().await {
        for (filing, id) in filed.expect("nobody panicked") {
            dossiers += 1;
            let again = Crew::of(&world).citizen.file(filing).await.expect("the same answer");
            assert!(again.repeat);
            assert_eq!(again.dossier.expect("the dossier").id, id);
            let (events, verdict) = world.client(&AUDITOR).replay(&id).await.expect("replayed");
            assert!(verdict.equal, "{:?}", verdict.findings);
            assert_eq!(kinds(&events), ["submit"]);
        }
    }
    let stored = Database::Postgres(standby.same_database(&url));
    assert_eq!(stored.number("SELECT count(*) FROM dossier").await, dossiers);
}
