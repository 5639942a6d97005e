-- Counts a typed code for each contact that these codes were sent to, before it is compared; returns
-- the codes that may not be compared, because their contact has had its share of a sliding day. The
-- codes of kept messages and of staff's are outside: strangers cannot close them. The rows bear the
-- name of the submission and the code, so that what was right is taken back.
CREATE FUNCTION take_guesses(asked text, numbers integer[], submission text, most integer)
RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE sent record; taken record; closed integer[] := '{}';
BEGIN
    -- All contacts first, sorted: two activations may have sent codes to the same ones in another
    -- order, and would deadlock.
    PERFORM pg_advisory_xact_lock(lock) FROM (
        SELECT DISTINCT hashtextextended('guess:' || contact_index, 0) AS lock
        FROM message WHERE reference = asked AND code_no = ANY (numbers)
        ORDER BY lock
    ) locks;
    FOR sent IN
        SELECT code_no AS number, array_agg(DISTINCT 'guess:' || contact_index) AS contacts
        FROM message WHERE reference = asked AND code_no = ANY (numbers)
        GROUP BY code_no HAVING bool_and(purse = 'ordinary') ORDER BY code_no
    LOOP
        taken := take_limits(
            sent.contacts,
            array_fill(interval '1 day', ARRAY[cardinality(sent.contacts)]),
            array_fill(most, ARRAY[cardinality(sent.contacts)]),
            guess_name(asked, submission, sent.number)
        );
        IF array_remove(taken.opens, NULL) <> '{}' THEN
            closed := closed || sent.number;
        END IF;
    END LOOP;
    RETURN closed;
END $$;

CREATE FUNCTION guess_name(asked text, submission text, number integer) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT 'guess:' || asked || ':' || submission || ':' || number $$;

-- Locks contact and person (`holders`) and then the codes of an activation that asks for a message,
-- and returns with the codes the message that this request of this run has already, the number of
-- the next one, and `allowed_at`: for each rate limit (whose, window, how many before) when a
-- message of this purse is allowed, null where it is now. The start is looked up: its place is free,
-- and whoever is sent a message was found, so that this look-up is no miss.
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
    DELETE FROM budget WHERE use = asked AND bucket LIKE 'misses:%';
    RETURN QUERY SELECT c.used, c.locked_until, c.told_at,
        c.number, c.run_id, c.tries, c.ended, c.handed_over_at,
        m.key, m.send_no, m.code_no, m.outcome, m.purse,
        (SELECT coalesce(max(s.send_no), 0) + 1 FROM message s WHERE s.reference = asked),
        message_allowed_at(charged, counted, windows, befores)
    FROM hold_codes(asked, NULL) c LEFT JOIN message m
    ON m.reference = asked AND m.run_id = run AND m.request_no = request
    ORDER BY c.number;
END $$;

-- For each rate limit when a message is allowed, null where it is now. None is while the guesses at
-- its contact (a holder `guess:...`) are spent: its code would not be compared; nor to a contact at
-- which somebody stopped an activation (a holder `closed:...`).
CREATE FUNCTION message_allowed_at(
    charged text, counted text[], windows interval[], befores integer[]
) RETURNS timestamptz[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(CASE WHEN holder LIKE 'guess:%' OR holder LIKE 'closed:%' THEN (
        SELECT max(ends_at) FILTER (WHERE total > before)
        FROM (
            SELECT ends_at, sum(used) OVER (ORDER BY ends_at DESC) AS total
            FROM budget WHERE bucket = holder AND ends_at > clock_timestamp()
        ) newest_first
    ) ELSE (
        SELECT reserved_at + span FROM message
        WHERE (contact_index = holder OR person_key = holder) AND purse = charged
        AND key LIKE '%:pin:%' AND reserved_at > now() - span
        ORDER BY reserved_at DESC OFFSET before LIMIT 1
    ) END ORDER BY place)
    FROM unnest(counted, windows, befores)
        WITH ORDINALITY AS bounds (holder, span, before, place)
$$;
