//! Hints between nodes by LISTEN and NOTIFY, beside all commits.
//!
//! NOTIFY takes a lock of the whole database until its transaction is committed. In a transaction of
//! its own, which writes nothing and so waits for no disk, that lock is held for an instant.

use motcua_store::StoreError;
use motcua_store::contract::Hints;
use sqlx::postgres::{PgListener, PgPool, PgPoolOptions};

use crate::database::Argument::Text;
use crate::database::Reads;
use crate::error::Failure;

const CHANNEL: &str = "motcua";
const HINT_TELL: &str = "-- hint_tell
    SELECT CAST(pg_notify('motcua', $1) AS text) AS told";
const PULSE_FEEL: &str = "-- pulse_feel
    SELECT 1 AS beats";

/// Tells all nodes.
pub(crate) async fn tell(reads: &Reads, text: &str) -> Result<(), Failure> {
    reads.one(HINT_TELL, &[Text(text)]).await.map(drop)
}

/// Whether the server answers.
pub(crate) async fn feel(pulse: &Reads) -> Result<(), Failure> {
    pulse.one(PULSE_FEEL, &[]).await.map(drop)
}

/// A connection of its own that listens.
#[derive(Debug)]
pub struct Listener(PgListener);

/// Listens from now on, as the pool connects.
pub(crate) async fn listen(pool: &PgPool) -> Result<Listener, Failure> {
    let own = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
    let own = own.acquire_timeout(pool.options().get_acquire_timeout());
    let own = own.connect_lazy_with(pool.connect_options().as_ref().clone());
    let mut listener = PgListener::connect_with(&own).await?;
    listener.listen(CHANNEL).await?;
    Ok(Listener(listener))
}

impl Hints for Listener {
    async fn next(&mut self) -> Result<Option<String>, StoreError> {
        let heard = self.0.try_recv().await.map_err(Failure::from)?;
        Ok(heard.map(|hint| hint.payload().to_owned()))
    }
}
