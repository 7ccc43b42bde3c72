-- Nothing replaces a row in PostgreSQL without firing its triggers but TRUNCATE. The parts of
-- histories guard themselves from their making.

CREATE TRIGGER event_is_never_emptied BEFORE TRUNCATE ON event
    EXECUTE FUNCTION refuse_change('histories are append-only');
CREATE TRIGGER event_value_is_never_emptied BEFORE TRUNCATE ON event_value
    EXECUTE FUNCTION refuse_change('values are erased one by one');
CREATE TRIGGER register_entry_is_never_emptied BEFORE TRUNCATE ON register_entry
    EXECUTE FUNCTION refuse_change('register entries are immutable');
CREATE TRIGGER setting_is_never_emptied BEFORE TRUNCATE ON setting
    EXECUTE FUNCTION refuse_change('settings are set once');
