-- Names are held until they are released, guesses are counted until they are forgotten, and forms
-- are known by whether they were issued.

-- A name of a dossier that exists is held without an end.
UPDATE reservation SET until = NULL WHERE dossier_id IN (SELECT id FROM dossier);

CREATE INDEX reservation_by_dossier ON reservation (dossier_id);

-- Keys are keyed digests; those before were clear texts.
DROP TABLE tracking_guess;

CREATE TABLE tracking_guess (
    id    INTEGER PRIMARY KEY,
    key   TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT;

CREATE INDEX tracking_guess_by_key ON tracking_guess (key, until);
CREATE INDEX tracking_guess_by_end ON tracking_guess (until);

-- The first time that a form was issued, and the digest of its data.
CREATE TABLE form_print (
    dossier_id TEXT NOT NULL,
    number     INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    sha256     TEXT NOT NULL,
    printed_at INTEGER NOT NULL,
    PRIMARY KEY (dossier_id, number, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX upload_open_by_owner ON upload (owner) WHERE sha256 IS NULL;
