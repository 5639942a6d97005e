-- The newest sealed password that an activation may have given the directory: noted before it is
-- sent, so that a lost answer is told from a password that somebody else has set.
CREATE TABLE password_try (
    reference text PRIMARY KEY,
    sealed_id text NOT NULL
);
