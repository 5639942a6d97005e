-- A double click sends the token a second time after it was rotated: it stays good for a moment.

ALTER TABLE session ADD COLUMN previous_hash text;
ALTER TABLE session ADD COLUMN rotated_at timestamptz;
CREATE INDEX ON session (previous_hash);
