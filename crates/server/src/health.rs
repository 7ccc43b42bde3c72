//! What the health service says: whether this node can do its work, which it cannot without its store.

use std::time::Duration;

use motcua_engine::Engine;
use motcua_store::contract::{Documents, Store};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

/// How often a node looks whether its store answers.
const HEALTH_LOOK_MS: u64 = 1_000;
/// An answer that takes longer is none.
const HEALTH_DEADLINE_MS: u64 = 3_000;
/// Looks in a row without an answer after which a node says so: one may meet a connection that died
/// with a failover that is over.
const HEALTH_FAILURES: u32 = 2;

/// Says the same of every service.
pub(crate) async fn announce(health: &HealthReporter, status: ServingStatus) {
    for service in motcua_api::SERVICES.into_iter().chain([""]) {
        health.set_service_status(service, status).await;
    }
}

/// Keeps the health service up to date for as long as it is polled: NOT_SERVING while the store
/// cannot be reached.
pub(crate) async fn follow<S: Store, D: Documents>(engine: Engine<S, D>, health: HealthReporter) {
    let (mut failures, mut is_told) = (0, false);
    loop {
        tokio::time::sleep(Duration::from_millis(HEALTH_LOOK_MS)).await;
        let deadline = Duration::from_millis(HEALTH_DEADLINE_MS);
        let failure = match tokio::time::timeout(deadline, engine.reach()).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("no answer within {HEALTH_DEADLINE_MS} ms")),
        };
        match failure {
            None => {
                failures = 0;
                if is_told {
                    is_told = false;
                    tracing::info!("the store answers again: serving");
                    announce(&health, ServingStatus::Serving).await;
                }
            }
            Some(error) => {
                failures += 1;
                if failures >= HEALTH_FAILURES && !is_told {
                    is_told = true;
                    tracing::error!(error, "the store does not answer, so not serving: {error}");
                    announce(&health, ServingStatus::NotServing).await;
                }
            }
        }
    }
}
