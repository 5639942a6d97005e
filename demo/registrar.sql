-- The view v_vd_sis of GUnet's "SIS DB View Definitions", as PostgreSQL spells its columns.
-- A secretariat's system shows a view; the demo keeps a table of the same shape.
CREATE TABLE IF NOT EXISTS v_vd_sis (
    systemid text NOT NULL,
    registrationid text NOT NULL,
    ssn text,
    ssncountry text,
    tin text,
    tincountry text,
    firstnameel text,
    firstnameen text,
    lastnameel text,
    lastnameen text,
    fatherfirstnameel text,
    fatherfirstnameen text,
    motherfirstnameel text,
    motherfirstnameen text,
    birthdate text,
    birthyear text,
    gender text,
    citizenship text,
    departmentid text,
    departmentel text,
    departmenten text,
    enrollmentstatus text,
    enrollmentstatusdate text,
    enrollmenttype text,
    enrollmentterm text,
    extemail text,
    mobilephone text,
    accountstatus text,
    attendancetype text,
    loginname text,
    inscriptionacyear text,
    PRIMARY KEY (systemid, registrationid)
);

-- What the engine's queries need; docs/registrar.md says which is for what.
CREATE INDEX IF NOT EXISTS v_vd_sis_mobile
    ON v_vd_sis (right(regexp_replace(mobilephone, '\D', '', 'g'), 8));
CREATE INDEX IF NOT EXISTS v_vd_sis_mobiles ON v_vd_sis (departmentid)
    WHERE (mobilephone ~ '[^-+0-9 ]' OR length(regexp_replace(mobilephone, '\D', '', 'g')) > 14);
CREATE INDEX IF NOT EXISTS v_vd_sis_email ON v_vd_sis (lower(extemail));
CREATE INDEX IF NOT EXISTS v_vd_sis_emails ON v_vd_sis (departmentid)
    WHERE lower(extemail) ~ '[^!-~]|[,;|/<>]';
CREATE INDEX IF NOT EXISTS v_vd_sis_ssn
    ON v_vd_sis (regexp_replace(ssn, '[ ./-]', '', 'g'));
CREATE INDEX IF NOT EXISTS v_vd_sis_birthdate ON v_vd_sis (left(birthdate, 10));
CREATE INDEX IF NOT EXISTS v_vd_sis_number ON v_vd_sis (translate(
    upper(regexp_replace(registrationid, '[\s./-]', '', 'g')),
    'ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβεζηικμνορτυχ', 'ABEZHIKMNOPTYXABEZHIKMNOPTYX'));
CREATE INDEX IF NOT EXISTS v_vd_sis_lastnameel ON v_vd_sis (left(translate(lower(lastnameel),
    'ΆΈΉΊΌΎΏΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫάέήίΰςϊϋόύώ', 'αεηιουωιαβγδεζηθικλμνξοπρστυφχψωιυαεηιυσιυουω'), 3));
CREATE INDEX IF NOT EXISTS v_vd_sis_lastnameen ON v_vd_sis (left(lower(lastnameen), 3));
CREATE INDEX IF NOT EXISTS v_vd_sis_initial ON v_vd_sis (left(translate(lower(lastnameel),
    'ΆΈΉΊΌΎΏΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫάέήίΰςϊϋόύώ', 'αεηιουωιαβγδεζηθικλμνξοπρστυφχψωιυαεηιυσιυουω'), 1))
    WHERE btrim(coalesce(lastnameen, '')) = '';
