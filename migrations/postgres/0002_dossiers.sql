-- The present state of dossiers and what they are found by. All of it follows from the histories
-- but for the personal parts: form, search_term, tracking_factor.

-- Room on each page lets a state be replaced beside itself without touching an index.
CREATE TABLE dossier (
    id                uuid PRIMARY KEY,
    version           bigint NOT NULL,
    code              text COLLATE "C",
    external_source   text COLLATE "C",
    external_id       text COLLATE "C",
    procedure_code    text NOT NULL,
    procedure_version text NOT NULL,
    procedure_digest  text COLLATE "C" NOT NULL,
    -- State of the chain's head.
    state_name        text,
    status            bigint NOT NULL,
    closed            boolean NOT NULL,
    assisting_unit    text,
    receiving_unit    text NOT NULL,
    competent_unit    text NOT NULL,
    -- JSON array of the opaque ids in party, to see whether they changed.
    parties           text NOT NULL,
    due_on            text,
    due_at            bigint,
    -- Given only while the clock runs.
    late_at           bigint,
    head_hash         bytea NOT NULL,
    head_at           bigint NOT NULL,
    state_schema      bigint NOT NULL,
    state             text NOT NULL
) WITH (fillfactor = 60);

-- Compressed in its row rather than kept in another table, where each version would be written anew.
ALTER TABLE dossier ALTER COLUMN state SET STORAGE MAIN;

CREATE UNIQUE INDEX dossier_by_code ON dossier (code) WHERE code IS NOT NULL;
CREATE UNIQUE INDEX dossier_by_external ON dossier (external_source, external_id)
    WHERE external_source IS NOT NULL;

-- Present form values. Personal: the row goes when they are erased.
CREATE TABLE form (
    dossier_id uuid PRIMARY KEY,
    body       text NOT NULL
);

-- Open work items with what the queues ask of their dossier.
CREATE TABLE work_item (
    dossier_id  uuid NOT NULL,
    item        bigint NOT NULL,
    unit        text COLLATE "C" NOT NULL,
    role        text COLLATE "C" NOT NULL,
    assignee    text COLLATE "C",
    step        text NOT NULL,
    opened_at   bigint NOT NULL,
    step_due_at bigint,
    step_late   boolean NOT NULL,
    procedure   text COLLATE "C" NOT NULL,
    status      bigint NOT NULL,
    due_on      text COLLATE "C",
    late_at     bigint,
    -- The appointment while the clock runs, the largest number otherwise.
    sort_at     bigint NOT NULL,
    PRIMARY KEY (dossier_id, item)
);

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
    dossier_id uuid NOT NULL,
    name       text COLLATE "C" NOT NULL,
    due_at     bigint NOT NULL,
    PRIMARY KEY (dossier_id, name)
);

CREATE INDEX timer_by_due ON timer (due_at, dossier_id, name);

CREATE TABLE party (
    person     text COLLATE "C" NOT NULL,
    dossier_id uuid NOT NULL,
    PRIMARY KEY (person, dossier_id)
);

CREATE INDEX party_by_dossier ON party (dossier_id);

-- Words of names and keyed digests of identity numbers. Personal.
CREATE TABLE search_term (
    kind       bigint NOT NULL,
    term       text COLLATE "C" NOT NULL,
    dossier_id uuid NOT NULL,
    PRIMARY KEY (kind, term, dossier_id)
);

CREATE INDEX search_term_by_dossier ON search_term (dossier_id);

-- Keyed digests of the second factors of public tracking. Personal.
CREATE TABLE tracking_factor (
    dossier_id uuid NOT NULL,
    digest     text COLLATE "C" NOT NULL,
    PRIMARY KEY (dossier_id, digest)
);
