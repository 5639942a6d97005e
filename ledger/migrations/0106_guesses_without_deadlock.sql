-- As before; and the contacts of all codes are locked first, sorted, because two activations may have
-- sent codes to the same contacts in another order.
CREATE OR REPLACE FUNCTION take_guesses(asked text, numbers integer[], submission text, most integer)
RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE sent record; taken record; closed integer[] := '{}';
BEGIN
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
