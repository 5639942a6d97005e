-- Whom the registrar has given a new row in the place of an old one: `person_key` is the person's
-- key by the new row, `former_key` the one under which their username and account are kept here.
CREATE TABLE rekeyed (
    person_key text NOT NULL,
    former_key text NOT NULL,
    PRIMARY KEY (person_key, former_key)
);
