//! Nodes that lose power while they work.

use std::time::{Duration, Instant};

use tokio::sync::oneshot::Receiver;

use super::server::Server;

/// What was done to the nodes in a measurement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kills {
    /// How often one was killed.
    pub(super) count: u64,
    /// Longest time from a kill to the first answer of the node that was started in its place.
    pub(super) down: Duration,
}

/// Kills nodes, one at a time, and starts them again until `stop` comes.
///
/// # Errors
/// A node does not start again.
pub(super) async fn kill_at_random(
    server: &mut Server,
    every: Duration,
    stop: &mut Receiver<()>,
) -> anyhow::Result<Kills> {
    let mut kills = Kills::default();
    let mut from = Instant::now();
    loop {
        let (moment, choice) = (chance()?, chance()?);
        let due = from + moment_of(every, moment);
        tokio::select! {
            () = tokio::time::sleep_until(due.into()) => {}
            _ = &mut *stop => return Ok(kills),
        }
        from += every;
        let nodes = server.nodes() as u64;
        let node = usize::try_from(choice % nodes)?;
        let down = server.kill(node).await?;
        kills.count += 1;
        kills.down = kills.down.max(down);
    }
}

/// Any moment of a period, as good as any other.
fn moment_of(period: Duration, chance: u64) -> Duration {
    period.mul_f64(chance as f64 / u64::MAX as f64)
}

fn chance() -> anyhow::Result<u64> {
    getrandom::u64().map_err(|_| anyhow::anyhow!("the system gives no random bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_lie_within_their_period() {
        let period = Duration::from_secs(8);
        assert_eq!(moment_of(period, 0), Duration::ZERO);
        assert!(moment_of(period, u64::MAX) <= period);
        assert_eq!(moment_of(period, u64::MAX / 2).as_secs_f64().round(), 4.0);
    }
}
