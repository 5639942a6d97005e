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

-- Locks contact and person (`holders`) and then the codes of an activation that asks for a message,
-- and returns with the codes the message that this request of this run has already, the number of
-- the next one, and `allowed_at`: for each rate limit (whose, window, how many before) when a
-- message of this purse is allowed, null where it is now. The start is looked up: its place is free.
CREATE FUNCTION hold_message(
    holders text[], asked text, run text, request integer,
    charged text, counted text[], windows interval[], befores integer[]
) RETURNS TABLE (
    used integer, locked_until timestamptz, told_at timestamptz,
    number integer, run_id text, tries integer, ended boolean, handed_over_at timestamptz,
    key text, send_no integer, code_no integer, outcome text, purse text,
    next_no integer, allowed_at timestamptz[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    -- Sorted, so that two requests for the same contact and person do not deadlock.
    PERFORM pg_advisory_xact_lock(lock) FROM (
        SELECT DISTINCT hashtext(held) AS lock FROM unnest(holders) held ORDER BY lock
    ) locks;
    PERFORM hold_codes(asked, NULL);
    DELETE FROM start_under_way WHERE reference = asked;
    RETURN QUERY SELECT c.used, c.locked_until, c.told_at,
        c.number, c.run_id, c.tries, c.ended, c.handed_over_at,
        m.key, m.send_no, m.code_no, m.outcome, m.purse,
        (SELECT coalesce(max(s.send_no), 0) + 1 FROM message s WHERE s.reference = asked),
        message_allowed_at(charged, counted, windows, befores)
    FROM hold_codes(asked, NULL) c LEFT JOIN message m
    ON m.reference = asked AND m.run_id = run AND m.request_no = request
    ORDER BY c.number;
END $$;

CREATE FUNCTION message_allowed_at(
    charged text, counted text[], windows interval[], befores integer[]
) RETURNS timestamptz[] LANGUAGE sql STABLE AS $$
    SELECT array_agg((
        SELECT reserved_at + span FROM message
        WHERE (contact_index = holder OR person_key = holder) AND purse = charged
        AND key LIKE '%:pin:%' AND reserved_at > now() - span
        ORDER BY reserved_at DESC OFFSET before LIMIT 1
    ) ORDER BY place)
    FROM unnest(counted, windows, befores)
        WITH ORDINALITY AS bounds (holder, span, before, place)
$$;

-- Counts a use in the current window of each bucket, in this order and up to the first that is
-- spent: returns when its next window opens, null where none is. The counter is raised before it is
-- compared, so that racing callers never exceed a limit. Expired windows are deleted, without
-- waiting for those that others have locked.
CREATE FUNCTION take_budgets(buckets text[], windows interval[], limits integer[])
RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE counted budget;
BEGIN
    DELETE FROM budget WHERE (bucket, window_start) IN (
        SELECT bucket, window_start FROM budget WHERE ends_at < now() FOR UPDATE SKIP LOCKED
    );
    FOR place IN 1..cardinality(buckets) LOOP
        INSERT INTO budget AS b (bucket, window_start, ends_at, used)
            SELECT buckets[place], start, start + windows[place], 1
            FROM date_bin(windows[place], now(), 'epoch') start
            ON CONFLICT (bucket, window_start)
            DO UPDATE SET used = b.used + 1, ends_at = EXCLUDED.ends_at
            RETURNING b.* INTO counted;
        IF counted.used > limits[place] THEN
            RETURN counted.ends_at;
        END IF;
    END LOOP;
    RETURN NULL;
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
