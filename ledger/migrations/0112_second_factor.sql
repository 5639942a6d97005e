-- The second factor of staff who sign in by a password: the secret of their authenticator,
-- encrypted; the last of its time steps that was used; keyed hashes of the recovery codes left.
CREATE TABLE second_factor (
    name text PRIMARY KEY,
    secret bytea NOT NULL,
    last_step bigint NOT NULL,
    recovery_codes text[] NOT NULL,
    enrolled_at timestamptz NOT NULL DEFAULT now()
);

-- Sign-ins whose password was right and whose second factor has not been given. `secret` is the one
-- that an authenticator is to get; without it there is one already.
CREATE TABLE sign_in_under_way (
    token_hash text PRIMARY KEY,
    name text NOT NULL,
    roles text[] NOT NULL,
    departments text[],
    secret bytea,
    onward text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
