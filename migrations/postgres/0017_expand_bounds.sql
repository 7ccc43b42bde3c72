-- Lists that grew with what they do not show: those of one procedure, those of whoever oversees work
-- elsewhere, and the timers that could not be fired. On a large table make the indexes beforehand, with
-- CREATE INDEX CONCURRENTLY: nobody can write to the table while they are made here.

-- The queues that nothing bounds, of one procedure. The page of a queue without a status is merged of the
-- first rows of each. What somebody has taken, and is neither submitted nor completed, is not in it.
CREATE INDEX IF NOT EXISTS work_item_of_procedure
    ON work_item (unit, procedure, role, status, sort_at, dossier_id, item, assignee)
    WHERE status IN (1, 9) OR assignee IS NULL OR role = 'applicant';

-- What lies elsewhere is late, or due, by its appointment or by the time of its step. Of the steps of a day
-- the rows are read: they are few, and an entry is made with every item.
CREATE INDEX IF NOT EXISTS work_item_overseen_late
    ON work_item (overseen_by, sort_at, dossier_id, item, late_at, procedure)
    WHERE overseen_by IS NOT NULL AND step_late;
CREATE INDEX IF NOT EXISTS work_item_overseen_step
    ON work_item (overseen_by, step_due_at)
    WHERE overseen_by IS NOT NULL AND step_due_at IS NOT NULL;

-- A claim changes neither column, and so goes on without touching an index.
CREATE INDEX IF NOT EXISTS timer_failed ON timer (due_at) WHERE failure IS NOT NULL;
