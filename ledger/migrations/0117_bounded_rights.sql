-- Rows of the audit are numbered one after the other, and are of now: one row with the largest
-- number there is, by whoever may add rows, stopped all staff. The head goes at most one step ahead,
-- as it is written first. Numbers of 15 digits and more are no rows of the engine: of before.
CREATE FUNCTION audit_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last bigint;
BEGIN
    last := coalesce((SELECT max(id) FROM audit WHERE id < 100000000000000), 0);
    IF NEW.id > 1 + greatest(
        last, (SELECT id FROM audit_head WHERE id < 100000000000000)
    ) THEN
        RAISE EXCEPTION 'rows of the audit are numbered one after the other';
    END IF;
    IF TG_TABLE_NAME = 'audit' THEN
        IF NEW.id <= last OR NEW.at NOT BETWEEN now() - interval '1 day' AND now() + interval '1 day'
        THEN
            RAISE EXCEPTION 'rows of the audit are added at its end';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goes_on BEFORE INSERT ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_goes_on();
CREATE TRIGGER goes_on BEFORE INSERT OR UPDATE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION audit_goes_on();

-- The files of epochs are on many machines: their values are noted by processes that may reserve
-- usernames (workers for accounts, commands), not by portals, which could name epochs that nobody
-- has. What others note of them is passed over; they compare.
CREATE FUNCTION note_own_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.name LIKE 'epochs/%' OR NEW.name LIKE 'seal/%')
        AND NOT has_table_privilege('username'::regclass, 'INSERT')
    THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER own_keys BEFORE INSERT ON key_check
    FOR EACH ROW EXECUTE FUNCTION note_own_keys();

-- A name that a function looks up is not one of the caller's temporary tables.
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION audit_goes_on() SET search_path = %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION note_own_keys() SET search_path = %I, pg_temp', current_schema());
END $$;

-- The portal counts in the windows of its own limits. All others who count may delete claims, which
-- the portal may not; whoever has expired rows deleted deletes those of all.
ALTER TABLE budget ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION may_count(bucket text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT has_table_privilege('claim'::regclass, 'DELETE') OR split_part(bucket, ':', 1) IN (
        'posts', 'misses', 'starts', 'waits', 'help', 'second', 'not_me', 'pin', 'resend', 'ticket'
    )
$$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION may_count(text) SET search_path = %I, pg_temp', current_schema());
END $$;
CREATE POLICY seen ON budget FOR SELECT USING (true);
CREATE POLICY counted ON budget FOR INSERT WITH CHECK (may_count(bucket));
CREATE POLICY counted_again ON budget FOR UPDATE
    USING (ends_at < now() OR may_count(bucket)) WITH CHECK (may_count(bucket));
CREATE POLICY taken_back ON budget FOR DELETE USING (ends_at < now() OR may_count(bucket));

-- Attack mode ends a day after the last that asked for it, whatever `quiet` they named.
CREATE FUNCTION end_within_a_day() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.ends_at := least(NEW.ends_at, now() + interval '1 day');
    RETURN NEW;
END $$;
CREATE TRIGGER within_a_day BEFORE INSERT OR UPDATE ON budget
    FOR EACH ROW WHEN (NEW.bucket = 'attack_mode') EXECUTE FUNCTION end_within_a_day();
