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
CREATE INDEX IF NOT EXISTS v_vd_sis_mobile_ends ON v_vd_sis USING gin ((ARRAY[
    right(regexp_replace(mobilephone, '\D', '', 'g'), 8),
    right(regexp_replace(regexp_replace(mobilephone, '(\D+\d+){1}\D*$', ''), '\D', '', 'g'), 8),
    right(regexp_replace(regexp_replace(mobilephone, '(\D+\d+){2}\D*$', ''), '\D', '', 'g'), 8)]));
CREATE INDEX IF NOT EXISTS v_vd_sis_mobiles_odd ON v_vd_sis (departmentid)
    WHERE (mobilephone ~ '[^-+0-9 ]' OR length(regexp_replace(mobilephone, '\D', '', 'g')) > 14
        OR mobilephone ~ '\d(\D*\d){7}(\D+\d+){3}');
CREATE INDEX IF NOT EXISTS v_vd_sis_email ON v_vd_sis (lower(extemail));
CREATE INDEX IF NOT EXISTS v_vd_sis_emails_odd ON v_vd_sis (departmentid)
    WHERE lower(extemail) ~ '[^!-~]|[][,;:|/<>()"=]|^[''.{}]|[''.{}]$';
CREATE INDEX IF NOT EXISTS v_vd_sis_ssn_folded ON v_vd_sis (translate(
    upper(regexp_replace(ssn, '[^0-9A-Za-zΆΈ-ώ]', '', 'g')),
    'ΆΈΉΊΌΎΏΐΑΒΕΖΗΙΚΜΝΟΡΤΥΧΪΫάέήίΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώ',
    'AEHIOYΩIABEZHIKMNOPTYXIYAEHIYABΓΔEZHΘIKΛMNΞOΠPΣΣTYΦXΨΩIYOYΩ'));
CREATE INDEX IF NOT EXISTS v_vd_sis_born ON v_vd_sis (translate(substring(regexp_replace(
    regexp_replace(regexp_replace(translate(birthdate,
    'ABCDEFGHIJKLMNOPQRSTUVWXYZΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρστυφχψωςΆΈΉΊΌΎΏΪΫάέήίόύώϊϋΐΰ',
    'abcdefghijklmnopqrstuvwxyzabgdeziqiklmnxoprstufhywabgdeziqiklmnxoprstufhywsaeiiouwiuaeiiouwiuiu'),
    '[\u0001-/;-`{-\u00a0\u00ad\u00b7\u2000-\u206f\u2212\u3000\ufeff]+', '-', 'g'),
    '(?<![0-9])0([0-9])(?![0-9])', '\1', 'g'), '-?([a-z]{3}[nl]?)[a-z]*-?', '-\1-', 'g')
    from '^[-a-z]*(?<![0-9])((?<![a-z])(?<![a-z]-)(?:[0-9]{4}(?:[-:][0-9]{1,2}[-:]|-[a-z]{3}[nl]?-)[0-9]{1,2}|[0-9]{1,2}-(?:[0-9]{1,2}|[a-z]{3}[nl]?)-[0-9]{1,2}(?![0-9a-z])(?!.*[^0-9][0-9]{4}(?![0-9])))|[0-9]{1,2}(?:[-:][0-9]{1,2}[-:]|-[a-z]{3}[nl]?-)[0-9]{4}|(?<![a-z])[a-z]{3}[nl]?-[0-9]{1,2}-[0-9]{4}|[0-9]{8})(?![0-9])'),
    ':', '-'));
CREATE INDEX IF NOT EXISTS v_vd_sis_number_folded ON v_vd_sis (translate(
    upper(regexp_replace(registrationid, '[^0-9A-Za-zΆΈ-ώ]', '', 'g')),
    'ΆΈΉΊΌΎΏΐΑΒΕΖΗΙΚΜΝΟΡΤΥΧΪΫάέήίΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώ',
    'AEHIOYΩIABEZHIKMNOPTYXIYAEHIYABΓΔEZHΘIKΛMNΞOΠPΣΣTYΦXΨΩIYOYΩ'));
CREATE INDEX IF NOT EXISTS v_vd_sis_login ON v_vd_sis (lower(loginname));
CREATE INDEX IF NOT EXISTS v_vd_sis_logins_odd ON v_vd_sis (departmentid) WHERE lower(loginname) ~ '[^!-~]';
CREATE INDEX IF NOT EXISTS v_vd_sis_lastnameel_folded ON v_vd_sis (left(lower(translate(lastnameel,
    'ΆΈΉΊΌΎΏΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫάέήίΰςϊϋόύώABEZHIKMNOPTYXaeiknoptuvwxyµ∆',
    'αεηιουωιαβγδεζηθικλμνξοπρστυφχψωιυαεηιυσιυουωαβεζηικμνορτυχαεικηορτυνωχγμδ')), 3));
CREATE INDEX IF NOT EXISTS v_vd_sis_lastnameen ON v_vd_sis (left(lower(lastnameen), 3));
CREATE INDEX IF NOT EXISTS v_vd_sis_no_latin ON v_vd_sis (left(lower(translate(lastnameel,
    'ΆΈΉΊΌΎΏΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫάέήίΰςϊϋόύώABEZHIKMNOPTYXaeiknoptuvwxyµ∆',
    'αεηιουωιαβγδεζηθικλμνξοπρστυφχψωιυαεηιυσιυουωαβεζηικμνορτυχαεικηορτυνωχγμδ')), 1))
    WHERE (lastnameen IS NULL OR lower(lastnameen) ~ '^[^a-wyz]*$|[^ -~]|\m(?:no|agnosti|agnosto|agnostos|agnostou|anonymous|apebiose|apeviose|apothanon|asdf|choris|dead|deceased|den[^a-z0-9]+anaferetai|den[^a-z0-9]+anagrafetai|den[^a-z0-9]+dilothike|den[^a-z0-9]+echei|den[^a-z0-9]+exei|den[^a-z0-9]+yparchei|den[^a-z0-9]+yparxei|ditto|dummy|ekkremei|empty|missing|n[^a-z0-9]+a|no[^a-z0-9]+father|noname|none|not|not[^a-z0-9]+applicable|not[^a-z0-9]+available|not[^a-z0-9]+given|not[^a-z0-9]+known|nothing|null|omoios|pending|qwerty|tba|tbd|test|testing|tests|thanon|undefined|unknown|unnamed|void|xoris)\M|^[^a-z]*([a-z])([^a-z]*\1)+[^a-z]*$|^[^a-z]*[a-z]([^a-z]+[a-z])*[^a-z]*$');
