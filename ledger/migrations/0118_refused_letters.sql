-- What became of the letter to the desk about a request for help; null while it has no end, and for
-- those that ended before this column. One whose text the mail server refuses has ended as well.
ALTER TABLE support_request ADD COLUMN mail_outcome text;
