-- What is moved away of the histories: a quarter's part, and of each dossier in it up to which event.
-- Rows come and go with the recipes of docs/postgres.md.

CREATE TABLE part_away (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Such as 2026q4.
    part     text COLLATE "C" NOT NULL,
    first_id uuid NOT NULL,
    until_id uuid NOT NULL,
    chains   bigint NOT NULL,
    events   bigint NOT NULL,
    -- Of `part_digest` when it was moved away.
    digest   bytea NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now(),
    moved_by text NOT NULL DEFAULT session_user,
    back_at  timestamptz,
    back_by  text
);

CREATE UNIQUE INDEX part_away_once ON part_away (part) WHERE back_at IS NULL;

CREATE TABLE chain_away (
    chain    uuid PRIMARY KEY,
    part     text COLLATE "C" NOT NULL,
    -- The last event that is away, with its header and hash: what stays follows it.
    seq      bigint NOT NULL CHECK (seq > 0),
    header   bytea NOT NULL,
    hash     bytea NOT NULL CHECK (octet_length(hash) = 32),
    -- Of the commands whose events are away: none is carried out again.
    commands uuid[] NOT NULL
);

-- Over the last event that is away of every chain, in the order of their keys: 16 bytes of the key, 8 of
-- its number, 32 of its hash.
CREATE FUNCTION part_digest(named text) RETURNS bytea LANGUAGE sql STABLE AS
$$ SELECT sha256(coalesce(
        string_agg(uuid_send(a.chain) || int8send(a.seq) || a.hash, '' ORDER BY a.chain), ''))
    FROM chain_away a WHERE a.part = named $$;

-- Refuses a part in which not all lies that is recorded as moved away with it, or anything else.
CREATE FUNCTION check_part_away(named text, events regclass, event_values regclass) RETURNS void
LANGUAGE plpgsql AS
$$
DECLARE
    recorded bigint;
    found    bigint;
    valued   bigint;
    ended    bigint;
    chains   bigint;
BEGIN
    SELECT coalesce(sum(a.seq), 0), count(*) INTO recorded, chains FROM chain_away a WHERE a.part = named;
    EXECUTE format('SELECT count(*) FROM %s', events) INTO found;
    EXECUTE format('SELECT count(*) FROM %s', event_values) INTO valued;
    EXECUTE format('SELECT count(*) FROM chain_away a JOIN %s e ON e.chain = a.chain AND e.seq = a.seq
        WHERE a.part = $1 AND e.hash = a.hash', events) INTO ended USING named;
    IF (found, valued, ended) IS DISTINCT FROM (recorded, recorded, chains) THEN
        RAISE EXCEPTION 'part % has % events, % values and % recorded ends: not the %, % and % recorded',
            named, found, valued, ended, recorded, recorded, chains;
    END IF;
END
$$;

-- For the part that stands in for one that is away.
CREATE FUNCTION refuse_command_away() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
    IF EXISTS (SELECT FROM chain_away a WHERE a.chain = NEW.chain AND NEW.command_id = ANY (a.commands)) THEN
        RAISE unique_violation USING MESSAGE = 'this command was carried out before',
            CONSTRAINT = 'command_id_away';
    END IF;
    RETURN NEW;
END
$$;
