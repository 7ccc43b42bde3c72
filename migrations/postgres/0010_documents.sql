-- Which files a history names: those stay. A file that nobody filed goes when its time is up.

CREATE TABLE document_reference (
    sha256 text COLLATE "C" PRIMARY KEY
);

-- Whether a dossier refers to the content.
ALTER TABLE upload ADD COLUMN filed boolean NOT NULL DEFAULT false;

CREATE INDEX upload_by_expiry ON upload (expires_at) WHERE NOT filed;
CREATE INDEX upload_waiting_by_owner ON upload (owner, size) WHERE NOT filed;
CREATE INDEX upload_by_digest ON upload (sha256) WHERE sha256 IS NOT NULL;
