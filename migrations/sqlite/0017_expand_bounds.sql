-- Lists that grew with what they do not show: those of one procedure, those of whoever oversees work
-- elsewhere, and the timers that could not be fired.

-- The queues that nothing bounds, of one procedure. The page of a queue without a status is merged of the
-- first rows of each. What somebody has taken, and is neither submitted nor completed, is not in it.
CREATE INDEX work_item_of_procedure
    ON work_item (unit, procedure, role, status, sort_at, dossier_id, item, assignee)
    WHERE status IN (1, 9) OR assignee IS NULL OR role = 'applicant';

-- What lies elsewhere is late, or due, by its appointment or by the time of its step. SQLite goes to the
-- row for a column that the index has only in its condition, and prefers an index that has all columns.
CREATE INDEX work_item_overseen_late
    ON work_item (overseen_by, sort_at, dossier_id, item, late_at, procedure, step_late)
    WHERE overseen_by IS NOT NULL AND step_late;
CREATE INDEX work_item_overseen_step
    ON work_item (overseen_by, step_due_at, sort_at, dossier_id, item, late_at, due_on, procedure)
    WHERE overseen_by IS NOT NULL AND step_due_at IS NOT NULL;

CREATE INDEX timer_failed ON timer (due_at) WHERE failure IS NOT NULL;
