-- The day of the newest report of each kind: a report that is begun again is not sent again.

CREATE TABLE report_sent (
    report text PRIMARY KEY,
    day date NOT NULL
);
COMMENT ON TABLE report_sent IS 'For which day each report to staff was last sent.';
