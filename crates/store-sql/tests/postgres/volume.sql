-- Tables at a volume at which the planner has something to choose from. What no row of these decides (states,
-- headers) is empty: nobody reads it here.

CREATE TEMP TABLE fill AS
SELECT n, CAST(lpad(to_hex(at), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0') AS uuid) AS id
FROM generate_series(1, 40000) AS n CROSS JOIN LATERAL (
    -- Half of them in the part of this quarter, half outside all parts.
    SELECT CASE WHEN n % 2 = 0 THEN 1717986918400 + n
        ELSE CAST(extract(epoch FROM now()) * 1000 AS bigint) - n END AS at) AS a;

INSERT INTO dossier (id, version, code, external_source, external_id, procedure_code, procedure_version,
    procedure_digest, status, closed, receiving_unit, competent_unit, parties, due_on, due_at, late_at,
    head_hash, head_at)
SELECT id, 1, 'fill-' || n, 'fill', n, 'often', '1', CASE WHEN n % 2 = 0 THEN 'often' ELSE 'seldom' END, 4,
    n % 10 = 0, 'H26.7', 'H26.7', '[]', '2026-04-01', 0, 0, sha256(''), 0
FROM fill;
INSERT INTO event (chain, seq, command_id, header, hash, commitments)
SELECT id, 1, gen_random_uuid(), '', sha256(''), '' FROM fill;
INSERT INTO event_value (chain, seq, slots, salts) SELECT id, 1, '', '' FROM fill;
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
SELECT f.id, 1, CASE WHEN k.kind IN (5, 6) THEN 'H26.9' ELSE 'H26.7' END,
    CASE k.kind WHEN 0 THEN 'reception_clerk' WHEN 1 THEN 'return_clerk' WHEN 4 THEN 'applicant'
        ELSE 'specialist' END,
    CASE WHEN k.kind IN (3, 7) THEN 'clerk-' || (f.n % 500) END, 's', 0,
    CASE WHEN k.kind IN (5, 6) THEN CASE WHEN f.n % 800 < 16 THEN 1772413200000000
        ELSE 1800000000000000 END END,
    k.kind = 6 AND f.n % 800 < 16,
    CASE WHEN f.n > 39950 THEN 'seldom' ELSE 'often' END,
    CASE k.kind WHEN 0 THEN 1 WHEN 1 THEN 9 WHEN 4 THEN 5 ELSE 4 END,
    d.due_on, d.late_at, coalesce(d.late_at, 9223372036854775807),
    CASE WHEN k.kind IN (5, 6) THEN 'H26.7' END
FROM fill f CROSS JOIN LATERAL (SELECT f.n % 8 AS kind) AS k CROSS JOIN LATERAL (
    SELECT CASE WHEN k.kind IN (0, 1, 4, 6) THEN NULL
            WHEN f.n % 800 < 8 THEN 1772400000000000 WHEN f.n % 800 < 16 THEN 1772470800000000
            ELSE 1800000000000000 + f.n END AS late_at,
        CASE WHEN f.n % 800 < 8 THEN '2026-03-01' WHEN f.n % 800 < 16 THEN '2026-03-02'
            ELSE '2027-01-15' END AS due_on) AS d;
DELETE FROM queue_count;
INSERT INTO queue_count (unit, status, role, procedure, claimed, shard, items)
SELECT unit, status, role, procedure, claimed, 0, items FROM queue_counted;

-- A third is due, and eight could not be fired.
INSERT INTO timer (dossier_id, name, due_at, claimed_for, claimed_until, attempts, failure)
SELECT f.id, 'late', t.due_at, CASE WHEN f.n % 5000 = 0 THEN t.due_at END,
    CASE WHEN f.n % 5000 = 0 THEN 1 END, CASE WHEN f.n % 5000 = 0 THEN 8 END,
    CASE WHEN f.n % 5000 = 0 THEN 'no such year' END
FROM fill f CROSS JOIN LATERAL (
    SELECT CASE WHEN f.n % 3 = 0 THEN 1772400000000000 ELSE 1800000000000000 END + f.n AS due_at) AS t;

INSERT INTO chain_head (chain, seq, hash, at) SELECT 'acc:' || id, 1, sha256(''), 0 FROM fill;
INSERT INTO reservation (name, dossier_id) SELECT 'fill/' || n, id FROM fill;
INSERT INTO number_series (agency, day, used) SELECT 'fill-' || n, '2026-03-02', 1 FROM fill;
INSERT INTO draft (id, owner, revision, updated_at, expires_at, body)
SELECT id, 'fill-' || (n % 5000), 1, 0, 1800000000000000 + n, '{}' FROM fill;
INSERT INTO upload (id, owner, media, size, sha256, expires_at, filed)
SELECT id, 'fill-' || (n % 5000), '', 1, CASE WHEN n % 4 > 0 THEN 'fill-' || n END, 1800000000000000 + n,
    n % 4 > 1
FROM fill;
INSERT INTO chain_away (chain, part, seq, header, hash, commands)
SELECT CAST(md5('away-' || n) AS uuid), '2025q1', 1, '', sha256(''), ARRAY[id] FROM fill;
INSERT INTO document_reference (sha256) SELECT 'fill-' || n FROM fill WHERE n % 4 > 1;
INSERT INTO tracking_guess (key, until) SELECT 'fill-' || (n % 20000), 1800000000000000 + n FROM fill;
ANALYZE;
