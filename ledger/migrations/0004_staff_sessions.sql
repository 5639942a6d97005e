-- Who is signed in at the console: roles and departments as they were when they signed in.
CREATE TABLE staff_session (
    token_hash text PRIMARY KEY,
    name text NOT NULL,
    roles text[] NOT NULL,
    departments text[],
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now()
);
