-- The department of the invited enrolment, so that staff who see only some departments of a campaign
-- see the counts of these. What was planned before has one where the campaign has only one.
ALTER TABLE invitation ADD COLUMN department text NOT NULL DEFAULT '';
UPDATE invitation i SET department = c.departments[1]
FROM campaign c WHERE c.id = i.campaign AND cardinality(c.departments) = 1;
