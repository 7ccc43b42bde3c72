-- The state of a dossier follows from its history. It is kept whole every few events and at the end,
-- apart from the row that every commit rewrites: a snapshot and the events behind it say the rest.

CREATE TABLE snapshot (
    dossier_id   uuid PRIMARY KEY,
    -- Last event that it holds.
    version      bigint NOT NULL,
    state_schema bigint NOT NULL,
    state        text NOT NULL
);

INSERT INTO snapshot (dossier_id, version, state_schema, state)
SELECT id, version, state_schema, state FROM dossier;

ALTER TABLE dossier DROP COLUMN state, DROP COLUMN state_schema;
-- A row is a tenth of what it was: less room lets as many versions lie side by side.
ALTER TABLE dossier SET (fillfactor = 70);
ALTER TABLE work_item SET (fillfactor = 80);
ALTER TABLE timer SET (fillfactor = 80);

DROP FUNCTION commit_dossiers(
    uuid[], bigint[], bigint[], text[], text[], text[], text[], text[], text[], boolean[], text[],
    bigint[], text[], text[], text[], text[], text[], bigint[], bigint[], bigint[], bytea[], bigint[],
    bigint[], text[], bigint[], integer[], bigint[], uuid[], bytea[], bytea[], bytea[], text[],
    integer[], bigint[], text[], text[], text[], text[], bigint[], bigint[], boolean[], text[],
    integer[], text[], bigint[], integer[], text[], integer[], text[], integer[], bigint[], text[],
    integer[], text[], integer[], text[], integer[], text[], integer[], text[], integer[], text[]);

-- Writes the commits of many dossiers in one call: a verdict on each, then the rows of those accepted.
-- A list holds a value for each commit; of what a commit has several of, the lists whose names begin
-- alike hold a value for each, and `…_of` the number of the commit. No two commits of a call share a
-- dossier, a code, an external reference or a name. What a verdict did not foresee (another node
-- wrote it just now) breaks a constraint, and nothing of the call is written.
--
-- Answers for each commit, in order, the version that the store has and what is taken, if anything is.
CREATE FUNCTION commit_dossiers(
    ids uuid[], expecteds bigint[], versions bigint[], codes text[], external_sources text[],
    external_ids text[], procedure_codes text[], procedure_versions text[], procedure_digests text[],
    closeds boolean[], state_names text[], statuses bigint[], assisting_units text[],
    receiving_units text[], competent_units text[], partieses text[], due_ons text[], due_ats bigint[],
    late_ats bigint[], sort_ats bigint[], head_hashes bytea[], head_ats bigint[],
    received_ats bigint[],
    snapshot_of integer[], snapshot_schemas bigint[], snapshot_states text[],
    event_of integer[], event_seqs bigint[], event_commands uuid[], event_headers bytea[],
    event_hashes bytea[], event_commitments bytea[], event_slots text[],
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
BEGIN
    -- In the order of ids, so that no two nodes wait for each other.
    PERFORM FROM dossier d WHERE d.id = ANY (ids) ORDER BY d.id FOR NO KEY UPDATE;
    IF cardinality(held_names) > 0 THEN
        PERFORM FROM reservation r WHERE r.name = ANY (held_names) ORDER BY r.name FOR UPDATE;
    END IF;
    SELECT array_agg(coalesce(d.version, 0) ORDER BY c.n),
        array_agg(CASE
            WHEN c.code IS NOT NULL AND c.code IS DISTINCT FROM d.code
                AND EXISTS (SELECT FROM dossier o WHERE o.code = c.code) THEN 'dossier code'
            WHEN c.source IS NOT NULL
                AND (c.source, c.external) IS DISTINCT FROM (d.external_source, d.external_id)
                AND EXISTS (SELECT FROM dossier o
                    WHERE o.external_source = c.source AND o.external_id = c.external)
                THEN 'external reference'
            WHEN EXISTS (
                SELECT FROM unnest(held_of, held_names) AS h(of, name)
                JOIN reservation r ON r.name = h.name AND r.dossier_id <> c.id
                WHERE h.of = c.n) THEN 'name'
            END ORDER BY c.n),
        array_agg(d.parties IS DISTINCT FROM c.parties ORDER BY c.n)
    INTO actuals, takens, regrouped
    FROM unnest(ids, codes, external_sources, external_ids, partieses)
        WITH ORDINALITY AS c(id, code, source, external, parties, n)
    LEFT JOIN dossier d ON d.id = c.id;
    SELECT array_agg(c.actual = c.expected AND c.taken IS NULL ORDER BY c.n)
    INTO accepted FROM unnest(actuals, expecteds, takens) WITH ORDINALITY AS c(actual, expected, taken, n);

    INSERT INTO dossier (id, version, code, external_source, external_id, procedure_code,
        procedure_version, procedure_digest, closed, state_name, status, assisting_unit,
        receiving_unit, competent_unit, parties, due_on, due_at, late_at, head_hash, head_at)
    SELECT c.id, c.version, c.code, c.source, c.external, c.procedure_code, c.procedure_version,
        c.procedure_digest, c.closed, c.state_name, c.status, c.assisting_unit, c.receiving_unit,
        c.competent_unit, c.parties, c.due_on, c.due_at, c.late_at, c.head_hash, c.head_at
    FROM unnest(accepted, expecteds, ids, versions, codes, external_sources, external_ids,
        procedure_codes, procedure_versions, procedure_digests, closeds, state_names, statuses,
        assisting_units, receiving_units, competent_units, partieses, due_ons, due_ats, late_ats,
        head_hashes, head_ats)
        AS c(accepted, expected, id, version, code, source, external, procedure_code,
            procedure_version, procedure_digest, closed, state_name, status, assisting_unit,
            receiving_unit, competent_unit, parties, due_on, due_at, late_at, head_hash, head_at)
    WHERE c.accepted AND c.expected = 0;
    UPDATE dossier SET version = c.version, code = c.code, external_source = c.source,
        external_id = c.external, procedure_code = c.procedure_code,
        procedure_version = c.procedure_version, procedure_digest = c.procedure_digest,
        closed = c.closed, state_name = c.state_name, status = c.status,
        assisting_unit = c.assisting_unit, receiving_unit = c.receiving_unit,
        competent_unit = c.competent_unit, parties = c.parties, due_on = c.due_on,
        due_at = c.due_at, late_at = c.late_at, head_hash = c.head_hash, head_at = c.head_at
    FROM unnest(accepted, expecteds, ids, versions, codes, external_sources, external_ids,
        procedure_codes, procedure_versions, procedure_digests, closeds, state_names, statuses,
        assisting_units, receiving_units, competent_units, partieses, due_ons, due_ats, late_ats,
        head_hashes, head_ats)
        AS c(accepted, expected, id, version, code, source, external, procedure_code,
            procedure_version, procedure_digest, closed, state_name, status, assisting_unit,
            receiving_unit, competent_unit, parties, due_on, due_at, late_at, head_hash, head_at)
    WHERE c.accepted AND c.expected > 0 AND dossier.id = c.id;
    IF 0 = ANY (expecteds) THEN
        DELETE FROM draft USING unnest(accepted, expecteds, ids) AS c(accepted, expected, id)
        WHERE c.accepted AND c.expected = 0 AND draft.id = c.id;
    END IF;
    IF cardinality(snapshot_states) > 0 THEN
        INSERT INTO snapshot (dossier_id, version, state_schema, state)
        SELECT ids[s.of], versions[s.of], s.state_schema, s.state
        FROM unnest(snapshot_of, snapshot_schemas, snapshot_states) AS s(of, state_schema, state)
        WHERE accepted[s.of]
        ON CONFLICT (dossier_id) DO UPDATE SET version = excluded.version,
            state_schema = excluded.state_schema, state = excluded.state;
    END IF;

    INSERT INTO event (chain, seq, command_id, header, hash, commitments)
    SELECT ids[e.of], e.seq, e.command_id, e.header, e.hash, e.commitments
    FROM unnest(event_of, event_seqs, event_commands, event_headers, event_hashes, event_commitments)
        AS e(of, seq, command_id, header, hash, commitments)
    WHERE accepted[e.of];
    INSERT INTO event_value (chain, seq, slots)
    SELECT ids[e.of], e.seq, e.slots
    FROM unnest(event_of, event_seqs, event_slots) AS e(of, seq, slots) WHERE accepted[e.of];

    DELETE FROM work_item w USING unnest(accepted, expecteds, ids) WITH ORDINALITY
        AS c(accepted, expected, id, n)
    WHERE c.accepted AND c.expected > 0 AND w.dossier_id = c.id
        AND NOT EXISTS (SELECT FROM unnest(item_of, items) AS i(of, item)
            WHERE i.of = c.n AND i.item = w.item);
    INSERT INTO work_item (dossier_id, item, unit, role, assignee, step, opened_at, step_due_at,
        step_late, branch, procedure, status, due_on, late_at, sort_at, overseen_by)
    SELECT ids[i.of], i.item, i.unit, i.role, i.assignee, i.step, i.opened_at, i.step_due_at,
        i.step_late, i.branch, procedure_codes[i.of], statuses[i.of], due_ons[i.of], late_ats[i.of],
        sort_ats[i.of], nullif(competent_units[i.of], i.unit)
    FROM unnest(item_of, items, item_units, item_roles, item_assignees, item_steps, item_opened_ats,
        item_due_ats, item_lates, item_branches)
        AS i(of, item, unit, role, assignee, step, opened_at, step_due_at, step_late, branch)
    WHERE accepted[i.of]
    ON CONFLICT (dossier_id, item) DO UPDATE SET unit = excluded.unit, role = excluded.role,
        assignee = excluded.assignee, step = excluded.step, opened_at = excluded.opened_at,
        step_due_at = excluded.step_due_at, step_late = excluded.step_late,
        branch = excluded.branch, procedure = excluded.procedure, status = excluded.status,
        due_on = excluded.due_on, late_at = excluded.late_at, sort_at = excluded.sort_at,
        overseen_by = excluded.overseen_by
    WHERE work_item.* IS DISTINCT FROM excluded.*;

    IF cardinality(timer_names) > 0 THEN
        DELETE FROM timer t USING unnest(timer_of, timer_names, timer_due_ats) AS c(of, name, due_at)
        WHERE accepted[c.of] AND c.due_at IS NULL AND t.dossier_id = ids[c.of] AND t.name = c.name;
        INSERT INTO timer (dossier_id, name, due_at)
        SELECT ids[t.of], t.name, t.due_at
        FROM unnest(timer_of, timer_names, timer_due_ats) AS t(of, name, due_at)
        WHERE accepted[t.of] AND t.due_at IS NOT NULL
        ON CONFLICT (dossier_id, name) DO UPDATE SET due_at = excluded.due_at;
    END IF;

    IF true = ANY (regrouped) THEN
        DELETE FROM party p USING unnest(accepted, regrouped, ids) AS c(accepted, regrouped, id)
        WHERE c.accepted AND c.regrouped AND p.dossier_id = c.id;
        INSERT INTO party (person, dossier_id)
        SELECT p.person, ids[p.of] FROM unnest(party_of, party_persons) AS p(of, person)
        WHERE accepted[p.of] AND regrouped[p.of];
    END IF;
    -- Another commit at the very instant of the reception brings it again.
    INSERT INTO reception (dossier_id, unit, received_at)
    SELECT r.id, r.unit, r.received_at
    FROM unnest(accepted, ids, receiving_units, received_ats) AS r(accepted, id, unit, received_at)
    WHERE r.accepted AND r.received_at IS NOT NULL
    ON CONFLICT (dossier_id) DO NOTHING;
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
END
$$;
