-- Whoever leads the competent unit answers for its appointments wherever the work lies meanwhile.

-- The competent unit where the item lies in another unit; null where it lies there.
ALTER TABLE work_item ADD COLUMN overseen_by text COLLATE "C";

-- While a dossier waits for another unit its own clock may be paused and the step's alone runs.
CREATE INDEX work_item_overseen
    ON work_item (overseen_by, sort_at, dossier_id, item, late_at, due_on, step_due_at, step_late,
        role, procedure)
    WHERE overseen_by IS NOT NULL AND (late_at IS NOT NULL OR step_due_at IS NOT NULL);
