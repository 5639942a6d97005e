-- Counts an answer of an activation in one statement; `opens` is NULL where only staff allow more.
-- The lock on the activation makes racing callers count one after the other.
CREATE FUNCTION take_post(
    asked text, submission text, an_hour integer, in_all integer,
    OUT refused boolean, OUT opens timestamptz
) LANGUAGE plpgsql AS $$
DECLARE used bigint; lately bigint;
BEGIN
    PERFORM FROM activation WHERE reference = asked FOR UPDATE;
    refused := false;
    IF EXISTS (SELECT FROM post WHERE reference = asked AND submission_id = submission) THEN
        RETURN;
    END IF;
    SELECT count(*), count(*) FILTER (WHERE at > now() - interval '1 hour'),
        min(at) FILTER (WHERE at > now() - interval '1 hour') + interval '1 hour'
        INTO used, lately, opens FROM post WHERE reference = asked;
    refused := used >= in_all OR lately >= an_hour;
    IF NOT refused THEN
        INSERT INTO post (reference, submission_id) VALUES (asked, submission);
    END IF;
    IF used >= in_all OR NOT refused THEN
        opens := NULL;
    END IF;
END $$;
