-- Whoever told the desk that they want no invitations, by each of their keys.
CREATE TABLE objection (
    person_key text PRIMARY KEY,
    noted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON objection (noted_at);

-- Claims an invitation as before, but none of a person who objected after they were judged.
CREATE OR REPLACE FUNCTION claim_invitation(
    asked bigint, by_channel text, contact text, message text, others text[], price integer,
    until timestamptz, apart interval
)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    UPDATE invitation i SET state = 'skipped', why = 'objected', finished_at = clock_timestamp()
    WHERE i.id = asked AND i.state = 'planned' AND EXISTS (
        SELECT FROM objection o WHERE o.person_key = i.person_key OR o.person_key = ANY(others)
    );
    IF FOUND THEN
        RETURN 'skipped';
    END IF;
    answer := claim_invitation(asked, by_channel, contact, others, price, until, apart);
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

COMMENT ON TABLE objection IS 'Persons whom no campaign invites, because they objected; keyed.';
