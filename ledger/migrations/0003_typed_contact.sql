-- The mask of what was typed, where no page may tell whether that is on file.
ALTER TABLE session ADD COLUMN typed bytea;
