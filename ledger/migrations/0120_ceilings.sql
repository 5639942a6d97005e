-- Bounds what one network adds to the misses that begin attack mode: a third of their number, so
-- that one alone neither begins it nor keeps it on (half). The network of a miss is the widest in
-- which the limits of misses have counted it: that with the most misses of this minute.
CREATE OR REPLACE FUNCTION attack_mode(
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
    WITH counted AS (
        SELECT reference, bucket, count(*) OVER (PARTITION BY bucket) AS beside
        FROM activation LEFT JOIN budget
        ON use IN (reference, 'uniform:' || reference) AND bucket LIKE 'misses:%'
        WHERE started_at > clock_timestamp() - interval '1 min' AND end_step = 'not_found'
    ), widest AS (
        SELECT DISTINCT ON (reference) coalesce(bucket, reference) AS network
        FROM counted ORDER BY reference, beside DESC, bucket
    ), networks AS (
        SELECT least(count(*), greatest(least_missed / 3, 1)) AS misses
        FROM widest GROUP BY network
    )
    SELECT coalesce(sum(misses), 0) INTO missed FROM networks;
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

-- What a replaced function does not keep.
DO $$ BEGIN
    EXECUTE format(
        'ALTER FUNCTION attack_mode(integer, double precision, integer, double precision, interval)'
        ' SECURITY DEFINER SET search_path = %I, pg_temp',
        current_schema()
    );
END $$;

-- Says how the desk is told of a request for help: `own` by a letter of its own, beyond a ceiling
-- `more` by the one letter of an hour that says that more wait in the console, or `none`. Asked
-- again for the same request, it says the same as long as it counts.
CREATE FUNCTION take_help_letter(asked text, per_hour integer, per_day integer)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE taken record;
BEGIN
    taken := take_limits(
        ARRAY['help_letters:hour', 'help_letters:day'], ARRAY[interval '1 hour', interval '1 day'],
        ARRAY[per_hour, per_day], 'help:' || asked
    );
    IF array_remove(taken.opens, NULL) = '{}' THEN
        RETURN 'own';
    END IF;
    taken := take_limits(
        ARRAY['help_letters:more'], ARRAY[interval '1 hour'], ARRAY[1], 'more:' || asked
    );
    RETURN CASE WHEN array_remove(taken.opens, NULL) = '{}' THEN 'more' ELSE 'none' END;
END $$;

-- Who sends letters needs no other right on the limits.
DO $$ BEGIN
    EXECUTE format(
        'ALTER FUNCTION take_help_letter(text, integer, integer)'
        ' SECURITY DEFINER SET search_path = %I, pg_temp',
        current_schema()
    );
END $$;
REVOKE EXECUTE ON FUNCTION take_help_letter(text, integer, integer) FROM PUBLIC;
