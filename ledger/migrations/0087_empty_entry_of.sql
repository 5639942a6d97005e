-- The activation that is about to add an entry of this name, or has added it, and has set no
-- password yet. Only that activation may take it as proof: later somebody else may have set one.
ALTER TABLE username ADD COLUMN empty_entry_of text;
UPDATE username AS u SET empty_entry_of = (
    SELECT a.reference FROM activation AS a
    WHERE a.person_key = u.person_key AND a.ended_at IS NULL ORDER BY a.started_at DESC LIMIT 1
) WHERE u.empty_entry;
-- empty_entry is read no more; it stays for workers of the version before, until they are stopped.
