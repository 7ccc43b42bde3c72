-- What a desk needs beside the dossiers: numbers, held names, drafts, uploads, wrong guesses.

CREATE TABLE number_series (
    agency TEXT NOT NULL,
    day    TEXT NOT NULL,
    used   INTEGER NOT NULL CHECK (used >= 0),
    PRIMARY KEY (agency, day)
) STRICT, WITHOUT ROWID;

-- Held names; without an end once confirmed. The dossier may still be a draft.
CREATE TABLE reservation (
    name       TEXT PRIMARY KEY,
    dossier_id TEXT NOT NULL,
    until      INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE draft (
    id         TEXT PRIMARY KEY,
    owner      TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    body       TEXT NOT NULL
) STRICT;

CREATE INDEX draft_by_owner ON draft (owner, updated_at, id);
CREATE INDEX draft_by_expiry ON draft (expires_at);

CREATE TABLE upload (
    id         TEXT PRIMARY KEY,
    owner      TEXT NOT NULL,
    media      TEXT NOT NULL,
    size       INTEGER NOT NULL,
    sha256     TEXT,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX upload_by_content ON upload (owner, sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX upload_by_expiry ON upload (expires_at) WHERE sha256 IS NULL;

CREATE TABLE tracking_guess (
    key TEXT NOT NULL,
    at  INTEGER NOT NULL
) STRICT;

CREATE INDEX tracking_guess_by_key ON tracking_guess (key, at);
