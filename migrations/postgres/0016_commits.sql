-- The same function, cheaper to begin: with one commit in a call most of its time went into starting
-- statements. Names are looked at only where one is new, numbers of list elements come without a table
-- being made of them, and one sort puts all verdicts in order. What work items a commit takes away and
-- adds is told by the statements that do it: one that changes is taken away and added.

-- Writes the commits of many dossiers in one call: a verdict on each, then the rows of those accepted.
-- A list holds a value for each commit; of what a commit has several of, the lists whose names begin
-- alike hold a value for each, and `…_of` the number of the commit. Commits come in the order of their
-- ids, in which they are locked, so that no two nodes wait for each other. No two of a call share a
-- dossier, a code, an external reference or a name. What a verdict did not foresee (another node
-- wrote it just now) breaks a constraint, and nothing of the call is written.
--
-- The numbers of a list's elements find their values: to unnest lists makes a table of each. The commits'
-- own numbers are unnested from a list, of which the server expects few rows, so that it finds rows by
-- their keys whatever the statistics said when the plan was made.
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
    numbers   integer[];
    accepted  boolean[];
    -- The persons of the dossier are others than before.
    regrouped boolean[];
    -- A dossier has a code or an external reference that it had not.
    is_named  boolean;
    -- A name is held that the same dossier did not hold for good before, or may have let go just now.
    is_held   boolean;
    lost      queue_count[];
    gained    queue_count[];
    free      integer := 0;
BEGIN
    is_held := cardinality(held_names) > 0 AND (cardinality(released_names) > 0 OR EXISTS (
        SELECT FROM unnest(held_of, held_names) AS h(of, name) WHERE NOT EXISTS (
            SELECT FROM reservation r
            WHERE r.name = h.name AND r.dossier_id = ids[h.of] AND r.until IS NULL)));
    IF is_held THEN
        PERFORM FROM reservation r WHERE r.name = ANY (held_names) ORDER BY r.name FOR UPDATE;
    END IF;
    SELECT array_agg(j.n), array_agg(j.actual), array_agg(j.actual = expecteds[j.n]),
        array_agg(j.regrouped), bool_or(j.is_named)
    INTO numbers, actuals, accepted, regrouped, is_named FROM (
        SELECT c.n, coalesce(d.version, 0) AS actual, d.parties IS DISTINCT FROM partieses[c.n] AS regrouped,
            codes[c.n] IS NOT NULL AND codes[c.n] IS DISTINCT FROM d.code
                OR external_sources[c.n] IS NOT NULL AND (external_sources[c.n], external_ids[c.n])
                    IS DISTINCT FROM (d.external_source, d.external_id) AS is_named
        FROM (SELECT generate_subscripts(ids, 1) AS n) AS c LEFT JOIN LATERAL (
            SELECT o.version, o.code, o.external_source, o.external_id, o.parties FROM dossier o
            WHERE o.id = ids[c.n] FOR NO KEY UPDATE) AS d ON true
        ORDER BY c.n) AS j;
    IF is_named OR is_held THEN
        SELECT array_agg(t.taken), array_agg(accepted[t.n] AND t.taken IS NULL)
        INTO takens, accepted FROM (
            SELECT c.n, CASE
                WHEN EXISTS (SELECT FROM dossier o WHERE o.code = codes[c.n] AND o.id <> ids[c.n])
                    THEN 'dossier code'
                WHEN EXISTS (SELECT FROM dossier o
                    WHERE o.external_source = external_sources[c.n]
                        AND o.external_id = external_ids[c.n] AND o.id <> ids[c.n])
                    THEN 'external reference'
                WHEN is_held AND EXISTS (
                    SELECT FROM unnest(held_of, held_names) AS h(of, name)
                    JOIN reservation r ON r.name = h.name AND r.dossier_id <> ids[c.n]
                    WHERE h.of = c.n) THEN 'name'
                END AS taken
            FROM (SELECT unnest(numbers) AS n) AS c ORDER BY c.n) AS t;
    ELSE
        takens := array_fill(CAST(NULL AS text), ARRAY[cardinality(ids)]);
    END IF;

    IF 0 = ANY (expecteds) THEN
        INSERT INTO dossier (id, version, code, external_source, external_id, procedure_code,
            procedure_version, procedure_digest, closed, state_name, status, assisting_unit,
            receiving_unit, competent_unit, parties, due_on, due_at, late_at, head_hash, head_at)
        SELECT ids[c.n], versions[c.n], codes[c.n], external_sources[c.n], external_ids[c.n],
            procedure_codes[c.n], procedure_versions[c.n], procedure_digests[c.n], closeds[c.n],
            state_names[c.n], statuses[c.n], assisting_units[c.n], receiving_units[c.n],
            competent_units[c.n], partieses[c.n], due_ons[c.n], due_ats[c.n], late_ats[c.n],
            head_hashes[c.n], head_ats[c.n]
        FROM (SELECT unnest(numbers) AS n) AS c WHERE accepted[c.n] AND expecteds[c.n] = 0;
        DELETE FROM draft USING (SELECT unnest(numbers) AS n) AS c
        WHERE accepted[c.n] AND expecteds[c.n] = 0 AND draft.id = ids[c.n];
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
        FROM (SELECT unnest(numbers) AS n) AS c
        WHERE accepted[c.n] AND expecteds[c.n] > 0 AND dossier.id = ids[c.n];
        WITH gone AS (
            DELETE FROM work_item w USING (SELECT unnest(numbers) AS n) AS c
            WHERE accepted[c.n] AND expecteds[c.n] > 0 AND w.dossier_id = ids[c.n]
                AND NOT EXISTS (
                    SELECT FROM (SELECT unnest(array_positions(item_of, c.n)) AS n) AS i
                    WHERE items[i.n] = w.item
                        AND (w.unit, w.role, w.assignee, w.step, w.opened_at, w.step_due_at, w.step_late,
                            w.branch, w.procedure, w.status, w.due_on, w.late_at, w.sort_at,
                            w.overseen_by)
                        IS NOT DISTINCT FROM (item_units[i.n], item_roles[i.n], item_assignees[i.n],
                            item_steps[i.n], item_opened_ats[i.n], item_due_ats[i.n], item_lates[i.n],
                            item_branches[i.n], procedure_codes[c.n], statuses[c.n], due_ons[c.n],
                            late_ats[c.n], sort_ats[c.n],
                            nullif(competent_units[c.n], item_units[i.n])))
            RETURNING w.unit, w.status, w.role, w.procedure, w.assignee)
        SELECT array_agg(CAST(ROW(g.unit, CASE WHEN g.status IN (1, 9) THEN g.status ELSE 0 END, g.role,
            g.procedure, g.assignee IS NOT NULL, 0, -1) AS queue_count))
        INTO lost FROM gone g
        WHERE g.status IN (1, 9) OR g.assignee IS NULL OR g.role = 'applicant';
    END IF;
    IF cardinality(snapshot_of) > 0 THEN
        INSERT INTO snapshot (dossier_id, version, state_schema, state)
        SELECT ids[snapshot_of[s.n]], versions[snapshot_of[s.n]], snapshot_schemas[s.n],
            snapshot_states[s.n]
        FROM (SELECT generate_subscripts(snapshot_of, 1) AS n) AS s WHERE accepted[snapshot_of[s.n]]
        ON CONFLICT (dossier_id) DO UPDATE SET version = excluded.version,
            state_schema = excluded.state_schema, state = excluded.state;
    END IF;

    INSERT INTO event (chain, seq, command_id, header, hash, commitments)
    SELECT ids[event_of[e.n]], event_seqs[e.n], event_commands[e.n], event_headers[e.n], event_hashes[e.n],
        event_commitments[e.n]
    FROM (SELECT generate_subscripts(event_of, 1) AS n) AS e WHERE accepted[event_of[e.n]];
    INSERT INTO event_value (chain, seq, slots, salts)
    SELECT ids[event_of[e.n]], event_seqs[e.n], event_slots[e.n], event_salts[e.n]
    FROM (SELECT generate_subscripts(event_of, 1) AS n) AS e WHERE accepted[event_of[e.n]];

    IF cardinality(item_of) > 0 THEN
        -- Those that differ from what stands are gone by now.
        WITH come AS (
            INSERT INTO work_item (dossier_id, item, unit, role, assignee, step, opened_at, step_due_at,
                step_late, branch, procedure, status, due_on, late_at, sort_at, overseen_by)
            SELECT ids[i.of], items[i.n], item_units[i.n], item_roles[i.n], item_assignees[i.n],
                item_steps[i.n], item_opened_ats[i.n], item_due_ats[i.n], item_lates[i.n],
                item_branches[i.n], procedure_codes[i.of], statuses[i.of], due_ons[i.of],
                late_ats[i.of], sort_ats[i.of], nullif(competent_units[i.of], item_units[i.n])
            FROM (SELECT unnest(item_of) AS of, generate_subscripts(item_of, 1) AS n) AS i
            WHERE accepted[i.of]
            ON CONFLICT (dossier_id, item) DO NOTHING
            RETURNING unit, status, role, procedure, assignee)
        SELECT array_agg(CAST(ROW(c.unit, CASE WHEN c.status IN (1, 9) THEN c.status ELSE 0 END, c.role,
            c.procedure, c.assignee IS NOT NULL, 0, 1) AS queue_count))
        INTO gained FROM come c
        WHERE c.status IN (1, 9) OR c.assignee IS NULL OR c.role = 'applicant';
    END IF;

    IF array_position(timer_due_ats, NULL) IS NOT NULL THEN
        DELETE FROM timer t USING unnest(timer_of) WITH ORDINALITY AS c(of, n)
        WHERE accepted[c.of] AND timer_due_ats[c.n] IS NULL
            AND t.dossier_id = ids[c.of] AND t.name = timer_names[c.n];
    END IF;
    IF cardinality(array_remove(timer_due_ats, NULL)) > 0 THEN
        INSERT INTO timer (dossier_id, name, due_at)
        SELECT ids[t.of], timer_names[t.n], timer_due_ats[t.n]
        FROM (SELECT unnest(timer_of) AS of, generate_subscripts(timer_of, 1) AS n) AS t
        WHERE accepted[t.of] AND timer_due_ats[t.n] IS NOT NULL
        ON CONFLICT (dossier_id, name) DO UPDATE SET due_at = excluded.due_at;
    END IF;

    IF true = ANY (regrouped) THEN
        DELETE FROM party p USING (SELECT unnest(numbers) AS n) AS c
        WHERE accepted[c.n] AND regrouped[c.n] AND p.dossier_id = ids[c.n];
        INSERT INTO party (person, dossier_id)
        SELECT p.person, ids[p.of] FROM unnest(party_of, party_persons) AS p(of, person)
        WHERE accepted[p.of] AND regrouped[p.of];
    END IF;
    IF cardinality(array_remove(received_ats, NULL)) > 0 THEN
        -- Another commit at the very instant of the reception brings it again.
        INSERT INTO reception (dossier_id, unit, received_at)
        SELECT ids[c.n], receiving_units[c.n], received_ats[c.n]
        FROM (SELECT unnest(numbers) AS n) AS c
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
    IF is_held AND cardinality(scopes) > 0 THEN
        DELETE FROM reservation r USING unnest(scope_of, scopes) AS c(of, scope)
        WHERE accepted[c.of] AND r.dossier_id = ids[c.of] AND split_part(r.name, '/', 1) = c.scope
            AND NOT EXISTS (SELECT FROM unnest(held_of, held_names) AS h(of, name)
                WHERE h.of = c.of AND h.name = r.name);
    END IF;
    IF is_held THEN
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
    IF lost IS NOT NULL OR gained IS NOT NULL THEN
        WHILE free < 63 AND NOT pg_try_advisory_xact_lock(hashtext('queue_count'), free) LOOP
            free := free + 1;
        END LOOP;
        INSERT INTO queue_count (unit, status, role, procedure, claimed, shard, items)
        SELECT c.unit, c.status, c.role, c.procedure, c.claimed, free, sum(c.items)
        FROM unnest(lost || gained) AS c GROUP BY 1, 2, 3, 4, 5
        HAVING sum(c.items) <> 0 ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (unit, status, role, procedure, claimed, shard)
            DO UPDATE SET items = queue_count.items + excluded.items;
    END IF;
END
$$;
