-- What became of a message after it was handed over, as the gateway or a bounce told it. The index
-- is keyed: the row alone names neither the message nor anybody.
CREATE TABLE receipt (
    message_index text PRIMARY KEY,
    state text NOT NULL,
    told_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON receipt (told_at);
COMMENT ON TABLE receipt IS 'What gateways and bounces told of messages, by keyed index.';
