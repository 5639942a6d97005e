-- A note may be on a request for help, which has no activation where the student began none; and a
-- note to one of staff is listed for them until they have read it.
ALTER TABLE case_note ALTER COLUMN reference DROP NOT NULL;
ALTER TABLE case_note
    ADD COLUMN request text CHECK (reference IS NOT NULL OR request IS NOT NULL);
ALTER TABLE case_note ADD COLUMN read_at timestamptz;
CREATE INDEX ON case_note (request) WHERE request IS NOT NULL;
COMMENT ON TABLE case_note IS 'Notes of staff on an activation or a request for help, encrypted.';
