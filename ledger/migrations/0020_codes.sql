-- Messages and codes are numbered, tries counted and locks kept here: a workflow can be reset, and
-- what it counted itself would be counted anew.
ALTER TABLE message
    ADD COLUMN run_id text,
    ADD COLUMN request_no integer,
    ADD COLUMN send_no integer,
    ADD COLUMN code_no integer;
UPDATE message SET send_no = split_part(key, ':', 3)::integer WHERE key LIKE '%:pin:%';
CREATE UNIQUE INDEX ON message (reference, run_id, request_no);

CREATE TABLE code (
    reference text NOT NULL,
    number integer NOT NULL,
    run_id text NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    ended boolean NOT NULL DEFAULT false,
    PRIMARY KEY (reference, number)
);

-- How often an activation was tried with something secret; `counter` says with what.
CREATE TABLE tries (
    reference text NOT NULL,
    counter text NOT NULL,
    used integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    PRIMARY KEY (reference, counter)
);

-- What became of each submission that was counted, so that it counts once and is answered alike.
CREATE TABLE attempt (
    reference text NOT NULL,
    submission_id text NOT NULL,
    outcome text NOT NULL,
    tries_left integer NOT NULL,
    locked_until timestamptz,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (reference, submission_id)
);
