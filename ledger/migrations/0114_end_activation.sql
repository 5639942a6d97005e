-- Ends an activation, deletes its passwords, and releases its person and its place among the
-- starts; `account` is the encrypted username of an account that the person had. An end that is
-- recorded already stays. In a function each statement sees what was committed before it: no
-- password is sealed once the end is recorded, so that the deletion finds the last one, also one
-- for whose sealing the end has waited.
CREATE FUNCTION end_activation(
    asked text, step text, account bytea, account_index text
) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    UPDATE activation SET ended_at = now(), end_step = step,
        username = coalesce(account, username),
        username_index = coalesce(account_index, username_index)
        WHERE reference = asked AND ended_at IS NULL;
    DELETE FROM sealed_password WHERE reference = asked;
    DELETE FROM password_try WHERE reference = asked;
    DELETE FROM start_under_way WHERE reference = asked;
    DELETE FROM claim WHERE reference = asked;
END $$;
