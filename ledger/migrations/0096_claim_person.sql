-- Claims a person for an activation: all these keys or none. `holders` are the activations that hold
-- any of them; only `asked` where the claim was made. `has_account`: an activation of the person
-- ended as one of `ends`. In a function each statement sees what was committed before it, also by a
-- rival whose end this claim waited for.
CREATE FUNCTION claim_person(
    asked text, wanted text[], person_keys text[], ends text[],
    OUT holders text[], OUT has_account boolean
) LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        -- Sorted, so that two claims of the same keys wait for each other and do not deadlock.
        WITH held AS (
            INSERT INTO claim (key, reference) SELECT key, asked FROM unnest(wanted) key ORDER BY key
            ON CONFLICT (key) DO UPDATE SET key = claim.key RETURNING claim.reference
        ) SELECT array_agg(DISTINCT reference) INTO holders FROM held;
        IF holders <> ARRAY[asked] THEN
            RAISE 'held by another' USING ERRCODE = 'HELD0';
        END IF;
    EXCEPTION WHEN SQLSTATE 'HELD0' THEN
        NULL; -- Keys that were free are free again.
    END;
    has_account := EXISTS (
        SELECT FROM activation WHERE person_key = ANY(person_keys) AND end_step = ANY(ends)
    );
END $$;
