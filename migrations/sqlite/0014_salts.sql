-- Salts as bytes beside the values: 32 for each field, in order, and 32 zeros for an erased one. `slots`
-- holds [name, value] then. Rows of before have none here, and [name, value, salt] there.

ALTER TABLE event_value ADD COLUMN salts BLOB;
