-- Of a person without activations the ledger keeps `=` and a keyed index (`kept`) in place of the
-- username, which still reserves it and becomes the name again when the person asks for it. Returns
-- whether the person has the name now. A name that was replaced while the insertion waited for it
-- is seen by the statement after it, which undoes the insertion where it is kept for another. Where
-- it is the person's own it is the name again, and what stood for it is gone: never both forms.
CREATE FUNCTION reserve_username(wanted text, kept text, owner text, person_keys text[])
RETURNS boolean LANGUAGE plpgsql AS $$
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
