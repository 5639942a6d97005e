-- Tells since when attack mode is on; NULL while it is off. It begins when the wrong codes of the
-- last five minutes, or the starts of the last minute that found nobody, rise above this number and
-- this share. The share of misses is that of misses and of the contacts that a code was reserved
-- for: starts with one contact on file, again and again, kept the share of a stranger's misses low.
-- It stays on while they are above half of both, and ends once they were below for `quiet`. It is a
-- row of `budget` that ends then.
CREATE FUNCTION attack_mode(
    least_wrong integer, share_of_wrong double precision,
    least_missed integer, share_of_missed double precision, quiet interval,
    OUT since timestamptz, OUT begins boolean
) LANGUAGE plpgsql AS $$
DECLARE
    at timestamptz; part double precision;
    wrong bigint; compared bigint; missed bigint; found bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('attack_mode', 0));
    at := clock_timestamp();
    begins := false;
    SELECT window_start INTO since FROM budget WHERE bucket = 'attack_mode' AND ends_at > at;
    part := CASE WHEN since IS NULL THEN 1 ELSE 0.5 END;
    SELECT count(*) FILTER (WHERE outcome = 'wrong'), count(*) INTO wrong, compared
        FROM attempt a WHERE a.at > clock_timestamp() - interval '5 min'
        AND outcome IN ('wrong', 'right');
    SELECT count(*) INTO missed FROM activation
        WHERE started_at > clock_timestamp() - interval '1 min' AND end_step = 'not_found';
    SELECT count(DISTINCT contact_index) INTO found FROM message
        WHERE reserved_at > clock_timestamp() - interval '1 min'
        AND contact_index <> '' AND key LIKE '%:pin:%';
    IF (missed >= least_missed * part AND missed > (missed + found) * share_of_missed * part)
        OR (wrong >= least_wrong * part AND wrong > compared * share_of_wrong * part)
    THEN
        begins := since IS NULL;
        since := coalesce(since, at);
        INSERT INTO budget (bucket, window_start, ends_at, used)
            VALUES ('attack_mode', since, at + quiet, 1)
            ON CONFLICT (bucket, window_start, use) DO UPDATE SET ends_at = EXCLUDED.ends_at;
    END IF;
END $$;

-- Whether attack mode is on is a fact of several tables, of which those who ask need nothing else.
DO $$ BEGIN
    EXECUTE format(
        'ALTER FUNCTION attack_mode(integer, double precision, integer, double precision, interval)'
        ' SECURITY DEFINER SET search_path = %I, pg_temp',
        current_schema()
    );
END $$;
REVOKE EXECUTE
    ON FUNCTION attack_mode(integer, double precision, integer, double precision, interval)
    FROM PUBLIC;
