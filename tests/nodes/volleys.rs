//! Many timers that are due at once, on both databases: each fires once, beside live calls, and what
//! cannot be fired keeps no other.

use jiff::Timestamp;
use motcua_engine::limits::{TIMER_ATTEMPTS_MAX, TIMER_PARKED_RETRY_S, TIMER_VOLLEY_MAX};
use motcua_tests::database::Database;
use motcua_tests::life::Crew;
use motcua_tests::people::*;
use motcua_tests::wait::until;
use motcua_tests::{World, filing};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::kinds;

/// When they are due.
const LATER: &str = "2026-12-01T09:00:00+07:00";

/// Marriages at the counter, each with the time of its first step.
async fn filed(world: &World, count: usize) -> Vec<String> {
    let citizen = Crew::of(world).citizen;
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(citizen.submit(filing::marriage_at_counter(&citizen)).await.expect("filed").id);
    }
    ids
}

/// How often the time of a step of the dossier ran out, by its history.
async fn fired(world: &World, id: &str) -> usize {
    let (events, verdict) = world.client(&AUDITOR).replay(id).await.expect("replayed");
    assert!(verdict.equal, "{:?}", verdict.findings);
    kinds(&events).iter().filter(|kind| *kind == "timer.item_due").count()
}

/// Lets the worker go on until a query gives a number.
async fn work_until(world: &World, query: &str, number: i64) {
    let (stop, stopped) = watch::channel(false);
    let engine = world.engine().clone();
    let working = tokio::spawn(async move { engine.run_workers(stopped).await });
    until(query, async || (world.database().number(query).await == number).then_some(())).await;
    stop.send(true).expect("the worker listens");
    working.await.expect("the worker did not panic");
}

async fn each_fires_once_beside_live_calls(world: World) {
    // More than one volley.
    let ids = filed(&world, TIMER_VOLLEY_MAX + 20).await;
    world.at(LATER);
    let mut live = JoinSet::new();
    for id in ids.iter().step_by(9) {
        let (clerk, id) = (world.client(&CLERK), id.clone());
        live.spawn(async move { clerk.claim(&id).await.map(drop) });
    }
    world.fire_timers().await;
    while let Some(claimed) = live.join_next().await {
        claimed.expect("no panic").expect("the clerk has it");
    }
    for id in &ids {
        assert_eq!(fired(&world, id).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_at_once_fires_once_each_beside_live_calls_in_a_file() {
    each_fires_once_beside_live_calls(World::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_at_once_fires_once_each_beside_live_calls_on_a_server() {
    each_fires_once_beside_live_calls(World::start_on_postgres().await).await;
}

/// Refuses events of a dossier for ever, as a defect of the database would.
async fn refuse_events(world: &World, id: &str) {
    let sql = match world.database() {
        Database::Sqlite(_) => format!(
            "CREATE TRIGGER no_more BEFORE INSERT ON event WHEN NEW.chain = 'dossier:{id}'
             BEGIN SELECT RAISE(ABORT, 'no more'); END"
        ),
        Database::Postgres(_) => format!(
            "CREATE FUNCTION no_more() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'no more'; END $$;
             CREATE TRIGGER no_more BEFORE INSERT ON event FOR EACH ROW
                 WHEN (NEW.chain = '{id}') EXECUTE FUNCTION no_more()"
        ),
    };
    world.database().execute(&sql).await.expect("a trigger");
}

async fn what_cannot_be_fired_is_parked_and_keeps_no_other(mut world: World) {
    let ids = filed(&world, 12).await;
    let [unreadable, unwritable, rest @ ..] = &ids[..] else { panic!("twelve") };
    let spoil = format!("UPDATE form SET body = 'no JSON' WHERE dossier_id = '{unreadable}'");
    assert_eq!(world.database().execute(&spoil).await, Ok(1));
    refuse_events(&world, unwritable).await;
    // What the node has at hand would need no reading.
    world.restart().await;
    world.at(LATER);
    let tried = |attempts: u32| {
        format!("SELECT count(*) FROM timer WHERE attempts = {attempts} AND failure IS NOT NULL")
    };
    work_until(&world, &tried(1), 2).await;
    for id in rest {
        assert_eq!(fired(&world, id).await, 1);
    }
    // As if they had failed nearly often enough.
    let back = "SELECT max(claimed_until) FROM timer WHERE failure IS NOT NULL";
    let back = Timestamp::from_microsecond(world.database().number(back).await);
    let attempts = TIMER_ATTEMPTS_MAX - 1;
    let nearly =
        format!("UPDATE timer SET attempts = {attempts}, failure = NULL WHERE attempts = 1");
    assert_eq!(world.database().execute(&nearly).await, Ok(2));
    world.at(&back.expect("an instant").to_string());
    let now = world.now();
    work_until(&world, &tried(TIMER_ATTEMPTS_MAX), 2).await;
    let soonest = "SELECT min(claimed_until) FROM timer WHERE failure IS NOT NULL";
    let soonest = world.database().number(soonest).await - now.as_microsecond();
    assert!(soonest >= TIMER_PARKED_RETRY_S * 1_000_000, "{soonest} us");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_fired_is_parked_and_keeps_no_other_in_a_file() {
    what_cannot_be_fired_is_parked_and_keeps_no_other(World::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_fired_is_parked_and_keeps_no_other_on_a_server() {
    what_cannot_be_fired_is_parked_and_keeps_no_other(World::start_on_postgres().await).await;
}
