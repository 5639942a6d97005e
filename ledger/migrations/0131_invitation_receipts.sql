-- The keyed index of an invitation's message, by which its delivery receipt is found. It is written
-- with the claim, because a receipt may come before the answer of the gateway. The claim without it
-- stays for workers of the version before, whose messages are then without a receipt.
ALTER TABLE invitation ADD COLUMN message_index text NOT NULL DEFAULT '';

-- Claims an invitation as the function without `message` does, and notes its message's index.
CREATE FUNCTION claim_invitation(
    asked bigint, by_channel text, contact text, message text, others text[], price integer,
    until timestamptz, apart interval
)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text := claim_invitation(asked, by_channel, contact, others, price, until, apart);
BEGIN
    IF answer = 'claimed' THEN
        UPDATE invitation SET message_index = message WHERE id = asked;
    END IF;
    RETURN answer;
END $$;

DO $$ BEGIN
    EXECUTE format(
        'ALTER FUNCTION claim_invitation(bigint, text, text, text, text[], integer, timestamptz, interval)'
        ' SECURITY DEFINER SET search_path = %I, pg_temp',
        current_schema()
    );
END $$;
REVOKE EXECUTE ON FUNCTION
    claim_invitation(bigint, text, text, text, text[], integer, timestamptz, interval) FROM PUBLIC;
