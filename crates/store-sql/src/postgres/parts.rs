//! The parts of the histories: a quarter of a year each, made before it begins.

use crate::database::Session;
use crate::desk::{Verdict, Write};
use crate::error::Failure;

const PARTS_KEEP: &str = "-- parts_keep
    SELECT make_history_parts(CAST(now() AS date), CAST(now() + interval '6 months' AS date))
        AS made";

pub(super) const STATEMENTS: &[&str] = &[PARTS_KEEP];

/// Makes the parts of the next half year that are missing.
pub(crate) struct KeepParts;

impl Write for KeepParts {
    type Answer = ();

    fn exclusive(&self) -> Vec<String> {
        vec!["history-parts".to_owned()]
    }

    async fn write(&self, session: &mut Session<'_>) -> Result<Verdict<()>, Failure> {
        session.rows(PARTS_KEEP, &[]).await?;
        Ok(Ok(()))
    }
}
