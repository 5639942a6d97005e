-- Everything personal is encrypted by column (bytea) or is a keyed index (text, hex).

CREATE TABLE activation (
    reference text PRIMARY KEY,
    language text NOT NULL,
    mobile_index text,
    email_index text,
    person_key text,
    student_number_index text,
    username_index text,
    username bytea,
    department text,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    end_step text
);
CREATE INDEX ON activation (mobile_index);
CREATE INDEX ON activation (email_index);
CREATE INDEX ON activation (person_key);

-- One live activation a person: each key of a person is held by one reference.
CREATE TABLE claim (
    key text PRIMARY KEY,
    reference text NOT NULL
);
CREATE INDEX ON claim (reference);

-- A username once reserved belongs to that person for ever.
CREATE TABLE username (
    name text PRIMARY KEY CHECK (name = lower(name)),
    person_key text NOT NULL,
    reserved_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON username (person_key);

CREATE TABLE insurance (
    number_index text PRIMARY KEY,
    person_key text NOT NULL,
    scheme text NOT NULL,
    number bytea NOT NULL,
    warnings text[] NOT NULL,
    reference text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE consent (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reference text NOT NULL,
    person_key text NOT NULL,
    terms_version text NOT NULL,
    shown_hash text NOT NULL,
    shown bytea NOT NULL,
    choices text[] NOT NULL,
    language text NOT NULL,
    accepted_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (reference, shown_hash, accepted_at)
);

CREATE TABLE sealed_password (
    reference text NOT NULL,
    sealed_id text NOT NULL,
    epoch text NOT NULL,
    box bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (reference, sealed_id)
);

CREATE TABLE message (
    key text PRIMARY KEY,
    reference text NOT NULL,
    channel text NOT NULL,
    contact_index text NOT NULL,
    reserved_at timestamptz NOT NULL DEFAULT now(),
    outcome text,
    finished_at timestamptz
);
CREATE INDEX ON message (contact_index, reserved_at);

CREATE TABLE budget (
    bucket text NOT NULL,
    window_start timestamptz NOT NULL,
    used integer NOT NULL,
    PRIMARY KEY (bucket, window_start)
);

-- A double click sends the token a second time after it was rotated: it stays good for a moment.
-- An activation that goes on in another browser leaves this one superseded.
CREATE TABLE session (
    token_hash text PRIMARY KEY,
    previous_hash text,
    rotated_at timestamptz,
    reference text,
    superseded boolean NOT NULL DEFAULT false,
    language text,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON session (previous_hash);
CREATE INDEX ON session (reference);

-- The passwords a page suggested, so that its form carries only the number of the one chosen.
CREATE TABLE suggestion (
    page_hash text PRIMARY KEY,
    offered bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ON suggestion (expires_at);

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

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    reference text,
    reason text NOT NULL
);

-- What was agreed and what staff did can be added to, and in no other way touched.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'this table is append-only'; END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
