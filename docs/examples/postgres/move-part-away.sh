#!/bin/sh
# move-part-away.sh URL QUARTER FILE: the histories of a quarter, such as 2026q4, into a file. Where it
# was broken off, run it again.
set -eu
psql "$1" --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --set=part="$2" <<'END'
SELECT 'event_' || :'part' AS event, 'event_value_' || :'part' AS value,
    'away_event_' || :'part' AS away, 'away_event_value_' || :'part' AS away_value \gset
SELECT to_regclass(:'away') IS NULL AS is_here \gset
\if :is_here
BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL lock_timeout = '5s';
SELECT bound[1] AS first, bound[2] AS until FROM regexp_match((SELECT pg_get_expr(relpartbound, oid)
    FROM pg_class WHERE oid = CAST(:'event' AS regclass)), 'FROM \(''(.+)''\) TO \(''(.+)''\)') AS bound \gset
-- Away go the dossiers that have ended; what people still work on stays whole.
INSERT INTO chain_away (chain, part, seq, header, hash, commands)
SELECT s.dossier_id, :'part', s.version, e.header, e.hash, ARRAY(SELECT c.command_id FROM :"event" c
    WHERE c.chain = s.dossier_id AND c.seq <= s.version AND c.command_id IS NOT NULL)
FROM snapshot s JOIN dossier d ON d.id = s.dossier_id AND d.closed AND d.version = s.version
    JOIN :"event" e ON e.chain = s.dossier_id AND e.seq = s.version
WHERE s.dossier_id >= :'first' AND s.dossier_id < :'until'
    AND s.state_schema = (SELECT max(state_schema) FROM snapshot);
INSERT INTO part_away (part, first_id, until_id, chains, events, digest)
SELECT :'part', :'first', :'until', count(*), coalesce(sum(seq), 0), part_digest(:'part')
FROM chain_away WHERE part = :'part';
-- From here on whoever writes waits.
LOCK TABLE event, event_value IN ACCESS EXCLUSIVE MODE;
ALTER TABLE event DETACH PARTITION :"event";
ALTER TABLE event_value DETACH PARTITION :"value";
ALTER TABLE :"event" RENAME TO :"away";
ALTER TABLE :"value" RENAME TO :"away_value";
-- A part that stands in, for what stays and what comes.
CREATE TABLE :"event" PARTITION OF event FOR VALUES FROM (:'first') TO (:'until')
    WITH (toast_tuple_target = 8160);
CREATE TABLE :"value" PARTITION OF event_value FOR VALUES FROM (:'first') TO (:'until')
    WITH (toast_tuple_target = 8160);
CREATE TRIGGER history_is_never_emptied BEFORE TRUNCATE ON :"event"
    EXECUTE FUNCTION refuse_change('histories are append-only');
CREATE TRIGGER history_is_never_emptied BEFORE TRUNCATE ON :"value"
    EXECUTE FUNCTION refuse_change('histories are append-only');
CREATE TRIGGER command_is_carried_out_once BEFORE INSERT ON :"event"
    FOR EACH ROW WHEN (NEW.command_id IS NOT NULL) EXECUTE FUNCTION refuse_command_away();
INSERT INTO :"event" SELECT e.* FROM :"away" e LEFT JOIN chain_away a ON a.chain = e.chain
    WHERE e.seq > coalesce(a.seq, 0);
INSERT INTO :"value" SELECT e.* FROM :"away_value" e LEFT JOIN chain_away a ON a.chain = e.chain
    WHERE e.seq > coalesce(a.seq, 0);
DELETE FROM :"away" e USING :"event" s WHERE s.chain = e.chain AND s.seq = e.seq;
DELETE FROM :"away_value" e USING :"value" s WHERE s.chain = e.chain AND s.seq = e.seq;
SELECT check_part_away(:'part', :'away', :'away_value') \g /dev/null
COMMIT;
\endif
SELECT format('%s: %s events of %s dossiers, %s', part, events, chains, encode(digest, 'hex'))
FROM part_away WHERE part = :'part' AND back_at IS NULL;
END
pg_dump --dbname="$1" --format=custom --table="away_event_$2" --table="away_event_value_$2" --file="$3"
pg_restore --file=- "$3" >/dev/null
sync "$3"
psql "$1" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
    --command="DROP TABLE \"away_event_$2\", \"away_event_value_$2\""
