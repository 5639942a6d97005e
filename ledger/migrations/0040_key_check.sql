-- A one-way value of each key file, so that a process with another file of that name is noticed.
CREATE TABLE key_check (
    name text PRIMARY KEY,
    value text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now()
);
