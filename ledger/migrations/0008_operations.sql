-- What activities met at each part outside, by the minute and last of all.
CREATE TABLE part_minute (
    part text NOT NULL,
    minute timestamptz NOT NULL,
    done integer NOT NULL,
    failed integer NOT NULL,
    PRIMARY KEY (part, minute)
);
CREATE INDEX ON part_minute (minute);
CREATE TABLE part_last (
    part text PRIMARY KEY,
    last_done timestamptz,
    last_failed timestamptz,
    failure text
);
-- While there is a row, no new activation begins; students read its words.
CREATE TABLE pause (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    text_el text NOT NULL,
    text_en text NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
);
-- What keeps activations from going on, and by which channels operators know it.
CREATE TABLE alert (
    cause text PRIMARY KEY,
    count integer NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    gone_at timestamptz,
    told text[] NOT NULL DEFAULT '{}'
);
