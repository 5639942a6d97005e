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
CREATE INDEX IF NOT EXISTS v_vd_sis_undated ON v_vd_sis (departmentid)
    WHERE ((translate(substring(regexp_replace(
    regexp_replace(regexp_replace(translate(birthdate,
    'ABCDEFGHIJKLMNOPQRSTUVWXYZΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρστυφχψωςΆΈΉΊΌΎΏΪΫάέήίόύώϊϋΐΰ',
    'abcdefghijklmnopqrstuvwxyzabgdeziqiklmnxoprstufhywabgdeziqiklmnxoprstufhywsaeiiouwiuaeiiouwiuiu'),
    '[\u0001-/;-`{-\u00a0\u00ad\u00b7\u2000-\u206f\u2212\u3000\ufeff]+', '-', 'g'),
    '(?<![0-9])0([0-9])(?![0-9])', '\1', 'g'), '-?([a-z]{3}[nl]?)[a-z]*-?', '-\1-', 'g')
    from '^[-a-z]*(?<![0-9])((?<![a-z])(?<![a-z]-)(?:[0-9]{4}(?:[-:][0-9]{1,2}[-:]|-[a-z]{3}[nl]?-)[0-9]{1,2}|[0-9]{1,2}-(?:[0-9]{1,2}|[a-z]{3}[nl]?)-[0-9]{1,2}(?![0-9a-z])(?!.*[^0-9][0-9]{4}(?![0-9])))|[0-9]{1,2}(?:[-:][0-9]{1,2}[-:]|-[a-z]{3}[nl]?-)[0-9]{4}|(?<![a-z])[a-z]{3}[nl]?-[0-9]{1,2}-[0-9]{4}|[0-9]{8})(?![0-9])'),
    ':', '-') ~ '^(?:(?:[1-9]|1[0-9]|2[0-8])-(?:1|2|3|4|5|6|7|8|9|10|11|12|jan|ian|gen|feb|fev|fle|mar|apr|may|mai|jun|ioun|iun|jul|ioul|iul|aug|avg|sep|oct|okt|oht|nov|noe|dec|dek)-(?:19[5-9][0-9]|20[01][0-9]|[0-9]{1,2})|(?:19[5-9][0-9]|20[01][0-9])-(?:1|2|3|4|5|6|7|8|9|10|11|12|jan|ian|gen|feb|fev|fle|mar|apr|may|mai|jun|ioun|iun|jul|ioul|iul|aug|avg|sep|oct|okt|oht|nov|noe|dec|dek)-(?:[1-9]|1[0-9]|2[0-8])|(?:jan|ian|gen|feb|fev|fle|mar|apr|may|mai|jun|ioun|iun|jul|ioul|iul|aug|avg|sep|oct|okt|oht|nov|noe|dec|dek)-(?:[1-9]|1[0-9]|2[0-8])-(?:19[5-9][0-9]|20[01][0-9])|(?:0[1-9]|1[0-9]|2[0-8])(?:01|02|03|04|05|06|07|08|09|10|11|12)(?:19[5-9][0-9]|20[01][0-9])|(?:19[5-9][0-9]|20[01][0-9])(?:01|02|03|04|05|06|07|08|09|10|11|12)(?:0[1-9]|1[0-9]|2[0-8])|(?:29|30)-(?:1|3|4|5|6|7|8|9|10|11|12|jan|ian|gen|mar|apr|may|mai|jun|ioun|iun|jul|ioul|iul|aug|avg|sep|oct|okt|oht|nov|noe|dec|dek)-(?:19[5-9][0-9]|20[01][0-9]|[0-9]{1,2})|(?:19[5-9][0-9]|20[01][0-9])-(?:1|3|4|5|6|7|8|9|10|11|12|jan|ian|gen|mar|apr|may|mai|jun|ioun|iun|jul|ioul|iul|aug|avg|sep|oct|okt|oht|nov|noe|dec|dek)-(?:29|30)|(?:jan|ian|gen|mar|apr|may|mai|jun|ioun|iun|jul|ioul|iul|aug|avg|sep|oct|okt|oht|nov|noe|dec|dek)-(?:29|30)-(?:19[5-9][0-9]|20[01][0-9])|(?:29|30)(?:01|03|04|05|06|07|08|09|10|11|12)(?:19[5-9][0-9]|20[01][0-9])|(?:19[5-9][0-9]|20[01][0-9])(?:01|03|04|05|06|07|08|09|10|11|12)(?:29|30)|(?:31)-(?:1|3|5|7|8|10|12|jan|ian|gen|mar|may|mai|jul|ioul|iul|aug|avg|oct|okt|oht|dec|dek)-(?:19[5-9][0-9]|20[01][0-9]|[0-9]{1,2})|(?:19[5-9][0-9]|20[01][0-9])-(?:1|3|5|7|8|10|12|jan|ian|gen|mar|may|mai|jul|ioul|iul|aug|avg|oct|okt|oht|dec|dek)-(?:31)|(?:jan|ian|gen|mar|may|mai|jul|ioul|iul|aug|avg|oct|okt|oht|dec|dek)-(?:31)-(?:19[5-9][0-9]|20[01][0-9])|(?:31)(?:01|03|05|07|08|10|12)(?:19[5-9][0-9]|20[01][0-9])|(?:19[5-9][0-9]|20[01][0-9])(?:01|03|05|07|08|10|12)(?:31))$')
    IS NOT TRUE OR birthdate !~ '^[0-9]');
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
