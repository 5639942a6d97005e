-- An entry that the engine is about to add under this name, and to which no password was sent yet:
-- where the directory does not tell whether an entry has a password, this does.
ALTER TABLE username ADD COLUMN empty_entry boolean NOT NULL DEFAULT false;
