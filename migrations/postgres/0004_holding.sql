-- Guesses are counted until they are forgotten, and forms are known by whether they were issued.

CREATE INDEX reservation_by_dossier ON reservation (dossier_id);

-- Keys are keyed digests.
CREATE TABLE tracking_guess (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key   text COLLATE "C" NOT NULL,
    until bigint NOT NULL
);

CREATE INDEX tracking_guess_by_key ON tracking_guess (key, until);
CREATE INDEX tracking_guess_by_end ON tracking_guess (until);

-- The first time that a form was issued, and the digest of its data.
CREATE TABLE form_print (
    dossier_id uuid NOT NULL,
    number     bigint NOT NULL,
    seq        bigint NOT NULL,
    sha256     text NOT NULL,
    printed_at bigint NOT NULL,
    PRIMARY KEY (dossier_id, number, seq)
);

CREATE INDEX upload_open_by_owner ON upload (owner) WHERE sha256 IS NULL;
