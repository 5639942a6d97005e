-- Staff's answers that two persons who seemed to be one are two. Keys are those of the persons' rows;
-- marks are keyed indexes of rows with their names and birth dates, so that whoever gets a number
-- later is asked about anew. Without marks the answer is about an insurance number.
CREATE TABLE told_apart (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_keys text[] NOT NULL,
    other_keys text[] NOT NULL,
    person_marks text[] NOT NULL,
    other_marks text[] NOT NULL
);
CREATE INDEX ON told_apart USING gin (person_keys);
CREATE INDEX ON told_apart USING gin (other_keys);
