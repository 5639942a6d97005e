-- Each time that an older state of the ledger took the place of a newer one: `incarnation` is its
-- second since 2026 began, so that it grows even if the same state comes back twice; `taken_at` is
-- the time of that older state, `audit_row` the newest of its rows of the audit.
CREATE TABLE restored (
    incarnation integer PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    taken_at timestamptz NOT NULL,
    audit_row bigint NOT NULL
);

-- As before, but after a restore messages are numbered from a number on that none had before: the
-- code of a number, and the gateway's deduplication by it, would otherwise come again.
CREATE OR REPLACE FUNCTION hold_message(
    holders text[], asked text, run text, request integer,
    charged text, counted text[], windows interval[], befores integer[]
) RETURNS TABLE (
    used integer, locked_until timestamptz, told_at timestamptz,
    number integer, run_id text, tries integer, ended boolean, handed_over_at timestamptz,
    key text, send_no integer, code_no integer, outcome text, purse text,
    next_no integer, allowed_at timestamptz[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    -- Sorted, so that two requests for the same contact and person do not deadlock.
    PERFORM pg_advisory_xact_lock(lock) FROM (
        SELECT DISTINCT hashtext(held) AS lock FROM unnest(holders) held ORDER BY lock
    ) locks;
    PERFORM hold_codes(asked, NULL);
    DELETE FROM start_under_way WHERE reference = asked;
    DELETE FROM budget WHERE use = asked AND bucket LIKE 'misses:%';
    RETURN QUERY SELECT c.used, c.locked_until, c.told_at,
        c.number, c.run_id, c.tries, c.ended, c.handed_over_at,
        m.key, m.send_no, m.code_no, m.outcome, m.purse,
        (SELECT greatest(
            coalesce(max(s.send_no), 0),
            (SELECT coalesce(max(incarnation), 0) FROM restored)
        ) + 1 FROM message s WHERE s.reference = asked),
        message_allowed_at(charged, counted, windows, befores)
    FROM hold_codes(asked, NULL) c LEFT JOIN message m
    ON m.reference = asked AND m.run_id = run AND m.request_no = request
    ORDER BY c.number;
END $$;
COMMENT ON TABLE restored IS 'Each time that an older state of the ledger came back.';
