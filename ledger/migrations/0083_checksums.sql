-- What each migration said when it was applied: a file that is edited afterwards is noticed.
ALTER TABLE migration ADD COLUMN checksum text;
