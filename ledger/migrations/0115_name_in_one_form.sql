-- As in 0104, and a name is never there in both forms: one that was replaced while the insertion
-- waited for it is the person's name again, and what stood for it is gone.
CREATE OR REPLACE FUNCTION reserve_username(
    wanted text, kept text, owner text, person_keys text[]
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE username SET name = wanted WHERE name = kept AND person_key = ANY (person_keys)
        AND NOT EXISTS (SELECT FROM username WHERE name = wanted);
    INSERT INTO username (name, person_key) VALUES (wanted, owner) ON CONFLICT (name) DO NOTHING;
    IF EXISTS (SELECT FROM username WHERE name = kept AND person_key <> ALL (person_keys)) THEN
        RAISE 'kept for another' USING ERRCODE = 'KEPT0';
    END IF;
    DELETE FROM username WHERE name = kept;
    RETURN EXISTS (SELECT FROM username WHERE name = wanted AND person_key = ANY (person_keys));
EXCEPTION WHEN SQLSTATE 'KEPT0' THEN
    RETURN false;
END $$;
