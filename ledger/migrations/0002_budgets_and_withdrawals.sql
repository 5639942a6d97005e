-- A person has a budget of PIN messages as a contact has; NULL while nobody knows who it is.
ALTER TABLE message ADD COLUMN person_key text;
CREATE INDEX ON message (person_key, reserved_at);

-- A window tells when it is over, so that any may be cleared away.
DELETE FROM budget;
ALTER TABLE budget ADD COLUMN ends_at timestamptz NOT NULL;
CREATE INDEX ON budget (ends_at);

ALTER TABLE session DROP COLUMN language;

-- A withdrawal is a row like the one it follows, with the choices that are left.
ALTER TABLE consent ADD COLUMN withdrawal text CHECK (withdrawal IN ('choices', 'whole'));

-- What names a page is kept as a keyed index, like everything else here.
DELETE FROM suggestion;
ALTER TABLE suggestion RENAME COLUMN page_hash TO page_index;
