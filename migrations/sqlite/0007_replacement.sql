-- SQLite's REPLACE (INSERT OR REPLACE) takes the standing row away without firing DELETE triggers.
-- So no row may come where its key or a unique key stands already. Each look-up goes by the very
-- index that the insertion is about to write.

CREATE TRIGGER event_is_never_replaced BEFORE INSERT ON event
BEGIN
    SELECT RAISE(ABORT, 'histories are append-only')
        WHERE EXISTS (SELECT 1 FROM event WHERE id = NEW.id);
    SELECT RAISE(ABORT, 'histories are append-only')
        WHERE EXISTS (SELECT 1 FROM event WHERE chain = NEW.chain AND seq = NEW.seq);
    SELECT RAISE(ABORT, 'histories are append-only')
        WHERE NEW.command_id IS NOT NULL AND EXISTS (
            SELECT 1 FROM event WHERE chain = NEW.chain AND command_id = NEW.command_id);
END;

CREATE TRIGGER event_value_is_never_replaced BEFORE INSERT ON event_value
WHEN EXISTS (SELECT 1 FROM event_value WHERE event = NEW.event)
BEGIN SELECT RAISE(ABORT, 'values are erased one by one'); END;

-- A column of a row has its name, and rowid: a trigger on the name alone misses the other.
DROP TRIGGER event_value_stays_with_its_event;

CREATE TRIGGER event_value_stays_with_its_event BEFORE UPDATE ON event_value
WHEN NEW.event IS NOT OLD.event
BEGIN SELECT RAISE(ABORT, 'values belong to their event'); END;

CREATE TRIGGER register_entry_is_never_replaced BEFORE INSERT ON register_entry
BEGIN
    SELECT RAISE(ABORT, 'register entries are immutable')
        WHERE EXISTS (SELECT 1 FROM register_entry WHERE id = NEW.id);
    SELECT RAISE(ABORT, 'register entries are immutable')
        WHERE EXISTS (
            SELECT 1 FROM register_entry
            WHERE kind = NEW.kind AND code = NEW.code AND version = NEW.version);
END;

CREATE TRIGGER setting_is_never_replaced BEFORE INSERT ON setting
WHEN EXISTS (SELECT 1 FROM setting WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'settings are set once'); END;
