-- Which codes an activation has, and when each was handed over first. A message that a later one
-- replaced may have reached the gateway without a recorded outcome: its code counts as handed over
-- at the latest when the later one was reserved, so that it expires.
CREATE FUNCTION codes_of(asked text) RETURNS TABLE (
    number integer, run_id text, tries integer, ended boolean, handed_over_at timestamptz
) LANGUAGE sql STABLE AS $$
    SELECT c.number, c.run_id, c.tries, c.ended, (
        SELECT min(CASE
            WHEN m.outcome = 'sent' THEN m.finished_at
            WHEN m.outcome IS NULL THEN (
                SELECT min(reserved_at) FROM message later
                WHERE later.reference = m.reference AND later.send_no > m.send_no
            )
        END) FROM message m WHERE m.reference = asked AND m.code_no = c.number
    ) FROM code c WHERE c.reference = asked
$$;

-- Locks the codes of an activation until the transaction ends, and returns its counter of tries,
-- the time, what became of this submission before, and a row for each code (one without a number
-- where there is none). In a function each statement sees what was committed before it: the codes
-- are read once they are locked.
CREATE FUNCTION hold_codes(asked text, submission text) RETURNS TABLE (
    used integer, locked_until timestamptz, told_at timestamptz,
    number integer, run_id text, tries integer, ended boolean, handed_over_at timestamptz,
    outcome text, outcome_left integer, outcome_until timestamptz
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO tries AS t (reference, counter) VALUES (asked, 'pin')
        ON CONFLICT (reference, counter) DO UPDATE SET used = t.used
        RETURNING t.used, t.locked_until, clock_timestamp() INTO used, locked_until, told_at;
    RETURN QUERY SELECT hold_codes.used, hold_codes.locked_until, hold_codes.told_at,
        c.number, c.run_id, c.tries, c.ended, c.handed_over_at,
        a.outcome, a.tries_left, a.locked_until
    FROM (VALUES (asked)) activation (reference)
    LEFT JOIN codes_of(asked) c ON true
    LEFT JOIN attempt a ON a.reference = asked AND a.submission_id = submission
    ORDER BY c.number;
END $$;

-- As before, but an expired place is not waited for while its activation gives it back, and the
-- lock is no longer the one of the audit trail.
CREATE OR REPLACE FUNCTION admit_start(asked text, most integer, lease interval) RETURNS boolean
LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_advisory_xact_lock(7263403);
    DELETE FROM start_under_way WHERE reference IN (
        SELECT reference FROM start_under_way WHERE ends_at < clock_timestamp()
        FOR UPDATE SKIP LOCKED
    );
    IF (
        SELECT count(*) FROM start_under_way
        WHERE reference <> asked AND ends_at >= clock_timestamp()
    ) >= most THEN
        RETURN false;
    END IF;
    INSERT INTO start_under_way VALUES (asked, clock_timestamp() + lease)
        ON CONFLICT (reference) DO UPDATE SET ends_at = EXCLUDED.ends_at;
    RETURN true;
END $$;
