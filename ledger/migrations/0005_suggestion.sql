-- The passwords a page suggested, so that its form carries only the number of the one chosen.

CREATE TABLE suggestion (
    page_hash text PRIMARY KEY,
    offered bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ON suggestion (expires_at);
