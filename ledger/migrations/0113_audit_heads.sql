-- The head of the audit of each day as it was sent elsewhere, and by which channels.
CREATE TABLE audit_sent (
    day date PRIMARY KEY,
    id bigint NOT NULL,
    hash bytea NOT NULL,
    told text[] NOT NULL DEFAULT '{}'
);

-- The first row of an audit that was cut, and the hash of the row before it, which its own covers.
CREATE TABLE audit_start (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    id bigint NOT NULL,
    previous bytea NOT NULL
);

-- Only what is before that row may be deleted.
DROP TRIGGER append_only ON audit;
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE FUNCTION only_cut() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.id >= coalesce((SELECT id FROM audit_start), 0) THEN
        RAISE EXCEPTION 'this table is append-only';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER only_cut BEFORE DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION only_cut();

-- Deletes the rows before `first`, which are all at least a year old, and counts them. `first` is
-- the row of a head that was sent, and the beginning from now on.
CREATE FUNCTION cut_audit(first bigint, previous bytea) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE gone bigint;
BEGIN
    IF NOT EXISTS (
        SELECT FROM audit a JOIN audit_sent s ON s.id = a.id AND s.hash = a.hash
        WHERE a.id = first AND s.told <> '{}'
    ) OR EXISTS (
        SELECT FROM audit a WHERE a.id < first AND a.at > now() - interval '1 year'
    ) THEN
        RAISE EXCEPTION 'the audit is cut behind a head that was sent, and after a year';
    END IF;
    INSERT INTO audit_start AS begun (id, previous) VALUES (first, cut_audit.previous)
        ON CONFLICT (one) DO UPDATE SET id = EXCLUDED.id, previous = EXCLUDED.previous
        WHERE begun.id < EXCLUDED.id;
    DELETE FROM audit a WHERE a.id < first;
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM audit_sent s WHERE s.id < first;
    INSERT INTO swept AS s SELECT current_date, 'audit', gone, now()
        ON CONFLICT (day, rule) DO UPDATE SET gone = s.gone + EXCLUDED.gone, at = EXCLUDED.at;
    RETURN gone;
END $$;
DO $$ BEGIN
    EXECUTE format(
        'ALTER FUNCTION cut_audit(bigint, bytea) SECURITY DEFINER SET search_path = %I, pg_temp',
        current_schema()
    );
END $$;
REVOKE EXECUTE ON FUNCTION cut_audit(bigint, bytea) FROM PUBLIC;
