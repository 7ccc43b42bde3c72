//! stub
use crate::{folder::Folder, output::Output, serve::LocalEngine};
use motcua_engine::{Clock, SystemClock};
pub(crate) struct DemoClock;
impl DemoClock {
    pub(crate) fn new() -> Self {
        Self
    }
}
impl Clock for DemoClock {
    fn now(&self) -> jiff::Timestamp {
        SystemClock.now()
    }
}
pub(crate) async fn prepare(
    _e: &LocalEngine,
    _c: &DemoClock,
    _f: &Folder,
    _o: &Output,
) -> anyhow::Result<()> {
    Ok(())
}
pub(crate) async fn print_commands(
    _e: &LocalEngine,
    _f: &Folder,
    _a: &str,
    _o: &Output,
) -> anyhow::Result<()> {
    Ok(())
}
