-- The newest answer of the engine to this browser, encrypted, for the page after the redirect.
ALTER TABLE session
    ADD COLUMN progress bytea,
    ADD COLUMN progress_run text,
    ADD COLUMN progress_version integer,
    ADD COLUMN progress_at timestamptz;
