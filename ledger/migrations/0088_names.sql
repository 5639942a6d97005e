-- The name of whose activation it turned out to be, as the student was shown it: encrypted, with
-- the reference as context. It is for who finds the activation by a search.
ALTER TABLE activation ADD COLUMN name bytea;
