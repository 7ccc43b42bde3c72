//! How many threads a command runs on.

use std::num::NonZero;

use tokio::runtime::Builder;

use crate::Ending;

/// A server: on every core.
pub(crate) fn wide(work: impl Future<Output = anyhow::Result<Ending>>) -> anyhow::Result<Ending> {
    on(cores(), work)
}

/// A server with a thread beside these that writes to a file: on the other cores. One more thread than
/// cores takes turns with the writer, and every caller waits for the writer.
pub(crate) fn beside_a_writer(
    work: impl Future<Output = anyhow::Result<Ending>>,
) -> anyhow::Result<Ending> {
    on(cores() - 1, work)
}

/// A client beside the server that it measures: on half of the cores. On all of them its threads wake each
/// other, and the server's time is spent on that.
pub(crate) fn half(work: impl Future<Output = anyhow::Result<Ending>>) -> anyhow::Result<Ending> {
    on(cores() / 2, work)
}

/// A client: on this thread.
pub(crate) fn narrow(work: impl Future<Output = anyhow::Result<Ending>>) -> anyhow::Result<Ending> {
    Builder::new_current_thread().enable_all().build()?.block_on(work)
}

fn on(
    threads: usize,
    work: impl Future<Output = anyhow::Result<Ending>>,
) -> anyhow::Result<Ending> {
    let mut runtime = Builder::new_multi_thread();
    runtime.worker_threads(threads.max(1)).enable_all().build()?.block_on(work)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}
