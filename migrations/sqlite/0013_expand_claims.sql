-- Which process fires a due timer, for how long, and how often that was tried. It holds for the instant
-- in claimed_for: a timer that was set anew meanwhile is free, and its attempts begin again.

ALTER TABLE timer ADD COLUMN claimed_for INTEGER;
ALTER TABLE timer ADD COLUMN claimed_until INTEGER;
ALTER TABLE timer ADD COLUMN attempts INTEGER;
ALTER TABLE timer ADD COLUMN failure TEXT;
