-- Whether attack mode is on is a fact of several tables, of which those who ask need nothing else.
DO $$ BEGIN
    EXECUTE format(
        'ALTER FUNCTION attack_mode(integer, double precision, integer, interval)'
        ' SECURITY DEFINER SET search_path = %I, pg_temp',
        current_schema()
    );
END $$;
REVOKE EXECUTE ON FUNCTION attack_mode(integer, double precision, integer, interval) FROM PUBLIC;
