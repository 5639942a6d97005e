-- What remains of look-ups that found nobody, once their activations are deleted: how many, by the
-- hour of their start, and for some days how often and when last by contact.
CREATE TABLE missed (
    hour timestamptz PRIMARY KEY,
    number bigint NOT NULL
);
CREATE TABLE miss (
    contact_index text PRIMARY KEY,
    times bigint NOT NULL,
    last_at timestamptz NOT NULL
);
CREATE INDEX ON miss (last_at);
