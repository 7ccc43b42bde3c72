//! A writer's transactions: on the connection that stands or on a new one, each within a deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use motcua_store::StoreError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

use super::commits;
use super::open::check;
use crate::error::Failure;

const WRITER_ROLLBACK: &str = "-- writer_rollback
    ROLLBACK";

/// A writer's link to the server.
pub(super) struct Link {
    /// None before the first work and after a failure that may have left it in an unknown state.
    connection: Option<PgConnection>,
    connect: Arc<PgConnectOptions>,
    /// Why no connection could be opened, until [`Self::look_again`].
    gone: Option<String>,
    deadline: Duration,
    transactions: Arc<AtomicU64>,
}

/// How a transaction ended when it did not succeed.
pub(super) enum Ended {
    /// Nothing was written.
    Failed(Failure),
    /// It may have been written.
    Unknown(String),
    /// Nothing was even tried: no server was found just before.
    Untried(String),
}

impl Ended {
    /// A server that says that it failed has written nothing; a connection that ended may have
    /// ended behind the commit, with a last word or without.
    fn of(failure: Failure) -> Self {
        match failure {
            failure if failure.is_farewell() => {
                Self::Unknown(StoreError::from(failure).to_string())
            }
            Failure::Sql(sqlx::Error::Database(_))
            | Failure::Sqlite(_)
            | Failure::Corrupt(_)
            | Failure::MovedAway(..)
            | Failure::Unfit(_) => Self::Failed(failure),
            Failure::Sql(error) => Self::Unknown(error.to_string()),
        }
    }

    /// Whether it waited for a lock in vain.
    pub(super) fn is_locked(&self) -> bool {
        matches!(self, Self::Failed(failure) if failure.is_locked())
    }

    /// Whether another piece of work would fare no better.
    pub(super) fn concerns_all(&self) -> bool {
        match self {
            Self::Failed(failure) => !failure.concerns_one(),
            Self::Unknown(_) | Self::Untried(_) => true,
        }
    }

    /// What the caller is told; the operator finds in the log what was tried.
    pub(super) fn explain(self) -> StoreError {
        match self {
            Self::Failed(failure) => match commits::taken(&failure) {
                Some(taken) => taken,
                None => {
                    let error = StoreError::from(failure);
                    tracing::error!(%error, "a transaction was rolled back: {error}");
                    error
                }
            },
            Self::Unknown(error) => {
                tracing::error!(%error, "the outcome of a transaction is unknown: {error}");
                StoreError::OutcomeUnknown(error)
            }
            Self::Untried(error) => StoreError::Unavailable(error),
        }
    }
}

impl Link {
    /// A link that connects when there is something to write.
    pub(super) fn new(
        connect: Arc<PgConnectOptions>,
        deadline: Duration,
        transactions: Arc<AtomicU64>,
    ) -> Self {
        Self { connection: None, connect, gone: None, deadline, transactions }
    }

    /// A server that could not be found may be there now.
    pub(super) fn look_again(&mut self) {
        self.gone = None;
    }

    /// Does a unit of work within the deadline, on the connection that stands or on a new one.
    pub(super) async fn transact<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Failure>,
    ) -> Result<T, Ended> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connected().await?,
        };
        // A deadline drops the connection without a cancel request: that could cut a commit's wait
        // for a standby short and make it look done.
        let done = tokio::time::timeout(self.deadline, work(&mut connection)).await;
        match done.unwrap_or_else(|_| Err(silent())).map_err(Ended::of) {
            Ok(done) => {
                self.connection = Some(connection);
                self.transactions.fetch_add(1, Ordering::Relaxed);
                Ok(done)
            }
            Err(Ended::Failed(failure)) => {
                // A connection that cannot roll back is dropped, and the transaction with it.
                let rolled_back = sqlx::query(WRITER_ROLLBACK).execute(&mut connection);
                let rolled_back = tokio::time::timeout(self.deadline, rolled_back).await;
                if matches!(rolled_back, Ok(Ok(_))) && !failure.is_read_only() {
                    self.connection = Some(connection);
                }
                Err(Ended::Failed(failure))
            }
            Err(ended) => Err(ended),
        }
    }

    /// A new connection. Where there is none, whoever comes next is told so without another try.
    async fn connected(&mut self) -> Result<PgConnection, Ended> {
        if let Some(why) = &self.gone {
            return Err(Ended::Untried(why.clone()));
        }
        let connecting = async {
            let mut connection = self.connect.connect().await?;
            // After a failover it may lead to another server.
            check(&mut connection).await?;
            Ok(connection)
        };
        let connected = tokio::time::timeout(self.deadline, connecting).await;
        connected.unwrap_or_else(|_| Err(silent())).map_err(|failure: Failure| {
            self.gone = Some(match &failure {
                Failure::Unfit(why) => why.clone(),
                Failure::Sql(error) => error.to_string(),
                Failure::Sqlite(_) | Failure::Corrupt(_) | Failure::MovedAway(..) => {
                    "the server cannot be used".to_owned()
                }
            });
            Ended::Failed(failure)
        })
    }

    /// Everything is committed; a failing goodbye loses nothing.
    pub(super) async fn close(self) {
        if let Some(connection) = self.connection {
            let _closed = connection.close().await;
        }
    }
}

fn silent() -> Failure {
    sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()).into()
}
