-- Tables at a volume at which the planner has something to choose from. What no row of these decides (states,
-- headers) is empty: nobody reads it here.

PRAGMA foreign_keys = OFF;
CREATE TEMP TABLE fill AS
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 40000)
SELECT n, printf('0190ffff-%04x-7000-8000-%012x', n % 65536, n) AS id FROM n;
BEGIN;

INSERT INTO dossier (id, version, code, external_source, external_id, procedure_code, procedure_version,
    procedure_digest, status, closed, receiving_unit, competent_unit, parties, due_on, due_at, late_at,
    head_hash, head_at)
SELECT id, 1, 'fill-' || n, 'fill', n, 'often', '1', CASE WHEN n % 2 = 0 THEN 'often' ELSE 'seldom' END, 4,
    n % 10 = 0, 'H26.7', 'H26.7', '[]', '2026-04-01', 0, 0, zeroblob(32), 0
FROM fill;
INSERT INTO event (id, chain, seq, command_id, header, hash, commitments)
SELECT n, 'dossier:' || id, 1, id, x'', zeroblob(32), x'' FROM fill;
INSERT INTO event_value (event, slots, salts) SELECT n, '', x'' FROM fill;
INSERT INTO snapshot (dossier_id, version, state_schema, state) SELECT id, 1, 0, '' FROM fill;
INSERT INTO form (dossier_id, body) SELECT id, '{}' FROM fill;
INSERT INTO form_print (dossier_id, number, seq, sha256, printed_at) SELECT id, 1, 1, '', 0 FROM fill;
INSERT INTO tracking_factor (dossier_id, digest) SELECT id, 'fill-' || n FROM fill;
INSERT INTO search_term (kind, term, dossier_id)
SELECT 1, 'nguyen', id FROM fill UNION ALL SELECT 1, 'fill' || n, id FROM fill;
INSERT INTO party (person, dossier_id)
SELECT 'fill-' || n, id FROM fill UNION ALL SELECT 'fill-often', id FROM fill WHERE n % 20 = 0;
INSERT INTO reception (dossier_id, unit, received_at) SELECT id, 'H26.7', n FROM fill;

-- A few of each kind are due or late at the instant that is asked about, 2 March 2026, 08:00 at the centre.
-- The last fifty by their ids are of a procedure of their own.
INSERT INTO work_item (dossier_id, item, unit, role, assignee, step, opened_at, step_due_at, step_late,
    procedure, status, due_on, late_at, sort_at, overseen_by)
SELECT f.id, 1, CASE WHEN f.kind IN (5, 6) THEN 'H26.9' ELSE 'H26.7' END,
    CASE f.kind WHEN 0 THEN 'reception_clerk' WHEN 1 THEN 'return_clerk' WHEN 4 THEN 'applicant'
        ELSE 'specialist' END,
    CASE WHEN f.kind IN (3, 7) THEN 'clerk-' || (f.n % 500) END, 's', 0,
    CASE WHEN f.kind IN (5, 6) THEN CASE WHEN f.n % 800 < 16 THEN 1772413200000000
        ELSE 1800000000000000 END END,
    f.kind = 6 AND f.n % 800 < 16,
    CASE WHEN f.n > 39950 THEN 'seldom' ELSE 'often' END,
    CASE f.kind WHEN 0 THEN 1 WHEN 1 THEN 9 WHEN 4 THEN 5 ELSE 4 END,
    f.due_on, f.late_at, coalesce(f.late_at, 9223372036854775807),
    CASE WHEN f.kind IN (5, 6) THEN 'H26.7' END
FROM (SELECT n, id, n % 8 AS kind,
        CASE WHEN n % 8 IN (0, 1, 4, 6) THEN NULL
            WHEN n % 800 < 8 THEN 1772400000000000 WHEN n % 800 < 16 THEN 1772470800000000
            ELSE 1800000000000000 + n END AS late_at,
        CASE WHEN n % 800 < 8 THEN '2026-03-01' WHEN n % 800 < 16 THEN '2026-03-02'
            ELSE '2027-01-15' END AS due_on
    FROM fill) AS f;
DELETE FROM queue_count;
INSERT INTO queue_count (unit, status, role, procedure, claimed, items)
SELECT unit, status, role, procedure, claimed, items FROM queue_counted;

-- A third is due, and eight could not be fired.
INSERT INTO timer (dossier_id, name, due_at, claimed_for, claimed_until, attempts, failure)
SELECT id, 'late', due_at, CASE WHEN n % 5000 = 0 THEN due_at END, CASE WHEN n % 5000 = 0 THEN 1 END,
    CASE WHEN n % 5000 = 0 THEN 8 END, CASE WHEN n % 5000 = 0 THEN 'no such year' END
FROM (SELECT n, id, CASE WHEN n % 3 = 0 THEN 1772400000000000 ELSE 1800000000000000 END + n AS due_at
    FROM fill);

INSERT INTO chain_head (chain, seq, hash, at) SELECT 'acc:' || id, 1, zeroblob(32), 0 FROM fill;
INSERT INTO reservation (name, dossier_id) SELECT 'fill/' || n, id FROM fill;
INSERT INTO number_series (agency, day, used) SELECT 'fill-' || n, '2026-03-02', 1 FROM fill;
INSERT INTO draft (id, owner, revision, updated_at, expires_at, body)
SELECT id, 'fill-' || (n % 5000), 1, 0, 1800000000000000 + n, '{}' FROM fill;
INSERT INTO upload (id, owner, media, size, sha256, expires_at, filed)
SELECT id, 'fill-' || (n % 5000), '', 1, CASE WHEN n % 4 > 0 THEN 'fill-' || n END, 1800000000000000 + n,
    n % 4 > 1
FROM fill;
INSERT INTO document_reference (sha256) SELECT 'fill-' || n FROM fill WHERE n % 4 > 1;
INSERT INTO tracking_guess (key, until) SELECT 'fill-' || (n % 20000), 1800000000000000 + n FROM fill;
COMMIT;
