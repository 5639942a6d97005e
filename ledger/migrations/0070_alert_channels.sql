-- Whether each channel takes the alerts that are sent by it. `failing_since` is NULL while it does.
CREATE TABLE alert_channel (
    name text PRIMARY KEY,
    delivered_at timestamptz,
    failure text,
    failed_at timestamptz,
    failing_since timestamptz
);
