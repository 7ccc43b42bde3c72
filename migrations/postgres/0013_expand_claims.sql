-- Which node fires a due timer, for how long, and how often that was tried. It holds for the instant
-- in claimed_for: a timer that was set anew meanwhile is free, and its attempts begin again.

ALTER TABLE timer
    ADD COLUMN claimed_for   bigint,
    ADD COLUMN claimed_until bigint,
    ADD COLUMN attempts      bigint,
    ADD COLUMN failure       text;

-- Room on each page lets a claim be written beside its row without touching an index.
ALTER TABLE timer SET (fillfactor = 70);
