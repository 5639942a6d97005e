-- What staff find an activation by, beside its contacts: keyed indexes of the person's student
-- numbers, insurance number, contacts on file, and of how the words of the names begin.
ALTER TABLE activation ADD COLUMN found_by text[] NOT NULL DEFAULT '{}';
CREATE INDEX ON activation USING gin (found_by);
CREATE INDEX ON activation (username_index);
CREATE INDEX ON activation (ended_at);
CREATE INDEX ON message (reference);
