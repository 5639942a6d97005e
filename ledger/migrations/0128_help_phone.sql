-- Where support may call whoever asked for help; encrypted, and optional.
ALTER TABLE support_request ADD COLUMN phone bytea;
