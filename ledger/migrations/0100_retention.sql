-- What the sweep of expired data has deleted or emptied, by day and rule.
CREATE TABLE swept (
    day date NOT NULL,
    rule text NOT NULL,
    gone bigint NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (day, rule)
);

-- When an import, or a student's own activation, showed last that the row is right.
ALTER TABLE imported ADD COLUMN noted_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE told_apart ADD COLUMN noted_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE rekeyed ADD COLUMN noted_at timestamptz NOT NULL DEFAULT now();

-- The sweep finds what has expired without reading what has not.
CREATE INDEX ON session (created_at);
CREATE INDEX ON post (at);
CREATE INDEX ON attempt (at);
CREATE INDEX ON case_note (at);
CREATE INDEX ON support_request (created_at);
CREATE INDEX ON imported (noted_at);
CREATE INDEX ON message (reserved_at) WHERE contact_index <> '' OR person_key IS NOT NULL;
CREATE INDEX ON message (reserved_at) WHERE contact_index = '';
CREATE INDEX ON insurance (recorded_at) WHERE number <> '';
CREATE INDEX ON consent (recorded_at);
CREATE INDEX ON activation (end_step, ended_at)
    WHERE coalesce(mobile_index, email_index, person_key) IS NOT NULL;

-- A consent may be deleted when it is emptied and five years old; before, by nothing.
DROP TRIGGER append_only ON consent;
CREATE TRIGGER append_only BEFORE TRUNCATE ON consent
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE FUNCTION only_expired() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.shown <> '' OR OLD.recorded_at > now() - interval '5 years' THEN
        RAISE EXCEPTION 'this table is append-only';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER only_expired BEFORE DELETE ON consent
    FOR EACH ROW EXECUTE FUNCTION only_expired();
