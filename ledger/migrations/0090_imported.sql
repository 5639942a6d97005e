-- Entries that others made and an import found to be certainly a person's. `found_by` is what
-- recognises that person when the registrar replaces the row: keyed indexes of the insurance
-- number, of the names and of the contacts; empty where the number tells nothing. `by_code`: the entry
-- had the person's code, so what codes it has are the person's.
CREATE TABLE imported (
    name text PRIMARY KEY CHECK (name = lower(name)),
    person_key text NOT NULL,
    found_by text[] NOT NULL,
    by_code boolean NOT NULL
);
CREATE INDEX ON imported (person_key);
CREATE INDEX ON imported USING gin (found_by);
