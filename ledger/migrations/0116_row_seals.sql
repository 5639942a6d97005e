-- Rows that give rights have a seal, a keyed hash over what decides, which whoever has only the
-- database cannot make. Rows without one, of processes of an older version as well, give no rights.
ALTER TABLE staff_session ADD COLUMN seal bytea;
ALTER TABLE sign_in_under_way ADD COLUMN seal bytea;
ALTER TABLE session ADD COLUMN seal bytea;
