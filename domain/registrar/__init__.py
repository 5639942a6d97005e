"""Rules on the registrar's rows: which rows are one human, who can activate, and why not; pure.

rows.py           columns of one row: enrolment, names, birth date and insurance number
row_names.py      names of one row, transcribed, and comparison of two names
row_facts.py      facts of one row for comparison: names, dates, numbers, contacts
row_pairs.py      comparison of two rows
one_person.py     decision whether two rows may be one person's, as tables of rules
row_clusters.py   groups of rows with a common name, birth date, father or contact
number_owners.py  owner of an insurance number on several rows
humans.py         grouping of rows into humans
students.py       `Person` models made of rows, with the contacts that were typed
readiness.py      who can activate before the term starts, and the obstacles of the others
diagnosis.py      why a student is not found, for support staff
caller.py         verification of a caller's identity
"""
