-- Without a reference or a submission nothing is counted: the statement that finds a session counts
-- the answer to its activation as well, where there is one.
ALTER FUNCTION take_post(text, text, integer, integer) STRICT;
