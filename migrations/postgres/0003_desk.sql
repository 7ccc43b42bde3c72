-- What a desk needs beside the dossiers: numbers, held names, drafts, uploads.

CREATE TABLE number_series (
    agency text COLLATE "C" NOT NULL,
    day    text COLLATE "C" NOT NULL,
    used   bigint NOT NULL CHECK (used >= 0),
    PRIMARY KEY (agency, day)
) WITH (fillfactor = 50);

-- Held names; without an end once confirmed. The dossier may still be a draft.
CREATE TABLE reservation (
    name       text COLLATE "C" PRIMARY KEY,
    dossier_id uuid NOT NULL,
    until      bigint
);

CREATE TABLE draft (
    id         uuid PRIMARY KEY,
    owner      text COLLATE "C" NOT NULL,
    revision   bigint NOT NULL,
    updated_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    body       text NOT NULL
);

CREATE INDEX draft_by_owner ON draft (owner, updated_at, id);
CREATE INDEX draft_by_expiry ON draft (expires_at);

CREATE TABLE upload (
    id         uuid PRIMARY KEY,
    owner      text COLLATE "C" NOT NULL,
    media      text NOT NULL,
    size       bigint NOT NULL,
    sha256     text COLLATE "C",
    expires_at bigint NOT NULL
);

CREATE INDEX upload_by_content ON upload (owner, sha256) WHERE sha256 IS NOT NULL;
