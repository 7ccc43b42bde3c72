-- The rows of a transition in plain PostgreSQL, and one function for each way of writing them.

CREATE TABLE instance (
    id      uuid PRIMARY KEY,
    version integer NOT NULL,
    state   text NOT NULL,
    body    text NOT NULL
);

CREATE TABLE history (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    instance uuid NOT NULL,
    version  integer NOT NULL,
    payload  text NOT NULL
);
CREATE UNIQUE INDEX history_by_instance ON history (instance, version);

CREATE TABLE outbox (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    instance uuid NOT NULL,
    version  integer NOT NULL,
    body     text NOT NULL
);

CREATE TABLE timer (
    instance uuid PRIMARY KEY,
    due_at   bigint NOT NULL
);
CREATE INDEX timer_by_due ON timer (due_at, instance);

-- Ids in the order of time.
CREATE FUNCTION instance_id(number bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
AS $$ SELECT lpad(to_hex(number), 32, '0')::uuid $$;

-- The step before is checked; of ten steps the fourth arms a timer and the ninth clears it.
CREATE FUNCTION transition(number bigint, step integer, content text) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    subject CONSTANT uuid := instance_id(number);
BEGIN
    IF step = 0 THEN
        INSERT INTO instance VALUES (subject, 1, 'a step', content);
    ELSE
        UPDATE instance SET version = step + 1, state = 'a step', body = content
        WHERE id = subject AND version = step;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'a state was not as expected';
        END IF;
    END IF;
    INSERT INTO history (instance, version, payload) VALUES (subject, step + 1, content);
    INSERT INTO outbox (instance, version, body) VALUES (subject, step + 1, '{"step":"a step"}');
    IF step = 3 THEN
        INSERT INTO timer VALUES (subject, 1800000000000000 + number);
    ELSIF step = 8 THEN
        DELETE FROM timer WHERE instance = subject;
    END IF;
END $$;

-- The same step of `amount` neighbours in one round trip. The content is sent once for all of them,
-- which spares this rival some bytes.
CREATE FUNCTION transitions(first bigint, amount integer, step integer, content text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    subjects CONSTANT uuid[] := ARRAY(SELECT instance_id(first + n) FROM generate_series(0, amount - 1) n);
    moved bigint;
BEGIN
    IF step = 0 THEN
        INSERT INTO instance SELECT id, 1, 'a step', content FROM unnest(subjects) id;
    ELSE
        UPDATE instance i SET version = step + 1, state = 'a step', body = content
        FROM unnest(subjects) s WHERE i.id = s AND i.version = step;
        GET DIAGNOSTICS moved = ROW_COUNT;
        IF moved <> amount THEN
            RAISE EXCEPTION 'a state was not as expected';
        END IF;
    END IF;
    INSERT INTO history (instance, version, payload)
    SELECT id, step + 1, content FROM unnest(subjects) id;
    INSERT INTO outbox (instance, version, body)
    SELECT id, step + 1, '{"step":"a step"}' FROM unnest(subjects) id;
    IF step = 3 THEN
        INSERT INTO timer SELECT id, 1800000000000000 + first FROM unnest(subjects) id;
    ELSIF step = 8 THEN
        DELETE FROM timer WHERE instance = ANY (subjects);
    END IF;
END $$;

-- The tables are empty when plans are made: by their keys all the same.
ALTER DATABASE postgres SET enable_seqscan = off;
ALTER DATABASE postgres SET enable_hashjoin = off;
ALTER DATABASE postgres SET enable_mergejoin = off;
