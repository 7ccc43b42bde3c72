//! `motcua procedure simulate`: random lawful lives.

use clap::Args;

use crate::Ending;
use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct SimulateArguments {}

pub(crate) fn run(_: &SimulateArguments, _: &Output) -> anyhow::Result<Ending> {
    Ok(Ending::Well)
}
