-- One function counts every rate limit, in sliding windows. A use that names what it is for (`use`)
-- has a row of its own: it is counted once, and can be given back. Other uses share a row for each
-- sixtieth of the window, which makes a use count up to that much longer, never shorter.
ALTER TABLE budget DROP CONSTRAINT budget_pkey;
ALTER TABLE budget ADD COLUMN use text;
ALTER TABLE budget ADD UNIQUE NULLS NOT DISTINCT (bucket, window_start, use);
CREATE INDEX ON budget (use) WHERE use IS NOT NULL;

-- Counts a use in all of these windows, or in none if one is spent. Returns for each how many uses
-- remain, and for a spent one when the next is possible. Expired rows are deleted some at a time,
-- without waiting for those that others have locked.
CREATE FUNCTION take_limits(
    buckets text[], windows interval[], maxima integer[], once text,
    OUT remaining integer[], OUT opens timestamptz[]
) LANGUAGE plpgsql AS $$
DECLARE at timestamptz;
BEGIN
    -- Sorted, so that two requests with the same buckets do not deadlock.
    PERFORM pg_advisory_xact_lock(lock) FROM (
        SELECT DISTINCT hashtextextended(bucket, 0) AS lock FROM unnest(buckets) bucket
        ORDER BY lock
    ) locks;
    at := clock_timestamp();
    DELETE FROM budget WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM budget WHERE ends_at < at LIMIT 100 FOR UPDATE SKIP LOCKED
    ));
    SELECT array_agg(greatest(maximum - used, 0)::integer ORDER BY place),
        array_agg(CASE WHEN used >= maximum THEN coalesce(reopens, at + span) END ORDER BY place)
        INTO remaining, opens
    FROM unnest(buckets, windows, maxima)
        WITH ORDINALITY AS bounds (name, span, maximum, place),
    LATERAL (
        SELECT coalesce(max(total), 0) AS used,
            max(ends_at) FILTER (WHERE total >= maximum) AS reopens
        FROM (
            SELECT ends_at, sum(budget.used) OVER (ORDER BY ends_at DESC) AS total
            FROM budget WHERE bucket = name AND ends_at > at
        ) newest_first
    ) counted;
    IF EXISTS (SELECT FROM budget WHERE use = once AND bucket = ANY (buckets) AND ends_at > at) THEN
        opens := array_fill(NULL::timestamptz, ARRAY[cardinality(buckets)]);
        RETURN;
    END IF;
    IF array_remove(opens, NULL) = '{}' THEN
        INSERT INTO budget AS b (bucket, window_start, ends_at, used, use)
            SELECT name, start, start + span + part, 1, once
            FROM unnest(buckets, windows) AS bounds (name, span),
            LATERAL (SELECT CASE WHEN once IS NULL THEN span / 60 ELSE '0' END AS part) parts,
            LATERAL (
                SELECT CASE WHEN once IS NULL THEN date_bin(part, at, 'epoch') ELSE at END AS start
            ) starts
            ON CONFLICT (bucket, window_start, use) DO UPDATE SET used = b.used + 1;
        remaining := ARRAY(
            SELECT each - 1 FROM unnest(remaining) WITH ORDINALITY kept (each, n) ORDER BY n
        );
    END IF;
END $$;
