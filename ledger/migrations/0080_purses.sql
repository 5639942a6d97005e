-- What a message was charged to: each purse is counted by itself, so that nobody spends another's.
ALTER TABLE message
    ADD COLUMN purse text NOT NULL DEFAULT 'ordinary'
    CHECK (purse IN ('ordinary', 'kept', 'staff'));
