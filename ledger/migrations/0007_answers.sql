-- What the desk answers a student's request with, or why it closes it; settled by whom and when.
ALTER TABLE support_request
    ADD COLUMN answer bytea,
    ADD COLUMN closing bytea,
    ADD COLUMN settled_id text,
    ADD COLUMN settled_by text,
    ADD COLUMN settled_at timestamptz,
    ADD COLUMN answer_outcome text;
CREATE INDEX ON support_request (created_at) WHERE closing IS NULL;
