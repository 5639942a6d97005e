-- Counts a typed code for each contact that these codes were sent to, before it is compared; returns
-- the codes that may not be compared, because their contact has had its share of a sliding day. The
-- codes of kept messages and of staff's are outside: strangers cannot close them. The rows bear the
-- name of the submission and the code, so that what was right is taken back.
CREATE FUNCTION take_guesses(asked text, numbers integer[], submission text, most integer)
RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE sent record; taken record; closed integer[] := '{}';
BEGIN
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

-- As before; and no ordinary message is allowed while the guesses at its contact (a holder
-- `guess:...`) are spent: its code would not be compared.
CREATE OR REPLACE FUNCTION message_allowed_at(
    charged text, counted text[], windows interval[], befores integer[]
) RETURNS timestamptz[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(CASE WHEN holder LIKE 'guess:%' THEN (
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
