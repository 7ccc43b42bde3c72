-- Which files a history names: those stay. A file that nobody filed goes when its time is up.

CREATE TABLE document_reference (
    sha256 TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

INSERT INTO document_reference (sha256)
SELECT DISTINCT named.atom FROM event_value, json_tree(event_value.slots) named
WHERE named.key = 'sha256' AND named.type = 'text';

-- Whether a dossier refers to the content.
ALTER TABLE upload ADD COLUMN filed INTEGER NOT NULL DEFAULT 0;

-- Finished uploads had no end before: they have 30 days from the end that they had unfinished.
UPDATE upload SET expires_at = expires_at + 2592000000000,
    filed = EXISTS (SELECT 1 FROM document_reference d WHERE d.sha256 = upload.sha256)
WHERE sha256 IS NOT NULL;

DROP INDEX upload_by_expiry;
CREATE INDEX upload_by_expiry ON upload (expires_at) WHERE filed = 0;
CREATE INDEX upload_waiting_by_owner ON upload (owner, size) WHERE filed = 0;
CREATE INDEX upload_by_digest ON upload (sha256) WHERE sha256 IS NOT NULL;
