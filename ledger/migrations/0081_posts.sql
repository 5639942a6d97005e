-- The answers that browsers have sent for an activation, each once however often it is sent: past a
-- limit none reaches Temporal. `activation.posts` is counted by portals of the version before only.
CREATE TABLE post (
    reference text NOT NULL,
    submission_id text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (reference, submission_id)
);
