-- How many open work items a queue holds, kept by every commit: a page that counts its queue anew costs
-- the more the longer the queue is. Counted are the queues that nothing bounds: what was submitted
-- (status 1), what is completed (9), what nobody has taken, what waits for the applicant.

CREATE TABLE queue_count (
    unit      TEXT NOT NULL,
    -- 1 or 9, and 0 for any other.
    status    INTEGER NOT NULL,
    role      TEXT NOT NULL,
    procedure TEXT NOT NULL,
    -- Whether the items have an assignee. With status 0 only those of the applicant are counted then.
    claimed   INTEGER NOT NULL,
    items     INTEGER NOT NULL,
    PRIMARY KEY (unit, status, role, procedure, claimed)
) STRICT, WITHOUT ROWID;

-- What queue_count must say.
CREATE VIEW queue_counted AS
SELECT unit, CASE WHEN status IN (1, 9) THEN status ELSE 0 END AS status, role, procedure,
    assignee IS NOT NULL AS claimed, count(*) AS items
FROM work_item
WHERE status IN (1, 9) OR assignee IS NULL OR role = 'applicant'
GROUP BY 1, 2, 3, 4, 5;

INSERT INTO queue_count (unit, status, role, procedure, claimed, items)
SELECT unit, status, role, procedure, claimed, items FROM queue_counted;

-- Whoever has a few of the roles reads as far as the page goes, however many items others have: a page is
-- merged of the first rows of each role. What is claimed is bounded by its person, and needs no role.
-- SQLite goes to the row for a column that the index has only in its condition.
CREATE INDEX work_item_in_status
    ON work_item (unit, status, role, sort_at, dossier_id, item, procedure)
    WHERE status IN (1, 9);
CREATE INDEX work_item_unclaimed
    ON work_item (unit, role, sort_at, dossier_id, item, procedure, assignee)
    WHERE assignee IS NULL;
CREATE INDEX work_item_claimed
    ON work_item (unit, assignee, sort_at, dossier_id, item, role, procedure)
    WHERE assignee IS NOT NULL;
CREATE INDEX work_item_with_appointment
    ON work_item (unit, role, sort_at, dossier_id, item, late_at, due_on, procedure)
    WHERE late_at IS NOT NULL;
DROP INDEX work_item_by_status;
DROP INDEX work_item_by_assignee;
DROP INDEX work_item_by_appointment;
