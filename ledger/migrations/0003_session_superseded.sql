-- An activation that goes on in another browser leaves this one with nothing but that message.

ALTER TABLE session ADD COLUMN superseded boolean NOT NULL DEFAULT false;
CREATE INDEX ON session (reference);
