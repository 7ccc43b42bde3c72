#!/bin/sh
# bring-part-back.sh URL QUARTER FILE: the histories of a quarter that were moved away into a file.
set -eu
is_here=$(psql "$1" --no-psqlrc --tuples-only --no-align \
    --command="SELECT to_regclass('away_event_$2') IS NOT NULL")
if [ "$is_here" = f ]; then
    pg_restore --dbname="$1" --no-owner --exit-on-error --single-transaction "$3"
fi
psql "$1" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=part="$2" <<'END'
SELECT 'event_' || :'part' AS event, 'event_value_' || :'part' AS value,
    'away_event_' || :'part' AS away, 'away_event_value_' || :'part' AS away_value \gset
SELECT first_id AS first, until_id AS until FROM part_away WHERE part = :'part' AND back_at IS NULL \gset
BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL lock_timeout = '5s';
SELECT check_part_away(:'part', :'away', :'away_value') \g /dev/null
-- Looked through now, while nobody waits.
ALTER TABLE :"away" ADD CONSTRAINT within CHECK (chain >= :'first' AND chain < :'until');
ALTER TABLE :"away_value" ADD CONSTRAINT within CHECK (chain >= :'first' AND chain < :'until');
-- From here on whoever writes waits.
LOCK TABLE event, event_value IN ACCESS EXCLUSIVE MODE;
ALTER TABLE event DETACH PARTITION :"event";
ALTER TABLE event_value DETACH PARTITION :"value";
INSERT INTO :"away" SELECT * FROM :"event";
INSERT INTO :"away_value" SELECT * FROM :"value";
DROP TABLE :"event", :"value";
ALTER TABLE :"away" RENAME TO :"event";
ALTER TABLE :"away_value" RENAME TO :"value";
ALTER TABLE event ATTACH PARTITION :"event" FOR VALUES FROM (:'first') TO (:'until');
ALTER TABLE event_value ATTACH PARTITION :"value" FOR VALUES FROM (:'first') TO (:'until');
ALTER TABLE :"event" DROP CONSTRAINT within;
ALTER TABLE :"value" DROP CONSTRAINT within;
DELETE FROM chain_away WHERE part = :'part';
UPDATE part_away SET back_at = now(), back_by = session_user WHERE part = :'part' AND back_at IS NULL;
COMMIT;
END
