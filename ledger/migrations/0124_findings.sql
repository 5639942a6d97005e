-- Where ledger, directory and Temporal disagree, as the reconciler found it. `subject` is a
-- reference, or the keyed index of a username, which `username` has encrypted; `reference` is the
-- activation to look at, where there is one. Suspected at one look of the reconciler, confirmed at a later one; gone when it was not
-- seen any more.
CREATE TABLE finding (
    kind text NOT NULL,
    subject text NOT NULL,
    reference text,
    username bytea,
    first_seen timestamptz NOT NULL DEFAULT now(),
    last_seen timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz,
    mended_at timestamptz,
    settled_at timestamptz,
    gone_at timestamptz,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX ON finding (reference);
CREATE INDEX ON finding (last_seen);

-- When the reconciler has last completed a look.
CREATE TABLE reconciled (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    at timestamptz NOT NULL DEFAULT now()
);

-- Whether anybody with one of an entry's codes ever agreed.
CREATE INDEX ON consent (person_key);

COMMENT ON TABLE finding IS 'Where ledger, directory and Temporal disagree, as the reconciler found it.';
COMMENT ON TABLE reconciled IS 'When the reconciler has last completed a look.';
