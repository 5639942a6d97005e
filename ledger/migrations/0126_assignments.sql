-- Who of staff has taken, or was given, an activation; of a request for help its own row says it.
CREATE TABLE assignment (
    reference text PRIMARY KEY,
    assignee text NOT NULL,
    assigned_by text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON assignment (assignee);
COMMENT ON TABLE assignment IS 'Who of staff looks after which activation.';

ALTER TABLE support_request ADD COLUMN assignee text;

-- For whom of staff a note is, if for one of them.
ALTER TABLE case_note ADD COLUMN addressee text;
CREATE INDEX ON case_note (addressee, at) WHERE addressee IS NOT NULL;
