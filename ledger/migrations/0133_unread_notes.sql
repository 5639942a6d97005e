-- Unread notes to one of staff are counted and listed on each view of the queue: an index of these
-- alone stays small, however many notes there are.
CREATE INDEX case_note_unread ON case_note (at) WHERE addressee IS NOT NULL AND read_at IS NULL;
