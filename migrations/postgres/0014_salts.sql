-- Salts as bytes beside the values: 32 for each field, in order, and 32 zeros for an erased one. `slots`
-- holds [name, value] then. Rows of before have none here, and [name, value, salt] there.

ALTER TABLE event_value ADD COLUMN salts bytea;

-- What fits into a page stays in its row as it is: to compress it costs more than all its indexes.
DO
$$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT inhrelid FROM pg_inherits
        WHERE inhparent IN (CAST('event' AS regclass), CAST('event_value' AS regclass))
    LOOP
        EXECUTE format('ALTER TABLE %s SET (toast_tuple_target = 8160)', part);
    END LOOP;
    -- Not every server was built with it.
    BEGIN
        ALTER TABLE snapshot ALTER COLUMN state SET COMPRESSION lz4;
    EXCEPTION WHEN feature_not_supported THEN
        NULL;
    END;
END
$$;

CREATE OR REPLACE FUNCTION make_history_parts(from_day date, to_day date) RETURNS integer
LANGUAGE plpgsql AS
$$
DECLARE
    quarter timestamp := date_trunc('quarter', from_day);
    parent  text;
    part    text;
    made    integer := 0;
BEGIN
    WHILE quarter <= to_day LOOP
        FOREACH parent IN ARRAY ARRAY['event', 'event_value'] LOOP
            part := format('%s_%s', parent, to_char(quarter, 'YYYY"q"Q'));
            IF to_regclass(part) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)
                    WITH (toast_tuple_target = 8160)',
                    part, parent, first_id_at(quarter AT TIME ZONE 'UTC'),
                    first_id_at((quarter + interval '3 months') AT TIME ZONE 'UTC'));
                EXECUTE format('CREATE TRIGGER history_is_never_emptied BEFORE TRUNCATE ON %I
                    EXECUTE FUNCTION refuse_change(''histories are append-only'')', part);
                made := made + 1;
            END IF;
        END LOOP;
        quarter := quarter + interval '3 months';
    END LOOP;
    RETURN made;
END
$$;
