//! Every limit of the engine, with its unit. `docs/limits.md` lists them.

/// Dossiers with commands waiting, at once; more answer `OVERLOADED`. Half a second of work for a small
/// machine, and fewer than the store lets wait: what is refused there was decided in vain.
pub const LANES_MAX: usize = 4_096;
/// Commands waiting for one dossier.
pub const LANE_COMMANDS_MAX: usize = 256;
/// Open dossiers that a node keeps at hand as it last wrote them.
pub const STANDING_DOSSIERS_MAX: usize = 2_048;
/// How often a segment is decided anew after a conflict.
pub const CONFLICT_RETRIES_MAX: u32 = 4;
/// Oldest time inside the UUIDv7 of a new dossier: a commune may have been offline.
pub const NEW_ID_AGE_S: i64 = 30 * 24 * 3600;
/// Farthest future time inside the UUIDv7 of a new dossier.
pub const NEW_ID_AHEAD_S: i64 = 3600;

/// A name reserved for a command whose commit never came is free again after this.
pub const RESERVATION_WINDOW_S: i64 = 3600;

/// Largest draft.
pub const DRAFT_BYTES_MAX: usize = 512 * 1024;
/// A draft is discarded this long after it was last saved.
pub const DRAFT_TTL_DAYS: i64 = 90;
/// Drafts of one person that are listed.
pub const DRAFTS_LISTED_MAX: u32 = 100;

/// Largest document.
pub const UPLOAD_BYTES_MAX: u64 = 50 * 1024 * 1024;
/// Largest chunk of an upload.
pub const CHUNK_BYTES_MAX: usize = 256 * 1024;
/// An unfinished upload is discarded after this.
pub const UPLOAD_TTL_DAYS: i64 = 7;

/// A finished upload that no dossier refers to is discarded after this.
pub const UPLOAD_FILING_DAYS: i64 = 30;
/// Before that it can be filed no more: a command that refers to it must have ended by then.
pub const UPLOAD_FILING_MARGIN_S: i64 = 3600;
/// Declared bytes of one person's uploads that no dossier refers to.
pub const UPLOADS_WAITING_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// The same of a front end, which uploads for many citizens.
pub const UPLOADS_WAITING_FRONT_END_BYTES_MAX: u64 = 200 * 1024 * 1024 * 1024;

/// Unfinished uploads of one person.
pub const UPLOADS_OPEN_MAX: u64 = 200;
/// Unfinished uploads of a front end, which uploads for many citizens.
pub const UPLOADS_OPEN_FRONT_END_MAX: u64 = 20_000;

/// Dossiers that a migration looks at in one go.
pub const MIGRATION_BATCH_MAX: u32 = 100;

/// Largest page of a list.
pub const PAGE_ROWS_MAX: u32 = 1_000;
/// Days of a log book (form 07), a quarter.
pub const LOG_BOOK_DAYS_MAX: i32 = 92;
/// Rows of one part of a log book.
pub const LOG_BOOK_PART_ROWS: u32 = 200;
/// Events read at once from a history.
pub const HISTORY_PAGE_MAX: u32 = 500;
/// Words of a name in a search.
pub const SEARCH_WORDS_MAX: usize = 10;

/// Wrong guesses within [`GUESS_WINDOW_S`], for one dossier code and of one second factor.
pub const GUESSES_MAX: u32 = 5;
/// Window of the guess limit.
pub const GUESS_WINDOW_S: i64 = 3600;
/// Letters and digits of a second factor; a shorter one is never right.
pub const FACTOR_CHARS_MIN: usize = 6;

/// Dossiers with due timers that a node claims in one go; while they fire it claims as many again.
pub const TIMER_BATCH_MAX: u32 = 500;
/// Dossiers of a volley: their states are loaded with one read, and their commits meet in the store.
pub const TIMER_VOLLEY_MAX: usize = 128;
/// Dossiers whose timers are under way at once while nobody calls.
pub const TIMER_CONCURRENCY: usize = 512;
/// The same while somebody calls.
pub const TIMER_CONCURRENCY_LIVE: usize = 128;
/// Rest after a volley while somebody calls, in hundredths of the time that it took.
pub const TIMER_REST_PERCENT: u32 = 50;
/// Longest such rest: however slow the store is, timers come to their turn.
pub const TIMER_REST_MAX_MS: u64 = 1_000;
/// How long a node has to fire what it claimed, before others may take it over.
pub const TIMER_CLAIM_S: i64 = 60;
/// How often a node looks for claims that ended, and timers that were set into the past.
pub const TIMER_SWEEP_S: u64 = 10;
/// How far before the last look the next one begins: commits that were under way, and clocks.
pub const TIMER_OVERLAP_S: i64 = 60;
/// Longest sleep of the timer worker; a wake-up in between is only a hint.
pub const TIMER_POLL_MAX_S: u64 = 5;
/// A dossier whose timers could not be fired is left alone for this long, and twice as long after
/// every further attempt; up to half as much again so that not all come back together.
pub const TIMER_RETRY_S: i64 = 10;
/// How long timers wait that met a store with too much to do; nothing is counted against them.
pub const TIMER_BUSY_RETRY_S: i64 = 3;
/// Attempts after which the timers of a dossier are parked.
pub const TIMER_ATTEMPTS_MAX: u32 = 8;
/// Parked timers are tried again after this: the cause may be gone.
pub const TIMER_PARKED_RETRY_S: i64 = 3600;
/// What is kept of the reason.
pub const TIMER_FAILURE_CHARS_MAX: usize = 500;
/// How long a node may not know what another has put in force; a dossier that is bound to a version
/// which a node does not know yet makes it look at once.
pub const REGISTERS_POLL_MS: u64 = 500;
/// How often a node looks for the versions of the dossiers that are watched at it: how long it may
/// not know what another has committed.
pub const WATCH_POLL_MS: u64 = 500;
/// Dossiers asked for in one such look.
pub const WATCH_POLL_DOSSIERS_MAX: usize = 1_000;
/// Rows of a watched queue that are shown, the first of its order; the count is of all.
pub const WATCH_QUEUE_ROWS_MAX: u32 = 500;
/// Longest time between two looks at a watched queue: for what becomes due or late by time alone,
/// and what another node committed where its hint was lost.
pub const WATCH_QUEUE_LOOK_MS: u64 = 5_000;
/// Age at which another watcher's look at the same list spares one, where nothing was committed.
pub const WATCH_QUEUE_SHARED_MS: u64 = 2_500;
/// Shortest time between two looks at a watched queue, however much is committed.
pub const WATCH_QUEUE_PACE_MS: u64 = 100;
/// What a node commits within this time goes to the others as one hint.
pub const WATCH_HINT_MS: u64 = 50;
/// Silence of other nodes after which a node listens on a new connection.
pub const WATCH_LISTEN_MAX_S: u64 = 300;
/// How often expired drafts and uploads are removed.
pub const EXPIRY_INTERVAL_S: u64 = 600;
