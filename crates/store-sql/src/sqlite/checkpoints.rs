//! Checkpoints: the pages of the write-ahead log go into the file on a thread of their own.
//!
//! SQLite would do this within a commit, and whoever waits for that commit would wait for it too.
//! The log begins anew only when all of it lies in the file. While commits go on, a thread beside
//! them never gets quite so far; when the log has grown long, the writer moves the little that is
//! left between two transactions.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;

/// Pages of the log from which a checkpoint is worth its syncs: 4 MiB.
const CHECKPOINT_PAGES: i64 = 1_000;
/// Pages of the log from which the writer helps, so that it begins anew: 32 MiB.
const LONG_LOG_PAGES: i64 = 8_000;
/// How long commits gather: a page that all of them changed is moved once.
const GATHERING: Duration = Duration::from_millis(100);

// Without waiting for anybody.
const LOG_MOVE: &str = "-- log_move
    PRAGMA wal_checkpoint(PASSIVE)";
const LOG_LENGTH: &str = "-- log_length
    PRAGMA wal_checkpoint(NOOP)";

/// The way to the thread; it ends when this is dropped.
pub(super) struct Checkpoints {
    /// None only while this is dropped.
    committed: Option<SyncSender<()>>,
    is_long: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Starts the thread with a connection of its own.
    pub(super) fn start(connection: Connection) -> io::Result<Self> {
        // One word is enough, however many commits there were.
        let (committed, told) = sync_channel(1);
        let is_long = Arc::new(AtomicBool::new(false));
        let moving = Moving { connection, told, is_long: Arc::clone(&is_long) };
        let thread =
            thread::Builder::new().name("motcua-log".into()).spawn(move || moving.run())?;
        Ok(Self { committed: Some(committed), is_long, thread: Some(thread) })
    }

    /// Says that something was committed, on the writer's connection, between two transactions.
    pub(super) fn committed(&self, writer: &Connection) {
        if let Some(committed) = &self.committed {
            // The word that waits there says the same.
            let _told = committed.try_send(());
        }
        if !self.is_long.load(Ordering::Relaxed) {
            return;
        }
        // Whoever reads an older state keeps the log as it is: it is tried again after each commit.
        match logged(pages(writer, LOG_LENGTH)) {
            Some((log, _)) if log < LONG_LOG_PAGES => self.is_long.store(false, Ordering::Relaxed),
            Some((log, moved)) if moved < log => {
                logged(pages(writer, LOG_MOVE));
            }
            Some(_) | None => {}
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        drop(self.committed.take());
        if let Some(thread) = self.thread.take() {
            // Its connection is closed then, and the last one to be closed leaves no log behind.
            let _ended = thread.join();
        }
    }
}

/// The thread's own side.
struct Moving {
    connection: Connection,
    told: Receiver<()>,
    is_long: Arc<AtomicBool>,
}

impl Moving {
    fn run(self) {
        while self.told.recv().is_ok() && self.gather() {
            let Some((log, moved)) = logged(pages(&self.connection, LOG_LENGTH)) else { continue };
            if log - moved >= CHECKPOINT_PAGES {
                logged(pages(&self.connection, LOG_MOVE));
            }
            if log >= LONG_LOG_PAGES {
                self.is_long.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Lets commits gather; false if no more will come.
    fn gather(&self) -> bool {
        let until = Instant::now() + GATHERING;
        loop {
            match self.told.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }
}

/// Pages of the log, and how many of them lie in the file.
fn pages(connection: &Connection, statement: &str) -> rusqlite::Result<(i64, i64)> {
    connection.prepare_cached(statement)?.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
}

/// Commits are safe in the log, so a checkpoint that fails is tried again with the next.
fn logged(pages: rusqlite::Result<(i64, i64)>) -> Option<(i64, i64)> {
    pages.inspect_err(|error| tracing::warn!(%error, "no checkpoint: the log grows")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &std::path::Path) -> Connection {
        let connection = Connection::open(path).expect("a database");
        let settings = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;";
        connection.execute_batch(settings).expect("settings");
        connection
    }

    #[test]
    fn a_log_begins_anew_while_commits_go_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let writer = open(&path);
        writer.execute_batch("CREATE TABLE a (b BLOB)").expect("a table");
        let checkpoints = Checkpoints::start(open(&path)).expect("a thread");
        let is_over = Arc::new(AtomicBool::new(false));
        let (reader, over) = (open(&path), Arc::clone(&is_over));
        // Somebody reads again and again.
        let reading = thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                let read =
                    reader.query_row("SELECT count(*) FROM a", [], |row| row.get::<_, i64>(0));
                assert!(read.is_ok(), "{read:?}");
            }
        });
        let mut longest = 0;
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            writer.execute("INSERT INTO a VALUES (zeroblob(4000000))", []).expect("written");
            checkpoints.committed(&writer);
            let (log, _) = pages(&writer, LOG_LENGTH).expect("a length");
            if log < longest {
                break;
            }
            longest = log;
            assert!(Instant::now() < until, "the log has {log} pages");
        }
        is_over.store(true, Ordering::Relaxed);
        reading.join().expect("it read to the end");
        drop(checkpoints);
        drop(writer);
        assert!(!folder.path().join("a.db-wal").exists(), "the last connection leaves no log");
    }
}
