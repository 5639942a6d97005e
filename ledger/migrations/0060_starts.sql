-- Starts that the workers have not looked up yet: a place each, shared by all portals. A place ends
-- by itself, so that a portal or a worker that dies frees what it held.
CREATE TABLE start_under_way (
    reference text PRIMARY KEY,
    ends_at timestamptz NOT NULL
);
CREATE INDEX ON start_under_way (ends_at);

-- In a function each statement sees what was committed before it: the lock is held for no longer
-- than the counting, and never by a portal that is slow.
CREATE FUNCTION admit_start(asked text, most integer, lease interval) RETURNS boolean
LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_advisory_xact_lock(7263402);
    DELETE FROM start_under_way WHERE ends_at < clock_timestamp();
    IF (SELECT count(*) FROM start_under_way WHERE reference <> asked) >= most THEN
        RETURN false;
    END IF;
    INSERT INTO start_under_way VALUES (asked, clock_timestamp() + lease)
        ON CONFLICT (reference) DO UPDATE SET ends_at = EXCLUDED.ends_at;
    RETURN true;
END $$;
