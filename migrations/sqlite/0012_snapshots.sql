-- The state of a dossier follows from its history. It is kept whole every few events and at the end,
-- apart from the row that every commit rewrites: a snapshot and the events behind it say the rest.

CREATE TABLE snapshot (
    dossier_id   TEXT PRIMARY KEY REFERENCES dossier (id),
    -- Last event that it holds.
    version      INTEGER NOT NULL,
    state_schema INTEGER NOT NULL,
    state        TEXT NOT NULL
) STRICT;

INSERT INTO snapshot (dossier_id, version, state_schema, state)
SELECT id, version, state_schema, state FROM dossier;

-- SQLite cannot drop a table's last column behind that comment, so another goes to the end first.
ALTER TABLE dossier ADD COLUMN head_time INTEGER NOT NULL DEFAULT 0;
UPDATE dossier SET head_time = head_at;
ALTER TABLE dossier DROP COLUMN head_at;
ALTER TABLE dossier RENAME COLUMN head_time TO head_at;
ALTER TABLE dossier DROP COLUMN state_schema;
ALTER TABLE dossier DROP COLUMN state;
