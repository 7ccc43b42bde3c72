-- Work may lie in a branch of a step: several items of one dossier are then open at the same time.
-- Key of the branch; null on the main line.
ALTER TABLE work_item ADD COLUMN branch text;
