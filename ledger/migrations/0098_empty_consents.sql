-- Erasing a person empties what they were shown and may change nothing else of a consent: processes
-- have no UPDATE on that table, so this function runs with the owner's rights, for those who erase.
DO $$ BEGIN
    EXECUTE format(
        'ALTER FUNCTION empty_consents(text) SECURITY DEFINER SET search_path = %I, pg_temp',
        current_schema()
    );
END $$;
REVOKE EXECUTE ON FUNCTION empty_consents(text) FROM PUBLIC;
