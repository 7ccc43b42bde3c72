//! Waiting for something to become true, never for time to pass.

use std::time::Duration;

/// Longest wait for a condition.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Looks again and again until `look` finds something.
///
/// # Panics
/// When it finds nothing within 20 seconds.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let searching = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    match tokio::time::timeout(WAIT_MAX, searching).await {
        Ok(found) => found,
        Err(_) => panic!("still waiting for {what} after {WAIT_MAX:?}"),
    }
}

/// What a piece of work comes to.
///
/// # Panics
/// When it takes longer than 20 seconds.
pub async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(WAIT_MAX, work).await {
        Ok(done) => done,
        Err(_) => panic!("still waiting for {what} after {WAIT_MAX:?}"),
    }
}
