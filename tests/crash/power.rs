//! kill -9 in a loop under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use motcua_engine::{Clock, SystemClock};
use motcua_tests::people::{ADMIN, AUDITOR, Who};
use motcua_tests::process::{Service, project};
use motcua_tests::{Client, Refused};
use tonic::Status;

use crate::ledger::Ledger;
use crate::life::{PARALLEL, People, live};

/// Callers at a time.
const CALLERS: usize = 12;
/// Crews that they share: a crew has a connection for each of its members.
const CREWS: usize = 3;
/// Times that the power goes.
const CUTS: usize = 12;
/// Shortest and longest time with power, in milliseconds.
const POWER_MS: std::ops::Range<u64> = 200..2_500;

/// SplitMix64: enough chance for a test, and the same again for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, range: std::ops::Range<u64>) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        range.start + (bits ^ (bits >> 31)) % (range.end - range.start)
    }
}

/// The seed that `MOTCUA_SEED` names, or another one each time; printed.
fn seed() -> u64 {
    let named = std::env::var("MOTCUA_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = named.unwrap_or_else(|| SystemClock.now().as_microsecond().unsigned_abs());
    eprintln!("MOTCUA_SEED={seed}");
    seed
}

fn client(service: &Service, who: &Who) -> Client {
    Client::new(&service.url(), who.id, Some(&service.token(who)), Arc::new(SystemClock))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_under_load_loses_nothing_that_was_acknowledged_and_does_nothing_twice() {
    let mut chance = Chance(seed());
    let mut service = Service::start();
    let file = project().join(PARALLEL);
    let publish = ["procedure", "publish", &file.to_string_lossy()];
    service.as_whoever(&service.token(&ADMIN), publish).with(0);
    let crews: Vec<People> = (0..CREWS).map(|_| People::new(|who| client(&service, who))).collect();
    let auditor = client(&service, &AUDITOR);
    let stop = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..CALLERS)
        .map(|i| {
            let (crew, stop) = (crews[i % CREWS].clone(), Arc::clone(&stop));
            tokio::spawn(async move { live(crew, &stop).await })
        })
        .collect();

    for _ in 0..CUTS {
        tokio::time::sleep(Duration::from_millis(chance.below(POWER_MS))).await;
        let again = tokio::task::spawn_blocking(move || {
            service.restart(&[]);
            service
        });
        service = again.await.expect("the service starts again");
    }
    stop.store(true, Ordering::Relaxed);
    let (mut ledger, mut unanswered) = (Ledger::default(), 0);
    for caller in callers {
        let (noted, repeats) = caller.await.expect("a caller did not panic");
        ledger.add(noted);
        unanswered += repeats;
    }
    let codes = ledger.codes_are_unique();
    eprintln!(
        "{CUTS} cuts, {} commands, {unanswered} of them carried out before their answer was lost, \
         {codes} codes",
        ledger.len()
    );
    assert!(ledger.len() > CALLERS * CUTS, "there was load: {} commands", ledger.len());

    verify(&auditor, &ledger).await;
    assert!(service.stop().success(), "{}", service.log());
}

/// Every history verifies and agrees with what the callers know.
async fn verify(auditor: &Client, ledger: &Ledger) {
    let mut joined = 0;
    for dossier in ledger.dossiers() {
        let replay = loop {
            match auditor.replay(dossier).await {
                Err(status) if is_busy(&status) => tokio::task::yield_now().await,
                replay => break replay,
            }
        };
        let (events, verdict) = replay.unwrap_or_else(|status| panic!("{dossier}: {status:?}"));
        assert!(verdict.equal, "{dossier}: {:?}", verdict.findings);
        ledger.agrees_with(dossier, &events);
        let joins = events.iter().filter(|event| event.header.contains(r#""kind":"join""#)).count();
        assert!(joins <= 1, "{dossier}: its branches came together {joins} times");
        joined += joins;
    }
    assert!(joined > 0, "branches came together");
}

fn is_busy(status: &Status) -> bool {
    Refused::of(status).reason == "OVERLOADED"
}
