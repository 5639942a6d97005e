-- When the sweep has last asked Temporal whether this activation still runs.
ALTER TABLE activation ADD COLUMN asked_at timestamptz;
CREATE INDEX ON activation (asked_at NULLS FIRST, started_at) WHERE ended_at IS NULL;
