-- Histories: append-only. Instants are microseconds UTC, hashes are bytes. Every table of a dossier
-- begins with its id, so that its rows can be distributed over machines by it.

-- The key of a chain is the id of its dossier, a UUIDv7, which begins with the time of its making:
-- a history lies whole in the part of its quarter. A chain that belongs to no dossier has a key
-- behind all of those.
CREATE TABLE event (
    chain       uuid NOT NULL,
    seq         bigint NOT NULL CHECK (seq > 0),
    -- On the first event that a command caused.
    command_id  uuid,
    header      bytea NOT NULL,
    hash        bytea NOT NULL CHECK (octet_length(hash) = 32),
    -- 32 bytes for each field, in order.
    commitments bytea NOT NULL CHECK (octet_length(commitments) % 32 = 0),
    PRIMARY KEY (chain, seq)
) PARTITION BY RANGE (chain);

CREATE UNIQUE INDEX event_by_command ON event (chain, command_id) WHERE command_id IS NOT NULL;

-- Values and salts, apart from the event so that one can be destroyed alone: a JSON array with
-- [name, value, salt] for an opened field and null for an erased one.
CREATE TABLE event_value (
    chain uuid NOT NULL,
    seq   bigint NOT NULL,
    slots text NOT NULL,
    PRIMARY KEY (chain, seq)
) PARTITION BY RANGE (chain);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$;

CREATE TRIGGER event_is_never_changed BEFORE UPDATE OR DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION refuse_change('histories are append-only');
CREATE TRIGGER event_value_stays_with_its_event BEFORE UPDATE OF chain, seq ON event_value
    FOR EACH ROW EXECUTE FUNCTION refuse_change('values belong to their event');
CREATE TRIGGER event_value_is_never_deleted BEFORE DELETE ON event_value
    FOR EACH ROW EXECUTE FUNCTION refuse_change('values are erased one by one');

-- What no quarter has been made for. TRUNCATE fires no trigger of a row, so each part has its own.
CREATE TABLE event_rest PARTITION OF event DEFAULT;
CREATE TABLE event_value_rest PARTITION OF event_value DEFAULT;

-- What belongs to no dossier. So the rest stays empty, and a new quarter is made without looking
-- through it.
CREATE TABLE event_register PARTITION OF event
    FOR VALUES FROM ('ff000000-0000-0000-0000-000000000000') TO (MAXVALUE);
CREATE TABLE event_value_register PARTITION OF event_value
    FOR VALUES FROM ('ff000000-0000-0000-0000-000000000000') TO (MAXVALUE);

CREATE TRIGGER history_is_never_emptied BEFORE TRUNCATE ON event_register
    EXECUTE FUNCTION refuse_change('histories are append-only');
CREATE TRIGGER history_is_never_emptied BEFORE TRUNCATE ON event_value_register
    EXECUTE FUNCTION refuse_change('histories are append-only');
CREATE TRIGGER history_is_never_emptied BEFORE TRUNCATE ON event_rest
    EXECUTE FUNCTION refuse_change('histories are append-only');
CREATE TRIGGER history_is_never_emptied BEFORE TRUNCATE ON event_value_rest
    EXECUTE FUNCTION refuse_change('histories are append-only');

-- The first id of an instant.
CREATE FUNCTION first_id_at(instant timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT CAST(rpad(lpad(to_hex(CAST(extract(epoch FROM instant) * 1000 AS bigint)), 12, '0'), 32, '0')
    AS uuid) $$;

-- Makes the parts of the quarters from one day to another that are missing; answers how many.
CREATE FUNCTION make_history_parts(from_day date, to_day date) RETURNS integer LANGUAGE plpgsql AS
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
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
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

-- Ids may be 30 days old; nodes make the parts to come.
SELECT make_history_parts(CAST(now() - interval '31 days' AS date),
    CAST(now() + interval '6 months' AS date));

-- Heads of the chains that are no dossier's.
CREATE TABLE chain_head (
    chain text COLLATE "C" PRIMARY KEY,
    seq   bigint NOT NULL,
    hash  bytea NOT NULL,
    at    bigint NOT NULL,
    state text
);

CREATE TABLE register_entry (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind           text COLLATE "C" NOT NULL CHECK (kind IN ('procedure', 'calendar', 'units')),
    code           text COLLATE "C" NOT NULL,
    version        text COLLATE "C" NOT NULL,
    digest         text NOT NULL,
    effective_from text NOT NULL,
    recorded_at    bigint NOT NULL,
    recorded_by    text NOT NULL,
    bytes          bytea NOT NULL
);

CREATE UNIQUE INDEX register_entry_by_version ON register_entry (kind, code, version);
CREATE INDEX register_entry_by_kind ON register_entry (kind, id);

CREATE TRIGGER register_entry_is_never_changed BEFORE UPDATE OR DELETE ON register_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change('register entries are immutable');

CREATE TABLE setting (
    key   text COLLATE "C" PRIMARY KEY,
    value text NOT NULL
);

CREATE TRIGGER setting_is_never_changed BEFORE UPDATE OR DELETE ON setting
    FOR EACH ROW EXECUTE FUNCTION refuse_change('settings are set once');
