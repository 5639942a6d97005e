-- Every row of the audit vouches for the one before it, and the head for the last. What was
-- written before stands aside as it was.
ALTER TABLE audit RENAME TO audit_before;
DO $$ BEGIN IF NOT EXISTS (SELECT FROM audit_before) THEN DROP TABLE audit_before; END IF; END $$;
CREATE TABLE audit (
    id bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    reference text,
    reason bytea NOT NULL,
    hash bytea NOT NULL
);
CREATE INDEX ON audit (reference);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE audit_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    id bigint NOT NULL,
    hash bytea NOT NULL,
    seal bytea NOT NULL
);

CREATE TABLE case_note (
    id text PRIMARY KEY,
    reference text NOT NULL,
    author text NOT NULL,
    text bytea NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON case_note (reference);

-- What an erased person was shown may be emptied, by this function alone; the proof stays.
DROP TRIGGER append_only ON consent;
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON consent
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE FUNCTION only_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('ledger.emptied', true) IS DISTINCT FROM OLD.reference
        OR NEW.shown <> ''
        OR to_jsonb(NEW) - 'shown' <> to_jsonb(OLD) - 'shown'
    THEN
        RAISE EXCEPTION 'this table is append-only';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_emptied BEFORE UPDATE ON consent
    FOR EACH ROW EXECUTE FUNCTION only_emptied();
CREATE FUNCTION empty_consents(of_reference text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('ledger.emptied', of_reference, true);
    UPDATE consent SET shown = '' WHERE reference = of_reference AND shown <> '';
    PERFORM set_config('ledger.emptied', '', true);
END $$;

CREATE INDEX ON activation (started_at);
