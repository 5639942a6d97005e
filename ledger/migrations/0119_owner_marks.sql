-- Whose a username was, as keyed marks of birth date with name: all that is left of it once its
-- person is erased. The person is recognised by them, and nobody else who gets the number.
ALTER TABLE username ADD COLUMN owner_marks text[] NOT NULL DEFAULT '{}';
