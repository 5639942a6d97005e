-- A message has the first group of its activation's reference, by which whoever got it names it.
CREATE INDEX ON activation (substr(reference, 3, 4));

-- As before; a holder `closed:...` is a contact at which somebody stopped an activation.
CREATE OR REPLACE FUNCTION message_allowed_at(
    charged text, counted text[], windows interval[], befores integer[]
) RETURNS timestamptz[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(CASE WHEN holder LIKE 'guess:%' OR holder LIKE 'closed:%' THEN (
        SELECT max(ends_at) FILTER (WHERE total > before)
        FROM (
            SELECT ends_at, sum(used) OVER (ORDER BY ends_at DESC) AS total
            FROM budget WHERE bucket = holder AND ends_at > clock_timestamp()
        ) newest_first
    ) ELSE (
        SELECT reserved_at + span FROM message
        WHERE (contact_index = holder OR person_key = holder) AND purse = charged
        AND key LIKE '%:pin:%' AND reserved_at > now() - span
        ORDER BY reserved_at DESC OFFSET before LIMIT 1
    ) END ORDER BY place)
    FROM unnest(counted, windows, befores)
        WITH ORDINALITY AS bounds (holder, span, before, place)
$$;
