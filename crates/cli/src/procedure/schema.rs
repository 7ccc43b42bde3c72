//! `motcua procedure schema`: what an editor needs to complete keys and to show their meaning.

use crate::Ending;
use crate::output::Output;

/// Prints the schema, over many lines whoever reads it: it is kept as a file.
pub(super) fn run(output: &Output) -> anyhow::Result<Ending> {
    output.text(&serde_json::to_string_pretty(&motcua_procedures::schema())?)?;
    Ok(Ending::Well)
}
