-- A message has the first group of its activation's reference, by which whoever got it names it.
CREATE INDEX ON activation (substr(reference, 3, 4));
