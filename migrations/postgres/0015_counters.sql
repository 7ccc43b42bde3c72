-- How many open work items a queue holds, kept by every commit: a page that counts its queue anew costs
-- the more the longer the queue is. Counted are the queues that nothing bounds: what was submitted
-- (status 1), what is completed (9), what nobody has taken, what waits for the applicant.

CREATE TABLE queue_count (
    unit      text COLLATE "C" NOT NULL,
    -- 1 or 9, and 0 for any other.
    status    bigint NOT NULL,
    role      text COLLATE "C" NOT NULL,
    procedure text COLLATE "C" NOT NULL,
    -- Whether the items have an assignee. With status 0 only those of the applicant are counted then.
    claimed   boolean NOT NULL,
    -- The number of items is the sum over shards. Each transaction takes the first that no other has, so
    -- that none waits for another's: one by one they share the first. A shard alone may be below zero.
    shard     bigint NOT NULL,
    items     bigint NOT NULL,
    PRIMARY KEY (unit, status, role, procedure, claimed, shard)
-- Room on each page lets a number be replaced beside itself without touching the index.
) WITH (fillfactor = 50);

-- What queue_count must say.
CREATE VIEW queue_counted AS
SELECT unit, CASE WHEN status IN (1, 9) THEN status ELSE 0 END AS status, role, procedure,
    assignee IS NOT NULL AS claimed, count(*) AS items
FROM work_item
WHERE status IN (1, 9) OR assignee IS NULL OR role = 'applicant'
GROUP BY 1, 2, 3, 4, 5;

-- Nobody writes meanwhile.
LOCK TABLE work_item IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO queue_count (unit, status, role, procedure, claimed, shard, items)
SELECT unit, status, role, procedure, claimed, 0, items FROM queue_counted;

-- Whoever has a few of the roles reads as far as the page goes, however many items others have: a page is
-- merged of the first rows of each role. What is claimed is bounded by its person, and needs no role.
CREATE INDEX IF NOT EXISTS work_item_in_status
    ON work_item (unit, status, role, sort_at, dossier_id, item, procedure)
    WHERE status IN (1, 9);
CREATE INDEX IF NOT EXISTS work_item_unclaimed
    ON work_item (unit, role, sort_at, dossier_id, item, procedure)
    WHERE assignee IS NULL;
CREATE INDEX IF NOT EXISTS work_item_claimed
    ON work_item (unit, assignee, sort_at, dossier_id, item, role, procedure)
    WHERE assignee IS NOT NULL;
CREATE INDEX IF NOT EXISTS work_item_with_appointment
    ON work_item (unit, role, sort_at, dossier_id, item, late_at, due_on, procedure)
    WHERE late_at IS NOT NULL;
DROP INDEX work_item_by_status;
DROP INDEX work_item_by_assignee;
DROP INDEX work_item_by_appointment;

-- The one before knows neither salts nor totals.
DROP FUNCTION IF EXISTS commit_dossiers(
    uuid[], bigint[], bigint[], text[], text[], text[], text[], text[], text[], boolean[], text[],
    bigint[], text[], text[], text[], text[], text[], bigint[], bigint[], bigint[], bytea[], bigint[],
    bigint[], integer[], bigint[], text[], integer[], bigint[], uuid[], bytea[], bytea[], bytea[],
    text[], integer[], bigint[], text[], text[], text[], text[], bigint[], bigint[], boolean[], text[],
    integer[], text[], bigint[], integer[], text[], integer[], text[], integer[], bigint[], text[],
    integer[], text[], integer[], text[], integer[], text[], integer[], text[], integer[], text[]);

-- Writes the commits of many dossiers in one call: a verdict on each, then the rows of those accepted.
-- A list holds a value for each commit; of what a commit has several of, the lists whose names begin
-- alike hold a value for each, and `…_of` the number of the commit. No two commits of a call share a
-- dossier, a code, an external reference or a name. What a verdict did not foresee (another node
-- wrote it just now) breaks a constraint, and nothing of the call is written.
--
-- One list is unnested and its numbers find the others: to unnest all of them makes a table of each.
--
-- Answers for each commit, in order, the version that the store has and what is taken, if anything is.
CREATE OR REPLACE FUNCTION commit_dossiers(
    ids uuid[], expecteds bigint[], versions bigint[], codes text[], external_sources text[],
    external_ids text[], procedure_codes text[], procedure_versions text[], procedure_digests text[],
    closeds boolean[], state_names text[], statuses bigint[], assisting_units text[],
    receiving_units text[], competent_units text[], partieses text[], due_ons text[], due_ats bigint[],
    late_ats bigint[], sort_ats bigint[], head_hashes bytea[], head_ats bigint[],
    received_ats bigint[],
    snapshot_of integer[], snapshot_schemas bigint[], snapshot_states text[],
    event_of integer[], event_seqs bigint[], event_commands uuid[], event_headers bytea[],
    event_hashes bytea[], event_commitments bytea[], event_slots text[], event_salts bytea[],
    item_of integer[], items bigint[], item_units text[], item_roles text[], item_assignees text[],
    item_steps text[], item_opened_ats bigint[], item_due_ats bigint[], item_lates boolean[],
    item_branches text[],
    timer_of integer[], timer_names text[], timer_due_ats bigint[],
    party_of integer[], party_persons text[],
    form_of integer[], form_bodies text[],
    term_of integer[], term_kinds bigint[], terms text[],
    factor_of integer[], factor_digests text[],
    document_of integer[], document_digests text[],
    released_of integer[], released_names text[],
    held_of integer[], held_names text[],
    scope_of integer[], scopes text[],
    OUT actuals bigint[], OUT takens text[]
) LANGUAGE plpgsql AS
$$
DECLARE
    accepted  boolean[];
    -- The persons of the dossier are others than before.
    regrouped boolean[];
    -- What is gained and lost, in the order of the key.
    counts    queue_count[];
    free      integer := 0;
BEGIN
    IF cardinality(held_names) > 0 THEN
        PERFORM FROM reservation r WHERE r.name = ANY (held_names) ORDER BY r.name FOR UPDATE;
    END IF;
    -- Locked in the order of ids, so that no two nodes wait for each other.
    WITH standing AS MATERIALIZED (
        SELECT d.id, d.version, d.code, d.external_source, d.external_id, d.parties
        FROM dossier d WHERE d.id = ANY (ids) ORDER BY d.id FOR NO KEY UPDATE),
    judged AS (
        SELECT c.n, coalesce(d.version, 0) AS actual, d.parties IS DISTINCT FROM partieses[c.n] AS regrouped,
            CASE
            WHEN codes[c.n] IS NOT NULL AND codes[c.n] IS DISTINCT FROM d.code
                AND EXISTS (SELECT FROM dossier o WHERE o.code = codes[c.n]) THEN 'dossier code'
            WHEN external_sources[c.n] IS NOT NULL
                AND (external_sources[c.n], external_ids[c.n])
                    IS DISTINCT FROM (d.external_source, d.external_id)
                AND EXISTS (SELECT FROM dossier o
                    WHERE o.external_source = external_sources[c.n]
                        AND o.external_id = external_ids[c.n])
                THEN 'external reference'
            WHEN cardinality(held_names) > 0 AND EXISTS (
                SELECT FROM unnest(held_of, held_names) AS h(of, name)
                JOIN reservation r ON r.name = h.name AND r.dossier_id <> c.id
                WHERE h.of = c.n) THEN 'name'
            END AS taken
        FROM unnest(ids) WITH ORDINALITY AS c(id, n) LEFT JOIN standing d ON d.id = c.id)
    SELECT array_agg(j.actual ORDER BY j.n), array_agg(j.taken ORDER BY j.n),
        array_agg(j.actual = expecteds[j.n] AND j.taken IS NULL ORDER BY j.n),
        array_agg(j.regrouped ORDER BY j.n)
    INTO actuals, takens, accepted, regrouped FROM judged j;

    SELECT array_agg(CAST(ROW(c.unit, c.status, c.role, c.procedure, c.claimed, 0, c.change) AS queue_count)
        ORDER BY c.unit, c.status, c.role, c.procedure, c.claimed)
    INTO counts FROM (
        SELECT i.unit, CASE WHEN i.status IN (1, 9) THEN i.status ELSE 0 END AS status, i.role,
            i.procedure, i.assignee IS NOT NULL AS claimed, sum(i.change) AS change
        FROM (
            SELECT w.unit, w.status, w.role, w.procedure, w.assignee, -1 AS change
            -- By the key of each, whatever the statistics said when the plan was made.
            FROM unnest(ids) WITH ORDINALITY AS c(id, n) CROSS JOIN LATERAL (
                SELECT s.unit, s.status, s.role, s.procedure, s.assignee FROM work_item s
                WHERE s.dossier_id = c.id OFFSET 0) AS w
            WHERE accepted[c.n] AND expecteds[c.n] > 0
            UNION ALL
            SELECT item_units[i.n], statuses[i.of], item_roles[i.n], procedure_codes[i.of],
                item_assignees[i.n], 1
            FROM unnest(item_of) WITH ORDINALITY AS i(of, n) WHERE accepted[i.of]) AS i
        WHERE i.status IN (1, 9) OR i.assignee IS NULL OR i.role = 'applicant'
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(i.change) <> 0) AS c;

    IF 0 = ANY (expecteds) THEN
        INSERT INTO dossier (id, version, code, external_source, external_id, procedure_code,
            procedure_version, procedure_digest, closed, state_name, status, assisting_unit,
            receiving_unit, competent_unit, parties, due_on, due_at, late_at, head_hash, head_at)
        SELECT c.id, versions[c.n], codes[c.n], external_sources[c.n], external_ids[c.n],
            procedure_codes[c.n], procedure_versions[c.n], procedure_digests[c.n], closeds[c.n],
            state_names[c.n], statuses[c.n], assisting_units[c.n], receiving_units[c.n],
            competent_units[c.n], partieses[c.n], due_ons[c.n], due_ats[c.n], late_ats[c.n],
            head_hashes[c.n], head_ats[c.n]
        FROM unnest(ids) WITH ORDINALITY AS c(id, n) WHERE accepted[c.n] AND expecteds[c.n] = 0;
        DELETE FROM draft USING unnest(ids) WITH ORDINALITY AS c(id, n)
        WHERE accepted[c.n] AND expecteds[c.n] = 0 AND draft.id = c.id;
    END IF;
    IF 0 < ANY (expecteds) THEN
        UPDATE dossier SET version = versions[c.n], code = codes[c.n],
            external_source = external_sources[c.n], external_id = external_ids[c.n],
            procedure_code = procedure_codes[c.n], procedure_version = procedure_versions[c.n],
            procedure_digest = procedure_digests[c.n], closed = closeds[c.n],
            state_name = state_names[c.n], status = statuses[c.n],
            assisting_unit = assisting_units[c.n], receiving_unit = receiving_units[c.n],
            competent_unit = competent_units[c.n], parties = partieses[c.n], due_on = due_ons[c.n],
            due_at = due_ats[c.n], late_at = late_ats[c.n], head_hash = head_hashes[c.n],
            head_at = head_ats[c.n]
        FROM unnest(ids) WITH ORDINALITY AS c(id, n)
        WHERE accepted[c.n] AND expecteds[c.n] > 0 AND dossier.id = c.id;
        DELETE FROM work_item w USING unnest(ids) WITH ORDINALITY AS c(id, n)
        WHERE accepted[c.n] AND expecteds[c.n] > 0 AND w.dossier_id = c.id
            AND NOT EXISTS (SELECT FROM unnest(item_of) WITH ORDINALITY AS i(of, n)
                WHERE i.of = c.n AND items[i.n] = w.item);
    END IF;
    IF cardinality(snapshot_of) > 0 THEN
        INSERT INTO snapshot (dossier_id, version, state_schema, state)
        SELECT ids[s.of], versions[s.of], snapshot_schemas[s.n], snapshot_states[s.n]
        FROM unnest(snapshot_of) WITH ORDINALITY AS s(of, n) WHERE accepted[s.of]
        ON CONFLICT (dossier_id) DO UPDATE SET version = excluded.version,
            state_schema = excluded.state_schema, state = excluded.state;
    END IF;

    INSERT INTO event (chain, seq, command_id, header, hash, commitments)
    SELECT ids[e.of], event_seqs[e.n], event_commands[e.n], event_headers[e.n], event_hashes[e.n],
        event_commitments[e.n]
    FROM unnest(event_of) WITH ORDINALITY AS e(of, n) WHERE accepted[e.of];
    INSERT INTO event_value (chain, seq, slots, salts)
    SELECT ids[e.of], event_seqs[e.n], event_slots[e.n], event_salts[e.n]
    FROM unnest(event_of) WITH ORDINALITY AS e(of, n) WHERE accepted[e.of];

    IF cardinality(item_of) > 0 THEN
        INSERT INTO work_item (dossier_id, item, unit, role, assignee, step, opened_at, step_due_at,
            step_late, branch, procedure, status, due_on, late_at, sort_at, overseen_by)
        SELECT ids[i.of], items[i.n], item_units[i.n], item_roles[i.n], item_assignees[i.n],
            item_steps[i.n], item_opened_ats[i.n], item_due_ats[i.n], item_lates[i.n],
            item_branches[i.n], procedure_codes[i.of], statuses[i.of], due_ons[i.of],
            late_ats[i.of], sort_ats[i.of], nullif(competent_units[i.of], item_units[i.n])
        FROM unnest(item_of) WITH ORDINALITY AS i(of, n) WHERE accepted[i.of]
        ON CONFLICT (dossier_id, item) DO UPDATE SET unit = excluded.unit, role = excluded.role,
            assignee = excluded.assignee, step = excluded.step, opened_at = excluded.opened_at,
            step_due_at = excluded.step_due_at, step_late = excluded.step_late,
            branch = excluded.branch, procedure = excluded.procedure, status = excluded.status,
            due_on = excluded.due_on, late_at = excluded.late_at, sort_at = excluded.sort_at,
            overseen_by = excluded.overseen_by
        WHERE work_item.* IS DISTINCT FROM excluded.*;
    END IF;

    IF cardinality(timer_of) > 0 THEN
        DELETE FROM timer t USING unnest(timer_of) WITH ORDINALITY AS c(of, n)
        WHERE accepted[c.of] AND timer_due_ats[c.n] IS NULL
            AND t.dossier_id = ids[c.of] AND t.name = timer_names[c.n];
        INSERT INTO timer (dossier_id, name, due_at)
        SELECT ids[t.of], timer_names[t.n], timer_due_ats[t.n]
        FROM unnest(timer_of) WITH ORDINALITY AS t(of, n)
        WHERE accepted[t.of] AND timer_due_ats[t.n] IS NOT NULL
        ON CONFLICT (dossier_id, name) DO UPDATE SET due_at = excluded.due_at;
    END IF;

    IF true = ANY (regrouped) THEN
        DELETE FROM party p USING unnest(ids) WITH ORDINALITY AS c(id, n)
        WHERE accepted[c.n] AND regrouped[c.n] AND p.dossier_id = c.id;
        INSERT INTO party (person, dossier_id)
        SELECT p.person, ids[p.of] FROM unnest(party_of, party_persons) AS p(of, person)
        WHERE accepted[p.of] AND regrouped[p.of];
    END IF;
    IF cardinality(array_remove(received_ats, NULL)) > 0 THEN
        -- Another commit at the very instant of the reception brings it again.
        INSERT INTO reception (dossier_id, unit, received_at)
        SELECT c.id, receiving_units[c.n], received_ats[c.n]
        FROM unnest(ids) WITH ORDINALITY AS c(id, n)
        WHERE accepted[c.n] AND received_ats[c.n] IS NOT NULL
        ON CONFLICT (dossier_id) DO NOTHING;
    END IF;
    IF cardinality(form_bodies) > 0 THEN
        INSERT INTO form (dossier_id, body)
        SELECT ids[f.of], f.body FROM unnest(form_of, form_bodies) AS f(of, body) WHERE accepted[f.of]
        ON CONFLICT (dossier_id) DO UPDATE SET body = excluded.body;
    END IF;
    IF cardinality(terms) > 0 THEN
        DELETE FROM search_term s USING unnest(term_of) AS c(of)
        WHERE accepted[c.of] AND expecteds[c.of] > 0 AND s.dossier_id = ids[c.of];
        INSERT INTO search_term (kind, term, dossier_id)
        SELECT t.kind, t.term, ids[t.of]
        FROM unnest(term_of, term_kinds, terms) AS t(of, kind, term) WHERE accepted[t.of];
    END IF;
    IF cardinality(factor_digests) > 0 THEN
        DELETE FROM tracking_factor f USING unnest(factor_of) AS c(of)
        WHERE accepted[c.of] AND expecteds[c.of] > 0 AND f.dossier_id = ids[c.of];
        INSERT INTO tracking_factor (dossier_id, digest)
        SELECT ids[f.of], f.digest
        FROM unnest(factor_of, factor_digests) AS f(of, digest) WHERE accepted[f.of];
    END IF;
    IF cardinality(document_digests) > 0 THEN
        INSERT INTO document_reference (sha256)
        SELECT DISTINCT d.sha256 FROM unnest(document_of, document_digests) AS d(of, sha256)
        WHERE accepted[d.of] ORDER BY d.sha256
        ON CONFLICT (sha256) DO NOTHING;
        UPDATE upload SET filed = true FROM unnest(document_of, document_digests) AS d(of, sha256)
        WHERE accepted[d.of] AND upload.sha256 = d.sha256 AND NOT upload.filed;
    END IF;

    IF cardinality(released_names) > 0 THEN
        DELETE FROM reservation r USING unnest(released_of, released_names) AS c(of, name)
        WHERE accepted[c.of] AND r.name = c.name AND r.dossier_id = ids[c.of];
    END IF;
    IF cardinality(scopes) > 0 THEN
        DELETE FROM reservation r USING unnest(scope_of, scopes) AS c(of, scope)
        WHERE accepted[c.of] AND r.dossier_id = ids[c.of] AND split_part(r.name, '/', 1) = c.scope
            AND NOT EXISTS (SELECT FROM unnest(held_of, held_names) AS h(of, name)
                WHERE h.of = c.of AND h.name = r.name);
    END IF;
    IF cardinality(held_names) > 0 THEN
        INSERT INTO reservation (name, dossier_id, until)
        SELECT h.name, ids[h.of], NULL FROM unnest(held_of, held_names) AS h(of, name)
        WHERE accepted[h.of] ORDER BY h.name
        ON CONFLICT (name) DO UPDATE SET until = NULL
            WHERE reservation.dossier_id = excluded.dossier_id AND reservation.until IS NOT NULL;
        IF EXISTS (SELECT FROM unnest(held_of, held_names) AS h(of, name)
            JOIN reservation r ON r.name = h.name
            WHERE accepted[h.of] AND r.dossier_id <> ids[h.of]) THEN
            RAISE unique_violation USING MESSAGE = 'another node has just taken a name';
        END IF;
    END IF;
    -- Last: whoever has a shard waits for nothing any more.
    IF counts IS NOT NULL THEN
        WHILE free < 63 AND NOT pg_try_advisory_xact_lock(hashtext('queue_count'), free) LOOP
            free := free + 1;
        END LOOP;
        INSERT INTO queue_count (unit, status, role, procedure, claimed, shard, items)
        SELECT c.unit, c.status, c.role, c.procedure, c.claimed, free, c.items FROM unnest(counts) AS c
        ON CONFLICT (unit, status, role, procedure, claimed, shard)
            DO UPDATE SET items = queue_count.items + excluded.items;
    END IF;
END
$$;
