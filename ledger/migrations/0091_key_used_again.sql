-- Whose number in the registrar was somebody else's before: in this activation `own_key` stands for
-- the key that the number gives, under which the ledger keeps what is the other's.
CREATE TABLE key_used_again (
    reference text NOT NULL,
    registrar_key text NOT NULL,
    own_key text NOT NULL,
    PRIMARY KEY (reference, registrar_key)
);
CREATE INDEX ON key_used_again (own_key);
