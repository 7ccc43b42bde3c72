-- The present state of dossiers and what they are found by. All of it follows from the histories
-- but for the personal parts: form, search_term, tracking_factor.

CREATE TABLE dossier (
    id                TEXT PRIMARY KEY,
    version           INTEGER NOT NULL,
    code              TEXT,
    external_source   TEXT,
    external_id       TEXT,
    procedure_code    TEXT NOT NULL,
    procedure_version TEXT NOT NULL,
    procedure_digest  TEXT NOT NULL,
    -- State of the chain's head.
    state_name        TEXT,
    status            INTEGER NOT NULL,
    closed            INTEGER NOT NULL,
    assisting_unit    TEXT,
    receiving_unit    TEXT NOT NULL,
    competent_unit    TEXT NOT NULL,
    -- JSON array of the opaque ids in party, to see whether they changed.
    parties           TEXT NOT NULL,
    due_on            TEXT,
    due_at            INTEGER,
    -- Given only while the clock runs.
    late_at           INTEGER,
    head_hash         BLOB NOT NULL,
    head_at           INTEGER NOT NULL,
    -- Last, so that the long text is read only when asked for.
    state_schema      INTEGER NOT NULL,
    state             TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX dossier_by_code ON dossier (code) WHERE code IS NOT NULL;
CREATE UNIQUE INDEX dossier_by_external ON dossier (external_source, external_id)
    WHERE external_source IS NOT NULL;

-- Present form values. Personal: the row goes when they are erased.
CREATE TABLE form (
    dossier_id TEXT PRIMARY KEY REFERENCES dossier (id),
    body       TEXT NOT NULL
) STRICT;

-- Open work items with what the queues ask of their dossier.
CREATE TABLE work_item (
    dossier_id TEXT NOT NULL REFERENCES dossier (id),
    item       INTEGER NOT NULL,
    unit       TEXT NOT NULL,
    role       TEXT NOT NULL,
    assignee   TEXT,
    step       TEXT NOT NULL,
    opened_at  INTEGER NOT NULL,
    step_due_at INTEGER,
    step_late  INTEGER NOT NULL,
    procedure  TEXT NOT NULL,
    status     INTEGER NOT NULL,
    due_on     TEXT,
    late_at    INTEGER,
    -- The appointment while the clock runs, the largest number otherwise.
    sort_at    INTEGER NOT NULL,
    PRIMARY KEY (dossier_id, item)
) STRICT, WITHOUT ROWID;

-- Each queue reads one index from end to end of its part, in the order in which it is shown.
CREATE INDEX work_item_by_assignee
    ON work_item (unit, assignee, sort_at, dossier_id, item, role, procedure);
CREATE INDEX work_item_by_appointment
    ON work_item (unit, sort_at, dossier_id, item, late_at, due_on, role, procedure)
    WHERE late_at IS NOT NULL;
CREATE INDEX work_item_by_status
    ON work_item (unit, status, sort_at, dossier_id, item, role, procedure)
    WHERE status IN (1, 9);
CREATE INDEX work_item_of_applicant
    ON work_item (unit, sort_at, dossier_id, item, procedure)
    WHERE role = 'applicant';

CREATE TABLE timer (
    dossier_id TEXT NOT NULL REFERENCES dossier (id),
    name       TEXT NOT NULL,
    due_at     INTEGER NOT NULL,
    PRIMARY KEY (dossier_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX timer_by_due ON timer (due_at, dossier_id, name);

CREATE TABLE party (
    person     TEXT NOT NULL,
    dossier_id TEXT NOT NULL REFERENCES dossier (id),
    PRIMARY KEY (person, dossier_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX party_by_dossier ON party (dossier_id);

-- Words of names and keyed digests of identity numbers. Personal.
CREATE TABLE search_term (
    kind       INTEGER NOT NULL,
    term       TEXT NOT NULL,
    dossier_id TEXT NOT NULL REFERENCES dossier (id),
    PRIMARY KEY (kind, term, dossier_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX search_term_by_dossier ON search_term (dossier_id);

-- Keyed digests of the second factors of public tracking. Personal.
CREATE TABLE tracking_factor (
    dossier_id TEXT NOT NULL REFERENCES dossier (id),
    digest     TEXT NOT NULL,
    PRIMARY KEY (dossier_id, digest)
) STRICT, WITHOUT ROWID;
