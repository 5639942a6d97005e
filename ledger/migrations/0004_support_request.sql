-- What students write to support; the desk gets it by e-mail.

CREATE TABLE support_request (
    id text PRIMARY KEY,
    reference text,
    step text,
    language text NOT NULL,
    name bytea NOT NULL,
    reply_to bytea NOT NULL,
    text bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    mailed_at timestamptz
);
CREATE INDEX ON support_request (reference);
