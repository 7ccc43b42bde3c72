-- Histories: append-only. Rows lie in the order of insertion; a chain is found by its index.
-- Instants are microseconds UTC, hashes are bytes, ids are text.

CREATE TABLE event (
    id          INTEGER PRIMARY KEY,
    chain       TEXT NOT NULL,
    seq         INTEGER NOT NULL CHECK (seq > 0),
    -- On the first event that a command caused.
    command_id  TEXT,
    header      BLOB NOT NULL,
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    -- 32 bytes for each field, in order.
    commitments BLOB NOT NULL CHECK (length(commitments) % 32 = 0)
) STRICT;

CREATE UNIQUE INDEX event_by_chain ON event (chain, seq);
CREATE UNIQUE INDEX event_by_command ON event (chain, command_id) WHERE command_id IS NOT NULL;

CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'histories are append-only'); END;

CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'histories are append-only'); END;

-- Values and salts, apart from the event so that one can be destroyed alone: a JSON array with
-- [name, value, salt] for an opened field and null for an erased one.
CREATE TABLE event_value (
    event INTEGER PRIMARY KEY REFERENCES event (id),
    slots TEXT NOT NULL
) STRICT;

CREATE TRIGGER event_value_stays_with_its_event BEFORE UPDATE OF event ON event_value
BEGIN SELECT RAISE(ABORT, 'values belong to their event'); END;

CREATE TRIGGER event_value_is_never_deleted BEFORE DELETE ON event_value
BEGIN SELECT RAISE(ABORT, 'values are erased one by one'); END;

-- Heads of the chains that are no dossier's.
CREATE TABLE chain_head (
    chain TEXT PRIMARY KEY,
    seq   INTEGER NOT NULL,
    hash  BLOB NOT NULL,
    at    INTEGER NOT NULL,
    state TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE register_entry (
    id             INTEGER PRIMARY KEY,
    kind           TEXT NOT NULL CHECK (kind IN ('procedure', 'calendar', 'units')),
    code           TEXT NOT NULL,
    version        TEXT NOT NULL,
    digest         TEXT NOT NULL,
    effective_from TEXT NOT NULL,
    recorded_at    INTEGER NOT NULL,
    recorded_by    TEXT NOT NULL,
    bytes          BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX register_entry_by_version ON register_entry (kind, code, version);
CREATE INDEX register_entry_by_kind ON register_entry (kind);

CREATE TRIGGER register_entry_is_never_changed BEFORE UPDATE ON register_entry
BEGIN SELECT RAISE(ABORT, 'register entries are immutable'); END;

CREATE TRIGGER register_entry_is_never_deleted BEFORE DELETE ON register_entry
BEGIN SELECT RAISE(ABORT, 'register entries are immutable'); END;

CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER setting_is_never_changed BEFORE UPDATE ON setting
BEGIN SELECT RAISE(ABORT, 'settings are set once'); END;

CREATE TRIGGER setting_is_never_deleted BEFORE DELETE ON setting
BEGIN SELECT RAISE(ABORT, 'settings are set once'); END;
