-- The keyed index of an invitation's message, by which its delivery receipt is found. It is written
-- with the claim, because a receipt may come before the answer of the gateway. The claim without it
-- stays for workers of the version before, whose messages are then without a receipt.
ALTER TABLE invitation ADD COLUMN message_index text NOT NULL DEFAULT '';

-- Claims an invitation just before its message is handed over: `claimed`, or why not. `halt`: no
-- message of this campaign may go now; `skipped`: this person gets none; `taken`: it is not planned
-- any more. A price that was counted at an earlier try is not counted again.
CREATE FUNCTION claim_invitation(
    asked bigint, by_channel text, contact text, message text, others text[], price integer,
    until timestamptz, apart interval
)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    mine invitation;
    whole campaign;
    keys text[];
    reason text;
    reached text[] := ARRAY['sending', 'sent', 'undeliverable', 'in_doubt'];
BEGIN
    SELECT * INTO mine FROM invitation WHERE id = asked;
    SELECT * INTO whole FROM campaign WHERE id = mine.campaign FOR UPDATE;
    IF whole.started_at IS NULL OR whole.stopped_at IS NOT NULL OR whole.ended_at IS NOT NULL
        OR clock_timestamp() >= until OR EXISTS (SELECT FROM pause) THEN
        RETURN 'halt';
    END IF;
    keys := mine.person_key || others;
    -- Two campaigns that reach one person at once do so one after the other.
    PERFORM pg_advisory_xact_lock(hashtext('invited:' || (SELECT min(key) FROM unnest(keys) key)));
    SELECT * INTO mine FROM invitation WHERE id = asked FOR UPDATE;
    IF mine.state IS DISTINCT FROM 'planned' OR mine.person_key = '' THEN
        RETURN 'taken';
    END IF;
    reason := CASE
        WHEN EXISTS (
            SELECT FROM activation
            WHERE person_key = ANY(keys) AND end_step IN ('active', 'already_active')
        ) THEN 'active'
        WHEN EXISTS (
            SELECT FROM activation WHERE person_key = ANY(keys) AND ended_at IS NULL
        ) THEN 'under_way'
        WHEN EXISTS (
            SELECT FROM invitation i
            WHERE i.person_key = ANY(keys) AND i.id <> asked AND i.state = ANY(reached)
            AND CASE WHEN i.campaign = mine.campaign THEN i.round = mine.round
                ELSE i.claimed_at > clock_timestamp() - apart END
        ) THEN 'invited'
        WHEN EXISTS (
            SELECT FROM invitation i
            WHERE i.campaign = mine.campaign AND i.contact_index = contact
            AND i.round = mine.round AND i.id <> asked AND i.state = ANY(reached)
        ) THEN 'shared'
    END;
    IF reason IS NOT NULL THEN
        UPDATE invitation SET state = 'skipped', why = reason, finished_at = clock_timestamp()
        WHERE id = asked;
        RETURN 'skipped';
    END IF;
    IF whole.parts_spent + price - mine.parts > whole.sms_parts THEN
        UPDATE campaign SET stopped_at = clock_timestamp(), stopped_why = 'budget'
        WHERE id = whole.id;
        RETURN 'halt';
    END IF;
    UPDATE campaign SET parts_spent = parts_spent + price - mine.parts WHERE id = whole.id;
    UPDATE invitation SET state = 'sending', channel = by_channel, contact_index = contact,
        message_index = message, parts = price, tries = tries + 1, claimed_at = clock_timestamp()
    WHERE id = asked;
    RETURN 'claimed';
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
