//! The parts of the histories: a quarter of a year each, made before it begins.

use crate::database::Session;
use crate::desk::{Verdict, Write};
use crate::error::Failure;

// A new part takes a lock that a long read, such as a dump, keeps away, and everybody else would wait
// behind it. There is half a year to try again.
const PARTS_PATIENCE: &str = "-- parts_patience
    SELECT set_config('lock_timeout', '100ms', true)";
const PARTS_KEEP: &str = "-- parts_keep
    SELECT make_history_parts(CAST(now() AS date), CAST(now() + interval '6 months' AS date))
        AS made";

pub(super) const STATEMENTS: &[&str] = &[PARTS_PATIENCE, PARTS_KEEP];

/// Makes the parts of the next half year that are missing.
pub(crate) struct KeepParts;

impl Write for KeepParts {
    type Answer = ();

    fn exclusive(&self) -> Vec<String> {
        vec!["history-parts".to_owned()]
    }

    async fn write(&self, session: &mut Session<'_>) -> Result<Verdict<()>, Failure> {
        session.rows(PARTS_PATIENCE, &[]).await?;
        session.rows(PARTS_KEEP, &[]).await?;
        Ok(Ok(()))
    }
}
