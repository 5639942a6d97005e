-- Campaigns: who is invited to activate, and what became of each invitation. Before a message is
-- handed over its row says `sending`, so that nobody gets it twice.
CREATE TABLE campaign (
    id text PRIMARY KEY,
    departments text[] NOT NULL,
    channels text[] NOT NULL,
    per_minute integer NOT NULL,
    quiet_from time NOT NULL,
    quiet_until time NOT NULL,
    remind_after interval,
    sms_parts integer NOT NULL,
    parts_spent integer NOT NULL DEFAULT 0,
    left_out text NOT NULL DEFAULT '{}',
    prepared_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    stopped_at timestamptz,
    stopped_why text,
    ended_at timestamptz
);
CREATE TABLE invitation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign text NOT NULL,
    round smallint NOT NULL DEFAULT 1,
    person_key text NOT NULL,
    enrolment bytea NOT NULL,
    state text NOT NULL DEFAULT 'planned',
    why text,
    channel text,
    contact_index text NOT NULL DEFAULT '',
    parts integer NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0,
    planned_at timestamptz NOT NULL DEFAULT now(),
    claimed_at timestamptz,
    finished_at timestamptz
);
CREATE UNIQUE INDEX ON invitation (campaign, round, person_key) WHERE person_key <> '';
CREATE INDEX ON invitation (campaign, state, tries, id);
CREATE INDEX ON invitation (campaign, contact_index);
CREATE INDEX ON invitation (person_key);
CREATE INDEX ON invitation (planned_at);
CREATE INDEX ON campaign (prepared_at);

-- Claims an invitation just before its message is handed over: `claimed`, or why not. `halt`: no
-- message of this campaign may go now; `skipped`: this person gets none; `taken`: it is not planned
-- any more. A price that was counted at an earlier try is not counted again.
CREATE FUNCTION claim_invitation(
    asked bigint, by_channel text, contact text, others text[], price integer,
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
        parts = price, tries = tries + 1, claimed_at = clock_timestamp()
    WHERE id = asked;
    RETURN 'claimed';
END $$;

-- Records what became of a claimed invitation. Whether it arrived may be known late; to be sent
-- again it must still be claimed.
CREATE FUNCTION settle_invitation(asked bigint, result text) RETURNS void LANGUAGE sql AS $$
    UPDATE invitation SET state = result,
        finished_at = CASE WHEN result <> 'planned' THEN clock_timestamp() END
    WHERE id = asked AND result IN ('planned', 'sent', 'undeliverable', 'in_doubt')
        AND (state = 'sending' OR state = 'in_doubt' AND result IN ('sent', 'undeliverable'))
$$;

-- Who sends messages needs no other right on campaigns, activations and the pause.
DO $$ BEGIN
    EXECUTE format(
        'ALTER FUNCTION claim_invitation(bigint, text, text, text[], integer, timestamptz, interval)'
        ' SECURITY DEFINER SET search_path = %I, pg_temp',
        current_schema()
    );
    EXECUTE format(
        'ALTER FUNCTION settle_invitation(bigint, text)'
        ' SECURITY DEFINER SET search_path = %I, pg_temp',
        current_schema()
    );
END $$;
REVOKE EXECUTE ON FUNCTION
    claim_invitation(bigint, text, text, text[], integer, timestamptz, interval) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION settle_invitation(bigint, text) FROM PUBLIC;

COMMENT ON TABLE campaign IS 'Campaigns that invite students to activate: to whom, how fast, and until when.';
COMMENT ON TABLE invitation IS 'Whom a campaign invites, and what became of each invitation; no contact in clear.';
