"""What the registrar's rows tell: who is one human, who can activate, and why not; pure.

rows.py           one row: its enrolment, names, birth date and insurance number
row_names.py      the names of one row, transcribed, and what is compared of two names
row_facts.py      what one row tells: names, dates, numbers, contacts
row_pairs.py      what two rows have in common, and in what they differ
one_person.py     the rules by which two rows may be one person's, as tables
row_clusters.py   rows that have something in common
number_owners.py  whose an insurance number on several rows is
humans.py         which rows are one human
students.py       persons as the engine knows them, with the contacts that were typed
readiness.py      who can activate before the term starts, and what keeps the others
diagnosis.py      why a student is not found, for the desk
caller.py         whether a caller is who they say
"""
