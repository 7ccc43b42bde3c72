-- What each centre received, in the order of its log book (form 07). A table of its own: every commit
-- names the units of its dossier, which would write an index on them anew each time.

CREATE TABLE reception (
    dossier_id  TEXT PRIMARY KEY REFERENCES dossier (id),
    unit        TEXT NOT NULL,
    received_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX reception_by_unit ON reception (unit, received_at, dossier_id);

-- The state says it in UTC, 2026-10-05T02:00:00.25Z: seconds and microseconds apart, exactly.
INSERT INTO reception (dossier_id, unit, received_at)
SELECT id, receiving_unit,
    CAST(strftime('%s', substr(at, 1, 19)) AS INTEGER) * 1000000
        + CAST(substr(rtrim(substr(at, 21), 'Z') || '000000', 1, 6) AS INTEGER)
FROM (SELECT id, receiving_unit, json_extract(state, '$.received_at') AS at FROM dossier)
WHERE at IS NOT NULL;
