-- A replaced token counts only together with the submission that it was replaced for. A session is
-- worth what its own submissions have proved: the activation tells which one did.
ALTER TABLE session
    ADD COLUMN rotated_for text,
    ADD COLUMN proofs text[] NOT NULL DEFAULT '{}';
